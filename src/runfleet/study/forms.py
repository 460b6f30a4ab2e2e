"""
The study file as pydantic sees it: every key, its type and its description.

Here outside data is checked, once; what leaves this module is valid by itself.  Whether the files
it names exist is for the loader to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.fields import FieldInfo
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic.json_schema import JsonSchemaValue, WithJsonSchema
from pydantic_core import CoreSchema

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
from runfleet.study.errors import InvalidValueError, listed, suggest
from runfleet.study.model import PackageReference, parse_duration
from runfleet.study.names import check_study_name
from runfleet.study.parameters import Parameter, check_parameter_name, refuse_twins
from runfleet.study.pool import NodeRange, PoolRequest
from runfleet.study.results import ColumnSource, JsonSource, PatternSource, Result, Source, Take
from runfleet.study.values import as_text, check_value, describe

T = TypeVar("T")
S = TypeVar("S", bound=Source)

MOST_RUNS = 1_000_000_000
"""More than that many runs are a mistake rather than a study."""


class Form(BaseModel):
    """A mapping of the study file, whose keys are checked before its values are."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    shorthands: ClassVar[Mapping[type, str]] = {}
    """The key that a bare value of a type is short for."""

    @model_validator(mode="before")
    @classmethod
    def _check_keys(cls, data: object) -> object:
        data = cls._expanded(data)
        if not isinstance(data, dict):
            return data
        fields = {field.alias or name: field for name, field in cls.model_fields.items()}
        _refuse_unknown(data, fields)
        given = {key: value for key, value in data.items() if value is not None}
        _demand_required(given, fields)
        return given

    @classmethod
    def _expanded(cls, data: object) -> object:
        """Write out what is short for a mapping; nothing is an empty one."""
        key = cls.shorthands.get(type(data))
        return {} if data is None else data if key is None else {key: data}

    @classmethod
    def _short_schemas(cls, properties: Mapping[str, JsonSchemaValue]) -> list[JsonSchemaValue]:
        return [
            {**properties[key], "type": _JSON_TYPES[kind]} for kind, key in cls.shorthands.items()
        ]

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core_schema))
        short = cls._short_schemas(schema["properties"])
        description = schema.get("description", "")
        return {"anyOf": [*short, schema], "description": description} if short else schema


def _refuse_unknown(data: Mapping[str, object], known: Mapping[str, FieldInfo]) -> None:
    for key in data:
        if key not in known:
            hint = suggest(key, known, "the keys here are")
            raise InvalidValueError(f"unknown key `{key}`", hint=hint, key=key)


def _demand_required(given: Mapping[str, object], known: Mapping[str, FieldInfo]) -> None:
    for key, field in known.items():
        if field.is_required() and key not in given:
            description = field.description or ""
            raise InvalidValueError(
                f"the key `{key}` is missing",
                hint=f"add `{key}:`, {description[:1].lower()}{description[1:].rstrip('.')}",
            )


_JSON_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
}


def _check_column(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int) or value in ("", 0):
        raise InvalidValueError(
            f"a column should be a name or a number from 1, not {describe(value)}",
            hint="give the name that stands in the table's first line",
        )
    if isinstance(value, int) and value < 1:
        raise InvalidValueError(
            f"there is no column {value}", hint="the first column has the number 1"
        )
    return value


