"""
Blobs over HTTP: what the agent needs of the Blob Storage REST API, with the URL's own signature.

Imported only when there is such a URL: most executions need none of it.
"""

from __future__ import annotations

import base64
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TypeVar
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from runfleet.agent.transfers import Cancellation
from runfleet.errors import RunfleetError

_Result = TypeVar("_Result")
_API_VERSION = "2020-10-02"
_TIMEOUT = 30.0
_PAUSES = (0.3, 1.0, 3.0)
_CHUNK = 1 << 20
# Also the largest blob that is put by a single request.
_BLOCK = 8 << 20
_TRANSIENT = {408, 429, 500, 502, 503, 504}


class WebError(RunfleetError):
    """
    A server refused, or could not be reached.

    Parameters
    ----------
    message
        What it said.
    status
        The HTTP status, or None if there was no answer.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_transient(self) -> bool:
        """Whether it may work the next time."""
        return self.status is None or self.status in _TRANSIENT


def download(url: str, path: str, cancellation: Cancellation) -> None:
    """Fetch what a URL names into a file."""
    _with_retries(lambda: _download(url, path, cancellation), cancellation)


def list_blobs(container_url: str, prefix: str, cancellation: Cancellation) -> Iterator[str]:
    """List the names of a container's blobs that begin with a prefix, page by page."""
    listing = f"restype=container&comp=list&prefix={quote(prefix, safe='')}"
    marker: str | None = ""
    while marker is not None:
        url = _with_query(container_url, f"{listing}&marker={quote(marker, safe='')}")
        page = _page(_with_retries(partial(_get, url), cancellation))
        yield from (_blob_name(name) for name in page.iterfind("./Blobs/Blob/Name"))
        marker = page.findtext("./NextMarker") or None


def upload(path: str, url: str, headers: Mapping[str, str], cancellation: Cancellation) -> None:
    """Put a file as a block blob, in blocks if it is large."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        if size <= _BLOCK:
            typed = {"x-ms-blob-type": "BlockBlob", **headers}
            _put(url, file.read(), typed, cancellation)
        else:
            _put_blocks(url, iter(lambda: file.read(_BLOCK), b""), headers, cancellation)


def _put_blocks(
    url: str, blocks: Iterator[bytes], headers: Mapping[str, str], cancellation: Cancellation
) -> None:
    ids = []
    for number, block in enumerate(blocks):
        ids.append(base64.b64encode(f"{number:08}".encode()).decode())
        _put(_with_query(url, f"comp=block&blockid={quote(ids[-1])}"), block, {}, cancellation)
    entries = "".join(f"<Latest>{block_id}</Latest>" for block_id in ids)
    listing = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{entries}</BlockList>'
    _put(_with_query(url, "comp=blocklist"), listing.encode(), headers, cancellation)


def _put(url: str, body: bytes, headers: Mapping[str, str], cancellation: Cancellation) -> None:
    all_headers = {
        "x-ms-version": _API_VERSION,
        "Content-Type": "application/octet-stream",
        **headers,
    }
    request = urllib.request.Request(url, body, all_headers, method="PUT")  # noqa: S310
    _with_retries(lambda: _answer(request), cancellation)


def _page(text: bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - expat refuses to be exploded by entities
    except ElementTree.ParseError as error:
        raise WebError("the list of blobs is no XML", status=200) from error


def _get(url: str) -> bytes:
    return _answer(urllib.request.Request(url, headers={"x-ms-version": _API_VERSION}))  # noqa: S310


def _answer(request: urllib.request.Request) -> bytes:
    with _open(request) as response, _translated():
        return response.read()


def _download(url: str, path: str, cancellation: Cancellation) -> None:
    with _open(urllib.request.Request(url)) as response, open(path, "wb") as file:  # noqa: S310
        while chunk := _read_chunk(response):
            cancellation.check()
            file.write(chunk)


def _read_chunk(response: http.client.HTTPResponse) -> bytes:
    with _translated():
        chunk = response.read(_CHUNK)
    # A connection that breaks off looks like the end of the body.
    if not chunk and response.length:
        raise WebError("the connection broke off")
    return chunk


def _open(request: urllib.request.Request) -> http.client.HTTPResponse:
    with _translated():
        response = urllib.request.urlopen(request, timeout=_TIMEOUT)  # noqa: S310 - http(s) only
    assert isinstance(response, http.client.HTTPResponse)
    return response


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        raise WebError(f"{error.code} {error.reason}", status=error.code) from error
    except (OSError, http.client.HTTPException) as error:
        raise WebError(str(error)) from error


def _with_retries(action: Callable[[], _Result], cancellation: Cancellation) -> _Result:
    for pause in _PAUSES:
        try:
            return action()
        except WebError as error:
            if not error.is_transient:
                raise
        cancellation.wait(pause)
    return action()


def _with_query(url: str, query: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _blob_name(element: ElementTree.Element) -> str:
    name = element.text or ""
    return unquote(name) if element.get("Encoded") == "true" else name
