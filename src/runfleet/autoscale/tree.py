"""What a formula consists of, each part with its place in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line; lines and columns count from 1."""

    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Number:
    """A double, as in `0.5`."""

    value: float
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    """A string, as in `"2016-10-13T19:18:47Z"`."""

    value: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A variable or a constant, as in `$PendingTasks`."""

    name: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Vector:
    """A doubleVec, as in `[1, 2, 3]`."""

    items: tuple[Expression, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function called, as in `max(0, $tasks)`."""

    function: str
    arguments: tuple[Expression, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """A part of a value, as in `time().hour`."""

    owner: Expression
    member: str
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class MethodCall:
    """
    A method of a metric called, as in `$CPUPercent.GetSample(1)`.

    Parameters
    ----------
    place
        From the metric to the name of the method.
    parenthesis
        Where the arguments open.
    """

    owner: Expression
    method: str
    arguments: tuple[Expression, ...]
    place: Place = field(compare=False)
    parenthesis: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """A sign or a negation, as in `-1`."""

    operator: str
    operand: Expression
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """An operator of a chain with what stands to its right."""

    operator: str
    operand: Expression
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one precedence, from left to right, as in `1 + 2 - 3`."""

    first: Expression
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two, as in `$tasks > 0 ? $tasks : 1`; the place is that of the question mark."""

    condition: Expression
    then: Expression
    otherwise: Expression
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A variable and what it is set to."""

    name: str
    value: Expression
    place: Place = field(compare=False)


Expression = Number | Text | Name | Vector | Call | Member | MethodCall | Unary | Chain | Choice
Statement = Assignment | Expression


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that has been read; `text` is what was written."""

    statements: tuple[Statement, ...]
    text: str = field(compare=False)

    @property
    def assigned(self) -> frozenset[str]:
        """The names that it sets."""
        return frozenset(one.name for one in self.statements if isinstance(one, Assignment))


def parts(node: Statement) -> tuple[Expression, ...]:
    """The expressions right inside a statement or an expression."""
    match node:
        case Assignment():
            return (node.value,)
        case Vector():
            return node.items
        case Call():
            return node.arguments
        case Member():
            return (node.owner,)
        case MethodCall():
            return (node.owner, *node.arguments)
        case Unary():
            return (node.operand,)
        case Chain():
            return (node.first, *(step.operand for step in node.steps))
        case Choice():
            return (node.condition, node.then, node.otherwise)
        case _:
            return ()


def place_of(node: Statement) -> Place:
    """Where a part of a formula begins."""
    while isinstance(node, Chain):
        node = node.first
    return node.place


def walk(node: Statement) -> Iterator[tuple[Statement, int]]:
    """Go through a statement and all expressions inside it, each with how deep it lies."""
    waiting: list[tuple[Statement, int]] = [(node, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((part, depth + 1) for part in reversed(parts(node)))
