"""The ASGI application: from HTTP to a handler and back."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any
from uuid import uuid4

from runfleet.batch.errors import BatchRuleError
from runfleet.emulator.answers import Answer, FileAnswer
from runfleet.emulator.engine import now
from runfleet.emulator.handlers import HANDLERS
from runfleet.emulator.service import Service
from runfleet.wire.authentication import check_shared_key
from runfleet.wire.coverage import refusal_of
from runfleet.wire.errors import MAX_BODY_BYTES, WireError, body_too_large, not_implemented
from runfleet.wire.requests import Request, check_api_version, read_request
from runfleet.wire.responses import Response, respond_error
from runfleet.wire.router import route

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_CHUNK = 1 << 20


class App:
    """
    The Batch service as an ASGI application.

    Parameters
    ----------
    service
        What the handlers work with.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.last_request = monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self.last_request = monotonic()
        body = await _read_body(receive)
        request = read_request(
            scope["method"],
            _target(scope),
            scope["headers"],
            body or b"",
            scheme=scope["scheme"],
            request_id=str(uuid4()),
            received=now(),
        )
        answer = await self._answer(request, is_too_large=body is None)
        await _send_answer(send, answer)
        self.last_request = monotonic()

    async def _answer(self, request: Request, *, is_too_large: bool) -> Answer:
        try:
            if is_too_large:
                raise body_too_large()
            return await self._handle(request)
        except BatchRuleError as error:
            return respond_error(request, error)
        except Exception:
            log.exception("request %s %s failed", request.method, request.path)
            return respond_error(request, WireError("InternalError"))

    async def _handle(self, request: Request) -> Answer:
        check_api_version(request)
        check_shared_key(request, self._service.account, self._service.key)
        routed = route(request)
        handler = HANDLERS.get(routed.operation.name)
        if handler is None:
            name = routed.operation.name
            raise not_implemented(refusal_of(name).reason(name))
        return await handler(self._service, routed)


def _target(scope: Scope) -> bytes:
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return path.partition(b"?")[0] + (b"?" + query if query else b"")


async def _read_body(receive: Receive) -> bytes | None:
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


async def _send_answer(send: Send, answer: Answer) -> None:
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
