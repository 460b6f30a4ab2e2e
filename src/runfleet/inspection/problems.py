"""What keeps a program of machine code from running, here or on other nodes."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from runfleet.inspection.known_libraries import is_visual_runtime
from runfleet.inspection.libraries import Found
from runfleet.inspection.program import Binary, Problem, System, Whereabouts

_GLIBC_OF_UBUNTU = {"22.04": (2, 35), "24.04": (2, 39)}
_PROCESSORS = ("x86", "x86-64")
_WINE_32 = (
    "/usr/lib/i386-linux-gnu/wine",
    "/usr/lib/wine/i386-unix",
    "/opt/wine-stable/lib/wine/i386-unix",
    "/opt/wine-devel/lib/wine/i386-unix",
)


def find_problems(path: Path, binary: Binary, found: Sequence[Found]) -> tuple[Problem, ...]:
    """
    List what keeps a program from running.

    Parameters
    ----------
    path
        The program.
    binary
        What its header says.
    found
        The libraries it needs.
    """
    windows = binary.system is System.WINDOWS
    own = _windows_problems(path, binary) if windows else _linux_problems(path, binary, found)
    return tuple(chain(_processor_problems(binary), own, _library_problems(binary, found)))


def needed_glibc(binary: Binary, found: Sequence[Found]) -> tuple[int, ...]:
    """Tell the version of the C library that a program needs, or a library that comes with it."""
    others = (one.binary.glibc for one in found if one.binary is not None)
    return max((binary.glibc, *others))


def ubuntu_for(glibc: tuple[int, ...]) -> str | None:
    """Name the oldest version of Ubuntu whose C library is new enough; None if there is none."""
    return next((name for name, has in _GLIBC_OF_UBUNTU.items() if glibc <= has), None)


def _processor_problems(binary: Binary) -> Iterator[Problem]:
    if binary.machine not in _PROCESSORS:
        yield Problem(
            f"it is for processors of the kind {binary.machine}, and nodes have x86-64",
            "take the version of the program for x86-64",
        )


def _windows_problems(path: Path, binary: Binary) -> Iterator[Problem]:
    if not path.name.isascii():
        yield Problem("its name has letters that `cmd` does not read", "rename it")
    if binary.installer:
        yield Problem(
            f"it is an installer ({binary.installer}), which brings programs to a machine",
            "install it on a machine with Windows, and name the program that it has brought",
        )
    elif not binary.is_console:
        yield Problem(
            "it has windows of its own, and nodes have neither a screen nor somebody to click",
            "take the program's version for the console, or an option that opens none",
        )
    if binary.runtime:
        yield Problem(
            f"it needs {binary.runtime}, which Windows has and Wine has not: it may run on Azure "
            "only",
            "install Wine's Mono here (`wine-mono`) to try it",
        )
    if sys.platform == "linux":
        yield from _wine_problems(binary)


def _wine_problems(binary: Binary) -> Iterator[Problem]:
    if shutil.which("wine") is None:
        yield Problem(
            "Windows programs run here through Wine, which is not installed",
            "as root: `apt-get install wine wine64`",
        )
    elif binary.bits == 32 and not binary.runtime and not any(map(os.path.isdir, _WINE_32)):
        yield Problem(
            "Wine on this machine runs programs of 64 bit only; Windows runs both",
            "as root: `dpkg --add-architecture i386 && apt-get update && apt-get install wine32`; "
            "or take the program's version of 64 bit",
        )


def _linux_problems(path: Path, binary: Binary, found: Sequence[Found]) -> Iterator[Problem]:
    if sys.platform != "win32" and not os.access(path, os.X_OK):
        yield Problem(
            "its file is not marked as executable", f"`chmod +x {shlex.quote(str(path))}`"
        )
    if binary.runtime:
        yield Problem(
            f"it is linked with the C library {binary.runtime}, which Ubuntu lacks",
            "link it statically, or compile it on Ubuntu or Debian",
        )
    if binary.bits == 32 and not binary.is_static:
        yield Problem(
            "plain images of Ubuntu have no libraries of 32 bit",
            "compile it for 64 bit, link it statically, or install `libc6-i386` by a start task",
        )
    glibc = needed_glibc(binary, found)
    if ubuntu_for(glibc) is None:
        yield Problem(
            f"it needs version {'.'.join(map(str, glibc))} of the C library, newer than that of "
            "any image",
            "compile it on an older Linux, or link it statically",
        )


def _library_problems(binary: Binary, found: Sequence[Found]) -> Iterator[Problem]:
    for one in found:
        yield from _problems_of(one, binary)
    runtime = [one.library.name for one in found if _is_borrowed(one)]
    if runtime:
        yield Problem(
            f"{_listed(runtime)} of the Visual C++ Redistributable: Wine has it, plain images of "
            "Windows may not",
            "copy the files from C:\\Windows\\System32 of a machine where it runs to the program",
        )


def _problems_of(one: Found, binary: Binary) -> Iterator[Problem]:
    library = one.library
    if library.whereabouts is Whereabouts.MISSING:
        origin = f"; {library.advice}" if library.advice else ""
        yield Problem(
            f"`{library.name}` is missing, which `{library.needed_by}` needs",
            f"put it beside the program{origin}",
        )
    elif library.path is not None and one.binary is None:
        yield Problem(f"`{library.path.name}` cannot be read as a library", "copy it again")
    elif one.binary is not None and one.binary.bits != binary.bits:
        yield Problem(
            f"`{library.name}` is a library of {one.binary.bits} bit, and the program has "
            f"{binary.bits}",
            f"put the one of {binary.bits} bit beside the program",
        )


def _is_borrowed(one: Found) -> bool:
    return one.library.whereabouts is Whereabouts.SYSTEM and is_visual_runtime(one.library.name)


def _listed(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    if len(quoted) == 1:
        return f"{quoted[0]} is a part"
    return f"{', '.join(quoted[:-1])} and {quoted[-1]} are parts"
