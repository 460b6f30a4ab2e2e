"""Numbers as programs write them."""

from __future__ import annotations

import math
import re

from runfleet.study.errors import ResultError

# For exponents of three digits Fortran leaves out the letter, of numbers that have a point always:
# without one, `2020-05` is a month and `10-20` a range.
_FORTRAN_NUMBER = re.compile(
    r"""
      (?P<mantissa> [+-]? (?: \d+\.?\d* | \.\d+ )) [dDeEqQ] (?P<exponent> [+-]?\d+ )?
    | (?P<longer> [+-]? (?: \d+\.\d* | \.\d+ )) (?P<large> [+-]\d{3} )
    """,
    re.VERBOSE,
)
_SHOWN_CHARACTERS = 40


def as_number(text: str | float) -> float:
    """
    Read a number as C and Fortran write them: `1.5`, `.5`, `1.5E+03`, `1.5D+03`, `1.5-103`.

    Raises
    ------
    ResultError
        If the text is not a finite number.
    """
    if isinstance(text, str) and "_" in text:  # which Python alone allows
        raise _not_a_number(text)
    try:
        number = float(text)
    except (ValueError, OverflowError):
        number = _fortran_number(str(text).strip())
    if not math.isfinite(number):
        raise ResultError(f"`{str(text)[:_SHOWN_CHARACTERS]}` is not a finite number")
    return number


def _fortran_number(text: str) -> float:
    match = _FORTRAN_NUMBER.fullmatch(text)
    if match is None:
        raise _not_a_number(text)
    mantissa = match["mantissa"] or match["longer"]
    return float(f"{mantissa}e{match['exponent'] or match['large'] or 0}")


def _not_a_number(text: str) -> ResultError:
    shown = f"`{text[:_SHOWN_CHARACTERS]}`" if text else "an empty text"
    return ResultError(f"{shown} is not a number")
