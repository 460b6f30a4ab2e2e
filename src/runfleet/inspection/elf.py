"""Programs and libraries of Linux: the ELF format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from runfleet.inspection.errors import InspectionError, damaged
from runfleet.inspection.program import Binary, System

T = TypeVar("T")

_MACHINES = {
    "EM_X86_64": "x86-64",
    "EM_386": "x86",
    "EM_AARCH64": "ARM64",
    "EM_ARM": "ARM",
    "EM_PPC64": "POWER",
    "EM_RISCV": "RISC-V",
}
_OTHERS = {
    "ET_REL": ("an object file, not linked yet", "link it: `gfortran model.o -o model`"),
    "ET_CORE": ("the memory of a program that crashed", "name the program itself"),
}
_GLIBC = re.compile(r"GLIBC_(\d+(?:\.\d+)+)")
_IS_PIE = 0x08000000
# A header with wrong bytes in it may count to thousands of millions.
_MOST = 10_000


def read_elf(path: Path) -> Binary:
    """
    Read the headers of a program or library of Linux.

    Raises
    ------
    InspectionError
        If it is neither of them, or damaged.
    """
    # Imported late: only this needs it.
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        try:
            elf = ELFFile(file)
            _refuse_others(elf, path)
            return _binary(elf, path)
        except InspectionError:
            raise
        except Exception as error:
            # A header with wrong bytes in it leads the parser anywhere.
            raise damaged(path, "a Linux program (ELF)") from error


def _refuse_others(elf: Any, path: Path) -> None:
    if elf["e_type"] in _OTHERS:
        what, remedy = _OTHERS[elf["e_type"]]
        raise InspectionError(f"`{path}` is {what}", hint=remedy)
    ends = (segment["p_offset"] + segment["p_filesz"] for segment in _segments(elf))
    if max(ends, default=0) > path.stat().st_size:
        raise damaged(path, "a Linux program (ELF)")


def _binary(elf: Any, path: Path) -> Binary:
    loader = _loader(elf)
    tags = [tag for one in _of_type(elf, "PT_DYNAMIC") for tag in _at_most(one.iter_tags())]
    needs = [tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"]
    runpath, rpath = _texts(tags, "DT_RUNPATH", "runpath"), _texts(tags, "DT_RPATH", "rpath")
    # As the loader has it, the one counts only without the other.
    searched = runpath or rpath
    is_library = elf["e_type"] == "ET_DYN" and not loader and not _is_static_pie(tags)
    return Binary(
        system=System.LINUX,
        bits=elf.elfclass,
        machine=_MACHINES.get(elf["e_machine"], str(elf["e_machine"])),
        is_program=not is_library,
        needs=tuple(dict.fromkeys(needs)),
        folders=tuple(_folders(searched, path.absolute().parent)),
        is_followed=bool(searched) and not runpath,
        is_static=not loader and not needs,
        runtime="musl" if "musl" in loader else "",
        glibc=max(_glibc_versions(elf), default=()),
    )


def _loader(elf: Any) -> str:
    """Name the program that loads this one; empty if it needs none."""
    return next((str(one.get_interp_name()) for one in _of_type(elf, "PT_INTERP")), "")


def _of_type(elf: Any, kind: str) -> Iterator[Any]:
    return (segment for segment in _segments(elf) if segment["p_type"] == kind)


def _segments(elf: Any) -> Iterator[Any]:
    return _at_most(elf.iter_segments())


def _at_most(items: Iterable[T]) -> Iterator[T]:
    return islice(items, _MOST)


def _is_static_pie(tags: Iterable[Any]) -> bool:
    return any(tag.entry.d_tag == "DT_FLAGS_1" and tag.entry.d_val & _IS_PIE for tag in tags)


def _texts(tags: Iterable[Any], kind: str, attribute: str) -> list[str]:
    return [getattr(tag, attribute) for tag in tags if tag.entry.d_tag == kind]


def _folders(texts: Iterable[str], origin: Path) -> Iterator[Path]:
    for text in texts:
        for folder in filter(None, text.split(":")):
            place = re.sub(r"\$(ORIGIN|\{ORIGIN\})", lambda _: str(origin), folder)
            yield Path(place)


def _glibc_versions(elf: Any) -> Iterator[tuple[int, ...]]:
    from elftools.elf.gnuversions import GNUVerNeedSection

    for section in _at_most(elf.iter_sections()):
        if isinstance(section, GNUVerNeedSection):
            for _, wanted in _at_most(section.iter_versions()):
                for version in _at_most(wanted):
                    if match := _GLIBC.fullmatch(version.name):
                        yield tuple(map(int, match[1].split(".")))
