"""The autoscale formula language: grammar, evaluation, samples, ready-made formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runfleet.late_names import late_names

if TYPE_CHECKING:
    from runfleet.autoscale.checking import check, sets_target
    from runfleet.autoscale.context import Context
    from runfleet.autoscale.errors import (
        FormulaError,
        FormulaEvaluationError,
        FormulaSyntaxError,
        FormulaTooLongError,
        InsufficientSampleDataError,
        InvalidParameterError,
    )
    from runfleet.autoscale.evaluation import Evaluation, evaluate, run, whole_nodes
    from runfleet.autoscale.explanation import explain, underline
    from runfleet.autoscale.metrics import Metric, PoolCounts
    from runfleet.autoscale.parser import MAX_CHARACTERS, MAX_STATEMENTS, parse
    from runfleet.autoscale.samples import SAMPLE_DELAY, SAMPLE_PERIOD, SampleHistory
    from runfleet.autoscale.tree import Formula
    from runfleet.autoscale.values import Interval, Value

__all__ = [
    "MAX_CHARACTERS",
    "MAX_STATEMENTS",
    "SAMPLE_DELAY",
    "SAMPLE_PERIOD",
    "Context",
    "Evaluation",
    "Formula",
    "FormulaError",
    "FormulaEvaluationError",
    "FormulaSyntaxError",
    "FormulaTooLongError",
    "InsufficientSampleDataError",
    "Interval",
    "InvalidParameterError",
    "Metric",
    "PoolCounts",
    "SampleHistory",
    "Value",
    "check",
    "evaluate",
    "explain",
    "parse",
    "run",
    "sets_target",
    "underline",
    "whole_nodes",
]

# Loaded when asked for: the emulator knows this package, and needs it for autoscaled pools alone.
__getattr__, __dir__ = late_names(
    __name__,
    {
        ".checking": ["check", "sets_target"],
        ".context": ["Context"],
        ".errors": [
            "FormulaError",
            "FormulaEvaluationError",
            "FormulaSyntaxError",
            "FormulaTooLongError",
            "InsufficientSampleDataError",
            "InvalidParameterError",
        ],
        ".evaluation": ["Evaluation", "evaluate", "run", "whole_nodes"],
        ".explanation": ["explain", "underline"],
        ".metrics": ["Metric", "PoolCounts"],
        ".parser": ["MAX_CHARACTERS", "MAX_STATEMENTS", "parse"],
        ".samples": ["SAMPLE_DELAY", "SAMPLE_PERIOD", "SampleHistory"],
        ".tree": ["Formula"],
        ".values": ["Interval", "Value"],
    },
)
