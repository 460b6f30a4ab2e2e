"""Why model runs have failed, in the words of the worker that carried them out."""

from __future__ import annotations

import re
from collections import deque

from runfleet.calibrate.console_lines import LineSplitter

_MOST = 3
_PANTHER = re.compile(
    r"^exception raised by run thread: *(?:thread processing \w+ file raised an exception: *)?(.+)$"
)
_BEOPEST = re.compile(r"^\s*Problem encountered:-\s*$")
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
        The last few different ones, the latest behind.
    """
    reasons: deque[str] = deque(maxlen=_MOST)
    block: list[str] | None = None
    for line in LineSplitter().feed(text + "\n"):
        if match := _PANTHER.match(line):
            _note(reasons, match[1])
        elif _BEOPEST.match(line):
            block = []
        elif block is not None and _DASHES.match(line):
            if block:
                _note(reasons, " ".join(block))
                block = None
        elif block is not None:
            block += line.split()
    return tuple(reasons)


def _note(reasons: deque[str], reason: str) -> None:
    reason = " ".join(reason.split())
    if reason not in reasons:
        reasons.append(reason)
