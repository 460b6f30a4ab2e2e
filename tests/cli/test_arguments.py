"""What is advised to be typed."""

from __future__ import annotations

import pytest

from runfleet.cli.arguments import addressed, as_typed


@pytest.mark.parametrize(
    ("names", "on", "typed"),
    [
        (("study.yaml",), "local", "study.yaml"),
        (("my study.yaml", "run-1"), "azure", "'my study.yaml' run-1 --on azure"),
        (("study.yaml", "-2"), "local", "-- study.yaml -2"),
        (("-study.yaml",), "azure", "--on azure -- -study.yaml"),
    ],
)
def test_names_are_written_as_a_shell_and_a_command_take_them(
    names: tuple[str, ...], on: str, typed: str
):
    assert as_typed(*names, on=on) == typed


@pytest.mark.parametrize(
    ("advice", "said"),
    [
        ("see `runfleet logs net1`, or wait", "see `runfleet logs net1 --on azure`, or wait"),
        ("`runfleet logs -f -- net1 -2`", "`runfleet logs -f --on azure -- net1 -2`"),
        ("`runfleet account list`", "`runfleet account list`"),
    ],
)
def test_the_account_stands_among_the_options(advice: str, said: str):
    assert addressed(advice, "azure") == said
