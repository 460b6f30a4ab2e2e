"""Requests that go wrong: what stands between the server and the app where faults are wanted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import timedelta
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runfleet.emulator.app import App
from runfleet.emulator.asgi import (
    CLOCK_OFFSET,
    Body,
    Receive,
    Scope,
    Send,
    request_of,
    serve,
)
from runfleet.faults import Fault, FaultKind, Plan, When
from runfleet.wire.errors import WireError
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response, respond_error
from runfleet.wire.router import route

log = logging.getLogger(__name__)

_STORAGE = "/.faults/storage/"
_STORAGE_ERRORS = {
    403: ("AuthenticationFailed", "Signature not valid in the specified time frame"),
    500: ("InternalError", "The server encountered an internal error. Please retry the request."),
    503: ("ServerBusy", "The server is currently unable to receive requests. Please retry."),
}
_CONNECTION = "runfleet.connection"
_DEFAULT_STATUS = {FaultKind.BUSY: 503, FaultKind.ERROR: 500}
_CODES = {FaultKind.BUSY: "ServerBusy", FaultKind.ERROR: "InternalError"}


class DroppableProtocol(HttpToolsProtocol):
    """A server's end of a connection, which lets the app break it."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["extensions"] = {_CONNECTION: {"abort": self.transport.abort}}


class FaultyApp:
    """
    The Batch service with faults.

    Parameters
    ----------
    app
        The service without.
    plan
        Which requests go wrong, and how.
    """

    def __init__(self, app: App, plan: Plan) -> None:
        self._app = app
        self._plan = plan
        self._do: Mapping[FaultKind, Callable[..., Awaitable[None]]] = {
            FaultKind.BUSY: self._refuse,
            FaultKind.ERROR: self._fail,
            FaultKind.DROP: self._drop,
            FaultKind.SLOW: self._delay,
            FaultKind.CLOCK_SKEW: self._skew,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let it go wrong."""
        if scope["path"].startswith(_STORAGE):
            await serve(scope, receive, send, _answer_as_storage, respond_error)
            return
        operation = _operation(scope)
        if operation is None:
            scope[CLOCK_OFFSET] = timedelta(seconds=self._plan.clock_skew())
        fault = self._plan.on_request(operation) if operation else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        log.info("fault `%s` hits %s", fault.fault, operation)
        await self._do[fault.fault](fault, scope, receive, send)

    async def _refuse(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        async def refuse(request: Request, body: Body) -> Response:
            await body.drop()
            answer = respond_error(request, _error(fault))
            asks = fault.fault is FaultKind.BUSY and fault.retry_after
            more = {"Retry-After": str(fault.retry_after)} if asks else {}
            return Response(answer.status, {**answer.headers, **more}, answer.body)

        await serve(scope, receive, send, refuse, respond_error)

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.when is When.AFTER:
            await self._app(scope, receive, _swallow)
            # The body has been read.
            receive = _nothing_more
        await self._refuse(fault, scope, receive, send)

    async def _drop(self, fault: Fault, scope: Scope, receive: Receive, _send: Send) -> None:
        if fault.when is When.AFTER:
            await self._app(scope, receive, _swallow)
        scope["extensions"][_CONNECTION]["abort"]()
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _delay(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.when is When.BEFORE:
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
            return
        held: list[MutableMapping[str, Any]] = []

        async def hold(message: MutableMapping[str, Any]) -> None:
            held.append(message)

        await self._app(scope, receive, hold)
        await asyncio.sleep(fault.seconds)
        for message in held:
            await send(message)

    async def _skew(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        scope[CLOCK_OFFSET] = timedelta(seconds=fault.seconds)
        await self._app(scope, receive, send)


def storage_url(url: str, status: int) -> str:
    """Give the URL of a storage account, at the emulator's own, that only answers with errors."""
    return f"{url}{_STORAGE}{status}"


async def _answer_as_storage(request: Request, body: Body) -> Response:
    await body.drop()
    status = int(request.path.removeprefix(_STORAGE)[:3])
    code, text = _STORAGE_ERRORS[status]
    content = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
    ).encode()
    headers = {
        "Content-Type": "application/xml",
        "Content-Length": str(len(content)),
        "x-ms-error-code": code,
    }
    return Response(status, headers, content)


def _operation(scope: Scope) -> str | None:
    """Name the operation that a request asks for; None where it asks for nothing of the service."""
    try:
        return route(request_of(scope)).operation.name
    except WireError:
        return None


def _error(fault: Fault) -> WireError:
    status = fault.status or _DEFAULT_STATUS[fault.fault]
    code = "ServerBusy" if status == 503 else _CODES[fault.fault]
    return WireError(code, status=status)


async def _swallow(_message: MutableMapping[str, Any]) -> None:
    pass


async def _nothing_more() -> MutableMapping[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}
