"""What a list request selects by: a checked `$filter`, ready to be evaluated or turned into SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Operator(StrEnum):
    """How a field compares with a value; a field without a value never matches."""

    EQUAL = "eq"
    NOT_EQUAL = "ne"
    GREATER = "gt"
    GREATER_OR_EQUAL = "ge"
    LESS = "lt"
    LESS_OR_EQUAL = "le"


@dataclass(frozen=True, slots=True)
class Comparison:
    """
    A field compared with a value; texts compare without regard to case.

    Parameters
    ----------
    field
        The name in the REST API, a slash before each nested one: ``executionInfo/exitCode``.
    operator
        How the two are compared.
    value
        Of the field's own type: an instant is a datetime with a time zone, a state is lower case.
    """

    field: str
    operator: Operator
    value: str | int | bool | datetime


@dataclass(frozen=True, slots=True)
class StartsWith:
    """A text field that begins with a prefix, in any case."""

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class And:
    """All of its terms hold."""

    terms: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of its terms holds."""

    terms: tuple[Filter, ...]


Filter = Comparison | StartsWith | And | Or
