"""What is known of an executable after a look at it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class System(StrEnum):
    """The operating systems of nodes."""

    LINUX = "linux"
    WINDOWS = "windows"

    @property
    def label(self) -> str:
        """Its name, as people write it."""
        return self.value.capitalize()


class Kind(StrEnum):
    """What executables are: machine code, or a text or archive that another program runs."""

    BINARY = "binary"
    SCRIPT = "script"
    JAR = "jar"


class Whereabouts(StrEnum):
    """Where a library that a program needs is found."""

    BESIDE = "beside"
    SYSTEM = "system"
    HERE = "here"
    MISSING = "missing"


@dataclass(frozen=True)
class Binary:
    """
    What the header of a file of machine code says.

    Parameters
    ----------
    system
        What it runs on.
    bits
        32 or 64.
    machine
        The processor, as people call it: `x86-64`.
    is_program
        Whether it can be started; else it is a library.
    needs
        The libraries it is linked with, by name.
    folders
        Where it looks for them before the system does.
    is_followed
        Whether the libraries that it needs look there, too, as with RPATH and not with RUNPATH.
    is_console
        Whether it writes to a console; else it has windows.
    is_static
        Whether it needs no library, not even the system's.
    runtime
        What else has to be there to run it, as `.NET`; empty if nothing.
    version
        Of the program; empty if it does not say.
    glibc
        The version of the C library that it needs at least; empty if it needs none.
    installer
        What made an installer of it, as `NSIS`; empty if it is none.
    """

    system: System
    bits: int
    machine: str
    is_program: bool
    needs: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    is_followed: bool = False
    is_console: bool = True
    is_static: bool = False
    runtime: str = ""
    version: str = ""
    glibc: tuple[int, ...] = ()
    installer: str = ""


@dataclass(frozen=True)
class Library:
    """
    A library that a program needs, itself or by way of another one.

    Parameters
    ----------
    name
        As the program asks for it.
    whereabouts
        Where it is.
    path
        The file, if it is not the system's.
    needed_by
        Who asks for it first: the program, or a library.
    advice
        Where it comes from, if that is known.
    """

    name: str
    whereabouts: Whereabouts
    path: Path | None
    needed_by: str
    advice: str = ""


@dataclass(frozen=True)
class Problem:
    """
    Something that keeps a program from running, here or on other nodes.

    Parameters
    ----------
    message
        What it is, in one sentence without a full stop.
    remedy
        What to do about it.
    """

    message: str
    remedy: str


@dataclass(frozen=True)
class Program:
    """
    An executable.

    Parameters
    ----------
    path
        The file.
    kind
        What it is.
    system
        What its nodes have to run.
    description
        What it is, for people: `a Windows program for the console, 64 bit (x86-64)`.
    version
        What the file says; empty if it says nothing.
    binary
        What its header says, if it is machine code.
    interpreter
        What has to run it, if it is not: `python3`; empty where it is started itself.
    libraries
        What it needs, in the order in which a loader asks for it.
    problems
        What keeps it from running.
    glibc
        The version of Linux's C library that it needs at least; empty if it does not matter.
    """

    path: Path
    kind: Kind
    system: System
    description: str
    version: str = ""
    binary: Binary | None = None
    interpreter: str = ""
    libraries: tuple[Library, ...] = ()
    problems: tuple[Problem, ...] = ()
    glibc: tuple[int, ...] = ()

    def found(self, *places: Whereabouts) -> list[Library]:
        """List the libraries in these places."""
        return [library for library in self.libraries if library.whereabouts in places]
