"""Names of studies and runs, within what Azure Batch allows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter
from unicodedata import combining, normalize

from runfleet.documents.errors import InvalidValueError, suggest
from runfleet.study.values import Sample, as_text

LONGEST_RUN_NAME = 64
"""Azure Batch's limit for the id of a task."""

LONGEST_STUDY_NAME = 59
"""Azure Batch's limit for the id of a job, less room for the `--999` of later generations."""

_OF_DEVICE = r"(?i:con|prn|aux|nul|com\d|lpt\d)"
_DEVICE = re.compile(_OF_DEVICE)
_RUN_NAME = re.compile(rf"(?!{_OF_DEVICE}$)[A-Za-z0-9_-]{{1,64}}")
_PLAIN = ["ae", "oe", "ue", "Ae", "Oe", "Ue", "ss", "ae", "oe", "aa", "Ae", "Oe", "Aa"]
_SPELLED_OUT = str.maketrans(dict(zip("äöüÄÖÜßæøåÆØÅ", _PLAIN, strict=True)))
_REFUSED = re.compile(r"[^A-Za-z0-9_-]")
_NO_NAME_FORMAT = re.compile(r"[{,%c]|\d{3}")
_NUMBER_AS_NAME = str.maketrans({".": "_", "+": None})
_ALLOWED_HINT = "use letters, digits, `-` and `_` only"


@dataclass(frozen=True)
class NamePattern:
    """
    What runs are called: a text with fields such as `{ROUGHNESS:.0f}`, or `{number}`.

    Use `parse` to make one.

    Parameters
    ----------
    text
        The pattern as the user wrote it.
    pieces
        Its parts: literal text, then the name and the format of the field after it, or None.
    """

    text: str
    pieces: tuple[tuple[str, str | None, str], ...]

    @classmethod
    def parse(cls, text: str, parameters: Iterable[str]) -> NamePattern:
        """
        Read a pattern.

        Parameters
        ----------
        text
            The pattern, in the manner of `str.format`.
        parameters
            The names that its fields may have, besides `number`.

        Raises
        ------
        InvalidValueError
            If the text is no pattern, names no parameter or has characters that Batch refuses.
        """
        known = [*parameters, "number"]
        pieces = tuple(_checked_piece(piece, known) for piece in _parsed(text))
        return cls(text, pieces)

    @property
    def fields(self) -> set[str]:
        """The names that the pattern's fields have."""
        return {field for _, field, _ in self.pieces if field is not None}

    def name(self, number: int, sample: Sample) -> str:
        """
        Name a run.

        In numbers `.` becomes `_` and `+` is left out, for Batch allows neither in an id.

        Raises
        ------
        InvalidValueError
            If the name would be empty, too long or hold characters that Batch refuses.
        """
        name = "".join(
            [
                literal if field is None else literal + _formatted(field, form, number, sample)
                for literal, field, form in self.pieces
            ]
        )
        if not _RUN_NAME.fullmatch(name):
            raise self._refused(name, number, sample)
        return name

    def _refused(self, name: str, number: int, sample: Sample) -> InvalidValueError:
        """Find out what Batch refuses in a name."""
        for _, field, form in self.pieces:
            text = "" if field is None else _formatted(field, form, number, sample)
            refused = _refused_character(text)
            if refused:
                return InvalidValueError(
                    f"the value `{text}` of `{field}` in its name holds {refused}, which Batch "
                    "refuses",
                    hint=f"{_ALLOWED_HINT} in the value, or name the runs by `{{number}}`",
                )
        if _DEVICE.fullmatch(name):
            return _name_of_device("run", name)
        return _wrong_length("run", name, LONGEST_RUN_NAME)


def default_pattern(run_count: int) -> NamePattern:
    """Number the runs: `run-00001`, with more digits where there are more runs."""
    digits = max(5, len(str(run_count)))
    return NamePattern.parse(f"run-{{number:0{digits}d}}", ())


