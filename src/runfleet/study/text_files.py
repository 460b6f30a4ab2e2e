"""Text files of users, in whichever encoding they were saved."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

from runfleet.study.errors import StudyError


def read_text(source: Path, *, shown: Path, what: str, otherwise: str) -> tuple[str, str]:
    """
    Read a file that should hold text.

    Parameters
    ----------
    source
        The file.
    shown
        The same as the user spelled it, for messages.
    what
        What the file is, as in `the template`, for messages.
    otherwise
        How to mend a file that holds no text.

    Returns
    -------
    text, encoding : str
        What it holds, and how to write it back.

    Raises
    ------
    StudyError
        If it cannot be read or is no text.
    """
    try:
        content = source.read_bytes()
    except OSError as error:
        raise StudyError(
            f"{what} cannot be read: {error.strerror}", file=shown, hint="check the file"
        ) from error
    if b"\0" in content:
        raise StudyError(f"{what} is no text: it holds null characters", file=shown, hint=otherwise)
    encoding = "utf-8-sig" if content.startswith(BOM_UTF8) else "utf-8"
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError:
        # Every byte is a character of Latin-1, so nothing of an old file is changed or lost.
        return content.decode("latin-1"), "latin-1"
