"""What was edited in a control file that nobody can go on with who has begun with another one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.found_files import find_file
from runfleet.calibrate.control_files.sections import Row, Section
from runfleet.study.text_files import read_text

_FREE = {
    *("control data", "derivatives command line", "model command line"),
    *("model input", "model input/output", "model output"),
}
"""Sections that may change in the middle: they say how PEST works, and how the model is run."""

_LONGEST_SHOWN = 60


def edits_of_question(before: Control, after: Control) -> Iterator[str]:
    """
    Say what another parameter, observation or weight makes another calibration of.

    Blanks, capitals and comments do not count.

    Parameters
    ----------
    before, after
        The control file as it was, and as it is now.

    Yields
    ------
    edit
        For each section that was edited, its first difference.
    """
    names = dict.fromkeys((*after.sections, *before.sections))
    for name in (name for name in names if name not in _FREE):
        rows = (list(_rows(control, name)) for control in (before, after))
        differing = (pair for pair in zip_longest(*rows, fillvalue="") if pair[0] != pair[1])
        if edit := next(differing, None):
            yield f"`* {name}` {_described(*edit)}"


def _rows(control: Control, name: str) -> Iterator[str]:
    section = control.sections.get(name)
    for text in _texts(control, section) if section else ():
        yield " ".join(Row(text, control.sections[name].place).values).lower()


def _texts(control: Control, section: Section) -> Iterator[str]:
    for row in section.rows:
        yield row.text
        path = find_file(control.folder, row.words[0]) if section.is_external else None
        if path is not None:
            text, _ = read_text(path, shown=path, what="the table", otherwise="save it as text")
            yield from filter(str.strip, text.splitlines())


def _described(before: str, after: str) -> str:
    if not before:
        return f"has `{_shown(after)}`, which was not there"
    if not after:
        return f"had `{_shown(before)}`, which is gone"
    return f"had `{_shown(before)}` where `{_shown(after)}` is now"


def _shown(row: str) -> str:
    return row if len(row) <= _LONGEST_SHOWN else f"{row[:_LONGEST_SHOWN]}..."
