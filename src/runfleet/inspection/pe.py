"""Programs and libraries of Windows: the PE format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runfleet.inspection.errors import InspectionError, damaged
from runfleet.inspection.installers import installer_of
from runfleet.inspection.program import Binary, System

_MACHINES = {0x14C: "x86", 0x8664: "x86-64", 0xAA64: "ARM64", 0x1C4: "ARM", 0x200: "Itanium"}
_BITS = {0x10B: 32, 0x20B: 64}
_CONSOLE, _WINDOWS = 3, 2
_IS_DLL = 0x2000
_RESOURCES, _DOT_NET = 2, 14
_IMPORTS = (1, 13)
_MOST_NAMES = 4096
_SECTOR = 512
_VERSION = re.compile(r"\d+(?:(?:\.|, ?)\d+)*")
_OLD = {
    b"NE": "a program of 16-bit Windows",
    b"LE": "a DOS program with a 32-bit extender, or a driver",
    b"LX": "a program of OS/2",
}


def read_pe(path: Path) -> Binary:
    """
    Read the headers of a program or library of Windows.

    Raises
    ------
    InspectionError
        If it is none of today's Windows, or damaged.
    """
    _refuse_old(path)
    # Imported late: only this needs it.
    import pefile

    try:
        with pefile.PE(str(path), fast_load=True) as file:
            _refuse_cut_off(file, path)
            return _binary(file)
    except InspectionError:
        raise
    except Exception as error:
        # A header with wrong bytes in it leads the parser anywhere.
        raise damaged(path, "a Windows program (PE)") from error


def _refuse_old(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(64)
        file.seek(int.from_bytes(head[60:64], "little"))
        mark = file.read(4)
    if mark == b"PE\0\0":
        return
    what = _OLD.get(mark[:2], "a DOS program")
    raise InspectionError(
        f"`{path}` is {what}, or cut off: neither Windows of 64 bit nor Wine runs it",
        hint="compile it anew for 64-bit Windows or Linux; for Fortran, gfortran will often do",
    )


def _refuse_cut_off(file: Any, path: Path) -> None:
    ends = (section.PointerToRawData + section.SizeOfRawData for section in file.sections)
    if max(ends, default=0) > path.stat().st_size + _SECTOR:
        raise damaged(path, "a Windows program (PE)")


def _binary(file: Any) -> Binary:
    optional = file.OPTIONAL_HEADER
    machine = file.FILE_HEADER.Machine
    characteristics = file.FILE_HEADER.Characteristics
    file.parse_data_directories([*_IMPORTS, _RESOURCES])
    texts = dict(_version_texts(file))
    return Binary(
        system=System.WINDOWS,
        bits=_BITS[optional.Magic],
        machine=_MACHINES.get(machine, f"processor 0x{machine:x}"),
        is_program=not characteristics & _IS_DLL and optional.Subsystem in (_CONSOLE, _WINDOWS),
        needs=tuple(dict.fromkeys(_needs(file))),
        is_console=optional.Subsystem != _WINDOWS,
        runtime=".NET" if _is_dot_net(optional) else "",
        version=_version(texts),
        installer=installer_of(file, texts),
    )


def _is_dot_net(optional: Any) -> bool:
    directories = optional.DATA_DIRECTORY
    return len(directories) > _DOT_NET and directories[_DOT_NET].Size > 0


def _needs(file: Any) -> Iterator[str]:
    for kind in ("DIRECTORY_ENTRY_IMPORT", "DIRECTORY_ENTRY_DELAY_IMPORT"):
        for entry in getattr(file, kind, [])[:_MOST_NAMES]:
            yield entry.dll.decode("ascii", errors="replace")


def _version(texts: Mapping[str, str]) -> str:
    for key in ("ProductVersion", "FileVersion"):
        if match := _VERSION.search(texts.get(key, "")):
            return match[0].replace(" ", "").replace(",", ".")
    return ""


def _version_texts(file: Any) -> Iterator[tuple[str, str]]:
    for infos in getattr(file, "FileInfo", []):
        for info in infos:
            for table in getattr(info, "StringTable", []):
                for key, text in table.entries.items():
                    yield key.decode(errors="replace"), text.decode(errors="replace")
