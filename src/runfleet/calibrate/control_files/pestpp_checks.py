"""What PEST reads and PEST++ stops at: numbers as Fortran writes them, covariance matrices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.problems import Place, Problem
from runfleet.calibrate.control_files.sections import Row
from runfleet.calibrate.fortran_numbers import plain_number

_NUMBER_COLUMNS = {
    "parameter groups": (2, 3, 5, 7, 8),
    "parameter data": (3, 4, 5, 7, 8),
    "observation data": (1, 2),
}
"""Where numbers with fractions stand, counted from 0."""

_READ_LINES = {4: 3, 5: 3, 6: 6}
"""How many values PEST++ reads of the lines of RELPARMAX, PHIREDSWH and NOPTMAX; no other lines."""


def check_numbers(control: Control) -> Iterator[Problem]:
    """Find numbers with exponents that PEST++ does not read, such as `5.0d0` and `1.0-7`."""
    words = chain(_of_control_data(control), _of_tables(control), _of_prior(control))
    for place, word in words:
        plain = plain_number(word)
        if plain is not None and plain.lower() != word.lower():
            what = f"`{word}` is a number of Fortran, at which PEST++ stops"
            yield Problem.at(place, what, f"write `{plain}`")


def check_groups_alone(control: Control) -> Iterator[Problem]:
    """Find what stands behind groups of observations: PEST++ takes it for a covariance matrix."""
    section = control.sections.get("observation groups")
    if section is None or section.is_external:
        return
    for row in section.rows:
        if len(row.words) > 1:
            name, word = row.words[:2]
            what = f"PEST++ takes no covariance matrix of a group, and stops at `{word}`"
            hint = f"leave `{name}` alone on the line, or take `program: beopest64`"
            yield Problem.at(row.place, what, hint)


def _of_control_data(control: Control) -> Iterator[tuple[Place, str]]:
    section = control.sections["control data"]
    if section.is_keyword:
        return
    for line, count in _READ_LINES.items():
        row = section.rows[line]
        yield from ((row.place, word) for word in row.words[:count])


def _of_tables(control: Control) -> Iterator[tuple[Place, str]]:
    for name, columns in _NUMBER_COLUMNS.items():
        section = control.sections.get(name)
        if section is not None and not section.is_external:
            yield from _of_rows(section.rows, columns)


def _of_rows(rows: Iterable[Row], columns: Sequence[int]) -> Iterator[tuple[Place, str]]:
    for row in rows:
        words = row.words
        yield from ((row.place, words[column]) for column in columns if column < len(words))


def _of_prior(control: Control) -> Iterator[tuple[Place, str]]:
    # The factors of further parameters it takes as they are.
    for prior in control.prior:
        yield from ((prior.place, word) for word in (prior.words[0], *prior.words[-3:-1]))
