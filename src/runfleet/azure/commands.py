"""
Command lines of tasks, for the operating system of the pool.

A node runs no shell by itself: no variables, pipes or redirections without one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from runfleet.azure.settings import OperatingSystem, PackageReference

_COMMENT = re.compile(r"@?\s*rem\b|::", re.IGNORECASE)
_TAKES_THE_REST = re.compile(r"@?\s*(?:if|for)\b(?!.*\($)", re.IGNORECASE)
_NOT_IN_NAMES = re.compile(r"[.#-]")


def shell_command(line: str, operating_system: OperatingSystem) -> str:
    """
    Wrap a shell line into the command line of a task.

    Parameters
    ----------
    line
        For `/bin/sh` or for `cmd`; may have several lines.
    operating_system
        Of the pool.
    """
    if operating_system is OperatingSystem.LINUX:
        return f"/bin/sh -c {shlex.quote(line)}"
    # `/s` makes cmd take away the outer quotes and nothing else, whatever is between them. It would
    # stop at the end of the first line.
    return f'cmd /s /c "{_joined(line)}"'


def _joined(lines: str) -> str:
    """Join lines of `cmd` to one, in which `if` and `for` do not take the later ones."""
    parts = [part.strip() for part in lines.splitlines() if part.strip()]
    if len(parts) > 1:
        parts = [part for part in parts if not _COMMENT.match(part)]
        parts = [f"({part})" if _TAKES_THE_REST.match(part) else part for part in parts]
    return " & ".join(parts)


def package_variable(package: PackageReference, operating_system: OperatingSystem) -> str:
    """
    Name the environment variable that holds the folder of an application package.

    Linux replaces what a shell does not take in names, and keeps the case of the id; Windows names
    have no case, and the documentation writes them in capitals.
    """
    if operating_system is OperatingSystem.LINUX:
        name = package.id if package.version is None else f"{package.id}_{package.version}"
        return "AZ_BATCH_APP_PACKAGE_" + _NOT_IN_NAMES.sub("_", name)
    version = "" if package.version is None else f"#{package.version}"
    return f"AZ_BATCH_APP_PACKAGE_{package.id.upper()}{version}"


def with_packages(
    line: str, packages: Sequence[PackageReference], operating_system: OperatingSystem
) -> str:
    """
    Put the programs of application packages on PATH before a shell line.

    Parameters
    ----------
    line
        For `/bin/sh` or for `cmd`.
    packages
        Each one's `bin` folder comes first, then the package's own; the first package wins.
    operating_system
        Of the pool.
    """
    if not packages:
        return line
    folders = package_folders(packages, operating_system)
    if operating_system is OperatingSystem.LINUX:
        return f'PATH="{folders}:$PATH"; export PATH; {line}'
    return f'set "PATH={folders};%PATH%" & {line}'


def package_folders(packages: Sequence[PackageReference], operating_system: OperatingSystem) -> str:
    """List the folders of packages as PATH does: the `bin` of each first, then its own."""
    variables = [package_variable(package, operating_system) for package in packages]
    if operating_system is OperatingSystem.LINUX:
        return ":".join(f"${{{name}}}/bin:${{{name}}}" for name in variables)
    return ";".join(f"%{name}%\\bin;%{name}%" for name in variables)
