"""`ssh` as tasks on several nodes find it: which host and which command are meant."""

from __future__ import annotations

import pytest

from runfleet.agent.ssh import parse


@pytest.mark.parametrize(
    ("words", "host", "command"),
    [
        (["10.0.0.5", "hostname"], "10.0.0.5", "hostname"),
        (["-x", "10.0.0.5", "orted", "-mca", "x"], "10.0.0.5", "orted -mca x"),
        (["-o", "BatchMode=yes", "-p", "22", "me@10.0.0.5", "ls -l"], "10.0.0.5", "ls -l"),
        (["-oBatchMode=yes", "-nx", "node", "a", "b"], "node", "a b"),
        (["-l", "me", "node"], "node", ""),
        (["-V"], "", ""),
        ([], "", ""),
    ],
)
def test_the_host_comes_after_options_with_or_without_values(words, host, command):
    assert parse(words) == (host, command)
