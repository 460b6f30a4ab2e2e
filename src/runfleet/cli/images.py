"""`runfleet images`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from runfleet.azure import Image, image_name
from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, On, addressed
from runfleet.cli.printer import Printer
from runfleet.cli.studies import open_account
from runfleet.launch.accounts.local import LOCAL

app = new_app()


@app.command(epilog=example("runfleet images ubuntu"))
def images(
    text: Annotated[
        str, typer.Argument(metavar="[FILTER]", help="Only images that have this in their names.")
    ] = "",
    on: On = LOCAL,
    as_json: AsJson = False,
) -> None:
    """
    List the operating systems that nodes can have.

    A study names one as in the first column (`pool: {image: ubuntu-22.04}`) or, where that is
    empty, as in the second.
    """
    printer = Printer.standard()
    found = [facts for facts in _facts(open_account(on).batch.images()) if _has(facts, text)]
    if as_json:
        printer.json(found)
    elif found:
        columns = ("image", "publisher/offer/sku", "node agent", "until")
        printer.table(columns, [[facts[key] or "" for key in _KEYS] for facts in found])
    else:
        printer.say(addressed("There is no such image; `runfleet images` lists them all.", on))


_KEYS = ("image", "reference", "node_agent", "until")


def _facts(images: Iterator[Image]) -> Iterator[dict[str, Any]]:
    """The images that are verified to work with their node agents."""
    for image in images:
        if image.verified:
            yield {
                "image": image_name(image),
                "reference": f"{image.publisher}/{image.offer}/{image.sku}",
                "node_agent": image.node_agent,
                "operating_system": image.operating_system.value,
                "until": f"{image.end_of_life:%Y-%m-%d}" if image.end_of_life else None,
            }


def _has(facts: dict[str, Any], text: str) -> bool:
    return text.lower() in " ".join(str(facts[key]) for key in _KEYS[:3]).lower()
