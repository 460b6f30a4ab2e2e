"""What a program wrote: the line that tells why it failed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator

# What a program says last is often not what went wrong: addresses, that it ends itself, or a rule
# of dashes.
_NOISE = re.compile(
    r"\s*(#\d+\s+0x.*|Backtrace for this error:|Error termination\..*"
    r"|Program received signal SIGABRT.*|timeout: the monitored command dumped core|[\W_]*)"
)
_TELLING = re.compile(
    r"(?i)\b\w*(error|exception|fatal|abort|fail|cannot|can't|could not|unable|missing|not found|"
    r"diverged|(not|no|non)[ -]conver|severe\b|invalid|illegal|denied|unrecogni[sz]ed)"
    r"|^\s*what\(\):"
)
# What MPI says of processes that are gone, behind what the first of them said of itself.
_EPILOGUE = re.compile(
    r"\s*(\[[^\]\s]*[@:][^\]\s]*\]"
    r"|.*(\bPMIX|MPI_ERRORS_ARE_FATAL|MPI_ABORT was invoked|other processes in the"
    r"|run noticed that process))"
)
# What a shell says of a program that a signal has ended, with more where it reads a script, as in
# `go.sh: line 3: 123 Aborted                 ./model`; and what Open MPI and MPICH say.
_SIGNAL = (
    "(Aborted|Killed|Segmentation fault|Bus error|Illegal instruction|Floating point exception"
    "|Trace/breakpoint trap)"
)
_ENDINGS = tuple(
    re.compile(form.replace("SIGNAL", _SIGNAL))
    for form in (
        r"\s*SIGNAL(?: \(core dumped\))?\s*",
        r"\S.*:\s+\d+ SIGNAL(?! \S|:).*",
        r".*\bsignal \d+ \(SIGNAL\)\.?",
        r".*TERMINATED WITH THE EXIT STRING: SIGNAL.*",
    )
)
_ABORTED = "Aborted"

_BREAK = re.compile(r"[^\S ]+")  # blanks stay: a pattern may lack just one of them
_LONGEST_MESSAGE = 300

# What colours a terminal or rings its bell: sequences that begin with an escape, and characters
# that control, but for those that part lines and words.
_CONTROL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|.)|[\x00-\x08\x0e-\x1b\x7f]"
)


def error_line(text: str) -> str | None:
    """
    Pick the last line of what a program wrote that speaks of an error; None where none does.

    Where a program aborted, which it does itself, any other line tells why: the last one.
    """
    lines = list(_lines(text))
    said = _before_the_end(lines)
    told = _last(line for line in said if _is_of_error(line))
    if told is None and lines and _signal_in(lines[-1]) == _ABORTED:
        told = _last(said)
    return told or _last(line for line in lines if _is_of_error(line))


def last_line(text: str) -> str | None:
    """
    Pick the last line of what a program wrote that says anything; None where none does.

    The signal that ended a program does not tell what it did: what it said before that does.
    """
    lines = list(_lines(text))
    before = _last(_before_the_end(lines))
    if before and _signal_in(lines[-1]):
        return one_line(f"{one_line(lines[-1])}; before that: {before}")
    return _last(lines)


def _before_the_end(lines: Iterable[str]) -> list[str]:
    """Leave out what others say of a program that has ended."""
    return [line for line in lines if not _EPILOGUE.match(line) and _signal_in(line) is None]


def _is_of_error(line: str) -> bool:
    return _TELLING.search(line) is not None and _signal_in(line) is None


def _signal_in(line: str) -> str | None:
    """Find the signal in a line that says that one has ended a program."""
    matches = (ending.fullmatch(line) for ending in _ENDINGS)
    return next((match[1] for match in matches if match), None)


def _lines(text: str) -> Iterator[str]:
    return (line for line in printable(text).splitlines() if not _NOISE.fullmatch(line))


def _last(lines: Iterable[str]) -> str | None:
    found = deque(lines, maxlen=1)
    return one_line(found[0]) if found else None


def one_line(text: str) -> str:
    """Bring a message on one line of bounded length."""
    parts = (part.strip() for part in _BREAK.split(printable(text)))
    line = " ".join(part for part in parts if part)
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[: _LONGEST_MESSAGE - 3]}..."


def printable(text: str) -> str:
    """Leave out what a text tells a terminal to do."""
    return _CONTROL.sub("", text)
