"""
Lines between the names of a table's columns and its numbers: units, dashes and comments.

A row of data must never be taken for one of them: a number would be missed, and nobody told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from runfleet.study.errors import ResultError
from runfleet.study.numerals import as_number
from runfleet.study.table_rows import COMMENT

_RULE = re.compile(r"[-=_+|\s]*[-=_]{2}[-=_+|\s]*")
_BRACKETS = re.compile(r"\(.*\)|\[.*\]")
_MANY_DASHES = re.compile(r"-{2,}|={2,}")
_NO_UNIT = ("-", "\N{EN DASH}", "\N{EM DASH}")

# How wide columns are in the files of gauges, such as `15n`; `20d` is also a number of Fortran.
_FORMAT = re.compile(r"\d{1,3}[snd]")
_FORMAT_ONLY = re.compile(r"\d{1,3}[sn]")

# Words whose letters old programs write large.
_WORD = r"""(?i:
      [kcmdhµ\u03bc]m | ft | feet | in | inch | inches | miles? | met(?:er|re)s? | ha | acres?
    | sec | seconds? | min | minutes? | hr | hrs | hours? | days? | weeks? | months? | yrs? | years?
    | [kmµ\u03bc]g | lbs? | tons? | [mµ\u03bc]l | lit(?:er|re)s? | gal | ac-?ft | acre-(?:ft|feet)
    | cfs | cms | cumecs? | gpm | mgd | mld | lps | ppm | ppb | psu | ntu | m?mol | meq
    | [kmh]?Pa | m?bar | psi | atm | [km]W | [km]J | kWh | Hz | [dmµ\u03bc]S
    | deg[CFK]? | degrees? | percent | unitless | dimensionless
    | a\.?m?s\.?l\.? | NHN | NAP | AHD | AOD | NAVD88
    )"""
_POWER = r"(?:\^? [-+\u2212]? [1-4] | \*\*-?[1-4] | ⁻?[¹²³⁴])"
_FACTOR = rf"(?:(?:{_WORD} | [smhdtlLgCFKWJ] | °[CFK]? | [%‰]) {_POWER}?)"
# Quotients and products may be of other things; but `n/a` stands for what there is not.
_THING = rf"[A-Za-zµ\u03bc°%]{{1,4}} {_POWER}?"
_UNIT = re.compile(
    rf"""
      (?:10\^\d\ ?|1\ ?/\ ?)? {_FACTOR} (?:(?:\ ?[/*·.]\ ?|\ ){_FACTOR})*
    | (?!(?:n/[adm]|N/[AD]|s/d|S/D)$) {_THING} (?:[/*·]{_THING})+
    """,
    re.VERBOSE,
)
# In brackets may also be a value, a negative one of accountants; `[1]` and `[0-1]` are units.
_VALUE = re.compile(r"(?i)\s*[<>~]?\s*[-+]?(\.?\d|nan\b|inf|n/?a\b)")
_PURE = re.compile(r"\s*1\s*(?:/.*)?|10\^.*|0\s*-\s*1")


def is_number(cell: str) -> bool:
    """Tell whether a cell is a number."""
    try:
        as_number(cell)
    except ResultError:
        return False
    return True


def is_about_columns(row: Sequence[str], below: Sequence[str] = ()) -> bool:
    """
    Tell whether a row is a comment, a rule, or has the units of the columns.

    Parameters
    ----------
    row
        Its cells. Empty ones and those with a dash stand for no unit, or else for no value: then
        the others are flags, and not units of numbers.
    below
        The next row that has a number.
    """
    if row[0].startswith(COMMENT) or _RULE.fullmatch(" ".join(row)):
        return True
    cells = list(_whole_cells(row))
    filled = [cell for cell in cells if cell]
    if _are_formats(filled) or _are_numbers_of_columns(filled):
        return True
    units = [cell for cell in filled if cell not in _NO_UNIT]
    if not units or not all(map(_is_unit, units)):
        return False
    return len(units) == len(cells) or _stand_above_numbers(cells, below)


def without_units(names: Sequence[str]) -> list[str]:
    """Leave out the units in brackets that stand beside names."""
    return [cell for cell in _whole_cells(names) if not _BRACKETS.fullmatch(cell)]


def _whole_cells(row: Sequence[str]) -> Iterator[str]:
    """Put together what blanks part within brackets, as in `[m a.s.l.]`."""
    cell = ""
    for part in row:
        cell = f"{cell} {part.strip()}".strip()
        if cell[:1] not in ("(", "[") or cell.endswith((")", "]")):
            yield cell
            cell = ""
    if cell:
        yield cell


def _are_formats(cells: Sequence[str]) -> bool:
    return all(map(_FORMAT.fullmatch, cells)) and any(map(_FORMAT_ONLY.fullmatch, cells))


def _are_numbers_of_columns(cells: Sequence[str]) -> bool:
    """Tell whether cells count themselves, as in `(1)  (2)  (3)`."""
    return len(cells) > 1 and list(cells) == [f"({number + 1})" for number in range(len(cells))]


def _is_unit(cell: str) -> bool:
    if is_number(cell):
        return False
    if _BRACKETS.fullmatch(cell):
        inner = cell[1:-1]
        return _VALUE.match(inner) is None or _PURE.fullmatch(inner) is not None
    return _UNIT.fullmatch(cell) is not None or _MANY_DASHES.fullmatch(cell) is not None


def _stand_above_numbers(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Tell whether one of the units stands above a number or a date."""
    return any(
        cell and cell not in _NO_UNIT and (number[:1].isdigit() or is_number(number))
        for cell, number in zip_longest(cells, map(str.strip, below), fillvalue="")
    )
