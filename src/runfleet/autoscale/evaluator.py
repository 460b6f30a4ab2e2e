"""The evaluation of statements and expressions."""

from __future__ import annotations

from datetime import datetime

from runfleet.autoscale.context import Context
from runfleet.autoscale.functions import FUNCTIONS, Surroundings
from runfleet.autoscale.methods import METHODS, Samples, TooFewSamplesError, call_method
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
from runfleet.autoscale.operators import change, combine
from runfleet.autoscale.times import MEMBERS, member_of
from runfleet.autoscale.tree import (
    Assignment,
    Call,
    Chain,
    Choice,
    Expression,
    Member,
    MethodCall,
    Name,
    Number,
    Statement,
    Text,
    Unary,
    Vector,
    place_of,
)
from runfleet.autoscale.values import Value, check_finite, kind_of
from runfleet.autoscale.variables import (
    CONSTANTS,
    DEALLOCATION_OPTION,
    METRICS,
    SETTABLE,
    TARGET_DEDICATED,
    TARGET_LOW_PRIORITY,
    check_kind,
    check_option,
    check_settable,
    partner_of,
)
from runfleet.batch.states import NodeDeallocationOption


class Evaluator:
    """
    One evaluation: what has been set so far, and the values of expressions.

    Parameters
    ----------
    context
        What the formula can know of its pool.
    now
        The moment of the evaluation.
    """

    def __init__(self, context: Context, now: datetime) -> None:
        self._context = context
        self._now = now
        self._surroundings = Surroundings(now, context.random)
        self._set: dict[str, Value] = {}
        self._present: dict[str, Value] = {
            TARGET_DEDICATED: float(context.target_dedicated),
            TARGET_LOW_PRIORITY: float(context.target_low_priority),
            DEALLOCATION_OPTION: NodeDeallocationOption.REQUEUE.value,
        }

    def target(self, name: str) -> float:
        """What a target came to."""
        value = self._service_value(name)
        assert isinstance(value, float)
        return value

    def deallocation_option(self) -> NodeDeallocationOption:
        """What shall happen to the tasks of nodes that leave."""
        return NodeDeallocationOption(str(self._service_value(DEALLOCATION_OPTION)))

    def own_variables(self) -> dict[str, Value]:
        """What the formula's own variables were set to."""
        return {name: value for name, value in self._set.items() if name not in SETTABLE}

    def carry_out(self, statement: Statement) -> None:
        """
        Set what a statement sets.

        Raises
        ------
        FormulaEvaluationError
            If something is wrong with it.
        StoppedError
            If the formula stops here.
        """
        if not isinstance(statement, Assignment):
            self._value(statement)
            return
        with placed(statement.place):
            check_settable(statement.name)
        value = self._value(statement.value)
        with placed(place_of(statement.value)):
            check_kind(statement.name, kind_of(value))
            check_option(statement.name, value)
        self._set[statement.name] = value

    def _value(self, node: Expression) -> Value:
        match node:
            case Number() | Text():
                return self._literal(node)
            case Name():
                return self._named(node)
            case Vector():
                return self._vector(node)
            case Call():
                return self._called(node)
            case Member():
                return self._member(node)
            case MethodCall():
                return self._method_called(node)
            case Unary():
                operand = self._value(node.operand)
                with placed(node.place):
                    return change(node.operator, operand)
            case Chain():
                return self._chained(node)
            case Choice():
                return self._chosen(node)

    def _literal(self, node: Number | Text) -> Value:
        with placed(node.place):
            check_finite(node.value)
        return node.value

    def _named(self, node: Name) -> Value:
        name = node.name
        if name in self._set:
            return self._set[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in SETTABLE:
            return self._service_value(name)
        if name in METRICS:
            with placed(node.place):
                return self._measured(name)
        raise unknown_variable(node, self._set)

    def _service_value(self, name: str) -> Value:
        """What a variable of the service is: as set by either name, or as it is at present."""
        partner = partner_of(name)
        for known in (self._set, self._present):
            for spelling in (name, partner):
                if spelling in known:
                    return known[spelling]
        raise AssertionError(f"{name} has no value")

    def _measured(self, name: str) -> float:
        metric = METRICS[name]
        if metric in self._context.current:
            return float(self._context.current[metric])
        newest = self._context.history.newest(metric, 1, self._now)
        if not newest:
            raise TooFewSamplesError(name, "has no samples")
        return newest[0]

    def _vector(self, node: Vector) -> Value:
        numbers: list[float] = []
        for item in node.items:
            value = self._value(item)
            if not isinstance(value, float):
                raise no_item(item, kind_of(value))
            numbers.append(value)
        return tuple(numbers)

    def _called(self, node: Call) -> Value:
        function = FUNCTIONS.get(node.function)
        if function is None:
            raise unknown_function(node)
        arguments = self._values(node.arguments)
        with placed(node.place):
            function.result_kind(tuple(map(kind_of, arguments)))
            return function(self._surroundings, arguments)

    def _values(self, nodes: tuple[Expression, ...]) -> tuple[Value, ...]:
        return tuple(self._value(node) for node in nodes)

    def _member(self, node: Member) -> Value:
        owner = self._value(node.owner)
        if isinstance(owner, datetime) and node.member in MEMBERS:
            return member_of(owner, node.member)
        raise no_member(node, kind_of(owner))

    def _method_called(self, node: MethodCall) -> Value:
        if node.method not in METHODS:
            raise unknown_method(node)
        samples = self._samples(node)
        arguments = self._values(node.arguments)
        # The service names the column of the parenthesis ("Line 1, Col 24" of a formula that begins
        # with `$RunningTasks.GetSample(`, in the tests of Azure's SDK for .NET).
        with placed(node.parenthesis, node.place):
            return call_method(node.method, samples, arguments)

    def _samples(self, node: MethodCall) -> Samples:
        owner = node.owner
        if isinstance(owner, Name) and owner.name in METRICS:
            return Samples(owner.name, METRICS[owner.name], self._context.history, self._now)
        if isinstance(owner, Name) and not {owner.name} & {*self._set, *SETTABLE, *CONSTANTS}:
            raise unknown_variable(owner, self._set)
        raise no_metric(node)

    def _chained(self, node: Chain) -> Value:
        value = self._value(node.first)
        for step in node.steps:
            if _is_settled(step.operator, value):
                value = float(step.operator == "||")
                continue
            operand = self._value(step.operand)
            with placed(step.place):
                value = combine(value, step.operator, operand)
        return value

    def _chosen(self, node: Choice) -> Value:
        condition = self._value(node.condition)
        if not isinstance(condition, float):
            raise no_condition(node, kind_of(condition))
        return self._value(node.then if condition != 0 else node.otherwise)


def _is_settled(sign: str, left: Value) -> bool:
    """Whether the right side of `&&` or `||` does not matter any more."""
    if not isinstance(left, float):
        return False
    return (sign == "&&" and left == 0) or (sign == "||" and left != 0)
