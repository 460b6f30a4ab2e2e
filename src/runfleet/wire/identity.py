"""The identity endpoint of App Service: what clients read of tokens."""

from __future__ import annotations

from datetime import datetime

import orjson

from runfleet.wire.bodies import JsonObject
from runfleet.wire.responses import Response


def respond_token(token: str, resource: str, expires: datetime) -> Response:
    """
    Answer with a token.

    Parameters
    ----------
    token
        What the client logs in with.
    resource
        Whom the token is for.
    expires
        Until when it is taken.
    """
    content = {
        "access_token": token,
        "expires_on": str(int(expires.timestamp())),
        "resource": resource,
        "token_type": "Bearer",
    }
    return _response(200, content)


def respond_refusal(status: int, message: str) -> Response:
    """Answer that there is no token, and why."""
    return _response(status, {"statusCode": status, "message": message})


def _response(status: int, content: JsonObject) -> Response:
    body = orjson.dumps(content)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return Response(status, headers, body)
