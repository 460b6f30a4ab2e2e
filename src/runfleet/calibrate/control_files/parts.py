"""What a control file is made of."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.calibrate.control_files.problems import Place

ADJUSTABLE = ("none", "log")
TRANSFORMS = (*ADJUSTABLE, "fixed", "tied")
ADJUSTABLE_HINT = "name a parameter that is `none` or `log`"


@dataclass(frozen=True, slots=True)
class PestParameter:
    """
    A parameter as the control file has it; names are in small letters.

    Parameters
    ----------
    name, group
        Its name and that of its group.
    transform
        `none`, `log`, `fixed` or `tied`.
    initial, lower, upper
        Where it begins and between what it stays.
    scale, offset
        What the model sees is value * scale + offset.
    tied_to
        The parameter that it follows, if it is tied.
    place
        Where it stands.
    """

    name: str
    group: str
    transform: str
    initial: float
    lower: float
    upper: float
    scale: float
    offset: float
    tied_to: str | None
    place: Place

    @property
    def is_adjustable(self) -> bool:
        """Whether PEST looks for its value."""
        return self.transform in ADJUSTABLE


@dataclass(frozen=True, slots=True)
class Observation:
    """
    An observation as the control file has it; names are in small letters.

    Parameters
    ----------
    name, group
        Its name and that of its group.
    value, weight
        What was measured, and how much it counts.
    place
        Where it stands.
    """

    name: str
    group: str
    value: float
    weight: float
    place: Place


@dataclass(frozen=True, slots=True)
class FilePair:
    """
    A file of PEST with a file of the model.

    Parameters
    ----------
    pest_file
        A template or instruction file, as it is spelled.
    model_file
        The input file made from the template, or the output file that the instructions read.
    place
        Where the pair stands.
    """

    pest_file: str
    model_file: str
    place: Place


@dataclass(frozen=True, slots=True)
class PriorInformation:
    """
    An equation that the parameters should fulfil.

    Parameters
    ----------
    name, group
        Its name and that of its group, which PEST does without.
    words
        What stands behind its name: the equation, the weight and the group.
    place
        Where it stands.
    """

    name: str
    group: str
    words: tuple[str, ...]
    place: Place
