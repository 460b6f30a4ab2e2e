"""Who may ask: by a signature of the account's key, or by a token."""

from __future__ import annotations

from runfleet.emulator.tokens import check_token
from runfleet.wire.authentication import check_shared_key
from runfleet.wire.requests import Request


def authenticate(request: Request, account: str, key: bytes) -> None:
    """
    Refuse a request that is neither signed with the account's key nor carries a token.

    Raises
    ------
    WireError
        See `check_shared_key` and `check_token`.
    """
    token = bearer_token(request)
    if token is None:
        check_shared_key(request, account, key)
    else:
        check_token(token, key)


def bearer_token(request: Request) -> str | None:
    """Give the token that a request carries, if it does."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
