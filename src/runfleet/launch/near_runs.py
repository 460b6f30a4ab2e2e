"""Which run was probably meant by a name that no run has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from heapq import nlargest
from os.path import commonprefix

from runfleet.nearest_word import nearest

_NUMBERED = re.compile(r"(.*?)0*(\d+)")
_MOST_COMPARED = 100
"""Comparing names takes long: of all the runs of a study, only those that begin alike are."""


def nearest_run(name: str, runs: Iterable[str]) -> str | None:
    """
    Find the run that `name` was probably meant to be.

    Parameters
    ----------
    name
        As it was typed: `run-0001x`, or only a number.
    runs
        The names of all runs.
    """
    known = list(runs)
    numbered_alike = [run for run in known if _is_numbered_alike(name, run)][:_MOST_COMPARED]
    if numbered_alike and name.isdecimal():
        return numbered_alike[0]
    meant = nearest(name, numbered_alike)
    if meant is not None:
        return meant
    begin_alike = nlargest(_MOST_COMPARED, known, key=lambda run: _common_length(name, run))
    longest = _common_length(name, begin_alike[0]) if begin_alike else 0
    closest = [run for run in begin_alike if _common_length(name, run) == longest]
    return nearest(name, closest) or nearest(name, begin_alike)


def _is_numbered_alike(name: str, run: str) -> bool:
    """Tell whether two names end with the same number, zeros before it or not."""
    one, other = _NUMBERED.fullmatch(name), _NUMBERED.fullmatch(run)
    return one is not None and other is not None and one[2] == other[2]


def _common_length(name: str, run: str) -> int:
    # Names are no paths: character by character is what is meant.
    return len(commonprefix((name, run)))  # noqa: RUF071
