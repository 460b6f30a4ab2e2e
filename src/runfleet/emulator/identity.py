"""The identity endpoint of a machine of Azure: where the SDK's default credential finds tokens."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import timedelta

import orjson

from runfleet.emulator.asgi import Receive, Scope, Send, request_of, send_answer
from runfleet.emulator.engine import now
from runfleet.emulator.service import Service
from runfleet.emulator.tokens import identity_header, issue_token
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
        request = request_of(scope, b"", received=now())
        await send_answer(send, self._answer(request))

    def _answer(self, request: Request) -> Response:
        secret = request.headers.get("x-identity-header", "")
        if not hmac.compare_digest(secret.encode(), identity_header(self._key).encode()):
            return _response(401, {"statusCode": 401, "message": "X-IDENTITY-HEADER is wrong"})
        resource = request.query.get("resource")
        if not resource:
            return _response(400, {"statusCode": 400, "message": "no resource is named"})
        token = {
            "access_token": issue_token(self._key, resource, _LIFE),
            "expires_on": str(int((request.received + _LIFE).timestamp())),
            "resource": resource,
            "token_type": "Bearer",
        }
        return _response(200, token)


def _response(status: int, content: Mapping[str, object]) -> Response:
    body = orjson.dumps(content)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return Response(status, headers, body)
