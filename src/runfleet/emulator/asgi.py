"""From ASGI to a request of the service, and from an answer back to ASGI."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from runfleet.batch.errors import BatchRuleError
from runfleet.emulator.answers import Answer, FileAnswer
from runfleet.emulator.clock import now
from runfleet.wire.errors import MAX_BODY_BYTES, WireError, body_too_large
from runfleet.wire.requests import Request, read_request
from runfleet.wire.responses import Response

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

CLOCK_OFFSET = "runfleet.clock_offset"
"""A member of a scope: by how much the service's clock is ahead when it receives the request."""

_CHUNK = 1 << 20
_NO_OFFSET = timedelta()


def request_of(scope: Scope) -> Request:
    """Take a request apart that has just come, save its body, and give it an id."""
    return read_request(
        scope["method"],
        _target(scope),
        scope["headers"],
        b"",
        scheme=scope["scheme"],
        request_id=str(uuid4()),
        received=now() + scope.get(CLOCK_OFFSET, _NO_OFFSET),
    )


def _target(scope: Scope) -> bytes:
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return path.partition(b"?")[0] + (b"?" + query if query else b"")


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


class Body:
    """
    The body of a request, as it comes.

    Parameters
    ----------
    receive
        Gives what the server has received of it.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_whole = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """What has not been taken of it yet; raises `ClientGoneError` if no more of it comes."""
        while not self._is_whole:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise ClientGoneError
            self._is_whole = not event.get("more_body", False)
            yield event.get("body", b"")

    async def read(self) -> bytes:
        """The body as a whole, if it is not larger than the service takes."""
        parts, size = [], 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise body_too_large()
            parts.append(chunk)
        return b"".join(parts)

    async def drop(self) -> None:
        """Let the rest of it come: clients read an answer only after they have sent everything."""
        async for _ in self.chunks():
            pass


Handle = Callable[[Request, Body], Awaitable[Answer]]
RespondError = Callable[[Request, BatchRuleError], Response]


async def serve(
    scope: Scope, receive: Receive, send: Send, handle: Handle, respond_error: RespondError
) -> None:
    """
    Answer one request, unless the client goes before it has sent all of it.

    Parameters
    ----------
    scope, receive, send
        The request, as the server has it.
    handle
        Carries it out; takes as much of the body as it needs.
    respond_error
        Says why it is not carried out.
    """
    request = request_of(scope)
    body = Body(receive)
    try:
        answer = await _answer(request, body, handle, respond_error)
    except ClientGoneError:
        return
    await send_answer(send, answer)


async def _answer(
    request: Request, body: Body, handle: Handle, respond_error: RespondError
) -> Answer:
    refusal: BatchRuleError
    try:
        return await handle(request, body)
    except ClientGoneError:
        raise
    except BatchRuleError as error:
        refusal = error
    except Exception:
        log.exception("request %s %s failed", request.method, request.path)
        refusal = WireError("InternalError")
    await body.drop()
    return respond_error(request, refusal)


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
