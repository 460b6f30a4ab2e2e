"""Blobs by URLs that carry their own signature: what clients and nodes move files with."""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from typing import BinaryIO
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import urllib3

from runfleet.storage.channel import Channel, Check, WebError
from runfleet.storage.errors import demand_content
from runfleet.storage.parallel import Item, Result, in_order
from runfleet.storage.protocol import Blob, OnBytes, unheard
from runfleet.storage.urls import with_query

BLOCK = 8 << 20
"""Size of a part that is moved by one request; what is smaller is moved whole."""

# Accounts with a hierarchical namespace show it, blobfuse, Hadoop and Spark set it, in any case.
_FOLDER_MARK = "hdi_isfolder"
_MOST_BLOCKS = 50_000
_CHUNK = 1 << 20
_PARTIAL_CONTENT = 206
_RANGE_NOT_SATISFIABLE = 416
# What is there although it was not to be is a conflict, what has changed a failed precondition.
_CONDITION_NOT_MET = {409, 412}


@dataclass(frozen=True, slots=True)
class _Whole:
    """What the first part of a download tells of the whole, and the hash of what has come."""

    received: int
    size: int
    etag: str
    md5: str
    digest: hashlib._Hash


class SignedBlobs:
    """
    Reads and writes blobs over HTTP.

    What is moved is checked against its length, and where the server knows it, its MD5.

    Parameters
    ----------
    channel
        Sends the requests.
    threads
        How many parts of large blobs are moved at a time; each takes 8 MiB of memory.
    """

    def __init__(self, channel: Channel, *, threads: int = 8) -> None:
        self._channel = channel
        self._thread_count = threads
        self._lock = threading.Lock()
        self._divided = 0

    def close(self) -> None:
        """Give back the connections."""
        self._channel.close()

    def exists(self, url: str) -> bool:
        """Tell whether there is such a blob."""
        try:
            self._channel.send("HEAD", url)
        except WebError as error:
            if error.status == 404 and error.code != "ContainerNotFound":
                return False
            raise
        return True

    def get(self, url: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Read a blob, or a part of it; beyond its end there is nothing."""
        if not offset and length is None:
            return self._channel.send("GET", url).content
        end = "" if length is None else offset + max(1, length) - 1
        try:
            answer = self._channel.send("GET", url, headers={"Range": f"bytes={offset}-{end}"})
        except WebError as error:
            if error.status == _RANGE_NOT_SATISFIABLE:
                return b""
            raise
        return answer.content[:length]

    def put(self, url: str, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Write a blob by one request."""
        self._put(url, content, {"x-ms-blob-type": "BlockBlob", **(headers or {})}, None)

    def replace(self, url: str, content: bytes, instead_of: bytes | None) -> bool:
        """Write a blob if it has that content still, or with None is not there; tells whether."""
        condition = {"If-None-Match": "*"}
        if instead_of is not None:
            there = self._channel.send("GET", url)
            if there.content != instead_of:
                return False
            condition = {"If-Match": there.headers["ETag"]}
        try:
            self.put(url, content, condition)
        except WebError as error:
            if error.status not in _CONDITION_NOT_MET:
                raise
            # A request that is sent again may have been carried out the first time.
            return self.get(url) == content
        return True

    def delete(self, url: str) -> None:
        """Delete a blob."""
        self._channel.send("DELETE", url)

    def list(
        self, container_url: str, prefix: str = "", *, check: Check | None = None
    ) -> Iterator[list[Blob]]:
        """List a container's blobs that begin with a prefix, page by page."""
        listing = f"restype=container&comp=list&include=metadata&prefix={quote(prefix, safe='')}"
        marker: str | None = ""
        while marker is not None:
            query = f"{listing}&marker={quote(marker, safe='')}"
            answer = self._channel.send("GET", with_query(container_url, query), check=check)
            page = _parse_page(answer.content)
            yield [_blob_of(element) for element in page.iterfind("./Blobs/Blob")]
            marker = page.findtext("./NextMarker") or None

    def download(
        self,
        url: str,
        path: str,
        *,
        size: int | None = None,
        check: Check | None = None,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """
        Fetch what a URL names into a file, a large blob in several parts at a time.

        Parameters
        ----------
        url
            Of a blob, or of anything on the web.
        path
            The file, which is overwritten.
        size
            How large it is, where that is known.
        check
            Called between parts; may raise.
        on_bytes
            Is told of all that has come.
        """
        with open(path, "wb") as file:
            if size == 0:
                return
            whole = self._download_first(url, file, check)
            on_bytes(file.tell())
            fetch = partial(self._get_part, url, whole, check)
            for content in self._in_parts(fetch, range(whole.received, whole.size, BLOCK)):
                file.write(content)
                whole.digest.update(content)
                on_bytes(len(content))
        if whole.md5 and whole.md5 != _as_text(whole.digest):
            raise WebError("what came is not what was sent: its MD5 differs")

    def upload(
        self,
        path: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        sha256: str | None = None,
        check: Check | None = None,
        on_bytes: OnBytes = unheard,
    ) -> None:
        """
        Put a file as a block blob, a large one in several blocks at a time.

        Parameters
        ----------
        path
            The file.
        url
            Of the blob.
        headers
            Further headers, such as `x-ms-meta-NAME`.
        sha256
            The hash of what it is to hold, see `Storage.put_file`.
        check
            Called between blocks; may raise.
        on_bytes
            Is told of all that has gone.
        """
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size > BLOCK:
                self._put_blocks(file, url, headers or {}, sha256, check, on_bytes)
                return
            content = file.read()
        if sha256 is not None:
            demand_content(hashlib.sha256(content), sha256, path)
        self._put(url, content, {"x-ms-blob-type": "BlockBlob", **(headers or {})}, check)
        on_bytes(len(content))

    def _download_first(self, url: str, file: BinaryIO, check: Check | None) -> _Whole:
        receive = partial(_receive_first, file, check)
        try:
            headers = {"Range": f"bytes=0-{BLOCK - 1}"}
            return self._channel.receive("GET", url, receive, headers=headers, check=check)
        except WebError as error:
            if error.status != _RANGE_NOT_SATISFIABLE:
                raise
        # An empty blob has no range.
        return self._channel.receive("GET", url, receive, check=check)

    def _get_part(self, url: str, whole: _Whole, check: Check | None, offset: int) -> bytes:
        if check:
            check()
        end = min(offset + BLOCK, whole.size)
        headers = {"Range": f"bytes={offset}-{end - 1}"}
        if whole.etag:
            headers["If-Match"] = whole.etag
        content = self._channel.send("GET", url, headers=headers, check=check).content
        if len(content) != end - offset:
            raise WebError(f"{len(content):,} bytes came in place of {end - offset:,}")
        return content

    def _put_blocks(
        self,
        file: BinaryIO,
        url: str,
        headers: Mapping[str, str],
        sha256: str | None,
        check: Check | None,
        on_bytes: OnBytes,
    ) -> None:
        md5, content = new_md5(), hashlib.sha256()
        hashed = (md5,) if sha256 is None else (md5, content)
        put = partial(self._put_block, url, check)
        ids = []
        for block_id, size in self._in_parts(put, _read_blocks(file, hashed)):
            ids.append(block_id)
            on_bytes(size)
        # Only the list of its blocks makes them a blob.
        if sha256 is not None:
            demand_content(content, sha256, file.name)
        entries = "".join(f"<Latest>{block_id}</Latest>" for block_id in ids)
        listing = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{entries}</BlockList>'
        all_headers = {"x-ms-blob-content-md5": _as_text(md5), **headers}
        self._put(with_query(url, "comp=blocklist"), listing.encode(), all_headers, check)

    def _put_block(
        self, url: str, check: Check | None, numbered: tuple[int, bytes]
    ) -> tuple[str, int]:
        number, content = numbered
        if check:
            check()
        block_id = base64.b64encode(f"{number:08}".encode()).decode()
        self._put(with_query(url, f"comp=block&blockid={quote(block_id)}"), content, {}, check)
        return block_id, len(content)

    def _put(
        self, url: str, content: bytes, headers: Mapping[str, str], check: Check | None
    ) -> None:
        all_headers = urllib3.HTTPHeaderDict({"Content-Type": "application/octet-stream"})
        for name, text in headers.items():
            all_headers[name] = text
        self._channel.send("PUT", url, body=content, headers=all_headers, check=check)

    def _in_parts(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Work on the parts of one blob; several blobs share the threads, and the memory."""
        with self._lock:
            self._divided += 1
            ahead = max(1, self._thread_count // self._divided)
        try:
            yield from in_order(self._threads, work, items, ahead=ahead)
        finally:
            with self._lock:
                self._divided -= 1

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._thread_count, "blobs")


def _receive_first(
    file: BinaryIO, check: Check | None, response: urllib3.BaseHTTPResponse
) -> _Whole:
    """Write what came, which is all of it where the server knows no ranges."""
    file.seek(0)
    file.truncate()
    digest = new_md5()
    for chunk in response.stream(_CHUNK, decode_content=False):
        if check:
            check()
        file.write(chunk)
        digest.update(chunk)
    headers, received = response.headers, file.tell()
    if response.status != _PARTIAL_CONTENT:
        return _Whole(received, received, "", headers.get("Content-MD5", ""), digest)
    size = headers["Content-Range"].rpartition("/")[2]
    etag, md5 = headers.get("ETag", ""), headers.get("x-ms-blob-content-md5", "")
    return _Whole(received, int(size) if size.isdigit() else received, etag, md5, digest)


def _read_blocks(file: BinaryIO, hashed: Iterable[hashlib._Hash]) -> Iterator[tuple[int, bytes]]:
    size = max(BLOCK, -(-os.fstat(file.fileno()).st_size // _MOST_BLOCKS))
    number = 0
    while content := file.read(size):
        for digest in hashed:
            digest.update(content)
        yield number, content
        number += 1


def new_md5() -> hashlib._Hash:
    """Begin a hash as the service makes them; it protects from accidents alone."""
    return hashlib.md5(usedforsecurity=False)


def _as_text(digest: hashlib._Hash) -> str:
    return base64.b64encode(digest.digest()).decode()


def _parse_page(text: bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - expat refuses to be exploded by entities
    except ElementTree.ParseError as error:
        raise WebError("the list of blobs is no XML", status=200) from error


def _blob_of(element: ElementTree.Element) -> Blob:
    name, properties = element.find("Name"), element.find("Properties")
    if name is None or properties is None:
        raise WebError("the list of blobs has one without a name or properties", status=200)
    text = name.text or ""
    spelled = unquote(text) if name.get("Encoded") == "true" else text
    size = int(properties.findtext("Content-Length") or 0)
    md5 = properties.findtext("Content-MD5")
    return Blob(
        spelled,
        size,
        parsedate_to_datetime(properties.findtext("Last-Modified") or ""),
        base64.b64decode(md5) if md5 else None,
        is_folder_mark=spelled.endswith("/") or (size == 0 and _is_marked(element)),
    )


def _is_marked(element: ElementTree.Element) -> bool:
    """Tell whether the metadata of a blob say that it is a folder."""
    return any(
        entry.tag.lower() == _FOLDER_MARK and (entry.text or "").lower() == "true"
        for entry in element.iterfind("./Metadata/*")
    )
