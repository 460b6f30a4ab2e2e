"""PEST template files as overlays."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from io import StringIO
from pathlib import Path

from runfleet.documents.errors import InvalidValueError
from runfleet.study.errors import StudyError
from runfleet.study.values import Sample, Value, as_text

_HEADER = re.compile(r"[pj]tf\s+(\S+)\s*", re.IGNORECASE)
_BEGINNING = re.compile(r"[pj]tf(?!\w)", re.IGNORECASE)
_MANY_DIGITS = 1.234567891234567
_MARKER_HINT = "begin the file with `ptf` and one marker, as in `ptf ~`"


@dataclass(frozen=True)
class Field:
    """
    A stretch of a line that a value is written into, markers included.

    Parameters
    ----------
    name
        The parameter.
    width
        In characters.
    line
        Its line in the template, from 1.
    """

    name: str
    width: int
    line: int


@dataclass(frozen=True)
class PestTemplate:
    """
    A text with fields of fixed width, such as `~ ROUGHNESS ~`.

    Use `parse` to make one.

    Parameters
    ----------
    file
        Where the text is from.
    marker
        What begins and ends a field.
    pieces
        The text between fields, and the fields.
    whole
        The parameters, in lower case, that are written without a decimal point.
    """

    file: Path
    marker: str
    pieces: tuple[str | Field, ...]
    whole: Collection[str] = ()

    @classmethod
    def parse(cls, file: Path, text: str, whole: Iterable[str] = ()) -> PestTemplate:
        """
        Read a template, whose first line is `ptf` and the marker.

        Parameters
        ----------
        file, text
            Where it is from, and what is written there.
        whole
            The parameters that are whole numbers by their nature.

        Raises
        ------
        StudyError
            If the marker is not one character that can be a marker, or a field is not closed or
            has no name.
        """
        header, *lines = StringIO(text, newline="")  # which keeps the ends
        marker = _marker(file, header)
        pieces: list[str | Field] = []
        for number, line in enumerate(lines, start=2):
            pieces.extend(_pieces(file, number, line, marker))
        return cls(file, marker, tuple(pieces), {name.lower() for name in whole})

    @property
    def uses(self) -> dict[str, int]:
        """The names of its fields, each with the line of the first."""
        first: dict[str, int] = {}
        for field in self.fields:
            first.setdefault(field.name, field.line)
        return first

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Its fields, in the order of the text."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Field))

    @staticmethod
    def folded(name: str) -> str:
        """Spell a name in lower case: the case does not count."""
        return name.lower()

    @staticmethod
    def can_read(name: str) -> bool:
        """Tell that every parameter can be read: no name means anything else."""
        del name
        return True

    def field(self, name: str) -> str:
        """Write a field as it would stand in the text."""
        return f"{self.marker} {name} {self.marker}"

    def render(self, sample: Sample, run_name: str) -> str:
        """
        Write the values of a sample into the fields; names count in any case, as in PEST.

        Raises
        ------
        StudyError
            If a value does not fit into its field.
        """
        values = {name.lower(): value for name, value in sample.items()}
        values.setdefault("run_name", run_name)
        return "".join([self._written(piece, values, run_name) for piece in self.pieces])

    def _written(self, piece: str | Field, values: dict[str, Value], run_name: str) -> str:
        if isinstance(piece, str):
            return piece
        try:
            name = piece.name.lower()
            return fit(values[name], piece.width, is_whole=name in self.whole)
        except InvalidValueError as invalid:
            raise StudyError(
                f"`{piece.name}` of run `{run_name}`: {invalid.message}",
                file=self.file,
                line=piece.line,
                hint=invalid.hint,
            ) from invalid


def fit(value: Value, width: int, *, is_whole: bool = False) -> str:
    """
    Write a value into a field with as many significant digits as fit.

    Numbers stand to the right, texts to the left.  As PEST does, it gives numbers a decimal point,
    for Fortran's `F10.3` would otherwise take `30` for 0.03.

    Parameters
    ----------
    value, width
        What to write, and into how many characters.
    is_whole
        Whether it is a whole number by its nature, which has no point.

    Raises
    ------
    InvalidValueError
        If it does not fit, or is given as a whole number and would be rounded.
    """
    text = _spelled(value, width, is_whole=is_whole)
    if text is None or len(text) > width:
        raise InvalidValueError(
            f"`{as_text(value)}` does not fit into a field of {width} characters",
            hint="set the markers of the field further apart",
        )
    return text.ljust(width) if isinstance(value, str) else text.rjust(width)


def _spelled(value: Value, width: int, *, is_whole: bool) -> str | None:
    if is_whole or isinstance(value, str | bool):
        return as_text(value)
    text = shortened(value, width)
    is_rounded = isinstance(value, int) and text is not None and Decimal(text) != value
    return None if is_rounded else text


def shortened(number: float, width: int) -> str | None:
    """
    Spell a number in at most `width` characters, as exactly as they allow.

    Returns
    -------
    text : str or None
        None if not even one digit fits.
    """
    if number == 0:
        return next((text for text in ("0.0", "0.") if len(text) <= width), None)
    # The shortest decimal number that reads back as the same double; its digits are all we have.
    exact = Decimal(repr(number)).normalize()
    for digits in range(len(exact.as_tuple().digits), 0, -1):
        for text in _spellings(exact, digits):
            if len(text) <= width and math.isfinite(float(text)):
                return text
    return None


def kept_digits(number: float, width: int) -> int:
    """
    Count the significant digits that a field keeps of numbers as large as this one.

    Those that it keeps of this very number may be more: `100` has only one that is not 0.
    """
    exponent = Decimal(repr(number)).adjusted() if number else 0
    text = shortened(float(f"{math.copysign(_MANY_DIGITS, number)}e{exponent}"), width)
    return 0 if text is None else len(Decimal(text).normalize().as_tuple().digits)


def _spellings(number: Decimal, digits: int) -> Iterator[str]:
    """Spell a number with so many significant digits, the most readable spelling first."""
    mantissa, exponent_text = f"{number:.{digits - 1}e}".split("e")
    exponent = int(exponent_text)
    if -5 <= exponent < 16 and digits > exponent:
        plain = f"{number:.{digits - 1 - exponent}f}"
        yield from _with_point(plain)
    elif 0 <= exponent < 16 and Decimal(f"{number:.{digits - 1}e}") == number:
        yield from _with_point(f"{number:.0f}")
    if "." not in mantissa:
        mantissa += "."
    yield f"{mantissa}e{exponent}"


def _with_point(plain: str) -> Iterator[str]:
    if "." not in plain:
        yield f"{plain}.0"
        yield f"{plain}."
        return
    yield plain
    yield re.sub(r"^(-?)0\.", r"\1.", plain)


def _marker(file: Path, header: str) -> str:
    match = _HEADER.fullmatch(header)
    if match is None:
        raise StudyError(
            "the first line is not `ptf` and one marker", file=file, line=1, hint=_MARKER_HINT
        )
    marker = match.group(1)
    if len(marker) != 1 or marker.isalnum():
        raise StudyError(
            f"`{marker}` cannot be a marker",
            file=file,
            line=1,
            hint=f"{_MARKER_HINT}; a marker is neither a letter nor a digit",
        )
    return marker


def _pieces(file: Path, number: int, line: str, marker: str) -> Iterator[str | Field]:
    parts = line.split(marker)
    if len(parts) % 2 == 0:
        raise StudyError(
            f"a field is not closed by a second `{marker}`",
            file=file,
            line=number,
            hint="fields cannot go over the end of a line; choose another marker if the text "
            "itself holds this one",
        )
    for index, part in enumerate(parts):
        yield _field(file, number, part) if index % 2 else part


def _field(file: Path, number: int, inside: str) -> Field:
    name = inside.strip()
    if not name or " " in name:
        raise StudyError(
            f"a field holds `{inside}`, which names no parameter",
            file=file,
            line=number,
            hint="write one parameter's name between two markers",
        )
    return Field(name, width=len(inside) + 2, line=number)


def looks_like_pest(text: str) -> bool:
    """Tell whether a text begins as a PEST template file does: `ptf`, or `jtf` as JUPITER's do."""
    return _BEGINNING.match(text) is not None
