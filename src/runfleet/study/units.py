"""Units, which are for people: nothing is converted."""

from __future__ import annotations

NO_UNIT = "-"
"""What people write of a quantity that has none."""


def with_unit(name: str, unit: str) -> str:
    """Name a quantity with its unit, `flow [m3/s]`; one that has none, or the unit `-`, without."""
    return f"{name} [{unit}]" if unit and unit != NO_UNIT else name
