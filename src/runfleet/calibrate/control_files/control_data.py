"""The beginning of a control file: how PEST works, and how many there are of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runfleet.calibrate.control_files.problems import ControlError, Place
from runfleet.calibrate.control_files.sections import Section
from runfleet.calibrate.control_files.tables import read_whole_number
from runfleet.documents.errors import listed

MODES = ("estimation", "prediction", "regularisation", "pareto")

_LINES = (
    ("rstfle", "pestmode"),
    ("npar", "nobs", "npargp", "nprior", "nobsgp"),
    ("ntplfle", "ninsfle"),
    ("rlambda1",),
    ("relparmax",),
    ("phiredswh",),
    ("noptmax",),
)
"""What we read in the lines of the first version, from the left; there is more in each of them."""

NOPTMAX_LINE = _LINES.index(("noptmax",))
"""The line of the first version that begins with NOPTMAX, from 0."""

_COMMAND_COUNT = (2, 4)
"""Where NUMCOM, the number of commands, may stand: the line and the place in it, from 0."""

_COUNTS = ("numcom", *_LINES[1], *_LINES[2])


@dataclass(frozen=True, slots=True)
class ControlData:
    """
    What the section `* control data` says.

    Parameters
    ----------
    values
        Texts by names in small letters, each with its place.
    options
        The same of what is not PEST's but an option of PEST++; it stands there in the second
        version.
    """

    values: Mapping[str, tuple[str, Place]]
    options: Mapping[str, tuple[str, Place]]

    @property
    def noptmax(self) -> int:
        """
        How many iterations at most; negative numbers and 0 have meanings of their own.

        Raises
        ------
        ControlError
            If it is no whole number.
        """
        return self._count("noptmax")[0] if "noptmax" in self.values else 0

    @property
    def mode(self) -> str:
        """
        What PEST is after.

        Raises
        ------
        ControlError
            If PEST knows no such mode.
        """
        if "pestmode" not in self.values:
            return MODES[0]
        text, place = self.values["pestmode"]
        mode = text.lower().replace("regularization", "regularisation")
        if mode not in MODES:
            raise ControlError.at(
                place, f"`{text[:40]}` is no mode", f"write one of {listed(MODES)}"
            )
        return mode

    @property
    def is_restartable(self) -> bool:
        """Whether PEST keeps what it needs to be started again."""
        return "rstfle" not in self.values or self.values["rstfle"][0].lower() == "restart"

    def counts(self) -> dict[str, tuple[int, Place]]:
        """
        Read how many there should be of what.

        Raises
        ------
        ControlError
            If one is no whole number.
        """
        return {name: self._count(name) for name in _COUNTS if name in self.values}

    def _count(self, name: str) -> tuple[int, Place]:
        text, place = self.values[name]
        return read_whole_number(text, name, place), place


def read_control_data(section: Section) -> ControlData:
    """
    Read the section `* control data`, of either version.

    Raises
    ------
    ControlError
        If lines or values are missing.
    """
    if section.is_keyword:
        values = dict(_keywords(section))
        known = {name for line in _LINES for name in line}
        options = {name: value for name, value in values.items() if name not in known}
        return ControlData(values, options)
    if len(section.rows) < len(_LINES):
        last = section.rows[-1].place if section.rows else section.place
        what = f"`* control data` ends after {len(section.rows)} of its lines"
        raise ControlError.at(last, what, "complete it: `NOPTMAX` stands in its seventh line")
    return ControlData(dict(_positions(section)), {})


def _keywords(section: Section) -> Iterator[tuple[str, tuple[str, Place]]]:
    for row in section.rows:
        name, _, value = row.text.replace("\t", " ").partition(" ")
        if not value.strip():
            what = f"`{name[:40]}` has no value"
            raise ControlError.at(row.place, what, "write a name and its value on every line")
        yield name.lower(), (value.strip(), row.place)


def _positions(section: Section) -> Iterator[tuple[str, tuple[str, Place]]]:
    for names, row in zip(_LINES, section.rows, strict=False):
        if len(row.words) < len(names):
            wanted = " ".join(names).upper()
            what = f"here should be {wanted}, and there are only {len(row.words)} values"
            raise ControlError.at(row.place, what, "complete the line")
        for name, text in zip(names, row.words, strict=False):
            yield name, (text, row.place)
    line, place = _COMMAND_COUNT
    row = section.rows[line]
    if len(row.words) > place:
        yield "numcom", (row.words[place], row.place)