def _check_environment_text(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return as_text(check_value(value))
    if isinstance(value, str):
        return check_value(value)
    raise InvalidValueError(
        f"an environment variable should be a text, not {describe(value)}",
        hint=f'put it in quotes: "{as_text(value)}"' if isinstance(value, bool) else 'write ""',
    )


def _check_environment_name(name: str) -> str:
    if not name or "=" in name or "\0" in name or " " in name:
        raise InvalidValueError(
            f"`{name}` cannot be the name of an environment variable",
            hint="use letters, digits and `_`, beginning with a letter",
        )
    if name.upper().startswith(("AZ_BATCH_", "RUNFLEET_")):
        raise InvalidValueError(
            f"the environment variable `{name}` is set for every run already",
            hint="choose a name that begins with neither `AZ_BATCH_` nor `RUNFLEET_`",
        )
    return name


def _check_parameter_name(name: str) -> str:
    check_parameter_name(name)
    return name


def _refuse_twins(parameters: dict[str, T]) -> dict[str, T]:
    refuse_twins(parameters)
    return parameters


def _parse_duration(value: object) -> timedelta:
    if isinstance(value, str):
        return parse_duration(value)
    raise InvalidValueError(
        f"a duration should be a text with a unit, not {describe(value)}",
        hint="write one like `90s`, `10m` or `1h30m`",
    )


def _parse_package(value: object) -> PackageReference:
    if isinstance(value, str):
        return PackageReference.parse(value)
    raise InvalidValueError(
        f"a package should be a text, not {describe(value)}",
        hint="write its name and version: `epanet==2.3.5`",
    )


def _check_command(value: str) -> str:
    if not value.strip():
        raise InvalidValueError(
            "the command is empty", hint="write what you would type into a terminal"
        )
    return str(check_value(value.strip()))


AnyValue = Annotated[
    Any,
    BeforeValidator(check_value),
    WithJsonSchema({"type": ["number", "string", "boolean"]}),
]
Values = Annotated[list[AnyValue], Field(min_length=1)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
WholePair = Annotated[list[int], Field(min_length=2, max_length=2)]
Triple = Annotated[list[float], Field(min_length=3, max_length=3)]
NonEmpty = Annotated[str, Field(min_length=1)]
RunCount = Annotated[int, Field(ge=1, le=MOST_RUNS)]
ParameterName = Annotated[str, AfterValidator(_check_parameter_name)]
EnvironmentName = Annotated[str, AfterValidator(_check_environment_name)]
EnvironmentText = Annotated[
    str,
    BeforeValidator(_check_environment_text),
    WithJsonSchema({"type": ["string", "number"]}),
]
Duration = Annotated[
    timedelta,
    BeforeValidator(_parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"}),
]
Package = Annotated[
    PackageReference,
    BeforeValidator(_parse_package),
    WithJsonSchema({"type": "string", "pattern": r"^[A-Za-z0-9_-]+(==[A-Za-z0-9._-]+)?$"}),
]
Column = Annotated[
    Any, BeforeValidator(_check_column), WithJsonSchema({"type": ["string", "integer"]})
]


class InputForm(Form):
    """An input file that all runs read; a bare text is its path."""

    shorthands = {str: "path"}

    path: NonEmpty = Field(
        description="A file, a folder or a pattern such as `data/*.csv`, beside the study file."
    )
    link: bool = Field(
        False, description="Give runs a link to the node's one copy, not copies of their own."
    )


class OutputForm(Form):
    """Files to keep of each run; a bare text is their pattern."""

    shorthands = {str: "pattern"}

    pattern: NonEmpty = Field(description="A file or a pattern such as `*.rpt` or `out/**`.")
    required: bool = Field(True, description="Whether a run has failed if there is no such file.")


class ModelForm(Form):
    """What a run executes, and the files around it."""

    command: Annotated[str, AfterValidator(_check_command)] = Field(
        description="The command line of a run, as you would type it into a terminal."
    )
    packages: list[Package] = Field(
        [], description="Application packages that hold programs: `epanet==2.3.5`."
    )
    inputs: list[InputForm] = Field([], description="Files that all runs read.")
    overlays: dict[NonEmpty, NonEmpty] = Field(
        {}, description="Files rendered for each run: the file, and its template."
    )
    outputs: list[OutputForm] = Field([], description="Files to keep of each run.")
    environment: dict[EnvironmentName, EnvironmentText] = Field(
        {}, description="Environment variables, the same in all runs; no secrets."
    )
    retries: int = Field(
        0, ge=0, le=1000, description="How often a run that failed is tried again."
    )
    time_limit: Duration | None = Field(
        None, description="How long a run may take: `90s`, `10m`, `1h30m`."
    )


class TruncatedNormalForm(Form):
    """A normal distribution that is cut off."""

    mean: float = Field(description="Mean, before it is cut off.")
    sd: float = Field(description="Standard deviation, before it is cut off.")
    min: float | None = Field(None, description="Lower bound.")
    max: float | None = Field(None, description="Upper bound.")


class ParameterForm(Form):
    """A quantity that differs from run to run; a bare value is fixed, a bare list `values`."""

    shorthands = {str: "value", bool: "value", int: "value", float: "value", list: "values"}

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
                        f"`{kind}`: {invalid.what}", hint=invalid.hint, key=kind
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

DRAWN = ("random", "latin_hypercube", "halton", "sobol")
DESIGNS = ("grid", "zip", "list", "csv", *DRAWN)
_BARE_DESIGNS = ("grid", "zip")


class DesignForm(Form):
    """How samples are chosen; `grid` and `zip` may stand alone."""

    grid: bool | None = Field(None, description="All combinations of all values.")
    zip_: bool | None = Field(
        None,
        alias="zip",
        description="The first value of each parameter, then the second of each, and so on.",
    )
    list_: Annotated[list[dict[str, AnyValue]], Field(min_length=1)] | None = Field(
        None, alias="list", description="Each sample: a value for each parameter."
    )
    csv: NonEmpty | None = Field(
        None, description="A CSV file with a row for each run and a column for each parameter."
    )
    random: RunCount | None = Field(None, description="So many samples, drawn independently.")
    latin_hypercube: RunCount | None = Field(
        None, description="So many samples that cover each parameter's range evenly."
    )
    halton: RunCount | None = Field(None, description="So many samples of a Halton sequence.")
    sobol: RunCount | None = Field(
        None, description="So many samples of a Sobol sequence; best a power of two."
    )
    seed: int | None = Field(
        None, ge=0, description="The same seed draws the same samples everywhere; 1 if not given."
    )

    @classmethod
    def _expanded(cls, data: object) -> object:
        if not isinstance(data, str):
            return data
        if data in _BARE_DESIGNS:
            return {data: True}
        if data in DESIGNS:
            raise InvalidValueError(
                f"the design `{data}` needs more", hint=f"write `{{{data}: ...}}`"
            )
        raise InvalidValueError(
            f"there is no design `{data}`", hint=suggest(data, DESIGNS, "designs are")
        )

    @classmethod
    def _short_schemas(cls, properties: Mapping[str, JsonSchemaValue]) -> list[JsonSchemaValue]:
        return [
            {"type": "string", "enum": [word]} | {"description": properties[word]["description"]}
            for word in _BARE_DESIGNS
        ]

    @model_validator(mode="after")
    def _check(self) -> DesignForm:
        given = self._given()
        if len(given) != 1:
            found = listed(given) if given else "none"
            raise InvalidValueError(
                f"a study has one design, not {found}", hint=f"use one of {listed(DESIGNS)}"
            )
        if self.seed is not None and self.kind not in DRAWN:
            raise InvalidValueError(
                f"`seed` means nothing to `{self.kind}`, which draws nothing",
                hint="remove it",
                key="seed",
            )
        return self

    def _given(self) -> list[str]:
        fields = type(self).model_fields.items()
        by_key = {field.alias or name: getattr(self, name) for name, field in fields}
        return [key for key in DESIGNS if by_key[key] not in (None, False)]

    @property
    def kind(self) -> str:
        """The key of the one design that is given."""
        return self._given()[0]

    @property
    def drawn_seed(self) -> int:
        """The seed, which is 1 if not given."""
        return 1 if self.seed is None else self.seed


class ResultForm(Form):
    """A number to take from an output file of each run."""

    file: NonEmpty = Field(description="The output file, relative to the run's folder.")
    pattern: str | None = Field(
        None, description="A regular expression whose one group matches the number."
    )
    column: Column = Field(
        None, description="The name or number of a column of a table (CSV or blanks)."
    )
    json_path: str | None = Field(
        None, alias="json", description="A path in a JSON file: `summary.flow[0]`."
    )
    take: Take = Field(
        Take.LAST,
        strict=False,
        description="Which counts if there are several: first, last, min, max, mean or sum.",
    )
    unit: str = Field("", description="For people; nothing is converted.")

    @model_validator(mode="after")
    def _check(self) -> ResultForm:
        if len(self._given()) != 1:
            found = listed(self._given()) if self._given() else "none"
            raise InvalidValueError(
                f"a result has one place in its file, not {found}",
                hint="use one of `pattern`, `column` and `json`",
            )
        self._source()
        return self

    def _given(self) -> list[str]:
        places = {"pattern": self.pattern, "column": self.column, "json": self.json_path}
        return [key for key, place in places.items() if place is not None]

    def _source(self) -> Source:
        if self.pattern is not None:
            return _parsed("pattern", PatternSource.parse, self.pattern)
        if self.json_path is not None:
            return _parsed("json", JsonSource.parse, self.json_path)
        return ColumnSource(self.column)

    def result(self, name: str) -> Result:
        """Make the result."""
        return Result(name, self.file, self._source(), self.take, self.unit)


def _parsed(key: str, parse: Callable[[str], S], text: str) -> S:
    try:
        return parse(text)
    except InvalidValueError as invalid:
        raise InvalidValueError(invalid.what, hint=invalid.hint, key=key) from invalid


class NodesForm(Form):
    """How many nodes the pool may have."""

    min: int = Field(0, ge=0, description="As many nodes are kept while the study runs.")
    max: int = Field(1, ge=1, le=100_000, description="The pool grows to so many nodes.")
    spot: bool = Field(
        False, description="Use spot nodes, which cost less and can be taken away at any time."
    )

    @model_validator(mode="after")
    def _check(self) -> NodesForm:
        self.range()
        return self

    def range(self) -> NodeRange:
        """Make the range."""
        return NodeRange(self.min, self.max, self.spot)


class PoolForm(Form):
    """The machines to run on; the local account takes from it what it can offer."""

    id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="A pool that exists already, or the name of the one to make.",
    )
    image: NonEmpty = Field("ubuntu-22.04", description="The operating system of the nodes.")
    vm_size: NonEmpty = Field("standard_f2s_v2", description="Azure's name of the machine.")
    nodes: NodesForm = Field(NodesForm(), description="How many nodes.")
    tasks_per_node: int | None = Field(
        None, ge=1, le=256, description="Runs at a time on a node; one a core if not given."
    )

    def request(self) -> PoolRequest:
        """Make the request."""
        return PoolRequest(
            self.id, self.image, self.vm_size, self.nodes.range(), self.tasks_per_node
        )


class StudyForm(Form):
    """A model and the runs asked of it."""

    model_config = ConfigDict(title="runfleet study file")

    study: Annotated[str, AfterValidator(check_study_name)] | None = Field(
        None, description="Name of the study; the name of the file if not given."
    )
    model: ModelForm = Field(description="The executable, and what it reads and writes.")
    parameters: Annotated[dict[ParameterName, ParameterForm], AfterValidator(_refuse_twins)] = (
        Field({}, description="The quantities that differ from run to run, by name.")
    )
    design: DesignForm | None = Field(
        None, description="How samples are chosen; `grid` if not given."
    )
    run_name: NonEmpty | None = Field(
        None, description="What runs are called, as in `r{ROUGHNESS:.0f}-{number}`."
    )
    results: dict[NonEmpty, ResultForm] = Field(
        {}, description="Numbers to take from the outputs of each run, by name."
    )
    pool: PoolForm = Field(PoolForm(), description="The machines to run on.")


def json_schema() -> dict[str, Any]:
    """Describe the study file as a JSON Schema, by which editors complete and check it."""
    schema = StudyForm.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
