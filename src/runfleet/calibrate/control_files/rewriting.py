"""Control files with other options, fewer iterations or other values than the user's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from runfleet.calibrate.control_files.control import Control

_NOPTMAX_LINE = 7
"""The line of the section `* control data`, after its heading, that begins with NOPTMAX."""

_NOT_COUNTED = re.compile(r"\s*(#|\+\+|$)")
_INITIAL = re.compile(r"(\s*(?:\S+\s+){3})\S+")
"""A line about a parameter as far as its fourth word, the value that it begins with."""

_ALIASES = {
    "ies_parameter_ensemble": "ies_par(ameter)?_en(semble)?",
    "ies_observation_ensemble": "ies_obs(ervation)?_en(semble)?",
    "ies_restart_observation_ensemble": "ies_restart_obs(ervation)?_en(semble)?",
    "base_jacobian": "base_jacobian(_filename)?",
}


def can_take_values(control: Control) -> bool:
    """Tell whether a control file has its parameters itself, not in tables of their own."""
    return all(parameter.place.file == control.file for parameter in control.parameters)


def rewritten(
    control: Control,
    options: Mapping[str, str],
    *,
    noptmax: int,
    values: Mapping[str, str] | None = None,
) -> bytes:
    """
    Write a control file anew.

    Parameters
    ----------
    control
        The control file; what is not about the rest stays as it is.
    options
        Options of PEST++ that win over those it has.
    noptmax
        How many iterations there shall be.
    values
        What parameters begin with, by their names in small letters; see `can_take_values`.
    """
    lines = control.file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    for parameter in control.parameters if values else ():
        if values and parameter.name in values:
            number = parameter.place.line - 1
            lines[number] = _INITIAL.sub(rf"\g<1>{values[parameter.name]}", lines[number], count=1)
    kept = _with_noptmax([*_without(lines, "|".join(_ALIASES[name] for name in options))], noptmax)
    added = [f"++{name}({value})" for name, value in options.items()]
    text = "\r\n".join([*kept, *added]) + "\r\n"
    return text.encode("utf-8", errors="surrogateescape")


def _without(lines: Sequence[str], options: str) -> Iterator[str]:
    """Leave out options of PEST++, as the first version of the format has them or the second."""
    for line in lines:
        if line.lstrip().startswith("++"):
            rest = re.sub(rf"(?i)\b({options})\s*\([^)]*\)", "", line)
            if rest.strip(" +"):
                yield rest
        elif not re.match(rf"(?i)\s*({options})\s", line):
            yield line


def _with_noptmax(lines: Sequence[str], count: int) -> Iterator[str]:
    """Replace the number of iterations, as the first version of the format has it or the second."""
    position = -1
    for line in lines:
        if line.strip().lower().startswith("* control data"):
            position = 0
        elif line.lstrip().startswith("*"):
            position = -1
        elif position >= 0 and not _NOT_COUNTED.match(line):
            position += 1
        is_keyword = line.split()[:1] == ["noptmax"]
        if is_keyword or position == _NOPTMAX_LINE:
            position = -1
            yield re.sub(r"(?i)(noptmax\s+)?\S+", rf"\g<1>{count}", line, count=1)
        else:
            yield line
