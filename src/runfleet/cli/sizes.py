"""`runfleet sizes`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from runfleet.batch.vm_sizes import common_sizes, core_count
from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, On, addressed
from runfleet.cli.printer import Printer, number_column
from runfleet.cli.studies import key_prompt
from runfleet.home import runfleet_home
from runfleet.launch.accounts.connecting import access_to
from runfleet.launch.accounts.local import LOCAL

app = new_app()


@app.command(epilog=example("runfleet sizes f4"))
def sizes(
    text: Annotated[
        str, typer.Argument(metavar="[FILTER]", help="Only sizes that have this in their names.")
    ] = "",
    on: On = LOCAL,
    as_json: AsJson = False,
) -> None:
    """
    List sizes of machines, with their cores and memory.

    Those of the account's region, if the account has a subscription; else common ones.
    """
    printer = Printer.standard()
    found = [facts for facts in _sizes(printer, on) if text.lower() in facts["size"].lower()]
    if as_json:
        printer.json(found)
    elif found:
        columns = ("size", number_column("cores"), number_column("GiB"), "family")
        printer.table(columns, [_row(facts) for facts in found])
    else:
        printer.say(addressed("There is no such size; `runfleet sizes` lists them all.", on))


def _sizes(printer: Printer, on: str) -> Iterator[dict[str, Any]]:
    management = access_to(on, runfleet_home(), key_prompt()).open_management()
    if management is None:
        if on != LOCAL:
            printer.warning("these are common sizes: whether the region has them cannot be seen")
        for common in common_sizes():
            yield _facts(common.name, common.cores, common.memory_gib, None)
        return
    for size in management.sizes():
        cores = size.cores or core_count(size.name)
        yield _facts(size.name, cores, size.memory_gib, size.family)


def _facts(name: str, cores: int, memory: float | None, family: str | None) -> dict[str, Any]:
    return {"size": name, "cores": cores, "memory_gib": memory, "family": family}


def _row(facts: dict[str, Any]) -> list[object]:
    memory = "" if facts["memory_gib"] is None else f"{facts['memory_gib']:g}"
    return [facts["size"], facts["cores"], memory, facts["family"] or ""]
