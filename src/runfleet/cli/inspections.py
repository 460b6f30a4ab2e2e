"""What is said of an executable that was looked at."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from runfleet.cli.printer import Printer
from runfleet.inspection import Library, Program, Whereabouts
from runfleet.launch.proposal import Proposal

_SHOWN_OF_SYSTEM = 3
_PLACES = {
    Whereabouts.BESIDE: "found with it",
    Whereabouts.HERE: "of this machine; comes along, for other nodes lack it",
    Whereabouts.MISSING: "missing",
}


def show_program(printer: Printer, program: Program) -> None:
    """Tell people what a program is, what it needs, and what is missing."""
    printer.say(f"`{program.path}` is {program.description}.")
    if program.libraries:
        printer.talk_table(("needs", ""), _rows(program))
    for problem in program.problems:
        printer.warning(f"{problem.message}: {problem.remedy}")


def program_facts(proposal: Proposal, output: Path) -> dict[str, Any]:
    """Tell the same to programs, with what is proposed."""
    program, package = proposal.program, proposal.package
    return {
        "program": {
            "path": str(program.path),
            "kind": program.kind,
            "system": program.system,
            "description": program.description,
            "version": program.version,
            **_binary_facts(program),
        },
        "libraries": [_library_facts(library) for library in program.libraries],
        "problems": [asdict(problem) for problem in program.problems],
        "command": proposal.command,
        "image": proposal.image,
        "package": package and asdict(package),
        "package_files": [str(file) for file in proposal.package_files],
        "inputs": list(proposal.inputs),
        "outside": list(proposal.outside),
        "next": list(next_commands(proposal, output)),
    }


def next_commands(proposal: Proposal, output: Path) -> Iterator[str]:
    """List what to type next."""
    if proposal.package is not None:
        files = map(str, proposal.package_files)
        version = proposal.package.version or ""
        yield shlex.join(["runfleet", "package", "add", proposal.package.id, version, *files])
    for command in ("plan", "run"):
        yield shlex.join(["runfleet", command, str(output)])


def _rows(program: Program) -> Iterator[tuple[str, str]]:
    for library in program.libraries:
        if library.whereabouts is not Whereabouts.SYSTEM:
            yield library.name, _PLACES[library.whereabouts]
    of_system = [library.name for library in program.found(Whereabouts.SYSTEM)]
    if of_system:
        shown = ", ".join(of_system[:_SHOWN_OF_SYSTEM])
        more = len(of_system) - _SHOWN_OF_SYSTEM
        yield f"{shown} and {more} more" if more > 0 else shown, f"of {program.system.label}"


def _binary_facts(program: Program) -> dict[str, Any]:
    binary = program.binary
    if binary is None:
        return {"interpreter": program.interpreter}
    return {
        "bits": binary.bits,
        "machine": binary.machine,
        "console": binary.is_console,
        "static": binary.is_static,
        "runtime": binary.runtime,
        "glibc": ".".join(map(str, program.glibc)),
    }


def _library_facts(library: Library) -> dict[str, Any]:
    return {
        "name": library.name,
        "whereabouts": library.whereabouts,
        "path": library.path and str(library.path),
        "needed_by": library.needed_by,
        "advice": library.advice,
    }
