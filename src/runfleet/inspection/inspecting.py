"""A look at an executable."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

from runfleet.inspection.elf import read_elf
from runfleet.inspection.errors import InspectionError
from runfleet.inspection.libraries import find_libraries
from runfleet.inspection.pe import read_pe
from runfleet.inspection.problems import find_problems, needed_glibc
from runfleet.inspection.program import Binary, Kind, Program, System
from runfleet.inspection.scripts import read_archive, read_script

_HEAD_BYTES = 4096
_OLE = b"\xd0\xcf\x11\xe0"
_JAVA_OR_MACH_O = b"\xca\xfe\xba\xbe"
_OLDEST_JAVA = 45
_MACH_O = {
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xfe\xed\xfa\xcf",
    b"\xfe\xed\xfa\xce",
    _JAVA_OR_MACH_O,
}


def inspect(path: Path) -> Program:
    """
    Find out what an executable is, what it needs, and what is missing.

    Parameters
    ----------
    path
        The file.  It is read, never started.

    Raises
    ------
    InspectionError
        If it is no program that a node can run.
    """
    if not path.exists():
        raise InspectionError(f"there is no file `{path}`", hint="check the path")
    if not path.is_file():
        what = "a folder" if path.is_dir() else "no file that holds a program"
        raise InspectionError(f"`{path}` is {what}", hint="name the program itself")
    try:
        return _inspect(path)
    except OSError as error:
        raise InspectionError(
            f"`{path}` cannot be read: {error.strerror or error}", hint="check its permissions"
        ) from error


def _inspect(path: Path) -> Program:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(b"MZ"):
        return _described(path, read_pe(path))
    if head.startswith(b"\x7fELF"):
        return _described(path, read_elf(path))
    if head.startswith(b"PK\x03\x04"):
        return read_archive(path)
    if head.startswith(_OLE) and path.suffix.lower() == ".msi":
        raise InspectionError(
            f"`{path}` is an installer (MSI), not a program",
            hint="install it on a machine with Windows, and name the program that it has brought",
        )
    if _is_java_class(head):
        raise InspectionError(
            f"`{path}` is a class of Java, which `java` starts from its folder or its archive",
            hint="name the JAR file with it, or a script with the line that starts it",
        )
    if head[:4] in _MACH_O:
        raise InspectionError(
            f"`{path}` is a program of macOS, and nodes run Linux or Windows",
            hint="name the one for Linux or Windows, or compile it there",
        )
    if b"\0" in head and not _is_script(path, head):
        raise InspectionError(
            f"`{path}` is no program: it holds data of a kind that is not known here",
            hint="name the executable that reads it",
        )
    return read_script(path, head)


def _is_java_class(head: bytes) -> bool:
    """Tell classes from programs of macOS, of which few are for so many processors."""
    return head.startswith(_JAVA_OR_MACH_O) and int.from_bytes(head[4:8]) >= _OLDEST_JAVA


def _is_script(path: Path, head: bytes) -> bool:
    """Tell texts with bytes of 0: with data behind their lines, or as PowerShell writes them."""
    is_utf_16 = head.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return head.startswith(b"#!") or (is_utf_16 and path.suffix.lower() == ".ps1")


def _described(path: Path, binary: Binary) -> Program:
    if not binary.is_program:
        what = "Windows (DLL) or a driver" if binary.system is System.WINDOWS else "Linux"
        raise InspectionError(
            f"`{path}` is a library of {what}, which is not started by itself",
            hint="name the program that uses it",
        )
    found = find_libraries(path, binary)
    return Program(
        path,
        Kind.BINARY,
        binary.system,
        _description(binary),
        version=binary.version,
        binary=binary,
        libraries=tuple(one.library for one in found),
        problems=find_problems(path, binary, found),
        glibc=needed_glibc(binary, found),
    )


def _description(binary: Binary) -> str:
    kind = f"a {binary.runtime} program" if binary.runtime else "a program"
    console = ", for the console" if binary.system is System.WINDOWS and binary.is_console else ""
    links = ", static" if binary.is_static else ""
    return f"{kind} of {binary.system.label}, {binary.bits} bit ({binary.machine}){console}{links}"
