"""How long names are shortened."""

from __future__ import annotations

import pytest

from runfleet.launch.labels import short_labels

STATIONS = [f"Gauge station number {number} at river Murg in Thurgau" for number in (0, 7, 12)]


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["sand", "two\nlines"], ["sand", "two lines"]),
        (
            [
                "2050/rainfall/of-a-wet-year/hourly-1.csv",
                "2080/rainfall/of-a-wet-year/hourly-1.csv",
            ],
            ["2050/rainfall.../hourly-1.csv", "2080/rainfall.../hourly-1.csv"],
        ),
        (
            [*STATIONS, "none"],
            [
                "...ion number 0 at river Mu...",
                "...ion number 7 at river Mu...",
                "...ion number 12 at river M...",
                "none",
            ],
        ),
        (
            ["SOIL_OF_THE_FOREST_DEPTH", "SOIL_OF_THE_MEADOW_DEPTH"],
            ["SOIL_OF_THE_FOREST_DEPTH", "SOIL_OF_THE_MEADOW_DEPTH"],
        ),
    ],
)
def test_long_names_stay_distinct(texts: list[str], labels: list[str]) -> None:
    assert short_labels(texts, 30) == labels


def test_what_differs_in_several_places_is_numbered() -> None:
    middle = [f"{one} {'and' * 20} {other}" for one in "ab" for other in "cd"]
    labels = short_labels([f"{'x' * 20}{text}{'y' * 20}" for text in middle], 30)
    assert [label[:5] for label in labels] == ["1: xx", "2: xx", "3: xx", "4: xx"]
