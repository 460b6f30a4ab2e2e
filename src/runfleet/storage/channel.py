"""
Requests to Blob Storage, or to any web server: connections that are kept, retries, errors.

The official SDK takes a millisecond of processor time for each of its requests, and much more for a
large download; moving thousands of files calls for less than that.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from requests.utils import DEFAULT_CA_BUNDLE_PATH, select_proxy
from urllib3.exceptions import HTTPError, MaxRetryError, ProxyError

from runfleet.patience import BackOff, Patience, Trouble, retry_after_of
from runfleet.reasons import innermost
from runfleet.storage.errors import NotAStorageAccountError, StorageError
from runfleet.storage.parallel import pause
from runfleet.storage.urls import proxies_of

log = logging.getLogger(__name__)

T = TypeVar("T")

Check = Callable[[], None]
"""Called again and again while a transfer goes on; may raise to break it off."""

FIVE_TIMES = BackOff(
    first=1 / 3,
    longest=16 / 3,
    busy_patience=0.0,
    failure_patience=0.0,
    outage_patience=0.0,
    contact_patience=0.0,
    fewest=5,
)
"""For a node, which has other tasks to do: five more attempts, after pauses of 8 s in all."""

_API_VERSION = "2020-10-02"
_TIMEOUT = urllib3.Timeout(connect=20.0, read=60.0)
_BUSY = {429, 503}
_TRANSIENT = {408, 429, 500, 502, 503, 504}
_MOST_OF_REASON = 4096
# With which headers begin that every answer of Azure Storage has; some of Azurite's XML lacks them.
_OF_STORAGE = "x-ms-"
_XML = "application/xml"
# Redirections are followed, but all else is tried again by `Channel` alone.
_NO_RETRIES = urllib3.Retry(total=None, connect=0, read=0, status=0, other=0, redirect=5)
_REASON = re.compile(rb"<Message>([^<\n]*)")


class WebError(StorageError):
    """
    A server refused, or could not be reached.

    Parameters
    ----------
    message
        What it said.
    status
        The HTTP status, or None if there was no answer.
    code
        The error code of Azure Storage, as `BlobNotFound`; empty if there was none.
    retry_after
        For how many seconds the server asked to be left alone.
    """

    def __init__(
        self, message: str, *, status: int | None = None, code: str = "", retry_after: float = 0.0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    @property
    def is_transient(self) -> bool:
        """Whether it may work the next time."""
        return self.status is None or self.status in _TRANSIENT


@dataclass(frozen=True, slots=True)
class Answer:
    """
    An answer that is a success.

    Parameters
    ----------
    status
        Below 400.
    headers
        By name, in any case.
    content
        The body.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes


Receive = Callable[[urllib3.BaseHTTPResponse], T]


