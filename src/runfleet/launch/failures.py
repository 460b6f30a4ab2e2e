"""Runs that failed: why, and which of them say the same."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from runfleet.azure import TaskInfo
from runfleet.launch.grouping import Groups
from runfleet.launch.scripts import EXIT_NOT_STAGED
from runfleet.launch.windows_exits import meaning_of
from runfleet.study.model import format_duration

_ENDED_CODE = "TaskEnded"
_DELIVERY_CODE = re.compile(r"FileUpload|Blob|ApplicationPackage|ResourceFile|ResourceDirectory")
_REFUSED_NAME = re.compile(r"cannot be the name of a blob|a blob name has|its name is no UTF-8")
_MACHINE_CODE = re.compile(r"DiskFull|CommandLaunchFailed|MaxInternalRetryCount|TaskScheduling")

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


class FailureKind(StrEnum):
    """What a failed run failed of."""

    MODEL = "model"
    MACHINE = "machine"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class FailedRun:
    """
    A run that failed.

    Parameters
    ----------
    run
        Its name.
    kind
        Whether the model failed, the machine, or the delivery of files to or from it.
    message
        What it said last, or else what Batch says of it.
    exit_code
        None where the model did not run to its end.
    """

    run: str
    kind: FailureKind
    message: str
    exit_code: int | None = None


@dataclass(frozen=True)
class FailureGroup:
    """
    Failed runs that say the same but for numbers and paths.

    Parameters
    ----------
    message
        What the first of them says.
    kind
        What failed.
    count
        How many there are.
    runs
        The first of them, by name.
    pattern
        What they have in common, with `#` for numbers and `...` for paths.
    is_same
        Whether all of them say it in the same words.
    """

    message: str
    kind: FailureKind
    count: int
    runs: tuple[str, ...]
    pattern: str
    is_same: bool


def kind_of(task: TaskInfo) -> FailureKind:
    """Tell the three kinds of failure apart, from what Batch says of a task."""
    code = task.failure.code if task.failure else ""
    if _DELIVERY_CODE.match(code) or task.exit_code == EXIT_NOT_STAGED:
        return FailureKind.DELIVERY
    category = task.failure.category if task.failure else None
    if _MACHINE_CODE.match(code) or (category == "servererror" and code != _ENDED_CODE):
        return FailureKind.MACHINE
    return FailureKind.MODEL


def was_lost(task: TaskInfo) -> bool:
    """
    Tell whether a task failed of its machine, or of files that could not be moved.

    Not if it was for the name that the model gave one of its files: it will be the same again.
    """
    details = (task.failure.details if task.failure else None) or {}
    is_refused = _REFUSED_NAME.search(details.get("Message", "")) is not None
    return kind_of(task) is not FailureKind.MODEL and not is_refused


def was_cancelled(task: TaskInfo) -> bool:
    """Tell whether a task was ended on request, rather than by itself or its time limit."""
    if task.failure is None or task.failure.code != _ENDED_CODE:
        return False
    return not has_timed_out(task)


def has_timed_out(task: TaskInfo) -> bool:
    """Tell whether a task was ended because it took longer than its time limit."""
    if task.failure is None or task.failure.code != _ENDED_CODE:
        return False
    words = f"{task.failure.message} {' '.join((task.failure.details or {}).values())}"
    return "maximum execution time" in words.lower()


def batch_message(task: TaskInfo) -> str:
    """Say in one line what Batch knows of a failure."""
    if has_timed_out(task):
        limit = f" of `{format_duration(task.time_limit)}`" if task.time_limit else ""
        return f"the time limit{limit} was exceeded"
    if task.exit_code == EXIT_NOT_STAGED:
        return "the inputs could not be put into the run's folder"
    if task.exit_code is not None and kind_of(task) is FailureKind.MODEL:
        meaning = meaning_of(task.exit_code)
        return f"exit code {task.exit_code}" + (f": {meaning}" if meaning else "")
    return one_line(task.failure.brief) if task.failure else "failed, Batch does not say why"


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


def group_failures(failed: Iterable[FailedRun], *, examples: int = 1000) -> list[FailureGroup]:
    """
    Put failed runs together that say the same, the largest group first.

    Parameters
    ----------
    failed
        The runs.
    examples
        How many runs a group names at most.
    """
    groups = Groups[FailureKind](examples)
    for run in failed:
        groups.add(run.kind, run.run, run.message)
    return [
        FailureGroup(
            group.message, kind, group.count, tuple(group.runs), group.pattern, group.is_same
        )
        for kind, group in groups.largest_first()
    ]
