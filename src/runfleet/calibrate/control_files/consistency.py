"""Whether a control file agrees with itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.parts import (
    ADJUSTABLE_HINT,
    Observation,
    PestParameter,
    PriorInformation,
)
from runfleet.calibrate.control_files.problems import Place, Problem
from runfleet.calibrate.control_files.suggestions import Suggestions
from runfleet.calibrate.fortran_numbers import as_number

_COUNTED = {
    "npar": "parameters",
    "nobs": "observations",
    "npargp": "groups of parameters",
    "nprior": "pieces of prior information",
    "nobsgp": "groups of observations",
}
_LONGEST_NAME = 200
"""BeoPEST 16.1 and PEST++ take names much longer than the 12 and 20 characters of old manuals."""

_LONGEST_GROUP = 12
"""What PEST reads of a group's name where it is told about the group."""


def check_counts(control: Control, *, is_pestpp: bool) -> Iterator[Problem]:
    """Find numbers in the beginning of the file that the rest does not bear out."""
    found = {
        "npar": len(control.parameters),
        "nobs": len(control.observations),
        "npargp": len(control.parameter_groups),
        "nprior": len(control.prior),
    }
    if not is_pestpp and (groups := control.sections.get("observation groups")):
        found["nobsgp"] = len(groups.rows)  # a group may be there twice
    for name, number in found.items():
        if name in control.counts and control.counts[name][0] != number:
            told, place = control.counts[name]
            what = f"`{name.upper()}` announces {told} {_COUNTED[name]}, and there are {number}"
            hint = f"write {number} there, if nothing is missing below"
            yield Problem.at(place, what, hint, is_error=not is_pestpp)


def check_names(control: Control) -> Iterator[Problem]:
    """Find names that are too long or used twice."""
    named: dict[str, Iterable[PestParameter | Observation | PriorInformation]] = {
        "parameter": control.parameters,
        "observation": (*control.observations, *control.prior),
    }
    for noun, items in named.items():
        seen: dict[str, Place] = {}
        for item in items:
            if earlier := seen.get(item.name):
                # Nothing is looked up by the names of prior information.
                is_error = not isinstance(item, PriorInformation)
                told = f"{noun} `{item.name}`" if is_error else _name_of_prior(item.name)
                what = f"{told} is there twice, first in line {earlier.line}"
                hint = "give each a name of its own"
                yield Problem.at(item.place, what, hint, is_error=is_error)
            seen.setdefault(item.name, item.place)
            if len(item.name) > _LONGEST_NAME:
                what = f"the name `{item.name}` has {len(item.name)} characters"
                hint = f"PEST allows {_LONGEST_NAME} in the name of a {noun}"
                yield Problem.at(item.place, what, hint)


def _name_of_prior(name: str) -> str:
    return f"the name `{name}` of prior information"


def check_group_names(control: Control) -> Iterator[Problem]:
    """Find groups with members that PEST cannot find, as it reads only the beginning of a name."""
    used = {parameter.group for parameter in control.parameters}
    used |= {observation.group for observation in control.observations}
    used |= {prior.group for prior in control.prior}
    for name, place in (*control.parameter_groups.items(), *control.observation_groups.items()):
        if len(name) > _LONGEST_GROUP and name in used:
            what = f"the name `{name}` has {len(name)} characters"
            hint = f"PEST allows {_LONGEST_GROUP} in the name of a group"
            yield Problem.at(place, what, hint)


def check_groups(control: Control) -> Iterator[Problem]:
    """Find parameters of a group that has no settings, where others have."""
    if not control.parameter_groups:
        return
    groups = Suggestions(
        control.parameter_groups, "`* parameter groups` has", "add it to `* parameter groups`"
    )
    for parameter in control.adjustable:
        if parameter.group not in control.parameter_groups:
            what = (
                f"parameter `{parameter.name}` is of group `{parameter.group}`, which is not there"
            )
            yield Problem.at(parameter.place, what, groups.hint(parameter.group))


def check_observation_groups(control: Control) -> Iterator[Problem]:
    """Find observations and prior information of groups that PEST is not told of."""
    groups = Suggestions(
        control.observation_groups, "`* observation groups` has", "add it to `* observation groups`"
    )
    told = {"", *control.observation_groups}
    items: Iterable[Observation | PriorInformation] = (*control.observations, *control.prior)
    for item in items:
        if item.group not in told:
            told.add(item.group)
            what = f"`{item.name}` is of group `{item.group}`, which is not there"
            yield Problem.at(item.place, what, groups.hint(item.group))