class Channel:
    """
    Sends requests, and sends them again where the trouble may pass.

    Certificates are those of the environment, as with `requests` and the SDK; so are proxies, which
    do not lead to this machine.

    Parameters
    ----------
    patience
        How long to wait; None for five further attempts.
    called
        Who is asked, in what is told of the waiting.
    connections
        How many connections to a server are kept.
    ca_file
        PEM file of the certificates to trust in place of those.
    to_account
        Whether all requests go to a storage account, and what anybody else answers is refused.
    """

    def __init__(
        self,
        *,
        patience: Patience | None = None,
        called: str = "the server",
        connections: int = 32,
        ca_file: str | None = None,
        to_account: bool = False,
    ) -> None:
        self._patience = patience or Patience(FIVE_TIMES, log)
        self._called = called
        self._connections = connections
        self._ca_file = ca_file
        self._to_account = to_account
        self._managers: dict[str, urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give back the connections."""
        with self._lock:
            for manager in self._managers.values():
                manager.clear()

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        check: Check | None = None,
    ) -> Answer:
        """
        Send a request and read the whole answer.

        Raises
        ------
        WebError
            If the server refuses, or if the trouble does not pass.
        """
        return self.receive(method, url, _whole, body=body, headers=headers, check=check)

    def receive(
        self,
        method: str,
        url: str,
        receive: Receive[T],
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        check: Check | None = None,
    ) -> T:
        """Send a request and let `receive` read the answer, from its beginning at each attempt."""
        sent = {"x-ms-version": _API_VERSION, **(headers or {})}
        wait = self._patience.begin(pause)
        while True:
            try:
                result = self._attempt(method, url, receive, body, sent)
            except WebError as error:
                if not error.is_transient:
                    self._patience.note_answer()
                    raise
                if not wait.outlasts(trouble_of(error, self._called, method, url)):
                    raise
            else:
                self._patience.note_answer()
                return result
            if check:
                check()

    def _attempt(
        self,
        method: str,
        url: str,
        receive: Receive[T],
        body: bytes | None,
        headers: Mapping[str, str],
    ) -> T:
        manager = self._manager(url)
        try:
            response = manager.urlopen(
                method,
                url,
                body=body,
                headers=headers,
                retries=_NO_RETRIES,
                timeout=_TIMEOUT,
                preload_content=False,
                decode_content=False,
            )
            with response:
                if response.status >= 400:
                    raise _refusal(response)
                if self._to_account and not is_of_storage(response.headers):
                    raise NotAStorageAccountError(
                        urlsplit(url).netloc, response.read(_MOST_OF_REASON)
                    )
                result = receive(response)
                response.drain_conn()
                return result
        except HTTPError as error:
            raise WebError(f"{_place(url, manager, error)}: {innermost(error)}") from error

    def _manager(self, url: str) -> urllib3.PoolManager:
        server = urlsplit(url)
        origin = f"{server.scheme}://{server.netloc}"
        with self._lock:
            if origin not in self._managers:
                self._managers[origin] = _make_manager(origin, self._connections, self._ca_file)
            return self._managers[origin]


def _make_manager(origin: str, connections: int, ca_file: str | None) -> urllib3.PoolManager:
    # What the SDK does for its own requests, so that both go the same way.
    settings = requests.Session().merge_environment_settings(
        origin, proxies_of(origin), None, ca_file, None
    )
    verify = settings["verify"]
    trusted = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
    proxy = select_proxy(origin, settings["proxies"])
    if proxy:
        return urllib3.ProxyManager(proxy, maxsize=connections, ca_certs=trusted)
    return urllib3.PoolManager(maxsize=connections, ca_certs=trusted)


def _place(url: str, manager: urllib3.PoolManager, error: HTTPError) -> str:
    """Name the server that does not answer, or the proxy on the way to it."""
    cause = error.reason if isinstance(error, MaxRetryError) else error
    if manager.proxy is not None and isinstance(cause, ProxyError):
        return f"the proxy {manager.proxy.netloc}"
    return urlsplit(url).netloc


def _whole(response: urllib3.BaseHTTPResponse) -> Answer:
    return Answer(response.status, response.headers, response.read())


def _refusal(response: urllib3.BaseHTTPResponse) -> WebError:
    code = response.headers.get("x-ms-error-code", "")
    found = _REASON.search(response.read(_MOST_OF_REASON, decode_content=False))
    said = found[1].decode(errors="replace").strip() if found else ""
    message = f"{response.status} {code or response.reason or ''}".rstrip()
    return WebError(
        f"{message}: {said}" if said else message,
        status=response.status,
        code=code,
        retry_after=retry_after_of(response.headers.get("Retry-After")),
    )


def is_of_storage(headers: Mapping[str, str]) -> bool:
    """Tell by the headers of an answer whether it comes from a storage account."""
    has_mark = any(name.lower().startswith(_OF_STORAGE) for name in headers)
    return has_mark or headers.get("Content-Type") == _XML


def trouble_of(error: WebError, called: str, method: str, url: str) -> Trouble:
    """Say what is waited for: who was asked for what, without the query of the URL."""
    asked = f"{method} {urlsplit(url).path}"
    said = f"does not answer {asked}: " if error.status is None else f"answered {asked} with "
    return Trouble(
        f"{called} {said}{error.message}",
        is_answer=error.status is not None,
        is_busy=error.status in _BUSY,
        retry_after=error.retry_after,
    )
