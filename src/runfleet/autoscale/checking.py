"""What is wrong with a formula wherever it is used, found without evaluating it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import prod

from runfleet.autoscale.errors import FaultError, FormulaError, FormulaEvaluationError
from runfleet.autoscale.functions import FUNCTIONS
from runfleet.autoscale.methods import METHODS
from runfleet.autoscale.mistakes import (
    no_condition,
    no_item,
    no_member,
    no_metric,
    placed,
    unknown_function,
    unknown_method,
    unknown_variable,
)
from runfleet.autoscale.operators import operation, unary_operation
from runfleet.autoscale.times import MEMBERS
from runfleet.autoscale.tree import (
    Assignment,
    Call,
    Chain,
    Choice,
    Expression,
    Formula,
    Member,
    MethodCall,
    Name,
    Number,
    Statement,
    Step,
    Text,
    Unary,
    Vector,
    place_of,
)
from runfleet.autoscale.values import Kind, kind_of
from runfleet.autoscale.variables import (
    CONSTANTS,
    METRICS,
    SETTABLE,
    TARGET_ALIASES,
    check_kind,
    check_settable,
)

# The types that an expression may have; more than one after `?`, none where they are not known.
Kinds = frozenset[Kind]
_DOUBLE = frozenset({Kind.DOUBLE})
_UNKNOWN: Kinds = frozenset()
_MOST_COMBINATIONS = 64


def check(formula: Formula) -> tuple[FormulaError, ...]:
    """
    Find unknown names and types that do not go together, in every branch of a formula.

    What depends on samples, on the time or on numbers shows only when it is evaluated.

    Returns
    -------
    errors : tuple of FormulaError
        In the order of the text, at most one for each statement.
    """
    known: dict[str, Kinds] = {}
    errors: list[FormulaError] = []
    for statement in formula.statements:
        kinds = _UNKNOWN
        try:
            kinds = _check_statement(statement, known)
        except FormulaEvaluationError as error:
            errors.append(error)
        if isinstance(statement, Assignment):
            known[statement.name] = kinds
    return tuple(errors)


def sets_target(formula: Formula) -> bool:
    """Tell whether a formula sets a number of nodes; where none is set, pools keep their size."""
    return not formula.assigned.isdisjoint({*TARGET_ALIASES, *TARGET_ALIASES.values()})


def _check_statement(statement: Statement, known: dict[str, Kinds]) -> Kinds:
    if not isinstance(statement, Assignment):
        return _kinds(statement, known)
    with placed(statement.place):
        check_settable(statement.name)
    kinds = _kinds(statement.value, known)
    with placed(place_of(statement.value)):
        for kind in kinds if len(kinds) == 1 else ():
            check_kind(statement.name, kind)
    return kinds


def _kinds(node: Expression, known: dict[str, Kinds]) -> Kinds:
    match node:
        case Number():
            return _DOUBLE
        case Text():
            return frozenset({Kind.STRING})
        case Name():
            return _kinds_of_name(node, known)
        case Vector():
            return _kinds_of_vector(node, known)
        case Call():
            return _kinds_of_call(node, known)
        case Member():
            return _kinds_of_member(node, known)
        case MethodCall():
            return _kinds_of_method_call(node, known)
        case Unary():
            return _kinds_of_unary(node, known)
        case Chain():
            return _kinds_of_chain(node, known)
        case Choice():
            return _kinds_of_choice(node, known)


def _kinds_of_name(node: Name, known: dict[str, Kinds]) -> Kinds:
    if node.name in known:
        return known[node.name]
    if node.name in CONSTANTS:
        return frozenset({kind_of(CONSTANTS[node.name])})
    if node.name in SETTABLE:
        return frozenset({SETTABLE[node.name]})
    if node.name in METRICS:
        return _DOUBLE
    raise unknown_variable(node, known)


def _kinds_of_vector(node: Vector, known: dict[str, Kinds]) -> Kinds:
    for item in node.items:
        kinds = _kinds(item, known)
        if kinds and Kind.DOUBLE not in kinds:
            raise no_item(item, min(kinds))
    return frozenset({Kind.VECTOR})


def _kinds_of_call(node: Call, known: dict[str, Kinds]) -> Kinds:
    function = FUNCTIONS.get(node.function)
    if function is None:
        raise unknown_function(node)
    arguments = [_kinds(argument, known) for argument in node.arguments]
    with placed(node.place):
        kinds = _results(function.result_kind, arguments)
    return _UNKNOWN if node.function == "stop" else kinds


def _kinds_of_member(node: Member, known: dict[str, Kinds]) -> Kinds:
    kinds = _kinds(node.owner, known)
    if kinds and (Kind.TIMESTAMP not in kinds or node.member not in MEMBERS):
        raise no_member(node, Kind.TIMESTAMP if Kind.TIMESTAMP in kinds else min(kinds))
    return _DOUBLE


def _kinds_of_method_call(node: MethodCall, known: dict[str, Kinds]) -> Kinds:
    if node.method not in METHODS:
        raise unknown_method(node)
    if not isinstance(node.owner, Name) or node.owner.name not in METRICS:
        _kinds(node.owner, known)
        raise no_metric(node)
    arguments = [_kinds(argument, known) for argument in node.arguments]
    with placed(node.parenthesis, node.place):
        return _results(METHODS[node.method].result_kind, arguments)


def _kinds_of_unary(node: Unary, known: dict[str, Kinds]) -> Kinds:
    operand = _kinds(node.operand, known)
    with placed(node.place):
        return _results(lambda kinds: unary_operation(node.operator, kinds[0]).result, [operand])


def _kinds_of_chain(node: Chain, known: dict[str, Kinds]) -> Kinds:
    kinds = _kinds(node.first, known)
    for step in node.steps:
        kinds = _kinds_after(kinds, step, known)
    return kinds


def _kinds_after(left: Kinds, step: Step, known: dict[str, Kinds]) -> Kinds:
    right = _kinds(step.operand, known)
    with placed(step.place):
        return _results(
            lambda kinds: operation(kinds[0], step.operator, kinds[1]).result, [left, right]
        )


def _kinds_of_choice(node: Choice, known: dict[str, Kinds]) -> Kinds:
    condition = _kinds(node.condition, known)
    if condition and Kind.DOUBLE not in condition:
        raise no_condition(node, min(condition))
    then, otherwise = _kinds(node.then, known), _kinds(node.otherwise, known)
    return then | otherwise if then and otherwise else _UNKNOWN


def _results(result: Callable[[tuple[Kind, ...]], Kind], arguments: list[Kinds]) -> Kinds:
    """The types that can come out; the fault of the first combination if none of them can."""
    if prod(map(len, arguments)) > _MOST_COMBINATIONS or not all(arguments):
        return _UNKNOWN
    found: set[Kind] = set()
    faults: list[FaultError] = []
    for kinds in product(*map(sorted, arguments)):
        try:
            found.add(result(kinds))
        except FaultError as fault:
            faults.append(fault)
    if not found:
        raise faults[0]
    return frozenset(found)
