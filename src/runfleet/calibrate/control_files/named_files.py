"""Files that sections of a control file name beside templates, instructions and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runfleet.calibrate.control_files.problems import Place
from runfleet.calibrate.control_files.sections import Section
from runfleet.calibrate.fortran_numbers import as_number

BASE_CONTROL = "base control file"


@dataclass(frozen=True, slots=True)
class NamedFile:
    """
    A file that a control file names.

    Parameters
    ----------
    noun
        What it is, such as `template file`.
    spelled
        Its name, as it is spelled.
    place
        Where it is named.
    """

    noun: str
    spelled: str
    place: Place


def base_files(sections: Mapping[str, Section]) -> Iterator[NamedFile]:
    """Find the two files that SVD-assist makes super parameters of: the first lines name them."""
    section = sections.get("svd assist")
    nouns = (BASE_CONTROL, "base Jacobian")
    for noun, row in zip(nouns, section.rows if section else (), strict=False):
        yield NamedFile(noun, row.words[0], row.place)


def covariance_files(sections: Mapping[str, Section]) -> Iterator[NamedFile]:
    """Find covariance matrices behind the names of groups; a number may stand in between."""
    section = sections.get("observation groups")
    if section is None or section.is_external:
        return
    for row in section.rows:
        named = (word for word in row.words[1:3] if as_number(word) is None)
        if spelled := next(named, None):
            yield NamedFile("covariance matrix", spelled, row.place)
