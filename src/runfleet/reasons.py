"""What is at the bottom of an error, told without secrets."""

from __future__ import annotations

import re

_SECRET = re.compile(r"(?i)\b(sig|signature|accountkey)=[^&\s\"'`<>;]+")


def innermost(error: BaseException) -> str:
    """Say what is at the bottom of an error of the SDK or of a web client: `Connection refused`."""
    # The SDK raises its own errors after it has left the handler of what caused them.
    while cause := getattr(error, "inner_exception", None) or error.__cause__ or error.__context__:
        error = cause
    return redacted(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def redacted(text: str) -> str:
    """Blank out signatures and keys, which a service may repeat from what it was sent."""
    return _SECRET.sub(r"\1=***", text)
