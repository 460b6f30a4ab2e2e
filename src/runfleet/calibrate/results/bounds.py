"""Where the values of parameters stand between their bounds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from runfleet.calibrate.control_files.parts import ADJUSTABLE

_AT_BOUND = 1e-6
"""A parameter within this part of its range from a bound counts as being there."""


def found_values(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the adjustable parameters for which a value was found."""
    return table[_is_adjustable(table) & table["value"].notna()]


def within_bounds(table: pd.DataFrame, column: str) -> np.ndarray:
    """
    Tell where values stand between their bounds, on the scale that PEST works with.

    Parameters
    ----------
    table
        A row a parameter, with its `transform` and its bounds, `lower` and `upper`.
    column
        The values.

    Returns
    -------
    places : float64, shape (rows,)
        0 at the lower bound, 1 at the upper one.
    """
    is_log = (table["transform"] == "log").to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper, value = (
            np.where(is_log, np.log10(numbers), numbers)
            for numbers in (table[name].to_numpy(float) for name in ("lower", "upper", column))
        )
        place: np.ndarray = (value - lower) / (upper - lower)
    return place


def bounds_reached(table: pd.DataFrame) -> list[str]:
    """Name, for each parameter, the bound that its value is at: `lower`, `upper` or nothing."""
    can_move, place = _is_adjustable(table), within_bounds(table, "value")
    low, high = can_move & (place <= _AT_BOUND), can_move & (place >= 1 - _AT_BOUND)
    return ["lower" if a else "upper" if b else "" for a, b in zip(low, high, strict=True)]


def _is_adjustable(table: pd.DataFrame) -> pd.Series[bool]:
    return table["transform"].isin(ADJUSTABLE)
