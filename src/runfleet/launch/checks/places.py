"""What is wrong with a study on its account, told with the place in the study file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from runfleet.azure import ImageNotFoundError
from runfleet.launch.errors import LaunchError
from runfleet.study import Study


@contextmanager
def told_at(study: Study, *place: str | int) -> Iterator[None]:
    """
    Tell what an account refuses, in here, as a mistake of the study file.

    Parameters
    ----------
    study
        The study that asks for it.
    place
        The keys that lead to what asks for it.

    Raises
    ------
    StudyError
        In place of a `LaunchError` and an `ImageNotFoundError`.
    """
    try:
        yield
    except (LaunchError, ImageNotFoundError) as error:
        raise study.error(place, error.message, error.hint) from error
