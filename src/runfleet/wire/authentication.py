"""Shared Key signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import product

from runfleet.wire.conditions import parse_http_date
from runfleet.wire.errors import WireError
from runfleet.wire.requests import Request

MAX_CLOCK_SKEW = timedelta(minutes=15)

_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def check_shared_key(request: Request, account: str, key: bytes) -> None:
    """
    Refuse a request that was not signed lately with the key of this account.

    Parameters
    ----------
    request
        As it came; its `received` is what the date it carries is compared with.
    account
        The name of the account that is served.
    key
        The account's key, decoded.

    Raises
    ------
    WireError
        ``InvalidAuthenticationInfo`` without a Shared Key signature, ``AuthenticationFailed`` with
        a wrong one.
    """
    signer, signature = _credentials(request)
    if signer != account:
        raise _failed(f"The account `{signer[:60]}` is not served here.")
    _check_clock(request)
    if not any(
        hmac.compare_digest(_sign(text, key), signature)
        for text in _strings_to_sign(request, account)
    ):
        raise _failed("The signature did not match that computed from the account key.")


def _credentials(request: Request) -> tuple[str, bytes]:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    signer, colon, signature = credentials.strip().partition(":")
    if scheme.lower() != "sharedkey" or not colon:
        raise WireError("InvalidAuthenticationInfo")
    return signer, signature.encode("latin-1", "replace")


def _check_clock(request: Request) -> None:
    name = "ocp-date" if request.headers.get("ocp-date") else "date"
    text = request.headers.get(name)
    if not text:
        raise _failed("The request carries neither an ocp-date nor a Date header.")
    if abs(request.received - parse_http_date(name, text)) > MAX_CLOCK_SKEW:
        raise _failed(f"The date `{text}` is more than 15 minutes off.")


def _failed(reason: str) -> WireError:
    return WireError("AuthenticationFailed", {"AuthenticationErrorDetail": reason})


def _sign(text: str, key: bytes) -> bytes:
    return base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256))


def _strings_to_sign(request: Request, account: str) -> Iterator[str]:
    """What the client may have signed, likeliest first."""
    for length, query in product(_lengths(request), _queries(request)):
        headers = {**request.headers, "content-length": length}
        signed = (headers.get(name, "") for name in _SIGNED_HEADERS)
        yield "\n".join((request.method, *signed, *_service_headers(request), "")) + (
            f"/{account}{request.path}{query}"
        )


def _lengths(request: Request) -> tuple[str, ...]:
    # Without a body SDK 15 signs 0, whether or not it sends a length; SDK 14 signs what it sends.
    length = request.headers.get("content-length", "")
    if length not in ("", "0"):
        return (length,)
    return ("", "0") if request.reads else ("0", "")


def _queries(request: Request) -> tuple[str, ...]:
    # The documentation lower-cases the names, the SDKs sign them as they send them.
    as_sent = _query_text(request.query_items)
    documented = _query_text((name.lower(), value) for name, value in request.query_items)
    return (as_sent,) if as_sent == documented else (as_sent, documented)


def _query_text(items: Iterable[tuple[str, str]]) -> str:
    first_values: dict[str, str] = {}
    for name, value in items:
        if value:
            first_values.setdefault(name, value)
    return "".join(f"\n{name}:{first_values[name]}" for name in sorted(first_values))


def _service_headers(request: Request) -> list[str]:
    return sorted(f"{n}:{value}" for n, value in request.headers.items() if "ocp-" in n and value)
