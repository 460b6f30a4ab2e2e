"""A parameter of the study file, and the distributions it can have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field, JsonValue, model_validator
from pydantic.config import JsonDict

from runfleet.documents.errors import InvalidValueError, listed
from runfleet.documents.form import Form
from runfleet.study.distributions import (
    Choice,
    Distribution,
    Fixed,
    Integers,
    LogUniform,
    Normal,
    Triangular,
    Uniform,
)
from runfleet.study.field_types import (
    AnyValue,
    Pair,
    Triple,
    Values,
    WholePair,
)
from runfleet.study.parameters import Parameter

_NO_LOGNORMAL = (
    "let a parameter be the `normal` exponent, and write `{{ 10 ** EXPONENT }}` in a template; or "
    "draw the samples elsewhere, for `design: {csv: samples.csv}`"
)
_NO_DISTRIBUTION = (
    "draw the samples elsewhere, for `design: {csv: samples.csv}`; distributions here are "
    "`uniform`, `loguniform`, `normal`, `truncated_normal` and `triangular`"
)
_SYNONYMS = {
    **dict.fromkeys(("choice", "choices", "list", "options"), "values"),
    **dict.fromkeys(("constant", "default", "fixed"), "value"),
    **dict.fromkeys(("bounds", "high", "low", "lower", "upper"), "uniform"),
    "gaussian": "normal",
    "int": "integers",
}
_FOREIGN = {
    "range": "write `uniform: [lowest, highest]` for any number, `integers: [lowest, highest]` for "
    "whole ones, or list all `values: [0, 0.1, 0.2]`",
    **dict.fromkeys(("lognormal", "log_normal", "lognorm"), _NO_LOGNORMAL),
    **dict.fromkeys(("beta", "exponential", "gamma", "gumbel", "weibull"), _NO_DISTRIBUTION),
}


class TruncatedNormalForm(Form):
    """A normal distribution that is cut off."""

    mean: float = Field(description="Mean, before it is cut off.")
    sd: float = Field(description="Standard deviation, before it is cut off.")
    min: float | None = Field(None, description="Lower bound.")
    max: float | None = Field(None, description="Upper bound.")


_KINDS = (
    "value",
    "values",
    "categorical",
    "integers",
    "uniform",
    "loguniform",
    "normal",
    "truncated_normal",
    "triangular",
)
_NO_KIND: JsonDict = {"not": {"anyOf": [{"required": [kind]} for kind in _KINDS]}}
_ONE_KIND: list[JsonValue] = [{"required": [kind]} for kind in _KINDS]


class ParameterForm(Form):
    """A quantity that differs from run to run; a bare value is fixed, a bare list `values`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [*_ONE_KIND, _NO_KIND],
            "dependentRequired": {"min": ["normal"], "max": ["normal"]},
        }
    )

    shorthands: ClassVar[Mapping[type, str]] = {
        str: "value",
        bool: "value",
        int: "value",
        float: "value",
        list: "values",
    }
    synonyms: ClassVar[Mapping[str, str]] = _SYNONYMS
    foreign: ClassVar[Mapping[str, str]] = _FOREIGN

    value: AnyValue | None = Field(None, description="The same value in every run.")
    values: Values | None = Field(None, description="One of these values.")
    categorical: Values | None = Field(None, description="One of these values, like `values`.")
    integers: WholePair | None = Field(
        None, description="A whole number: [lowest, highest], both included."
    )
    uniform: Pair | None = Field(None, description="Any number between bounds: [lowest, highest].")
    loguniform: Pair | None = Field(
        None, description="A number whose logarithm is uniform: [lowest, highest]."
    )
    normal: Pair | None = Field(
        None, description="A normally distributed number: [mean, standard deviation]."
    )
    truncated_normal: TruncatedNormalForm | None = Field(
        None, description="A normal distribution cut off at `min` and `max`."
    )
    triangular: Triple | None = Field(
        None, description="A number most likely near the mode: [lowest, mode, highest]."
    )
    min: float | None = Field(None, description="Lower bound of `normal`.")
    max: float | None = Field(None, description="Upper bound of `normal`.")
    unit: str = Field("", description="For people; nothing is converted.")
    environment_only: bool = Field(
        False, description="Reaches the model by its environment variable; no template uses it."
    )

    @model_validator(mode="after")
    def _check(self) -> ParameterForm:
        kinds = [kind for kind in _DISTRIBUTIONS if getattr(self, kind) is not None]
        if len(kinds) > 1:
            raise InvalidValueError(
                f"a parameter has one source of values, not {listed(kinds)}",
                hint="remove all but one of them",
                key=kinds[1],
            )
        for bound in ("min", "max"):
            if getattr(self, bound) is not None and kinds != ["normal"]:
                raise InvalidValueError(
                    f"`{bound}` belongs to `normal`", hint="remove it", key=bound
                )
        self.distribution()
        return self

    def distribution(self) -> Distribution | None:
        """Make the distribution, or None if the design's table has the values."""
        for kind in _DISTRIBUTIONS:
            if getattr(self, kind) is not None:
                try:
                    return self._made(kind)
                except InvalidValueError as invalid:
                    raise InvalidValueError(
                        f"`{kind}`: {invalid.message}", hint=invalid.hint, key=kind
                    ) from invalid
        return None

    def _made(self, kind: str) -> Distribution:
        if kind == "normal":
            return Normal(*getattr(self, kind), **_bounds(self))
        return _DISTRIBUTIONS[kind](getattr(self, kind))

    def parameter(self, name: str) -> Parameter:
        """Make the parameter."""
        return Parameter(name, self.distribution(), self.unit, self.environment_only)


def _choice(values: list[Any]) -> Choice:
    return Choice(tuple(values))


def _triangular(triple: list[float]) -> Triangular:
    low, mode, high = triple
    return Triangular(low, high, mode)


def _truncated_normal(form: TruncatedNormalForm) -> Normal:
    bounds = _bounds(form)
    if not bounds:
        raise InvalidValueError(
            "there is neither `min` nor `max`", hint="add one of them, or use `normal`"
        )
    return Normal(form.mean, form.sd, **bounds)


def _bounds(form: ParameterForm | TruncatedNormalForm) -> dict[str, float]:
    bounds = {"low": form.min, "high": form.max}
    return {key: bound for key, bound in bounds.items() if bound is not None}


_DISTRIBUTIONS: dict[str, Callable[[Any], Distribution]] = {
    "value": Fixed,
    "values": _choice,
    "categorical": _choice,
    "integers": lambda pair: Integers(*pair),
    "uniform": lambda pair: Uniform(*pair),
    "loguniform": lambda pair: LogUniform(*pair),
    "normal": lambda pair: Normal(*pair),
    "truncated_normal": _truncated_normal,
    "triangular": _triangular,
}
