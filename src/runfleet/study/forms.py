"""
The study file as pydantic sees it: every key, its type and its description.

Here outside data is checked, once; what leaves this module is valid by itself.  Whether the files
it names exist is for the loader to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, TypeVar

from pydantic import ConfigDict, Field, field_validator, model_validator
from pydantic.config import JsonDict

from runfleet.documents.errors import InvalidValueError, listed
from runfleet.documents.form import Form
from runfleet.study.design_form import DESIGNS, DesignForm
from runfleet.study.examples import EXAMPLES, REMEDIES
from runfleet.study.field_types import (
    Column,
    Command,
    Duration,
    EnvironmentName,
    EnvironmentText,
    NonEmpty,
    Package,
    ParameterName,
    PoolId,
    ResultName,
    StudyName,
    VmSize,
)
from runfleet.study.misplaced_keys import refuse_loose_values, refuse_misplaced
from runfleet.study.model import PackageReference
from runfleet.study.mpi_form import MpiForm
from runfleet.study.parameter_form import ParameterForm
from runfleet.study.parameters import VARIABLE_NAME, refuse_twins
from runfleet.study.pest_form import PestForm
from runfleet.study.pool import LINUX_IMAGE, VM_SIZE, NodeRange, PoolRequest
from runfleet.study.results import ColumnSource, JsonSource, PatternSource, Result, Source, Take

S = TypeVar("S", bound=Source)


class InputForm(Form):
    """An input file that all runs read; a bare text is its path."""

    shorthands: ClassVar[Mapping[type, str]] = {str: "path"}
    synonyms: ClassVar[Mapping[str, str]] = {"pattern": "path"}

    path: NonEmpty = Field(
        description="A file, a folder or a pattern such as `data/*.csv`, beside the study file."
    )
    link: bool = Field(
        False, description="Give runs a link to the node's one copy, not copies of their own."
    )


class OutputForm(Form):
    """Files to keep of each run; a bare text is their pattern."""

    shorthands: ClassVar[Mapping[type, str]] = {str: "pattern"}
    synonyms: ClassVar[Mapping[str, str]] = {"regex": "pattern"}

    pattern: NonEmpty = Field(description="A file or a pattern such as `*.rpt` or `out/**`.")
    required: bool = Field(True, description="Whether a run has failed if there is no such file.")


class ModelForm(Form):
    """What a run executes, and the files around it."""

    synonyms: ClassVar[Mapping[str, str]] = {
        "cmd": "command",
        "env": "environment",
        "exe": "command",
        "executable": "command",
        "files": "inputs",
        "templates": "overlays",
        "timeout": "time_limit",
        "walltime": "time_limit",
    }

    command: Command | None = Field(
        None, description="The command line of a run, as you would type it into a terminal."
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
        0,
        ge=0,
        le=1000,
        description="How often a run that failed is tried again; one that exceeds its time limit "
        "is not.",
    )
    time_limit: Duration | None = Field(
        None,
        description="How long a run may take: `90s`, `10m`, `1h30m`; one that takes longer has "
        "failed, and is not tried again.",
    )
    mpi: MpiForm | None = Field(
        None, description="How the processes of a run are started on several nodes at once."
    )

    @field_validator("packages")
    @classmethod
    def _check_packages(cls, packages: list[PackageReference]) -> list[PackageReference]:
        ids = [package.id.lower() for package in packages]
        for package in packages:
            if ids.count(package.id.lower()) > 1:
                raise InvalidValueError(
                    f"the package `{package.id}` stands here twice", hint="remove one of them"
                )
        return packages

    @field_validator("environment")
    @classmethod
    def _check_environment(cls, environment: dict[str, str]) -> dict[str, str]:
        refuse_twins(environment)
        return environment


class ResultForm(Form):
    """A number to take from an output file of each run."""

    alternatives: ClassVar[tuple[str, ...]] = ("pattern", "column", "json")
    synonyms: ClassVar[Mapping[str, str]] = {"csv": "column", "regex": "pattern"}

    file: NonEmpty = Field(description="The output file, relative to the run's folder.")
    pattern: str | None = Field(
        None, description="A regular expression whose one group matches the number."
    )
    column: Column = Field(
        None, description="The name or number of a column of a table (CSV or blanks)."
    )
    json_path: NonEmpty | None = Field(
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
        places = zip(self.alternatives, (self.pattern, self.column, self.json_path), strict=True)
        given = [key for key, place in places if place is not None]
        if len(given) != 1:
            raise InvalidValueError(
                f"a result has one place in its file, not {listed(given) if given else 'none'}",
                hint=f"use one of {listed(self.alternatives)}",
            )
        self._source()
        return self

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
        raise InvalidValueError(invalid.message, hint=invalid.hint, key=key) from invalid


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

    synonyms: ClassVar[Mapping[str, str]] = {
        "machine": "vm_size",
        "os": "image",
        "slots": "tasks_per_node",
    }

    id: PoolId | None = Field(
        None,
        description="A pool that exists already, or the name of the one to make.",
    )
    image: NonEmpty = Field(LINUX_IMAGE, description="The operating system of the nodes.")
    vm_size: VmSize = Field(VM_SIZE, description="Azure's name of the machine.")
    nodes: NodesForm = Field(NodesForm(), description="How many nodes.")
    tasks_per_node: int | None = Field(
        None, ge=1, le=256, description="Runs at a time on a node; one a core if not given."
    )

    def request(self, nodes_per_run: int = 0, together: int = 0) -> PoolRequest:
        """Make the request, with at least as many nodes as a run takes at once."""
        nodes = self.nodes.range()
        if nodes_per_run:
            nodes = replace(nodes, max=max(nodes.max, nodes_per_run))
        return PoolRequest(
            self.id, self.image, self.vm_size, nodes, self.tasks_per_node, nodes_per_run, together
        )


def _without(*keys: str) -> JsonDict:
    return {"not": {"anyOf": [{"required": [key]} for key in keys]}}


_CALIBRATION: JsonDict = {
    "required": ["pest"],
    "properties": {"model": _without("command", "overlays", "mpi")},
    **_without("parameters", "design", "results", "run_name"),
}
_STUDY_OF_RUNS: JsonDict = {
    "properties": {"model": {"required": ["command"]}},
    **_without("pest"),
}
# Editors have their own idea of letters, so that only what is surely none is refused.
_NAMES_OF_RESULTS: JsonDict = {
    "propertyNames": {"pattern": r"^[^\s\d_./-]([^/\\,;:]{0,98}[^/\\,;:\s])?$"}
}
_NAMES_OF_PARAMETERS: JsonDict = {"propertyNames": {"pattern": f"^{VARIABLE_NAME.pattern}$"}}


# A model may well have a number of `levels`, too.
_NAMES_OF_DESIGNS = {
    key: field for key, field in DesignForm.fields_by_key().items() if key in (*DESIGNS, "seed")
}


class StudyForm(Form):
    """A model and the runs asked of it."""

    model_config = ConfigDict(
        title="runfleet study file", json_schema_extra={"anyOf": [_CALIBRATION, _STUDY_OF_RUNS]}
    )

    examples: ClassVar[Mapping[str, str]] = EXAMPLES
    remedies: ClassVar[Mapping[str, str]] = REMEDIES
    synonyms: ClassVar[Mapping[str, str]] = {"name": "study"}

    study: StudyName | None = Field(
        None, description="Name of the study; the name of the file if not given."
    )
    model: ModelForm = Field(description="The executable, and what it reads and writes.")
    parameters: dict[ParameterName, ParameterForm] = Field(
        {},
        description="The quantities that differ from run to run, by name.",
        json_schema_extra=_NAMES_OF_PARAMETERS,
    )
    design: DesignForm | None = Field(
        None, description="How samples are chosen; `grid` if not given."
    )
    run_name: NonEmpty | None = Field(
        None, description="What runs are called, as in `r{ROUGHNESS:.0f}-{number}`."
    )
    results: dict[ResultName, ResultForm] = Field(
        {},
        description="Numbers to take from the outputs of each run, by name.",
        json_schema_extra=_NAMES_OF_RESULTS,
    )
    pest: PestForm | None = Field(
        None, description="A calibration, in place of parameters and a design."
    )
    pool: PoolForm = Field(PoolForm(), description="The machines to run on.")

    @field_validator("parameters", mode="before")
    @classmethod
    def _check_keys_of_others(cls, parameters: object) -> object:
        homes = {
            "without blanks before it": cls.fields_by_key(),
            "under `design`": _NAMES_OF_DESIGNS,
            "under the name of a parameter": ParameterForm.fields_by_key(),
        }
        refuse_loose_values(parameters)
        refuse_misplaced(parameters, homes)
        return parameters

    @field_validator("parameters")
    @classmethod
    def _check_parameters(cls, parameters: dict[str, ParameterForm]) -> dict[str, ParameterForm]:
        refuse_twins(parameters)
        return parameters


def json_schema() -> dict[str, Any]:
    """Describe the study file as a JSON Schema, by which editors complete and check it."""
    schema = StudyForm.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
