"""What a study has done on conditions that Wine's `cmd` does not look at: `&&` and `||`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runfleet.launch.checks.command_lines import CommandLine
from runfleet.launch.errors import LaunchError
from runfleet.launch.pool import PoolPlan
from runfleet.launch.windows_commands import has_conditions, steps_of_command
from runfleet.study.model import Model

_ENDINGS = (".bat", ".cmd")
_WHAT_IT_DOES = "goes on after `&&` and `||` whatever came before"


def check_conditions(model: Model, pool: PoolPlan) -> None:
    """
    Refuse a command with `&&` or `||` that has no other words in the batch file of its runs.

    Their exit codes would be those of whatever came last, and what failed be told as succeeded.

    Raises
    ------
    LaunchError
        About the first line with one, if Wine would read it.
    """
    if not pool.under_wine:
        return
    odd = next(_odd_lines(CommandLine(model.command, pool.operating_system)), None)
    if odd is not None:
        raise LaunchError(
            f"Wine's `cmd`, which reads the command on this machine, {_WHAT_IT_DOES}: `{odd}`",
            hint="write each step on a line of its own, and below it "
            "`if %ERRORLEVEL% neq 0 exit %ERRORLEVEL%`; only a plain `A && B` may stay",
        )


def find_conditions(model: Model, pool: PoolPlan) -> Iterator[str]:
    """
    Name the batch files among the inputs and overlays that have `&&` or `||`, if Wine reads them.

    What they do there may be of no account, and such a file may be somebody else's.

    Parameters
    ----------
    model
        Its inputs and overlays.
    pool
        Its nodes run Windows programs by Wine, or do not.
    """
    if not pool.under_wine:
        return
    named = {str(one.path): one.source for one in model.inputs}
    named |= {str(one.target): one.source for one in model.overlays}
    for name, source in named.items():
        number = _first_line(source) if name.lower().endswith(_ENDINGS) else 0
        if number:
            yield (
                f"`{name}`, line {number}: Wine's `cmd`, which reads it on this machine, "
                f"{_WHAT_IT_DOES}: write `if %ERRORLEVEL% neq 0 exit /b %ERRORLEVEL%`, or the "
                "like, on the next line instead"
            )


def _odd_lines(line: CommandLine) -> Iterator[str]:
    steps = (step for steps in steps_of_command(line.text) for step in steps)
    yield from filter(has_conditions, steps)
    for inner in line.inner_lines:
        yield from filter(has_conditions, inner.text.splitlines())


def _first_line(source: Path) -> int:
    """Find the first line of a batch file that has a condition; 0 if none has."""
    lines = source.read_text(encoding="latin-1").split("\n")
    return next((number for number, line in enumerate(lines, 1) if has_conditions(line)), 0)
