"""Command lines are split as the shells of the nodes do."""

from __future__ import annotations

import subprocess

import pytest

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.command_lines import CommandLine


@pytest.mark.parametrize("command", ['echo "a', "sh -c 'a b", "# a\necho 'b\n", "echo \"it's"])
def test_a_quote_that_is_not_closed_is_seen(command: str):
    """A shell refuses the line before it starts anything."""
    assert CommandLine(command, OperatingSystem.LINUX).has_open_quote
    assert subprocess.run(["sh", "-n", "-c", command], capture_output=True).returncode
    assert not CommandLine(command, OperatingSystem.WINDOWS).has_open_quote


@pytest.mark.parametrize(
    "command",
    [
        "echo 'a' \"it's\" b\\'c",
        "echo a # it's\necho b",
        "cat <<EOF\nit's\nEOF",
        'echo "$(echo "a")" ${#x}',
        "echo a \\",
    ],
)
def test_lines_whose_quotes_are_closed_are_taken(command: str):
    assert not CommandLine(command, OperatingSystem.LINUX).has_open_quote
    assert not subprocess.run(["sh", "-n", "-c", command], capture_output=True).returncode


def test_comments_are_not_read():
    """An apostrophe in one would make all that follows it a single word."""
    line = CommandLine("# don't\npython3 m.py # it's\nsh run.sh;# I'm\nls", OperatingSystem.LINUX)
    assert line.programs == ("python3", "sh", "ls")
    assert [*line.scripts] == ["m.py", "run.sh"]


def test_what_only_looks_like_a_comment_is_read():
    """As in `$#`, within a word, and in quotes."""
    line = CommandLine('a#b ${#x} $# \'c # d\' "e # \\" # f" \\# g', OperatingSystem.LINUX)
    assert line.words == ("a#b", "${#x}", "$#", "c # d", 'e # " # f', "#", "g")
