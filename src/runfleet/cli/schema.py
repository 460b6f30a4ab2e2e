"""`runfleet schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.printer import Printer
from runfleet.study import json_schema

app = new_app()


@app.command(epilog=example("runfleet schema > runfleet.schema.json"))
def schema(
    faults: Annotated[
        bool, typer.Option("--faults", help="That of fault files: see docs/faults.md.")
    ] = False,
) -> None:
    """
    Print the JSON Schema of study files.

    With the line `# yaml-language-server: $schema=runfleet.schema.json` at the top of a study
    file, an editor completes it and marks mistakes as they are made.
    """
    Printer.standard().json(_schema_of_faults() if faults else json_schema())


def _schema_of_faults() -> dict[str, object]:
    from runfleet.faults.form import json_schema as schema_of_faults

    return schema_of_faults()
