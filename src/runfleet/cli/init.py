"""`runfleet init`."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.printer import Printer
from runfleet.errors import RunfleetError
from runfleet.study import starter_text, study_name_from

app = new_app()


@app.command(epilog=example("runfleet init ./model.sh --output model.yaml"))
def init(
    executable: Annotated[
        str, typer.Argument(metavar="EXECUTABLE", help="The program: a file, or its name on PATH.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The study file to write.")] = Path(
        "study.yaml"
    ),
    force: Annotated[
        bool, typer.Option("--force", help="Replace a study file that is there.")
    ] = False,
) -> None:
    """
    Write a commented study file for an executable.

    The study runs the executable once; its comments show what else a study can ask for.
    """
    printer = Printer.standard()
    # Every folder may have its `study.yaml`, but an account holds one study of a name.
    name = study_name_from(Path(executable).stem) if output.stem == "study" else None
    text = _study_text(printer, executable, output.parent, name)
    _write(output, text, force=force)
    printer.say(f"Wrote `{output}`. Edit it, then try `runfleet plan {shlex.quote(str(output))}`.")
    printer.data(str(output))


def _study_text(printer: Printer, executable: str, folder: Path, name: str | None) -> str:
    path = Path(executable)
    if not path.is_file():
        _warn_if_unknown(printer, executable)
        return starter_text(shlex.quote(executable), name=name)
    if not path.resolve().is_relative_to(folder.resolve()):
        printer.warning(
            f"`{executable}` is outside the study file's folder, so it cannot be an input; "
            "nodes elsewhere get it as an application package (`runfleet package add`)"
        )
        return starter_text(shlex.quote(str(path.resolve())), name=name)
    shared = path.resolve().relative_to(folder.resolve()).as_posix()
    return starter_text(_command(shared), name=name, inputs=[shared])


def _warn_if_unknown(printer: Printer, executable: str) -> None:
    if shutil.which(executable) is None:
        printer.warning(
            f"`{executable}` is neither a file here nor a program on PATH; "
            "it has to be in an application package of the study"
        )


def _command(shared: str) -> str:
    """How the shell starts a file in the run's folder."""
    interpreter = "python3 " if shared.endswith(".py") else "./"
    return f"{interpreter}{shlex.quote(shared)}"


def _write(output: Path, text: str, *, force: bool) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        with output.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise RunfleetError(
            f"the study file `{output}` is there already",
            hint="name another one with `--output`, or replace it with `--force`",
        ) from error