def check_parameters(control: Control) -> Iterator[Problem]:
    """Find bounds in the wrong order, values outside of them, logarithms of what has none."""
    for parameter in control.adjustable:
        yield from _check_bounds(parameter)
    if not control.adjustable and control.noptmax != 0:
        what = "no parameter can be adjusted: all are fixed or tied"
        hint = "make at least one `none` or `log`"
        yield Problem.at(control.sections["parameter data"].place, what, hint)


def _check_bounds(parameter: PestParameter) -> Iterator[Problem]:
    name, place = parameter.name, parameter.place
    bounds = f"{parameter.lower:g} and {parameter.upper:g}"
    if parameter.lower >= parameter.upper:
        what = f"the bounds of `{name}`, {bounds}, leave it no room"
        yield Problem.at(place, what, "write the lower bound before the upper one")
    elif not parameter.lower <= parameter.initial <= parameter.upper:
        what = f"the initial value of `{name}`, {parameter.initial:g}, is not between {bounds}"
        yield Problem.at(place, what, "mend the value or the bounds")
    if parameter.transform == "log" and min(parameter.lower, parameter.initial) <= 0:
        what = f"`{name}` is log-transformed and may be {min(parameter.lower, parameter.initial):g}"
        yield Problem.at(place, what, "make value and bounds positive, or write `none` for `log`")


def check_increments(control: Control) -> Iterator[Problem]:
    """Find parameters that PEST would vary by nothing, as they begin at 0."""
    section = control.sections.get("parameter groups")
    rows = section.rows if section and not section.is_external else ()
    settings = {row.values[0].lower(): row.values for row in rows}
    for parameter in control.adjustable:
        _, kind, _, least, *_ = [*settings.get(parameter.group, []), *[""] * 4]
        if parameter.initial == 0 and kind.lower() == "relative" and as_number(least) == 0:
            what = (
                f"`{parameter.name}` begins at 0, and the increments of its group "
                f"`{parameter.group}` are relative to that: 0, too"
            )
            hint = (
                "write a `DERINCLB` above 0 for the group, `absolute` for `relative`, or another "
                "value"
            )
            yield Problem.at(parameter.place, what, hint)


def check_scales(control: Control) -> Iterator[Problem]:
    """Find parameters, fixed ones also, that are multiplied by 0."""
    for parameter in control.parameters:
        if parameter.scale == 0:
            what = f"the scale of `{parameter.name}` is 0"
            hint = "write 1.0, or what the model's value is to be multiplied by"
            yield Problem.at(parameter.place, what, hint)


def check_ties(control: Control) -> Iterator[Problem]:
    """Find tied parameters that follow nothing that moves."""
    adjustable = {parameter.name for parameter in control.adjustable}
    suggestions = Suggestions(sorted(adjustable), "adjustable are", ADJUSTABLE_HINT)
    for parameter in control.parameters:
        if parameter.transform != "tied":
            continue
        if parameter.tied_to is None:
            what = f"`{parameter.name}` is tied, and nothing says to which parameter"
            hint = f"add a line `{parameter.name} PARTNER` at the end of `* parameter data`"
            yield Problem.at(parameter.place, what, hint)
        elif parameter.tied_to not in adjustable:
            what = f"`{parameter.name}` is tied to `{parameter.tied_to}`, which is not adjustable"
            yield Problem.at(parameter.place, what, suggestions.hint(parameter.tied_to))


def check_observations(control: Control) -> Iterator[Problem]:
    """Find weights below 0, and nothing to calibrate against."""
    for observation in control.observations:
        if observation.weight < 0:
            what = f"the weight of `{observation.name}` is {observation.weight:g}"
            yield Problem.at(
                observation.place, what, "write 0 to leave it out, or a positive weight"
            )
    if not any(observation.weight > 0 for observation in control.observations):
        what = "no observation has a weight, so every set of parameters is as good as any other"
        hint = "give at least one observation a positive weight"
        is_error = control.noptmax not in (0, -1, -2)
        yield Problem.at(control.sections["observation data"].place, what, hint, is_error=is_error)
