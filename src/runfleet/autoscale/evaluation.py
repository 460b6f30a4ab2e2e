"""What a formula comes to at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runfleet.autoscale.context import Context
from runfleet.autoscale.errors import FormulaError, FormulaEvaluationError, FormulaSyntaxError
from runfleet.autoscale.evaluator import Evaluator
from runfleet.autoscale.functions import StoppedError
from runfleet.autoscale.parser import parse
from runfleet.autoscale.tree import Formula
from runfleet.autoscale.values import Value, as_text
from runfleet.autoscale.variables import DEALLOCATION_OPTION, TARGET_DEDICATED, TARGET_LOW_PRIORITY
from runfleet.batch.states import NodeDeallocationOption

_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Evaluation:
    """
    What a formula came to; with an error, the pool's present values.

    Parameters
    ----------
    target_dedicated, target_low_priority
        Whole numbers of nodes, not negative.
    deallocation_option
        What becomes of the tasks of nodes that go.
    variables
        What the formula's own variables were set to.
    error
        Why the formula has no result; None where it has.
    """

    target_dedicated: int
    target_low_priority: int
    deallocation_option: NodeDeallocationOption = NodeDeallocationOption.REQUEUE
    variables: Mapping[str, Value] = field(default_factory=dict)
    error: FormulaError | None = None

    @property
    def results(self) -> str:
        """The values of all variables, as the service spells them."""
        service = {
            TARGET_DEDICATED: float(self.target_dedicated),
            TARGET_LOW_PRIORITY: float(self.target_low_priority),
            DEALLOCATION_OPTION: self.deallocation_option.value,
        }
        own = dict(sorted(self.variables.items()))
        return ";".join(f"{name}={as_text(value)}" for name, value in (service | own).items())


def run(text: str, context: Context, now: datetime) -> Evaluation:
    """Read and evaluate a formula; whatever is wrong with it becomes the evaluation's error."""
    try:
        return evaluate(parse(text), context, now)
    except FormulaSyntaxError as error:
        return _failed(context, error)


def evaluate(formula: Formula, context: Context, now: datetime) -> Evaluation:
    """
    Evaluate a formula; an error in it becomes the evaluation's error.

    Parameters
    ----------
    formula
        What `parse` made of a text.
    context
        What it can know of its pool.
    now
        The time, with a time zone.
    """
    evaluator = Evaluator(context, now)
    try:
        for statement in formula.statements:
            evaluator.carry_out(statement)
    except StoppedError:
        pass
    except FormulaEvaluationError as error:
        return _failed(context, error)
    return _outcome(evaluator)


def _failed(context: Context, error: FormulaError) -> Evaluation:
    return Evaluation(context.target_dedicated, context.target_low_priority, error=error)


def _outcome(evaluator: Evaluator) -> Evaluation:
    return Evaluation(
        whole_nodes(evaluator.target(TARGET_DEDICATED)),
        whole_nodes(evaluator.target(TARGET_LOW_PRIORITY)),
        evaluator.deallocation_option(),
        evaluator.own_variables(),
    )


def whole_nodes(number: float) -> int:
    """
    Make a target a whole number: fractions are cut off, and negative targets are 0.

    That 2.9 becomes 2 is reported of the service (Azure/Batch#151); what it does with negative
    targets is not known, nor with those beyond the 32 bits that its API has for them.
    """
    return min(max(0, int(number)), _MOST)
