"""Runs that failed: why, and which of them say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from runfleet.azure import TaskInfo
from runfleet.launch.grouping import Group, Groups
from runfleet.launch.last_words import one_line
from runfleet.launch.scripts import EXIT_NOT_STAGED
from runfleet.launch.windows_exits import meaning_of
from runfleet.study.model import format_duration

_ENDED_CODE = "TaskEnded"
_DELIVERY_CODE = re.compile(r"FileUpload|Blob|ApplicationPackage|ResourceFile|ResourceDirectory")
_REFUSED_NAME = re.compile(r"cannot be the name of a blob|a blob name has|its name is no UTF-8")
_BEFORE_START = re.compile(
    r"Blob|ApplicationPackage|ResourceFile|ResourceDirectory|Command|Container|TaskScheduling"
)
_MACHINE_CODE = re.compile(r"DiskFull|CommandLaunchFailed|MaxInternalRetryCount|TaskScheduling")

_EXIT_KILLED = 128 + 9  # as a shell tells a signal, here SIGKILL
_KILLED = "killed, as a machine does that has too little memory"


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
    exit_codes
        Their exit codes, the smallest first: several tell of several causes.
    """

    message: str
    kind: FailureKind
    count: int
    runs: tuple[str, ...]
    pattern: str
    is_same: bool
    exit_codes: tuple[int, ...] = ()


class FailureGroups:
    """
    Failed runs that say the same, put together as they become known.

    Parameters
    ----------
    examples
        How many runs a group names at most.
    """

    def __init__(self, examples: int = 1000) -> None:
        self._groups = Groups[FailureKind](examples)
        self._exit_codes: dict[tuple[FailureKind, str], set[int]] = {}

    def add(self, failed: FailedRun) -> None:
        """Take note of a run."""
        group = self._groups.add(failed.kind, failed.run, failed.message)
        exit_codes = self._exit_codes.setdefault((failed.kind, group.pattern), set())
        if failed.exit_code is not None:
            exit_codes.add(failed.exit_code)

    def largest_first(self) -> list[FailureGroup]:
        """List the groups as they are now."""
        return [self._told(kind, group) for kind, group in self._groups.largest_first()]

    def _told(self, kind: FailureKind, group: Group) -> FailureGroup:
        return FailureGroup(
            group.message,
            kind,
            group.count,
            tuple(group.runs),
            group.pattern,
            group.is_same,
            tuple(sorted(self._exit_codes[kind, group.pattern])),
        )


def kind_of(task: TaskInfo) -> FailureKind:
    """Tell the three kinds of failure apart, from what Batch says of a task."""
    code = task.failure.code if task.failure else ""
    if _DELIVERY_CODE.match(code):
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


def could_not_start(task: TaskInfo) -> bool:
    """Tell whether a task failed before its command began, and so wrote nothing."""
    code = task.failure.code if task.failure else ""
    return task.exit_code is None and _BEFORE_START.match(code) is not None


def was_cancelled(task: TaskInfo) -> bool:
    """Tell whether a task was ended on request, rather than by itself or its time limit."""
    if task.failure is None or task.failure.code != _ENDED_CODE:
        return False
    return not has_timed_out(task)


def count_cancelled(failed: Iterable[TaskInfo]) -> int:
    """Count those of failed tasks that were ended on request, rather than by themselves."""
    return sum(map(was_cancelled, failed))


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
        return coded_message(task.exit_code)
    return one_line(task.failure.brief) if task.failure else "failed, Batch does not say why"


def coded_message(exit_code: int) -> str:
    """Say in one line what an exit code tells."""
    meaning = _KILLED if exit_code == _EXIT_KILLED else meaning_of(exit_code)
    return f"exit code {exit_code}" + (f": {meaning}" if meaning else "")


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
    groups = FailureGroups(examples)
    for run in failed:
        groups.add(run)
    return groups.largest_first()
