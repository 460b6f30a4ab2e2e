"""From a `$filter` to SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from runfleet.batch.filters import And, Comparison, Filter, Operator, StartsWith
from runfleet.store.instants import microseconds

_COLUMNS = {
    "id": "key",
    "state": "state",
    "stateTransitionTime": "state_time",
    "creationTime": "creation_time",
    "lastModified": "last_modified",
    "lastModifiedTime": "last_modified",
    "executionInfo/startTime": "start_time",
    "executionInfo/endTime": "end_time",
    "executionInfo/exitCode": "exit_code",
    "executionInfo/result": "result",
}
_OPERATORS = {
    Operator.EQUAL: "=",
    Operator.NOT_EQUAL: "<>",
    Operator.GREATER: ">",
    Operator.GREATER_OR_EQUAL: ">=",
    Operator.LESS: "<",
    Operator.LESS_OR_EQUAL: "<=",
}
_SINCE = (Operator.GREATER, Operator.GREATER_OR_EQUAL)


def where(condition: Filter) -> tuple[str, list[Any]]:
    """
    A condition on the columns of the task table, with the values for its question marks.

    A column without a value never matches, as `NULL` does not in SQL.
    """
    if isinstance(condition, Comparison):
        value = _plain(condition.value)
        return f"{_COLUMNS[condition.field]} {_OPERATORS[condition.operator]} ?", [value]
    if isinstance(condition, StartsWith):
        column, prefix = _COLUMNS[condition.field], condition.prefix.lower()
        return f"substr({column}, 1, ?) = ?", [len(prefix), prefix]
    joint = " AND " if isinstance(condition, And) else " OR "
    parts = [where(term) for term in condition.terms]
    text = _joined([part for part, _ in parts], joint)
    return text, [value for _, values in parts for value in values]


def ended_from(condition: Filter) -> datetime | None:
    """The moment since which the tasks that meet a condition have ended, if it names one."""
    for term in condition.terms if isinstance(condition, And) else (condition,):
        match term:
            case Comparison("executionInfo/endTime", operator, datetime() as moment):
                if operator in _SINCE:
                    return moment
    return None


def _joined(parts: Sequence[str], joint: str) -> str:
    """Terms joined in pairs of pairs: SQLite takes no expression that is 1,000 terms deep."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return f"({_joined(parts[:half], joint)}{joint}{_joined(parts[half:], joint)})"


def _plain(value: str | int | bool | datetime) -> str | int | None:
    if isinstance(value, datetime):
        return microseconds(value)
    # Ids are compared without regard to case, and words are lower case.
    return value.lower() if isinstance(value, str) else value
