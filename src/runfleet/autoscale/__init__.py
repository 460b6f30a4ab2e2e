"""The autoscale formula language: grammar, evaluation, samples, ready-made formulas."""

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
from runfleet.autoscale.explanation import explain
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
    "whole_nodes",
]
