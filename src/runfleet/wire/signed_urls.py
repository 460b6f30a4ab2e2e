"""Signed URLs: who has one may do what it is for, until it expires."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlencode

from runfleet.wire.errors import WireError
from runfleet.wire.requests import Request
from runfleet.wire.values import parse_time, time_text

_VERSION = "2020-10-02"
_MAY_WRITE = "w"


def sign_upload(base: str, path: str, key: bytes, *, expires: datetime) -> str:
    """
    Give a URL to which a blob can be uploaded.

    Parameters
    ----------
    base, path
        Of the blob's URL: scheme and authority, and the path as it will be sent.
    key
        The account's.
    expires
        When it is good no more.
    """
    end = time_text(expires)
    query = {"sv": _VERSION, "se": end, "sr": "b", "sp": _MAY_WRITE}
    return f"{base}{path}?{urlencode({**query, 'sig': _signature(path, end, key)})}"


def check_upload(request: Request, key: bytes) -> None:
    """
    Refuse an upload to a URL that was not signed here, or has expired.

    Raises
    ------
    WireError
        ``AuthenticationFailed``.
    """
    end, signature = request.query.get("se", ""), request.query.get("sig", "")
    expected = _signature(request.path, end, key)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise _refused("Signature did not match.")
    if parse_time(end) <= request.received:
        raise _refused(f"Signature not valid in the specified time frame: it ended at {end}.")


def _signature(path: str, end: str, key: bytes) -> str:
    text = f"{_MAY_WRITE}\n{end}\n{path}"
    return base64.b64encode(hmac.digest(key, text.encode(), hashlib.sha256)).decode()


def _refused(reason: str) -> WireError:
    return WireError("AuthenticationFailed", {"AuthenticationErrorDetail": reason})
