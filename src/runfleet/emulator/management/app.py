"""The management plane as an ASGI application: from a request to its handler and back."""

from __future__ import annotations

import logging

from runfleet.batch.errors import BatchRuleError
from runfleet.emulator.asgi import Receive, Scope, Send, read_body, request_of, send_answer
from runfleet.emulator.authentication import bearer_token
from runfleet.emulator.clock import now
from runfleet.emulator.management.handlers import HANDLERS
from runfleet.emulator.service import Service
from runfleet.emulator.tokens import MANAGEMENT_AUDIENCES, check_token
from runfleet.wire.coverage import REFUSED_IN_MANAGEMENT
from runfleet.wire.errors import WireError, body_too_large, not_implemented
from runfleet.wire.management import DESCRIBE_CLOUD, TREE, respond_error
from runfleet.wire.requests import Request, check_api_version
from runfleet.wire.responses import Response
from runfleet.wire.router import route

log = logging.getLogger(__name__)


class ManagementApp:
    """
    What Azure Resource Manager answers for the account, below `/subscriptions`, and of itself.

    Any subscription and any resource group will do.  As on Azure, only tokens are let in.

    Parameters
    ----------
    service
        What the handlers work with.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = await read_body(receive)
        request = request_of(scope, body or b"", received=now())
        await send_answer(send, self._answer(request, is_too_large=body is None))

    def _answer(self, request: Request, *, is_too_large: bool) -> Response:
        try:
            if is_too_large:
                raise body_too_large()
            return self._handle(request)
        except BatchRuleError as error:
            return respond_error(request, error)
        except Exception:
            log.exception("request %s %s failed", request.method, request.path)
            return respond_error(request, WireError("InternalError"))

    def _handle(self, request: Request) -> Response:
        check_api_version(request)
        routed = route(request, TREE)
        if routed.operation != DESCRIBE_CLOUD:
            check_token(bearer_token(request) or "", self._service.key, MANAGEMENT_AUDIENCES)
        ours = self._service.account
        if routed.parameters.get("account", ours).lower() != ours:
            raise WireError("ResourceNotFound", {"Reason": f"The account here is `{ours}`."})
        handler = HANDLERS.get(routed.operation.name)
        if handler is None:
            name = routed.operation.name
            raise not_implemented(REFUSED_IN_MANAGEMENT[name].reason(name))
        return handler(self._service, routed)
