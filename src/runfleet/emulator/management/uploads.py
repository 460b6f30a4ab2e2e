"""Where application packages are uploaded to, as to Blob Storage, by signed URLs."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from runfleet.emulator.applications import Version
from runfleet.emulator.asgi import Body, Receive, Scope, Send, serve
from runfleet.emulator.disk import io_error
from runfleet.emulator.service import Service
from runfleet.wire.blobs import (
    check_block_blob,
    must_be_new,
    parse_block_list,
    respond,
    respond_error,
)
from runfleet.wire.errors import WireError
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response
from runfleet.wire.signed_urls import check_upload

log = logging.getLogger(__name__)

_MADE_FIRST = "The version is active; create it again before something else is uploaded for it."


class UploadApp:
    """
    Block blobs below `/storage`: put at once, or in blocks and a list of them.

    Parameters
    ----------
    service
        Knows the applications.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await serve(scope, receive, send, self._handle, respond_error)

    async def _handle(self, request: Request, body: Body) -> Response:
        try:
            return await self._carry_out(request, body.chunks())
        except OSError as error:
            log.error("upload to %s failed: %s", request.path, error)
            raise io_error(error.strerror or str(error)) from error

    async def _carry_out(self, request: Request, chunks: AsyncIterator[bytes]) -> Response:
        check_upload(request, self._service.key)
        if request.method != "PUT":
            raise WireError("UnsupportedHttpVerb")
        application_id, version = map(unquote, request.path.split("/")[2:])
        found = self._service.applications.version(application_id, version)
        if found.is_active:
            raise WireError("BlobAlreadyExists", {"Reason": _MADE_FIRST})
        upload = _Upload(request, found)
        part = request.query.get("comp", "")
        if part == "block":
            return await upload.put_block(chunks)
        if part == "blocklist":
            return await upload.put_block_list(chunks)
        return await upload.put_blob(chunks)


class _Upload:
    """One request to upload a version or a part of it."""

    def __init__(self, request: Request, version: Version) -> None:
        self._request = request
        self._version = version
        self._draft = version.upload / request.request_id

    async def put_blob(self, chunks: AsyncIterator[bytes]) -> Response:
        check_block_blob(self._request)
        await _write(self._draft, chunks)
        return self._finished()

    async def put_block(self, chunks: AsyncIterator[bytes]) -> Response:
        await _write(self._draft, chunks)
        self._draft.replace(self._block(self._request.query.get("blockid", "")))
        return respond(self._request)

    async def put_block_list(self, chunks: AsyncIterator[bytes]) -> Response:
        ids = parse_block_list(b"".join([chunk async for chunk in chunks]))
        blocks = [self._block(block_id) for block_id in ids]
        if not all(block.exists() for block in blocks):
            raise WireError("InvalidBlockList")
        await asyncio.to_thread(_join, blocks, self._draft)
        for block in set(blocks):
            block.unlink()
        return self._finished()

    def _finished(self) -> Response:
        version = self._version
        if must_be_new(self._request) and (version.blob.exists() or version.package.exists()):
            self._draft.unlink()
            raise WireError("BlobAlreadyExists")
        self._draft.replace(version.blob)
        return respond(self._request, changed=self._request.received)

    def _block(self, block_id: str) -> Path:
        return self._version.upload / f"block-{sha256(block_id.encode()).hexdigest()}"


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that is not there unless it is whole."""
    try:
        with path.open("wb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def _write(path: Path, chunks: AsyncIterator[bytes]) -> None:
    with _new_file(path) as file:
        async for chunk in chunks:
            file.write(chunk)


def _join(parts: Sequence[Path], path: Path) -> None:
    with _new_file(path) as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole, 1 << 20)
