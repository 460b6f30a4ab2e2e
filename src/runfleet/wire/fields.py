"""What each list can be filtered by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from runfleet.batch.filters import Operator


class FieldKind(Enum):
    """What a field is compared with, in words for error messages."""

    TEXT = "a text in single quotes"
    WORD = "a word in single quotes"
    INSTANT = "an instant such as DateTime'2024-01-01T00:00:00Z'"
    NUMBER = "a whole number"
    BOOLEAN = "true or false"


_EQUALITY = frozenset({Operator.EQUAL, Operator.NOT_EQUAL})
_EQUAL = frozenset({Operator.EQUAL})
_ORDER = frozenset(Operator)


@dataclass(frozen=True, slots=True)
class Field:
    """
    A member of a list's items, a slash before each nested one, and how it is compared.

    Parameters
    ----------
    name, kind
        What it is called, and the type of its values.
    operators
        The comparisons that filters may make with it.
    starts_with
        Whether filters may ask what it begins with.
    """

    name: str
    kind: FieldKind
    operators: frozenset[Operator]
    starts_with: bool = False


Fields = Mapping[str, Field]


def _fields(*groups: Iterable[Field]) -> dict[str, Field]:
    """A table by lower-cased name."""
    return {field.name.lower(): field for group in groups for field in group}


def _ids(*names: str) -> list[Field]:
    return [Field(name, FieldKind.TEXT, _ORDER, starts_with=True) for name in names]


def _texts(*names: str) -> list[Field]:
    return [Field(name, FieldKind.TEXT, _EQUALITY) for name in names]


def _words(*names: str) -> list[Field]:
    return [Field(name, FieldKind.WORD, _EQUALITY) for name in names]


def _instants(*names: str) -> list[Field]:
    return [Field(name, FieldKind.INSTANT, _ORDER) for name in names]


def _numbers(*names: str) -> list[Field]:
    return [Field(name, FieldKind.NUMBER, _ORDER) for name in names]


def _booleans(*names: str) -> list[Field]:
    return [Field(name, FieldKind.BOOLEAN, _EQUALITY) for name in names]


def _prefixes(*names: str) -> list[Field]:
    return [Field(name, FieldKind.TEXT, frozenset(), starts_with=True) for name in names]


def _task_info(name: str) -> list[Field]:
    """How a start, preparation or release task went."""
    return [
        *_words(f"{name}/state", f"{name}/result"),
        *_instants(f"{name}/startTime", f"{name}/endTime"),
        *_numbers(f"{name}/exitCode"),
    ]


_ENTITY_TIMES = _instants("stateTransitionTime", "creationTime", "lastModified")

POOLS = _fields(
    _ids("id"),
    _words("state", "allocationState", "vmSize"),
    _ENTITY_TIMES,
    _instants("allocationStateTransitionTime"),
    _booleans("enableAutoScale", "enableInterNodeCommunication"),
)
NODES = _fields(
    _words("state"),
    _instants("stateTransitionTime", "lastBootTime", "allocationTime"),
    _task_info("startTaskInfo"),
)
JOBS_OF_SCHEDULE = _fields(
    _ids("executionInfo/poolId"),
    _words("state"),
    _ENTITY_TIMES,
    _instants("executionInfo/startTime", "executionInfo/endTime"),
)
JOBS = JOBS_OF_SCHEDULE | _fields(_ids("id"))
JOB_SCHEDULES = _fields(
    _ids("id"),
    _words("state"),
    _ENTITY_TIMES,
    _instants("executionInfo/endTime", "schedule/doNotRunUntil", "schedule/doNotRunAfter"),
)
_TASK_FIELDS = _fields(
    _ids("id"),
    _words("state", "executionInfo/result"),
    _ENTITY_TIMES,
    _instants("executionInfo/startTime", "executionInfo/endTime"),
    _numbers("executionInfo/exitCode"),
)
# The documentation of task filters, and nothing else, calls it `lastModifiedTime`.
TASKS = {**_TASK_FIELDS, "lastmodifiedtime": _TASK_FIELDS["lastmodified"]}
PREPARATION_AND_RELEASE = _fields(
    _texts("poolId", "nodeId"),
    _task_info("jobPreparationTaskExecutionInfo"),
    _task_info("jobReleaseTaskExecutionInfo"),
)
_ALL_BUT_NOT_EQUAL = _ORDER - {Operator.NOT_EQUAL}
USAGE = _fields([Field("poolId", FieldKind.TEXT, _ALL_BUT_NOT_EQUAL, starts_with=True)])
FILES = _fields(_prefixes("name"))
NODE_COUNTS = _fields([Field("poolId", FieldKind.TEXT, _EQUAL)])
IMAGES = _fields(_words("osType", "verificationType"), _texts("nodeAgentSKUId"))
UNFILTERED: Fields = {}
