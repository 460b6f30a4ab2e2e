"""Environment variables of a study that do not reach the model as they were meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runfleet.azure import OperatingSystem
from runfleet.study.model import Model

_LINUX, _WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS
_VARIABLE = {_LINUX: re.compile(r"\$\w+|\$\{\w+\}"), _WINDOWS: re.compile(r"%\w+%")}
_SYSTEM_FOLDER = {
    _LINUX: re.compile(r"(^|:)(/usr)?/bin/?(:|$)"),
    _WINDOWS: re.compile(r"\\system32\b", re.IGNORECASE),
}
_SEARCH_PATH = {_LINUX: "PATH=$PWD/bin:$PATH; export PATH", _WINDOWS: "set PATH=%CD%\\bin;%PATH%"}
_READS_AGAIN = re.compile(r"\b(eval|envsubst|call)\b")


def find_odd_environments(model: Model, system: OperatingSystem) -> Iterator[str]:
    """
    Name the variables whose values a shell would have to read, and a PATH that lacks the system.

    Parameters
    ----------
    model
        Its environment; what its command reads once more may hold variables.
    system
        That of the nodes.
    """
    reads_again = _READS_AGAIN.search(model.command)
    for name, text in model.environment.items():
        is_path = name.upper() == "PATH" if system is _WINDOWS else name == "PATH"
        found = _VARIABLE[system].search(text)
        if is_path and not _SYSTEM_FOLDER[system].search(text):
            yield (
                f"`{name}` under `environment` takes the place of that of the nodes, whose own "
                f"programs are not found then: begin the command with a line "
                f"`{_SEARCH_PATH[system]}`"
            )
        elif found and not reads_again:
            yield (
                f"`{found[0]}` in `{name}` under `environment` stays as it is, for no shell reads "
                "it there; set the variable in the command"
            )
