"""The autoscale formula language: grammar, evaluation, samples, ready-made formulas."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runfleet.autoscale.checking import check
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
    "underline",
    "whole_nodes",
]

# Loaded when asked for: the emulator knows this package, and needs it for autoscaled pools alone.
_HOMES = {
    "MAX_CHARACTERS": "parser",
    "MAX_STATEMENTS": "parser",
    "SAMPLE_DELAY": "samples",
    "SAMPLE_PERIOD": "samples",
    "Context": "context",
    "Evaluation": "evaluation",
    "Formula": "tree",
    "FormulaError": "errors",
    "FormulaEvaluationError": "errors",
    "FormulaSyntaxError": "errors",
    "FormulaTooLongError": "errors",
    "InsufficientSampleDataError": "errors",
    "Interval": "values",
    "InvalidParameterError": "errors",
    "Metric": "metrics",
    "PoolCounts": "metrics",
    "SampleHistory": "samples",
    "Value": "values",
    "check": "checking",
    "evaluate": "evaluation",
    "explain": "explanation",
    "parse": "parser",
    "run": "evaluation",
    "underline": "explanation",
    "whole_nodes": "evaluation",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
