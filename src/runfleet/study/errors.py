"""What can go wrong with a study file, a template or a result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runfleet.documents.errors import DocumentError
from runfleet.errors import RunfleetError


class StudyError(DocumentError):
    """A study file, or a file it names, asks for something that cannot be done."""


class ResultError(RunfleetError):
    """An output file does not hold the number that a result asks for; the message is the reason."""


@contextmanager
def about_a_study() -> Iterator[None]:
    """Make what is wrong with a document, in here, an error of the study that it describes."""
    try:
        yield
    except DocumentError as error:
        # The cause is left out: it says the same.
        raise _of_study(error).with_others(map(_of_study, error.others)) from None


def _of_study(error: DocumentError) -> StudyError:
    if isinstance(error, StudyError):
        return error
    return StudyError(error.what, file=error.file, line=error.line, hint=error.hint)
