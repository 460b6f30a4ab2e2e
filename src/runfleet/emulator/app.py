"""The ASGI application: from a request to its handler and back."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from runfleet.emulator.answers import Answer
from runfleet.emulator.asgi import Asgi, Body, Receive, Scope, Send, serve
from runfleet.emulator.authentication import authenticate
from runfleet.emulator.handlers import HANDLERS
from runfleet.emulator.identity import IdentityApp
from runfleet.emulator.management.app import ManagementApp
from runfleet.emulator.management.uploads import UploadApp
from runfleet.emulator.service import Service
from runfleet.wire.coverage import refusal_of
from runfleet.wire.errors import WireError, not_implemented
from runfleet.wire.requests import Request, check_api_version
from runfleet.wire.responses import respond_error
from runfleet.wire.router import route

# The beginning of the names of operations that need space on the disk; others may make some.
_ADDING = "create_"


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
        management = ManagementApp(service)
        self._beside: dict[str, Asgi] = {
            "identity": IdentityApp(service),
            "metadata": management,
            "subscriptions": management,
            "storage": UploadApp(service),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: of Batch itself, or of what other hosts answer on Azure."""
        first_segment = scope["path"].partition("/")[2].partition("/")[0]
        app = self._beside.get(first_segment, self._serve)
        await app(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await serve(scope, receive, send, self._handle, respond_error)

    async def _handle(self, request: Request, body: Body) -> Answer:
        request = replace(request, body=await body.read())
        try:
            return await self._carry_out(request)
        except sqlite3.Error as error:
            # Even who only reads writes first what waits to be written.
            self._service.engine.health.fail(error)
            raise WireError("InternalError") from error

    async def _carry_out(self, request: Request) -> Answer:
        check_api_version(request)
        authenticate(request, self._service.account, self._service.key)
        routed = route(request)
        handler = HANDLERS.get(routed.operation.name)
        if handler is None:
            name = routed.operation.name
            raise not_implemented(refusal_of(name).reason(name))
        if routed.operation.name.startswith(_ADDING):
            self._service.engine.disk.demand_room()
        return await handler(self._service, routed)
