"""The ASGI application: from a request to its handler and back."""

from __future__ import annotations

import logging
import sqlite3
from time import monotonic

from runfleet.batch.errors import BatchRuleError
from runfleet.emulator.answers import Answer
from runfleet.emulator.asgi import Asgi, Receive, Scope, Send, read_body, request_of, send_answer
from runfleet.emulator.authentication import authenticate
from runfleet.emulator.clock import now
from runfleet.emulator.handlers import HANDLERS
from runfleet.emulator.identity import IdentityApp
from runfleet.emulator.management.app import ManagementApp
from runfleet.emulator.management.uploads import UploadApp
from runfleet.emulator.service import Service
from runfleet.wire.coverage import refusal_of
from runfleet.wire.errors import WireError, body_too_large, not_implemented
from runfleet.wire.requests import Request, check_api_version
from runfleet.wire.responses import respond_error
from runfleet.wire.router import route

log = logging.getLogger(__name__)

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
        self.last_request = monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: of Batch itself, or of what other hosts answer on Azure."""
        self.last_request = monotonic()
        first_segment = scope["path"].partition("/")[2].partition("/")[0]
        app = self._beside.get(first_segment, self._serve)
        await app(scope, receive, send)
        self.last_request = monotonic()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        request = request_of(scope, body or b"", received=now())
        answer = await self._answer(request, is_too_large=body is None)
        await send_answer(send, answer)

    async def _answer(self, request: Request, *, is_too_large: bool) -> Answer:
        try:
            if is_too_large:
                raise body_too_large()
            return await self._handle(request)
        except BatchRuleError as error:
            return respond_error(request, error)
        except sqlite3.Error as error:
            # Even who only reads writes first what waits to be written.
            self._service.engine.health.fail(error)
            return respond_error(request, WireError("InternalError"))
        except Exception:
            log.exception("request %s %s failed", request.method, request.path)
            return respond_error(request, WireError("InternalError"))

    async def _handle(self, request: Request) -> Answer:
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
