"""One execution of a study's model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runfleet.study.values import Sample

RUN_VARIABLE = "RUNFLEET_RUN"
"""The environment variable that tells a run its own name."""


@dataclass(frozen=True, slots=True)
class Run:
    """
    One execution of a study's model.

    Parameters
    ----------
    number
        Counted from 1.
    name
        Unique within the study, whatever the case of its letters.
    sample
        A value for each parameter, in the order of the study file.
    environment
        The model's environment variables, and one for each parameter.
    """

    number: int
    name: str
    sample: Sample
    environment: Mapping[str, str]
