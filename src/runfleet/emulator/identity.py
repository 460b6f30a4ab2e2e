"""The identity endpoint of a machine of Azure: where the SDK's default credential finds tokens."""

from __future__ import annotations

import hmac
from datetime import timedelta

from runfleet.emulator.asgi import Receive, Scope, Send, request_of, send_answer
from runfleet.emulator.service import Service
from runfleet.emulator.tokens import identity_header, issue_token
from runfleet.wire.identity import respond_refusal, respond_token
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response

_LIFE = timedelta(hours=1)


class IdentityApp:
    """
    Tokens by the protocol of App Service, whose address is in IDENTITY_ENDPOINT.

    Parameters
    ----------
    service
        Has the key that tokens are issued with.
    """

    def __init__(self, service: Service) -> None:
        self._key = service.key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer one request."""
        request = request_of(scope)
        await send_answer(send, self._answer(request))

    def _answer(self, request: Request) -> Response:
        secret = request.headers.get("x-identity-header", "")
        if not hmac.compare_digest(secret.encode(), identity_header(self._key).encode()):
            return respond_refusal(401, "X-IDENTITY-HEADER is wrong")
        resource = request.query.get("resource")
        if not resource:
            return respond_refusal(400, "no resource is named")
        token = issue_token(self._key, resource, _LIFE)
        return respond_token(token, resource, request.received + _LIFE)
