"""What is said of the indices of a sensitivity study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from runfleet.cli.printer import Printer, number_column
from runfleet.study.units import with_unit

if TYPE_CHECKING:
    from runfleet.launch.sensitivity.findings import Sensitivities
    from runfleet.launch.sensitivity.indices import Indices

_SHOWN_RESULTS = 4
_SHOWN_PARAMETERS = 10
# What is smaller beside the greatest index is what rounding leaves of nothing.
_ROUNDING = 1e-9


def show_sensitivities(printer: Printer, found: Sensitivities) -> None:
    """Show the parameters with the most influence on each result, and what was left out."""
    for indices in found.indices[:_SHOWN_RESULTS]:
        columns = _columns(indices)
        title = with_unit(indices.result, indices.unit)
        heads = ("±" if name.endswith("_conf") else name for name in columns)
        printer.talk_table([title, *map(number_column, heads)], _influences(indices, columns))
    for note in found.notes:
        printer.warning(note)


def sensitivity_facts(found: Sensitivities | None) -> dict[str, Any]:
    """Tell programs all indices; nothing of a study that is not about them."""
    if found is None:
        return {}
    # Imported late: most studies have no indices.
    from runfleet.launch.sensitivity.tables import interaction_rows, sensitivity_rows

    return {
        "sensitivities": [row for each in found.indices for row in sensitivity_rows(each)],
        "interactions": [row for each in found.indices for row in interaction_rows(each)],
        "notes": list(found.notes),
    }


def _columns(indices: Indices) -> list[str]:
    """Order the columns for people: what ranks the parameters, how sure that is, and the others."""
    main = [indices.main, f"{indices.main}_conf"]
    return main + [
        name for name in indices.columns if not name.endswith("_conf") and name not in main
    ]


def _influences(indices: Indices, columns: Sequence[str]) -> Iterator[list[str]]:
    ranked = indices.ranked()
    nothing = _ROUNDING * float(max(indices.columns[indices.main]))
    for number in ranked[:_SHOWN_PARAMETERS]:
        numbers = (float(indices.columns[name][number]) for name in columns)
        figures = ("0" if abs(each) < nothing else f"{each:.3g}" for each in numbers)
        yield [indices.parameters[number], *figures]
    if len(ranked) > _SHOWN_PARAMETERS:
        yield [f"and {len(ranked) - _SHOWN_PARAMETERS} more", *("" for _ in columns)]
