"""An executable, and what it reads and writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path, PurePosixPath

from runfleet.documents.errors import InvalidValueError
from runfleet.documents.texts import shortened
from runfleet.study.mpi import Mpi
from runfleet.study.overlays import Overlay

_PACKAGE = re.compile(r"([A-Za-z0-9_-]{1,64})(?:==([A-Za-z0-9._-]{1,64}))?")
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_DURATION_HINT = "write one like `90s`, `10m` or `1h30m`"
_LONGEST = timedelta(days=3650)


@dataclass(frozen=True)
class PackageReference:
    """
    An application package.

    Parameters
    ----------
    id
        The application, as the account knows it.
    version
        None for the account's default one.
    """

    id: str
    version: str | None

    @classmethod
    def parse(cls, text: str) -> PackageReference:
        """
        Read `epanet==2.3.5` or `epanet`.

        Raises
        ------
        InvalidValueError
            If the text is neither.
        """
        match = _PACKAGE.fullmatch(text.strip())
        if match is None:
            raise InvalidValueError(
                f"`{text}` is not a package", hint="write its name and version: `epanet==2.3.5`"
            )
        return cls(match.group(1), match.group(2))

    def __str__(self) -> str:
        return self.id if self.version is None else f"{self.id}=={self.version}"


@dataclass(frozen=True)
class SharedInput:
    """
    An input file that all runs read.

    Parameters
    ----------
    path
        Where it is put, relative to the run's folder.
    source
        The file.
    link
        Whether runs get a link to the node's one copy, rather than copies of their own.
    """

    path: PurePosixPath
    source: Path
    link: bool = False


@dataclass(frozen=True)
class Output:
    """
    Files to keep of each run.

    Parameters
    ----------
    pattern
        A path relative to the run's folder, with `*`, `?` or `**` in it.
    required
        Whether a run has failed if there is no such file.
    """

    pattern: str
    required: bool = True


@dataclass(frozen=True)
class Model:
    """
    An executable with its application packages, inputs and outputs.

    Parameters
    ----------
    command
        A command line for the shell of the pool's operating system.
    packages
        Application packages whose programs the command finds.
    inputs
        Files that all runs read; folders and patterns are expanded, overlaid files left out.
    folders
        Folders among the inputs that no file of theirs is in: runs have them empty.
    overlays
        Files that are rendered for each run.
    outputs
        Files to keep, those that results are read from included.
    environment
        Environment variables, the same in all runs.
    retries
        How often a run that failed is tried again.
    time_limit
        How long a run may take.
    mpi
        How its processes are started on several nodes; None for a model that runs on one.
    """

    command: str
    packages: tuple[PackageReference, ...] = ()
    inputs: tuple[SharedInput, ...] = ()
    folders: tuple[PurePosixPath, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    outputs: tuple[Output, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    retries: int = 0
    time_limit: timedelta | None = None
    mpi: Mpi | None = None


def check_command(text: str) -> str:
    """
    Refuse a command line that is empty, and return it without the blanks around it.

    Raises
    ------
    InvalidValueError
        If there is nothing to carry out.
    """
    if not text.strip():
        raise InvalidValueError(
            "the command is empty", hint="write what you would type into a terminal"
        )
    return text.strip()


def parse_duration(text: str) -> timedelta:
    """
    Read a duration such as `90s`, `10m`, `1h30m` or `2d`.

    Raises
    ------
    InvalidValueError
        If the text is none, or it is zero or longer than any run could take.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or not match.group():
        raise InvalidValueError(f"`{text}` is not a duration", hint=_DURATION_HINT)
    # Python refuses to make an integer of very many digits.
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = seconds + 60 * (minutes + 60 * (hours + 24 * days))
    if not total:
        raise InvalidValueError(f"`{text}` is no time at all", hint="write `1s` or more")
    if total > _LONGEST.total_seconds():
        hint = f"write `{_LONGEST.days}d` or less"
        raise InvalidValueError(f"`{shortened(text)}` is more than ten years", hint=hint)
    return timedelta(seconds=total)


def format_duration(duration: timedelta) -> str:
    """Write a duration as `parse_duration` reads it, to the second: `1h30m`."""
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = {"d": duration.days, "h": hours, "m": minutes, "s": seconds}
    return "".join(f"{count}{unit}" for unit, count in parts.items() if count) or "0s"
