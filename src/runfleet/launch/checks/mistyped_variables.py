"""Variables of a command that stay empty: probably meant to be parameters, or set here alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runfleet.azure import OperatingSystem
from runfleet.nearest_word import nearest
from runfleet.study import Study
from runfleet.study.run import RUN_VARIABLE

_LINUX, _WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS
_OTHER = {_LINUX: _WINDOWS, _WINDOWS: _LINUX}
_VARIABLE = {_LINUX: re.compile(r"(?<!\\)\$\{?(\w+)"), _WINDOWS: re.compile(r"%(\w+)%(?!\w)")}
_FIELD = re.compile(r"(?<![\w$\\])(?:\{\{\s*\w[^{}]*\}\}|\{\w+\})")
_WORD = re.compile(r"\w+")
_WRITTEN = {_LINUX: "${}", _WINDOWS: "%{}%"}
_OF_NODES = re.compile(r"AZ_BATCH_\w*|CCP_\w*|HOME|LANG|PATH|PWD|SHELL|TE?MP(DIR)?|USER")
# What shells set, and what nodes and Windows have of their own.
_NEVER_LOST = re.compile(
    rf"{_OF_NODES.pattern}|{RUN_VARIABLE}|_|LC_ALL|LOGNAME|TZ|OLDPWD|PPID|UID|SHLVL|HOSTNAME|IFS"
    r"|ALLUSERSPROFILE|(LOCAL)?APPDATA|CD|COM(PUTERNAME|SPEC|MONPROGRAM\w*)|DATE|TIME|ERRORLEVEL"
    r"|HOME(DRIVE|PATH)|NUMBER_OF_PROCESSORS|OS|PATHEXT|PROCESSOR_\w*|PROGRAM(DATA|FILES\w*|W6432)"
    r"|PROMPT|PUBLIC|RANDOM|SYSTEM(DRIVE|ROOT)|USER(DOMAIN\w*|NAME|PROFILE)|WINDIR"
)
_OF_RUNS = {"run_name": RUN_VARIABLE}
_CLOSE = 0.8


def find_mistyped_variables(study: Study, system: OperatingSystem) -> Iterator[str]:
    """
    Name the variables of a command that stay empty, and the parameters that were probably meant.

    Parameters
    ----------
    study
        Its command, its parameters and its environment.
    system
        That of the nodes, where variables are written in its own way.
    """
    command = study.model.command
    parameters = [parameter.name for parameter in study.parameters]
    right = _variables(command, system)
    meant_by = {name: name for name in parameters if name not in right}
    for found, reason in (*_foreign(command, system), *_fields(command)):
        variable = (meant_by | _OF_RUNS).get(_WORD.findall(found)[0])
        if variable:
            yield f"`{found}` in the command {reason}; write `{_WRITTEN[system].format(variable)}`"
    given = {*parameters, *study.model.environment}
    words = set(_WORD.findall(command))
    unused = [name for name in parameters if name not in words]
    for name in right:
        meant = None if name in given else _meant(name, unused, system)
        if meant and not _is_set(command, name):
            yield (
                f"`{_WRITTEN[system].format(name)}` in the command is no parameter; did you mean "
                f"`{_WRITTEN[system].format(meant)}`?"
            )


def find_lost_variables(
    study: Study, system: OperatingSystem, environment: Mapping[str, str]
) -> Iterator[str]:
    """
    Name the variables of a command that are set here, and that runs do not have.

    Parameters
    ----------
    study
        Its command, its parameters and its environment.
    system
        That of the nodes, where variables are written in its own way.
    environment
        What is set here.
    """
    command = study.model.command
    spelled = str.upper if system is _WINDOWS else str
    given = [parameter.name for parameter in study.parameters] + [*study.model.environment]
    known = set(map(spelled, given))
    for name in _variables(command, system):
        is_known = spelled(name) in known or _NEVER_LOST.fullmatch(name.upper())
        if name in environment and not is_known and not _is_set(command, name):
            yield (
                f"`{_WRITTEN[system].format(name)}` in the command is set here, and runs do not "
                "have it: give it under `environment`"
            )


def _foreign(command: str, system: OperatingSystem) -> Iterator[tuple[str, str]]:
    """Find what is a variable on the other operating system only."""
    reason = f"stays as it is on nodes of {system.name.capitalize()}"
    other = _OTHER[system]
    yield from ((_WRITTEN[other].format(name), reason) for name in _variables(command, other))


def _fields(command: str) -> Iterator[tuple[str, str]]:
    """Find what would be a parameter in a template, or in a pattern of run names."""
    reason = "stays as it is, for it is no template"
    yield from ((found, reason) for found in dict.fromkeys(_FIELD.findall(command)))


def _variables(command: str, system: OperatingSystem) -> dict[str, None]:
    return dict.fromkeys(_VARIABLE[system].findall(command))


def _meant(name: str, unused: list[str], system: OperatingSystem) -> str | None:
    """Find the parameter of nearly that name among those that the command does not name."""
    if _OF_NODES.fullmatch(name.upper()):
        return None
    meant = nearest(name, unused, _CLOSE)
    is_found = system is _WINDOWS and meant and meant.lower() == name.lower()
    return None if is_found else meant


def _is_set(command: str, name: str) -> bool:
    """Tell whether the command itself names a variable without reading it: it may set it."""
    return re.search(rf"(?<![\w$%{{]){name}\b", command) is not None
