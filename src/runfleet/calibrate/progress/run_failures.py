"""Why model runs have failed, in the words of the worker that carried them out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runfleet.calibrate.progress.console_lines import LineSplitter

_MOST = 3
_PANTHER = re.compile(
    r"^exception raised by run thread: *(?:thread processing \w+ file raised an exception: *)?(.+)$"
)
_BEOPEST = re.compile(r"^\s*Problem encountered:-\s*$")
_FORGIVEN = re.compile(r"^\s*\*{3} (File .+) \*{3}\s*$")
"""What BeoPEST says, with `derforgive`, of runs that make up a Jacobian."""

_NUMBER = re.compile(r"[-+.\d\s]*\d[-+.\d\s]*")
_DASHES = re.compile(r"^\s*-{20,}\s*$")


def read_run_failures(text: str) -> tuple[str, ...]:
    """
    Find why model runs have failed: what the model did, or what an instruction did not find.

    Parameters
    ----------
    text
        What a worker of BeoPEST or of PEST++ has printed.

    Returns
    -------
    reasons : tuple of str
        The last few different ones.
    """
    reasons: dict[str, str] = {}
    for reason in _told(text):
        reasons[kind_of(reason)] = reason
    return tuple(reasons.values())[-_MOST:]


def kind_of(reason: str) -> str:
    """Leave the numbers out of a reason: what differs only in them is the same mistake."""
    return _NUMBER.sub("#", reason)


def _told(text: str) -> Iterator[str]:
    block: list[str] | None = None
    for line in LineSplitter().feed(text + "\n"):
        if match := _PANTHER.match(line):
            yield " ".join(match[1].split())
        elif match := _FORGIVEN.match(line):
            yield match[1]
        elif _BEOPEST.match(line):
            block = []
        elif block is not None and _DASHES.match(line):
            if block:
                yield " ".join(block)
                block = None
        elif block is not None:
            block += line.split()
