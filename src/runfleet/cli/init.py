"""`runfleet init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.printer import Printer
from runfleet.errors import RunfleetError
from runfleet.study import starter_text

app = new_app()


@app.command(epilog=example("runfleet init ./model.sh --output model.yaml"))
def init(
    executable: Annotated[
        str, typer.Argument(metavar="EXECUTABLE", help="The program, with its path if it has one.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The study file to write.")
    ] = Path("study.yaml"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace a study file that is there.")
    ] = False,
) -> None:
    """
    Write a commented study file for an executable.

    It runs the executable once as it stands; its comments show what else a study can ask for.
    """
    printer = Printer.standard()
    text = starter_text(executable)
    try:
        with output.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise RunfleetError(
            f"the study file `{output}` is there already",
            hint="name another one with `--output`, or replace it with `--force`",
        ) from error
    printer.say(f"Wrote a study file; edit it, then try `runfleet plan {output}`.")
    printer.data(str(output))
