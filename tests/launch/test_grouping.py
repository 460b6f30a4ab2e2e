"""What runs say is put together if it differs in numbers and paths only."""

from __future__ import annotations

import pytest

from runfleet.launch.grouping import normalised


@pytest.mark.parametrize(
    ("message", "normal"),
    [
        ("run 12 of 300", "run # of #"),
        ("-1.5e-03 at 0x7ffde", "-# at #"),
        ("cannot read /data/run-1/net.inp: no such file", "cannot read ...: no such file"),
        (r"cannot read C:\data\run-1\net.inp", "cannot read ..."),
        ("km/h", "km/h"),
        ("exit code 137 (killpg), 12 left", "exit code 137 (killpg), # left"),
        ("exit code -1", "exit code -1"),
        ("STOP 3; before that: node 12", "STOP 3; before that: node #"),
        ("ERROR STOP 17", "ERROR STOP 17"),
    ],
)
def test_numbers_and_paths_do_not_tell_failures_apart(message: str, normal: str) -> None:
    """They differ from run to run."""
    assert normalised(message) == normal
