"""Which run was probably meant."""

from __future__ import annotations

import pytest

from runfleet.launch.near_runs import nearest_run

RUNS = [f"run-{number:05}" for number in range(1, 2001)]
NAMED = ["k2-c0_2", "k2-c0_4", "k6-c0_2", "k6-c0_4", "Mill_Creek"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("run-1", "run-00001"),
        ("run-001234", "run-01234"),
        ("1999", "run-01999"),
        ("rum-01500", "run-01500"),
        ("run_00012", "run-00012"),
        ("run-0150x", "run-01509"),
        ("run-02001", "run-02000"),
        ("results", None),
        ("", None),
    ],
)
def test_a_number_tells_more_than_how_it_is_spelled(typed: str, meant: str | None) -> None:
    """Zeros may be left out, and all but the number."""
    assert nearest_run(typed, RUNS) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("k2-c0.4", "k2-c0_4"),
        ("k6c0_2", "k6-c0_2"),
        ("mil_creek", "Mill_Creek"),
        ("z9", None),
    ],
)
def test_names_of_a_pattern_are_compared_as_they_are(typed: str, meant: str | None) -> None:
    """Whatever stands in them."""
    assert nearest_run(typed, NAMED) == meant
