"""The management plane as an ASGI application: from a request to its handler and back."""

from __future__ import annotations

from dataclasses import replace

from runfleet.emulator.asgi import Body, Receive, Scope, Send, serve
from runfleet.emulator.authentication import bearer_token
from runfleet.emulator.management.handlers import HANDLERS
from runfleet.emulator.service import Service
from runfleet.emulator.tokens import MANAGEMENT_AUDIENCES, check_token
from runfleet.wire.coverage import REFUSED_IN_MANAGEMENT
from runfleet.wire.errors import WireError, not_implemented
from runfleet.wire.management import DESCRIBE_CLOUD, TREE, respond_error
from runfleet.wire.requests import Request, check_api_version
from runfleet.wire.responses import Response
from runfleet.wire.router import route


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
        await serve(scope, receive, send, self._handle, respond_error)

    async def _handle(self, request: Request, body: Body) -> Response:
        return self._carry_out(replace(request, body=await body.read()))

    def _carry_out(self, request: Request) -> Response:
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
