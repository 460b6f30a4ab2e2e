"""`runfleet init`."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson
from runfleet.cli.inspections import next_commands, program_facts, show_program
from runfleet.cli.printer import Printer
from runfleet.errors import RunfleetError
from runfleet.inspection import inspect
from runfleet.launch.proposal import Arguments, Proposal, propose, stem_of
from runfleet.nearest_word import nearest
from runfleet.study import starter_text, study_name_from

app = new_app()

# Names with these are meant for files.
_SUFFIXES = (".exe", ".com", ".bat", ".cmd", ".sh", ".py", ".jar", ".jl", ".pl", ".r")

Executable = Annotated[
    str, typer.Argument(metavar="EXECUTABLE", help="The program: a file, or its name on PATH.")
]
ProgramArguments = Annotated[
    list[str] | None,
    typer.Argument(metavar="ARGUMENT", help="What the program is told; files here become inputs."),
]
StudyFile = Annotated[Path, typer.Option("--output", "-o", help="The study file to write.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a study file that is there.")]


@app.command(epilog=example("runfleet init ./model.sh --output model.yaml"))
def init(
    executable: Executable,
    arguments: ProgramArguments = None,
    output: StudyFile = Path("study.yaml"),
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """
    Look at an executable, and write a commented study file for it.

    Says what it is, which libraries it needs, and what of that is missing. The study runs the
    executable once; its comments show what else a study can ask for.
    """
    printer = Printer.standard()
    path = Path(executable)
    # Every folder may have its `study.yaml`, but an account holds one study of a name.
    name = study_name_from(stem_of(path)) if output.stem == "study" else None
    told = arguments or []
    proposal = propose(inspect(path), output.parent, told) if _is_file(executable) else None
    text = (
        proposal.study_text(name)
        if proposal
        else _on_path(printer, executable, Arguments.read(output.parent, told), name)
    )
    _write(output, text, force=force)
    if as_json:
        printer.json(
            {"study_file": str(output), **(program_facts(proposal, output) if proposal else {})}
        )
        return
    _show(printer, proposal, output)
    printer.data(str(output))


def _is_file(executable: str) -> bool:
    """Tell a file, be it there or not, from the name of a program on PATH."""
    return Path(executable).exists() or "/" in executable or os.sep in executable


def _on_path(printer: Printer, program: str, given: Arguments, name: str | None) -> str:
    if shutil.which(program) is None:
        _refuse_mistyped(program)
        printer.warning(
            f"`{program}` is neither a file here nor a program on PATH: the study file starts it "
            "all the same, and has to name the application package under `packages` that brings it"
        )
    _warn_of_outside(printer, given.outside)
    return starter_text(shlex.join([program, *given.words]), name=name, inputs=given.inputs)


def _warn_of_outside(printer: Printer, files: Iterable[str]) -> None:
    for file in files:
        printer.warning(f"`{file}` is outside the study file's folder: copy it there, as an input")


def _refuse_mistyped(program: str) -> None:
    """Refuse a name that nothing has and that is meant for a file; others a package may bring."""
    meant = _meant_file(program)
    if meant is not None or PurePath(program).suffix.lower() in _SUFFIXES:
        remedy = "check the name, or give the path to the file"
        raise RunfleetError(
            f"there is no file `{program}` here, nor a program of that name on PATH",
            hint=f"did you mean `{meant}`?" if meant else remedy,
        )


def _meant_file(program: str) -> str | None:
    """Find the program in this folder whose name, with or without its ending, is nearest."""
    files = [file.name for file in Path().iterdir() if _is_program(file)]
    names = {PurePath(name).stem: name for name in files} | {name: name for name in files}
    meant = nearest(program, names, cutoff=0.8)
    return names[meant] if meant else None


def _is_program(file: Path) -> bool:
    return file.is_file() and (file.suffix.lower() in _SUFFIXES or os.access(file, os.X_OK))


def _show(printer: Printer, proposal: Proposal | None, output: Path) -> None:
    if proposal is None:
        plan = f"runfleet plan {shlex.quote(str(output))}"
        printer.say(f"Wrote `{output}`. Edit it, then try `{plan}`.")
        return
    show_program(printer, proposal.program)
    _warn_of_outside(printer, proposal.outside)
    printer.say(f"Wrote `{output}`. Complete it: command, inputs, outputs. Then:")
    for command in next_commands(proposal, output):
        printer.say(f"    {command}")


def _write(output: Path, text: str, *, force: bool) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        if isinstance(error, FileExistsError) and output.exists():
            raise RunfleetError(
                f"the study file `{output}` is there already",
                hint="name another one with `--output`, or replace it with `--force`",
            ) from error
        raise RunfleetError(
            f"the study file `{output}` cannot be written: {error.strerror or error}",
            hint="name one elsewhere with `--output`",
        ) from error
