"""
Whether the lines of a control file of the first version hold what PEST reads there.

References
----------
Doherty (2018), PEST Model-Independent Parameter Estimation, User Manual Part I, chapter 4.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.problems import Problem
from runfleet.calibrate.control_files.sections import Row
from runfleet.calibrate.fortran_numbers import as_number
from runfleet.documents.errors import listed

_WHOLE = re.compile(r"[+-]?\d+")
_ABSOLUTE = re.compile(r"absolute\((\d+)\)", re.IGNORECASE)
_ABSOLUTE_LIMIT = re.compile(r"absparmax\s*\(\s*(\d+)\s*\)\s*=", re.IGNORECASE)
_FIVE_POINTS = ("switch_5", "always_5")
_FIT_FIVE_POINTS = ("minvar", "maxprec")
_FIT_OTHERS = ("parabolic", "best_fit", "outside_pts")


@dataclass(frozen=True, slots=True)
class _Column:
    """What stands in a line: one of a few words, a number, or anything."""

    name: str
    words: tuple[str, ...] = ()
    is_number: bool = False
    is_whole: bool = False

    def takes(self, word: str) -> bool:
        if self.words:
            return word.lower() in self.words
        if self.is_whole:
            return _WHOLE.fullmatch(word) is not None
        return not self.is_number or as_number(word) is not None

    @property
    def hint(self) -> str:
        if self.words:
            return f"write one of {listed(self.words)}"
        kind = "a whole number" if self.is_whole else "a number"
        return f"write {kind} there; are the columns and the lines in order?"


def _any(*names: str) -> tuple[_Column, ...]:
    return tuple(_Column(name) for name in names)


def _real(*names: str) -> tuple[_Column, ...]:
    return tuple(_Column(name, is_number=True) for name in names)


def _whole(*names: str) -> tuple[_Column, ...]:
    return tuple(_Column(name, is_whole=True) for name in names)


_CONTROL_DATA = (
    (_Column("rstfle", ("restart", "norestart")), *_any("pestmode")),
    _whole("npar", "nobs", "npargp", "nprior", "nobsgp"),
    (
        *_whole("ntplfle", "ninsfle"),
        _Column("precis", ("single", "double")),
        _Column("dpoint", ("point", "nopoint")),
    ),
    (*_real("rlambda1", "rlamfac", "phiratsuf", "phiredlam"), *_whole("numlam")),
    _real("relparmax", "facparmax", "facorig"),
    _real("phiredswh"),
    (
        *_whole("noptmax"),
        *_real("phiredstp"),
        *_whole("nphistp", "nphinored"),
        *_real("relparstp"),
        *_whole("nrelpar"),
    ),
    _whole("icov", "icor", "ieig"),
)
_FORCEN = ("switch", "always_2", "always_3", *_FIVE_POINTS)
_GROUP = (
    *_any("pargpnme"),
    _Column("inctyp", ("relative", "absolute", "rel_to_max")),
    *_real("derinc", "derinclb"),
    _Column("forcen", _FORCEN),
    *_real("derincmul"),
    _Column("dermthd", (*_FIT_OTHERS, *_FIT_FIVE_POINTS)),
)
_GROUP_NUMBERS = tuple(replace(column, words=()) for column in _GROUP)
_PESTPP_LINES = slice(4, 7)
"""RELPARMAX, PHIREDSWH and NOPTMAX; the lambdas and what to write PEST++ does not read."""


def check_lines(control: Control) -> Iterator[Problem]:
    """Find lines and values that are missing, and words and numbers that PEST does not take."""
    yield from _check_control_data(control)
    for row in _rows(control, "parameter groups"):
        problems = [*_check_row(row, _GROUP)]
        yield from problems or _check_derivatives(row)
    limits = _absolute_limits(control)
    for row in _rows(control, "parameter data"):
        yield from _check_change_limit(row, limits)
        yield from _check_command(row, control.counts.get("numcom", (1, None))[0])


def check_pestpp_lines(control: Control) -> Iterator[Problem]:
    """Find values that are missing, and numbers that are none, where PEST++ reads them."""
    section = control.sections["control data"]
    if not section.is_keyword:
        for row, columns in [*zip(section.rows, _CONTROL_DATA, strict=False)][_PESTPP_LINES]:
            yield from _check_row(row, columns)
    for row in _rows(control, "parameter groups"):
        yield from _check_row(row, _GROUP_NUMBERS)


def _rows(control: Control, name: str) -> Iterable[Row]:
    section = control.sections.get(name)
    return section.rows if section and not section.is_external else ()


def _check_control_data(control: Control) -> Iterator[Problem]:
    section = control.sections["control data"]
    if section.is_keyword:
        return
    pairs = [*zip(section.rows, _CONTROL_DATA, strict=False)]
    found = [(row, columns, [*_check_row(row, columns)]) for row, columns in pairs]
    if len(found) == len(_CONTROL_DATA):
        for _, _, problems in found:
            yield from problems
        if not found[3][2]:
            yield from _check_lambdas(section.rows[3])
        yield from _check_asking(section.rows[6])
        return
    # All that stands behind a missing line is in the wrong one.
    after, missing = section.rows[-1], _CONTROL_DATA[len(found)]
    for row, columns, problems in reversed(found):
        after, missing = (row, columns) if problems else (after, missing)
    what = f"`* control data` has {len(found)} lines, and PEST reads {len(_CONTROL_DATA)}"
    yield Problem.at(after.place, what, f"write the line with {_names(missing)} here")


def _check_row(row: Row, columns: tuple[_Column, ...]) -> Iterator[Problem]:
    words = row.values
    if len(words) < len(columns):
        what = f"here should be {_names(columns)}, and there are only {len(words)} values"
        yield Problem.at(row.place, what, "complete the line")
        return
    for column, word in zip(columns, words, strict=False):
        if not column.takes(word):
            what = f"`{word[:40]}` stands where `{column.name.upper()}` should be"
            yield Problem.at(row.place, what, column.hint)
    if columns[0].name == "phiredswh" and len(words) > 1 and as_number(words[1]) is not None:
        yield from _check_row(Row(words[1], row.place), _whole("noptswitch"))


def _check_lambdas(row: Row) -> Iterator[Problem]:
    first, factor, _, _, count = (as_number(word) for word in row.values[:5])
    if factor is not None and abs(factor) <= 1:
        what = f"`RLAMFAC`, by which lambda changes, is {factor:g}, and PEST wants more than 1"
        yield Problem.at(row.place, what, "write a number such as 2, or one below -1")
    if first == 0 and count != 1:
        what = "`RLAMBDA1` is 0, and PEST takes that only if `NUMLAM` is 1"
        yield Problem.at(row.place, what, "write 1 for `NUMLAM`, or a positive `RLAMBDA1`")


def _check_asking(row: Row) -> Iterator[Problem]:
    if as_number(row.values[0]) == 0:
        what = "`NOPTMAX` is 0, where BeoPEST asks `Are you sure?`, which nobody can answer"
        hint = (
            "write -1 for sensitivities without an iteration, or take `program: pestpp-glm`, "
            "which runs the model once"
        )
        yield Problem.at(row.place, what, hint)


def _check_derivatives(row: Row) -> Iterator[Problem]:
    words = [word.lower() for word in row.values]
    points, method = words[4], words[6]
    fitting = _FIT_FIVE_POINTS if points in _FIVE_POINTS else _FIT_OTHERS
    if method not in fitting:
        what = f"`DERMTHD` is `{method}`, which does not go with `FORCEN` `{points}`"
        yield Problem.at(row.place, what, f"write one of {listed(fitting)}")


def _absolute_limits(control: Control) -> set[int]:
    """List the numbers of absolute limits of change, wherever they stand."""
    texts = (row.text for row in control.sections["control data"].rows)
    return {int(number) for text in texts for number in _ABSOLUTE_LIMIT.findall(text)}


def _check_change_limit(row: Row, limits: Collection[int]) -> Iterator[Problem]:
    words = row.values
    if len(words) < 4:  # who is tied to whom
        return
    column = _Column("parchglim", ("relative", "factor", "absolute(1)"))
    if absolute := _ABSOLUTE.fullmatch(words[2]):
        yield from _check_absolute(row, int(absolute[1]), limits)
    elif not column.takes(words[2]):
        what = f"`{words[2][:40]}` stands where `PARCHGLIM` should be"
        yield Problem.at(row.place, what, column.hint)


def _check_absolute(row: Row, number: int, limits: Collection[int]) -> Iterator[Problem]:
    name, transform, limit = row.values[:3]
    if number not in limits:
        what = f"`{name}` may change by `{limit}`, and nothing says how much that is"
        hint = (
            f"write `absparmax({number})=` and the most it may change behind `RELPARMAX` and "
            "`FACPARMAX`, in the fifth line of `* control data`"
        )
        yield Problem.at(row.place, what, hint)
    elif transform.lower() == "log":
        what = f"`{name}` is log-transformed, and PEST takes `{limit}` only of what is not"
        yield Problem.at(row.place, what, "write `factor` for it, or `none` for `log`")


def _check_command(row: Row, count: int) -> Iterator[Problem]:
    words = row.values
    number = words[9] if len(words) > 9 else "1"
    if not _WHOLE.fullmatch(number) or int(number) > max(1, count):
        what = f"`{number[:40]}` stands where `DERCOM`, the number of a command, should be"
        yield Problem.at(row.place, what, "write 1, for the first command of the model")


def _names(columns: tuple[_Column, ...]) -> str:
    return " ".join(column.name for column in columns).upper()
