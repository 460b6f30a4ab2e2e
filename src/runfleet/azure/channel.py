"""
Requests to a Batch account, through the official SDK's client.

The SDK signs and sends; bodies are JSON made and read here. Its operations are not used: the
objects they make cost more than all the rest (100 microseconds a task), their long-running forms
each start a thread that swallows errors, and some fail before anything is sent.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import orjson

from runfleet.azure.answers import Answer, error_of
from runfleet.azure.errors import AuthenticationError, BatchError, ServiceUnavailableError
from runfleet.patience import BackOff, Patience, Trouble
from runfleet.reasons import innermost
from runfleet.storage.keys import KeyFormatError, check_key
from runfleet.storage.urls import is_loopback

if TYPE_CHECKING:
    from azure.batch import BatchClient
    from azure.core.credentials import AzureNamedKeyCredential, TokenCredential
    from azure.core.pipeline import PipelineResponse
    from azure.core.rest import HttpRequest, HttpResponse

log = logging.getLogger(__name__)

API_VERSION = "2025-06-01"

OUTAGE_HINT = "check that the address is right and that this machine can reach it"

_JSON = "application/json; odata=minimalmetadata"
# The service itself takes at most 30 seconds for a request.
_CONNECT_SECONDS = 20
_READ_SECONDS = 90
_BLOCK_BYTES = 1 << 18
# Whoever waits for something asks more often, and is told of a service that ends meanwhile.
_IDLE_SECONDS = 10.0

Query = Mapping[str, str | int | None]


class Channel:
    """
    The way to one Batch account.

    Trouble that passes (throttling, failures of the service, lost connections) is waited out as
    `back_off` says; what the service refuses is raised as a `BatchError`.

    Parameters
    ----------
    endpoint
        The account's URL, `https://NAME.REGION.batch.azure.com`.
    credential
        Its name and key, or a token credential.
    back_off
        How long to wait, and when to give up.
    ca_file
        PEM file of the certificates to trust; None for the usual ones.
    outage_hint
        What to do if nobody answers.
    revive
        Starts the service where it has ended while it was asked nothing, as one may that has
        nothing to do; None where nobody can.
    """

    def __init__(
        self,
        endpoint: str,
        credential: AzureNamedKeyCredential | TokenCredential,
        back_off: BackOff,
        ca_file: str | None = None,
        outage_hint: str = OUTAGE_HINT,
        revive: Callable[[], object] | None = None,
    ) -> None:
        self.endpoint = (endpoint if "://" in endpoint else f"https://{endpoint}").rstrip("/")
        self._patience = Patience(back_off, log)
        self._outage_hint = outage_hint
        self._revive = revive
        self._last_contact = time.monotonic()
        self._is_closed = False
        self.ca_file = ca_file
        _check_key(credential)
        self._client = _make_client(self.endpoint, credential, ca_file)

    @property
    def back_off(self) -> BackOff:
        """How long to wait, and when to give up."""
        return self._patience.back_off

    def close(self) -> None:
        """Give back the connections: nothing more can be asked."""
        self._is_closed = True
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, query: Query | None = None) -> dict[str, Any]:
        """Ask for one thing."""
        return parsed(self.send("GET", path, query=query))

    def head(self, path: str) -> Mapping[str, str]:
        """Ask for the headers of a thing alone."""
        return self._answered(self._request("HEAD", path), time.sleep).headers

    def list(self, path: str, query: Query | None = None) -> Iterator[dict[str, Any]]:
        """Ask for all things of a list, page by page as they are taken."""
        while True:
            page = self.get(path, query)
            yield from page.get("value", ())
            link = page.get("odata.nextLink")
            if not link:
                return
            query = dict(parse_qsl(urlsplit(link).query))

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Make a thing, or do something to it."""
        return parsed(self.send("POST", path, content=orjson.dumps(body or {})))

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        """Change parts of a thing."""
        self.send("PATCH", path, content=orjson.dumps(body))

    def delete(self, path: str) -> None:
        """Delete a thing."""
        self.send("DELETE", path)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> bytes:
        """
        Send a request until it is answered.

        Parameters
        ----------
        method, path
            As in HTTP; the path with its ids already encoded, see `path_of`.
        query
            Besides the api-version; members that are None are left out.
        content
            The body, JSON.
        headers
            Besides those that every request has.
        sleep
            Waits between two attempts; may raise to end it all.

        Returns
        -------
        body
            Of the successful answer.

        Raises
        ------
        BatchError
            If the service refuses, or fails for longer than the back-off has patience; or if this
            channel is closed.
        """
        return self._answered(self._request(method, path, query, content, headers), sleep).content

    def _answered(self, request: HttpRequest, sleep: Callable[[float], object]) -> HttpResponse:
        self._demand_open()
        wait = self._patience.begin(sleep)
        while True:
            try:
                response = self._send_reviving(request)
            except ServiceUnavailableError as error:
                if not wait.outlasts(_trouble_of(error)):
                    raise
            else:
                self._patience.note_answer()
                self._last_contact = time.monotonic()
                return response

    def _demand_open(self) -> None:
        if self._is_closed:
            raise BatchError(
                f"the connection to the Batch service at {self.endpoint} has been closed",
                hint="connect again, or close it later",
            )

    def _request(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpRequest:
        from azure.core.rest import HttpRequest

        url = f"{self.endpoint}{path}?{_query_text(query)}"
        return HttpRequest(method, url, headers=_headers(content, headers), content=content)

    def _send_reviving(self, request: HttpRequest) -> HttpResponse:
        """Send a request, and once more where nobody was there and the service can be revived."""
        try:
            return self._send_once(request)
        except ServiceUnavailableError as error:
            idle = time.monotonic() - self._last_contact
            if error.status or self._revive is None or idle < _IDLE_SECONDS:
                raise
            log.info("%s; starting it again, after %.0f s without a request", error.message, idle)
        self._last_contact = time.monotonic()
        self._revive()
        return self._send_once(request)

    def _send_once(self, request: HttpRequest) -> HttpResponse:
        from azure.core.exceptions import AzureError

        try:
            # A streamed response is one that the SDK does not parse; the hook has read it. Each
            # attempt is signed anew, for the client works on a copy of the request.
            return self._client.send_request(request, stream=True, raw_response_hook=_read)
        except AzureError as error:
            raise self._unreachable(request, error) from error

    def _unreachable(self, request: HttpRequest, error: Exception) -> ServiceUnavailableError:
        asked = f"{request.method} {urlsplit(request.url).path}"
        reason = innermost(error)
        return ServiceUnavailableError(
            f"the Batch service at {self.endpoint} does not answer {asked}: {reason}",
            hint=self._outage_hint,
        )


def _trouble_of(error: ServiceUnavailableError) -> Trouble:
    return Trouble(
        error.message,
        is_answer=error.status > 0,
        is_busy=error.throttled,
        retry_after=error.retry_after,
    )


def path_of(*segments: str) -> str:
    """Join names and ids to a path, each encoded as one segment."""
    return "".join("/" + quote(segment, safe="") for segment in segments)


def parsed(body: bytes) -> dict[str, Any]:
    """
    Read the JSON object of a successful answer; nothing stands for an empty one.

    Raises
    ------
    BatchError
        If it is something else, so that whoever answers is no Batch service.
    """
    try:
        value = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError as error:
        raise _not_the_service(body) from error
    if not isinstance(value, dict):
        raise _not_the_service(body)
    return value


def _not_the_service(body: bytes) -> BatchError:
    return BatchError(
        f"the answer is none of a Batch service: {body[:80].decode(errors='replace')!r}",
        hint="check the account's URL, and that no proxy answers in its place",
    )


def _check_key(credential: AzureNamedKeyCredential | TokenCredential) -> None:
    key = getattr(credential, "named_key", None)
    if key is None:
        return
    try:
        check_key(key.key, f"Batch account `{key.name}`")
    except KeyFormatError as error:
        raise AuthenticationError(error.message, hint=error.hint) from error


def import_sdk() -> None:
    """Import what a client is made of, for whoever has to wait for its service anyway."""
    from azure.batch import BatchClient  # noqa: F401
    from azure.core.pipeline.transport import RequestsTransport  # noqa: F401


def _make_client(
    endpoint: str, credential: AzureNamedKeyCredential | TokenCredential, ca_file: str | None
) -> BatchClient:
    # Imported when an account is used: it takes longer than the rest of a short command.
    from azure.batch import BatchClient
    from azure.core.pipeline.policies import RetryPolicy

    return BatchClient(
        endpoint,
        credential,
        api_version=API_VERSION,
        # We wait ourselves; two policies one inside the other would multiply their attempts.
        retry_policy=RetryPolicy.no_retries(),
        connection_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        connection_data_block_size=_BLOCK_BYTES,
        connection_verify=ca_file or True,
        # A proxy of the environment does not lead to this machine.
        use_env_settings=not is_loopback(endpoint),
    )


def _read(response: PipelineResponse[Any, Any]) -> None:
    """Read an answer while still inside the SDK's pipeline, which needs none of its content."""
    answer = response.http_response
    body = answer.read()
    if answer.status_code >= 400:
        request = f"{answer.request.method} {urlsplit(answer.request.url).path}"
        headers = answer.headers
        raise error_of(
            Answer(
                request, answer.status_code, body, headers.get("Retry-After"), headers.get("Date")
            )
        )


def _headers(content: bytes | None, more: Mapping[str, str] | None) -> dict[str, str]:
    headers = {"Accept": "application/json", **(more or {})}
    if content is not None:
        headers["Content-Type"] = _JSON
    return headers


def _query_text(query: Query | None) -> str:
    members = {name: value for name, value in (query or {}).items() if value is not None}
    return urlencode({**members, "api-version": API_VERSION}, safe="$", quote_via=quote)
