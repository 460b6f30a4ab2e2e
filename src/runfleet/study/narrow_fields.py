"""Fields of PEST templates that keep too little of the values written into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from runfleet.study.overlays import Overlay
from runfleet.study.pest_template import PestTemplate, kept_digits, shortened
from runfleet.study.values import Sample, Value

ENOUGH_DIGITS = 4
"""With fewer, a change of one in a hundred comes out wrong by a tenth and more."""


def find_narrow_fields(overlays: Sequence[Overlay], samples: Iterable[Sample]) -> Iterator[str]:
    """
    Say which fields cut values off after a few digits: the first of each name and width.

    Parameters
    ----------
    overlays
        The templates; only those of PEST have fields.
    samples
        Some of those that the study has.
    """
    places = _places(overlays)
    for sample in samples if places else ():
        spelled = {name.lower(): name for name in sample}
        for key, width in [*places]:
            name = spelled.get(key, key)
            if written := _cut(sample.get(name), width):
                yield (
                    f"{places.pop((key, width))}: a field of {width} characters makes {written} "
                    f"of `{name}`, {sample[name]}: set its markers further apart"
                )


def _places(overlays: Iterable[Overlay]) -> dict[tuple[str, int], str]:
    """Tell where a field of each name and width stands first."""
    places: dict[tuple[str, int], str] = {}
    for template in (item.template for item in overlays):
        for field in template.fields if isinstance(template, PestTemplate) else ():
            place = f"{template.file}:{field.line}"
            places.setdefault((field.name.lower(), field.width), place)
    return places


def _cut(value: Value | None, width: int) -> str | None:
    """Spell a number as a field has it, if that is not the number and has too few digits."""
    if not isinstance(value, float) or kept_digits(value, width) >= ENOUGH_DIGITS:
        return None
    written = shortened(value, width)
    return written if written is not None and float(written) != value else None
