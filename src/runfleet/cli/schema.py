"""`runfleet schema`."""

from __future__ import annotations

from runfleet.cli.apps import example, new_app
from runfleet.cli.printer import Printer
from runfleet.study import json_schema

app = new_app()


@app.command(epilog=example("runfleet schema > runfleet.schema.json"))
def schema() -> None:
    """
    Print the JSON Schema of study files.

    With the line `# yaml-language-server: $schema=runfleet.schema.json` at the top of a study
    file, an editor completes it and marks mistakes as they are made.
    """
    Printer.standard().json(json_schema())
