"""What can go wrong with a Batch account, by what a caller would do differently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from runfleet.errors import RunfleetError

_SIGNATURE = re.compile(r"(?i)\b(sig|signature|accountkey)=[^&\s\"'`<>;]+")

_UNKNOWN_SIGNATURE = "AuthenticationFailed"
# Fifteen minutes are what the service bears.
_SUSPICIOUS_CLOCK = timedelta(minutes=5)

_HINTS = {
    _UNKNOWN_SIGNATURE: "check the account's name and key, and this machine's clock",
    "InvalidAuthenticationInfo": "check the account's name and key",
    "InsufficientAccountPermissions": "ask for the role `Batch Contributor` on the account",
    "AccountIsDisabled": "ask the owner of the Azure subscription to enable the account",
    "PoolQuotaReached": "delete a pool, or ask Azure for a larger quota of pools",
    "ActiveJobAndScheduleQuotaReached": "end jobs that are done, or ask Azure for a larger quota",
    "InvalidApplicationPackageReferences": "add the package to the account first",
    "PoolBeingDeleted": "wait until the pool is gone, or take another pool id",
    "JobBeingDeleted": "wait until the job is gone, or take another job id",
}


class BatchError(RunfleetError):
    """
    The Batch service refused a request, or could not be asked.

    Parameters
    ----------
    message
        What went wrong and where.
    status
        The HTTP status; 0 where there was no answer.
    code
        The service's own word for the error, such as `PoolExists`; empty where it gave none.
    hint
        How to mend it.
    """

    def __init__(
        self, message: str, *, status: int = 0, code: str = "", hint: str | None = None
    ) -> None:
        super().__init__(redacted(message), hint=hint)
        self.status = status
        self.code = code


class NotFoundError(BatchError):
    """The pool, node, job, task or file is not there."""


class ConflictError(BatchError):
    """It exists already, or its state does not allow that; `code` tells which."""


class AuthenticationError(BatchError):
    """The account does not know us, or does not let us."""


class RequestTooLargeError(BatchError):
    """The body of a request was longer than the service takes."""


class NotSupportedError(BatchError):
    """The Batch service does not know how to do that."""


class ServiceUnavailableError(BatchError):
    """
    The service could not be reached, was too busy, or failed, for longer than we wait.

    Parameters
    ----------
    message, status, code, hint
        See `BatchError`.
    throttled
        Whether the service answered that it is too busy: it is there, and later it will do.
    retry_after
        For how many seconds it asked to be left alone, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str = "",
        hint: str | None = None,
        throttled: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, status=status, code=code, hint=hint)
        self.throttled = throttled
        self.retry_after = retry_after


class TasksRefusedError(BatchError):
    """
    The service took a request with tasks, but not all of the tasks.

    Parameters
    ----------
    job_id
        The job that they were to be added to.
    refused
        For each refused task, its id and what the service said.
    """

    def __init__(self, job_id: str, refused: Mapping[str, str]) -> None:
        task_id, reason = next(iter(refused.items()))
        others = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        super().__init__(f"task `{task_id}`{others} was not added to job `{job_id}`: {reason}")
        self.job_id = job_id
        self.refused = dict(refused)


class PoolFailedError(BatchError):
    """
    The nodes of a pool will not come, or not without help.

    Parameters
    ----------
    pool_id
        The pool.
    message, code, hint
        See `BatchError`.
    output
        What the start task wrote to stderr last, if it was that.
    """

    def __init__(
        self,
        pool_id: str,
        message: str,
        *,
        code: str = "",
        hint: str | None = None,
        output: str = "",
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.pool_id = pool_id
        self.output = output


class WaitTimeoutError(BatchError):
    """What was waited for did not happen in time."""


class ImageNotFoundError(BatchError):
    """No image of that name is verified by the service."""


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
    code, text = _code_and_text(answer.body)
    message = f"the Batch service answered {answer.status} {code}".rstrip()
    message += f" to {answer.request}" + (f": {text}" if text else "")
    hint = (_clock_hint(answer.date) if code == _UNKNOWN_SIGNATURE else None) or _HINTS.get(code)
    if answer.status in (408, 429) or (answer.status >= 500 and answer.status != 501):
        return ServiceUnavailableError(
            message,
            status=answer.status,
            code=code,
            hint=hint or "try again later: nothing is lost",
            throttled=answer.status in (429, 503),
            retry_after=_seconds(answer.retry_after),
        )
    return _class_of(answer.status)(message, status=answer.status, code=code, hint=hint)


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


def item_error_text(error: Mapping[str, Any] | None) -> str:
    """Say in one line what the service said of one task of many."""
    members = error or {}
    text = f"{members.get('code', 'no reason given')}: {_message_text(members)}"
    return redacted(text.removesuffix(": "))


def redacted(text: str) -> str:
    """Blank out signatures and keys, which the service may repeat from what it was sent."""
    return _SIGNATURE.sub(r"\1=***", text)


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


def _code_and_text(body: bytes) -> tuple[str, str]:
    try:
        error = orjson.loads(body)
        return str(error.get("code", "")), _message_text(error)
    except (orjson.JSONDecodeError, AttributeError):
        return "", body[:200].decode(errors="replace").strip()


def _message_text(error: Mapping[str, Any]) -> str:
    """Take the sentence of an error and its details, without request id and time."""
    message = error.get("message") or {}
    value = message.get("value", "") if isinstance(message, dict) else str(message)
    details = [f"{item.get('key')}: {item.get('value')}" for item in error.get("values") or ()]
    return " ".join([value.partition("\nRequestId:")[0], *(f"({detail})" for detail in details)])


def _seconds(retry_after: str | None) -> float | None:
    """Read `Retry-After` as seconds; its other form, a date, is not used by the service."""
    try:
        return max(0.0, float(retry_after)) if retry_after else None
    except ValueError:
        return None
