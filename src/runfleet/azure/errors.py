"""What can go wrong with a Batch account, by what a caller would do differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from runfleet.errors import RunfleetError
from runfleet.reasons import redacted


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
        For how many seconds it asked to be left alone.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str = "",
        hint: str | None = None,
        throttled: bool = False,
        retry_after: float = 0.0,
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
    hint
        How to mend the first of them.
    """

    def __init__(self, job_id: str, refused: Mapping[str, str], *, hint: str | None = None) -> None:
        task_id, reason = next(iter(refused.items()))
        others = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        what = f"task `{task_id}`{others} was not added to job `{job_id}`: {reason}"
        super().__init__(what, hint=hint)
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


@contextmanager
def accepting(*codes: str) -> Iterator[None]:
    """
    Take conflicts for success where they say that what was asked for is so already.

    Parameters
    ----------
    codes
        The codes of such conflicts; others are raised.
    """
    try:
        yield
    except ConflictError as error:
        if error.code not in codes:
            raise
