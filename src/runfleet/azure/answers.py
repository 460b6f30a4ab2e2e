"""Answers that are no success, as errors by what a caller would do differently."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import orjson

from runfleet.azure.errors import (
    AuthenticationError,
    BatchError,
    ConflictError,
    NotFoundError,
    NotSupportedError,
    RequestTooLargeError,
    ServiceUnavailableError,
)
from runfleet.azure.refusals import UNKNOWN_SIGNATURE, Refusal, refusal_of
from runfleet.patience import retry_after_of

# Fifteen minutes are what the service bears.
_SUSPICIOUS_CLOCK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Answer:
    """
    An answer of the service that is not a success.

    Parameters
    ----------
    request
        Method and path of the request, as `POST /pools`.
    status
        The HTTP status.
    body
        The error as JSON, or anything else.
    retry_after, date
        The headers `Retry-After` and `Date`, if there were such.
    """

    request: str
    status: int
    body: bytes
    retry_after: str | None = None
    date: str | None = None


def error_of(answer: Answer) -> BatchError:
    """Translate an answer into the error that a caller can tell from others."""
    refusal = _refusal(answer)
    code, message = refusal.code, _message(answer, refusal)
    hint = (_clock_hint(answer.date) if code == UNKNOWN_SIGNATURE else None) or refusal.hint
    if answer.status in (408, 429) or (answer.status >= 500 and answer.status != 501):
        return ServiceUnavailableError(
            message,
            status=answer.status,
            code=code,
            hint=hint or "try again later: nothing is lost",
            throttled=answer.status in (429, 503),
            retry_after=retry_after_of(answer.retry_after),
        )
    return _class_of(answer.status)(message, status=answer.status, code=code, hint=hint)


def _message(answer: Answer, refusal: Refusal) -> str:
    """Name the request as well, unless what is wrong says everything."""
    if refusal.is_plain:
        return refusal.what
    message = f"the Batch service answered {answer.status} {refusal.code}".rstrip()
    return f"{message} to {answer.request}" + (f": {refusal.what}" if refusal.what else "")


def _clock_hint(date: str | None) -> str | None:
    """Name a clock that is far enough off for signatures to be refused."""
    try:
        ahead = datetime.now(UTC) - parsedate_to_datetime(date or "")
    except (ValueError, TypeError):  # no date, or one without a time zone
        return None
    if abs(ahead) < _SUSPICIOUS_CLOCK:
        return None
    minutes = round(abs(ahead).total_seconds() / 60)
    side = "ahead of" if ahead > timedelta() else "behind"
    return f"set this machine's clock: it is {minutes:,} minutes {side} the service's"


def _class_of(status: int) -> type[BatchError]:
    classes: dict[int, type[BatchError]] = {
        401: AuthenticationError,
        403: AuthenticationError,
        404: NotFoundError,
        409: ConflictError,
        412: ConflictError,
        413: RequestTooLargeError,
        501: NotSupportedError,
    }
    return classes.get(status, BatchError)


def _refusal(answer: Answer) -> Refusal:
    try:
        return refusal_of(orjson.loads(answer.body), answer.request.partition(" ")[2])
    except (orjson.JSONDecodeError, AttributeError):
        return Refusal("", answer.body[:200].decode(errors="replace").strip())