def study_name_from(stem: str) -> str:
    """Make a study's name from its file's, replacing what Batch refuses: `Fluss` for `Fluß`."""
    # What remains of an accented letter is the letter, and its accent apart.
    letters = normalize("NFKD", normalize("NFC", stem).translate(_SPELLED_OUT))
    plain = "".join(letter for letter in letters if not combining(letter))
    name = _REFUSED.sub("-", plain)[:LONGEST_STUDY_NAME].strip("-") or "study"
    return f"study-{name}" if _DEVICE.fullmatch(name) else name


def check_study_name(name: str) -> str:
    """
    Refuse a name that cannot be the id of a Batch job.

    Raises
    ------
    InvalidValueError
        If the name is empty, too long, begins with `-` or holds characters that Batch refuses.
    """
    if not 1 <= len(name) <= LONGEST_STUDY_NAME:
        raise _wrong_length("study", name, LONGEST_STUDY_NAME)
    _refuse_characters(
        name, f"the name `{name}`", f"{_ALLOWED_HINT}, as in `{study_name_from(name)}`"
    )
    if name.startswith("-"):
        raise InvalidValueError(
            f"the name `{name}` begins with `-`, as options of commands do",
            hint=f"begin it with a letter or a digit, as in `{study_name_from(name)}`",
        )
    if _DEVICE.fullmatch(name):
        raise _name_of_device("study", name)
    return name


def _parsed(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(text))
    except ValueError as error:
        raise InvalidValueError(
            f"`{text}` is not a pattern: {error}", hint="write fields as `{PARAMETER:.2f}`"
        ) from error


def _checked_piece(
    piece: tuple[str, str | None, str | None, str | None], known: list[str]
) -> tuple[str, str | None, str]:
    literal, field, form, conversion = piece
    _refuse_characters(literal, f"the text `{literal}` in the pattern", _ALLOWED_HINT)
    if field is not None and field not in known:
        hint = suggest(field, known, "the fields are")
        raise InvalidValueError(f"`{{{field}}}` names no parameter of this study", hint=hint)
    if conversion or _NO_NAME_FORMAT.search(form or ""):
        raise InvalidValueError(
            f"`{{{field}}}` has a format that is not for names",
            hint="write `{number:03d}` or `{PARAMETER:.2f}`",
        )
    return literal, field, form or ""


def _formatted(field: str, form: str, number: int, sample: Sample) -> str:
    value = number if field == "number" else sample[field]
    if isinstance(value, bool):
        value = as_text(value)
    try:
        text = format(value, form)
    except (ValueError, OverflowError) as error:
        raise InvalidValueError(
            f"`{as_text(value)}` cannot be written as `{{{field}:{form}}}`",
            hint=f"write `{{{field}}}` without a format",
        ) from error
    return text if isinstance(value, str) or text.isalnum() else text.translate(_NUMBER_AS_NAME)


def _refuse_characters(text: str, subject: str, hint: str) -> None:
    refused = _refused_character(text)
    if refused:
        raise InvalidValueError(f"{subject} holds {refused}, which Batch refuses", hint=hint)


def _refused_character(text: str) -> str | None:
    refused = _REFUSED.search(text)
    if refused is None:
        return None
    character = refused.group()
    if not character.isprintable():
        return "a line break or another control character"
    return "a blank" if character == " " else f"`{character}`"


def _name_of_device(kind: str, name: str) -> InvalidValueError:
    return InvalidValueError(
        f"a {kind} cannot be called `{name}`: on Windows no folder can",
        hint="choose another name, of which it may be a part",
    )


def _wrong_length(kind: str, name: str, longest: int) -> InvalidValueError:
    if not name:
        return InvalidValueError(f"the name of a {kind} is empty", hint=_ALLOWED_HINT)
    return InvalidValueError(
        f"the name `{name}` has {len(name)} characters, a {kind}'s may have {longest}",
        hint="shorten it",
    )
