"""Numbers as Fortran writes and reads them."""

from __future__ import annotations

import re

WRITTEN = r"[-+.\dEeDdQq]+"
"""An expression for whatever may be such a number."""

_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[eEdDqQ](\d+)|[eEdDqQ]?([+-]\d+))?")
"""An exponent that has a sign needs no letter, as in `1.0-7`."""


def as_number(text: str) -> float | None:
    """Read a number, as Fortran may have written it; None if it is none."""
    plain = plain_number(text)
    return None if plain is None else float(plain)


def plain_number(text: str) -> str | None:
    """Spell a number of Fortran as everybody does, with an `e`; None if it is none."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    mantissa, *exponents = match.groups(default="")
    exponent = "".join(exponents)
    return f"{mantissa}e{exponent}" if exponent else mantissa
