"""Where values stand between their bounds."""

from __future__ import annotations

import pandas as pd
import pytest

from runfleet.calibrate.results.bounds import bounds_reached, found_values, within_bounds

TABLE = pd.DataFrame(
    [
        ("plain", "none", 0.0, 10.0, 2.5),
        ("decades", "log", 0.01, 100.0, 1.0),
        ("low", "log", 0.01, 100.0, 0.01),
        ("high", "none", -5.0, 5.0, 5.0),
        ("fixed", "fixed", 1.0, 2.0, 2.0),
        ("unknown", "none", 1.0, 2.0, float("nan")),
    ],
    columns=["parameter", "transform", "lower", "upper", "value"],
)


def test_values_stand_where_pest_sees_them() -> None:
    """Parameters with logarithms are halfway in the middle decade."""
    assert within_bounds(TABLE, "value")[:5] == pytest.approx([0.25, 0.5, 0.0, 1.0, 1.0])


def test_only_what_can_move_reaches_a_bound() -> None:
    assert bounds_reached(TABLE) == ["", "", "lower", "upper", "", ""]


def test_values_were_found_of_adjustable_parameters() -> None:
    assert [*found_values(TABLE)["parameter"]] == ["plain", "decades", "low", "high"]
