"""From ASGI to a request of the service, and from an answer back to ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from runfleet.emulator.answers import Answer, FileAnswer
from runfleet.wire.errors import MAX_BODY_BYTES
from runfleet.wire.requests import Request, read_request
from runfleet.wire.responses import Response

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

CLOCK_OFFSET = "runfleet.clock_offset"
"""A member of a scope: by how much the service's clock is ahead when it receives the request."""

_CHUNK = 1 << 20
_NO_OFFSET = timedelta()


def request_of(scope: Scope, body: bytes, *, received: datetime) -> Request:
    """Take a request apart that was received at a certain time, and give it an id."""
    return read_request(
        scope["method"],
        _target(scope),
        scope["headers"],
        body,
        scheme=scope["scheme"],
        request_id=str(uuid4()),
        received=received + scope.get(CLOCK_OFFSET, _NO_OFFSET),
    )


def _target(scope: Scope) -> bytes:
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return path.partition(b"?")[0] + (b"?" + query if query else b"")


async def read_body(receive: Receive) -> bytes | None:
    """The body, or None where it is larger than the service takes."""
    parts, size, more = [], 0, True
    while more:
        event = await receive()
        part = event.get("body", b"")
        more = event.get("more_body", False)
        size += len(part)
        if size <= MAX_BODY_BYTES:
            parts.append(part)
    return b"".join(parts) if size <= MAX_BODY_BYTES else None


async def send_answer(send: Send, answer: Answer) -> None:
    """Send an answer, a file in chunks."""
    response = answer.response if isinstance(answer, FileAnswer) else answer
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in response.headers.items()]
    start = {"type": "http.response.start", "status": response.status, "headers": headers}
    await send(start)
    if isinstance(answer, FileAnswer):
        async for chunk in _chunks(answer):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": _body(answer)})


def _body(answer: Answer) -> bytes:
    return answer.body if isinstance(answer, Response) else b""


async def _chunks(answer: FileAnswer) -> AsyncIterator[bytes]:
    """The part of the file; zeros follow where it was cut short meanwhile."""
    left = answer.length
    with answer.file:
        while left:
            chunk = answer.file.read(min(left, _CHUNK)) or bytes(min(left, _CHUNK))
            left -= len(chunk)
            yield chunk
