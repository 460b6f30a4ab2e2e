"""The fault file as pydantic sees it: every key, its type and its description."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar

from pydantic import Field, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue

from runfleet.documents.errors import InvalidValueError, listed, suggest
from runfleet.documents.form import Form
from runfleet.faults.fault import Fault, FaultKind, Faults, Occasion, TaskKind, Transfer, When
from runfleet.wire.operations import OPERATIONS

_OPERATION_NAMES = tuple(operation.name for operation in OPERATIONS)

_ANYWHERE = ("fault", "probability", "nth", "times")
_BY_OCCASION: Mapping[Occasion, tuple[str, ...]] = {
    Occasion.REQUEST: ("operations",),
    Occasion.TASK: ("pools",),
    Occasion.PREPARATION_TASK: ("pools",),
    Occasion.START_TASK: ("pools",),
}
_BY_KIND: Mapping[FaultKind, tuple[str, ...]] = {
    FaultKind.BUSY: ("status", "retry_after"),
    FaultKind.ERROR: ("status", "when"),
    FaultKind.DROP: ("when",),
    FaultKind.SLOW: ("seconds", "when"),
    FaultKind.CLOCK_SKEW: ("seconds",),
    FaultKind.EXPIRED_SAS: ("files", "of"),
    FaultKind.STORAGE_ERROR: ("files", "of", "status"),
    FaultKind.NODE_LOST: ("seconds", "recovers", "of"),
    FaultKind.NODE_PREEMPTED: ("seconds", "of"),
    FaultKind.DISK_FULL: ("recovers", "of"),
}
_STATUSES: Mapping[FaultKind, tuple[int, ...]] = {
    FaultKind.BUSY: (503, 429),
    FaultKind.ERROR: (500, 503),
    FaultKind.STORAGE_ERROR: (503, 500),
}

# Ten years: clocks that are off by thousands of them have no date.
_MOST_SECONDS = 10 * 365 * 86_400

Times = Annotated[int, Field(ge=1)]
Pattern = Annotated[str, Field(min_length=1)]


class FaultForm(Form):
    """One thing that goes wrong; a bare text is its name."""

    shorthands: ClassVar[Mapping[type, str]] = {str: "fault"}

    fault: FaultKind = Field(strict=False, description="What goes wrong.")
    operations: list[Pattern] = Field(
        ["*"],
        min_length=1,
        description="Which requests it may hit: names or patterns such as `create_*`.",
    )
    pools: list[Pattern] = Field(
        ["*"],
        min_length=1,
        description="In which pools it may happen: ids or patterns such as `local*`.",
    )
    probability: float | None = Field(None, ge=0, le=1, description="How likely it is each time.")
    nth: list[Times] = Field([], description="Which times it happens, counted from 1.")
    times: int | None = Field(None, ge=1, description="How often it happens at most.")
    status: int | None = Field(None, description="The HTTP status of the answer.")
    retry_after: int = Field(
        1, ge=0, description="How many seconds clients are asked to wait; 0 for no word of it."
    )
    when: When = Field(
        When.BEFORE,
        strict=False,
        description="Whether the request fails before or after it was acted upon.",
    )
    seconds: float = Field(
        1.0,
        ge=-_MOST_SECONDS,
        le=_MOST_SECONDS,
        description="How long the answer takes, by how much the clock is ahead, or how long after "
        "the task has started the node goes.",
    )
    files: Transfer = Field(
        Transfer.INPUTS, strict=False, description="Which files of the task are not moved."
    )
    recovers: bool = Field(True, description="Whether the node comes back by itself.")
    of: TaskKind = Field(
        TaskKind.TASKS,
        strict=False,
        description="Which tasks it may hit: those of jobs, those that prepare nodes for jobs, or "
        "those that start nodes.",
    )

    @field_validator("operations")
    @classmethod
    def _check_operations(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in _OPERATION_NAMES):
                raise InvalidValueError(
                    f"`{pattern}` is no operation of the service",
                    hint=suggest(pattern, _OPERATION_NAMES, "the operations are"),
                )
        return patterns

    @model_validator(mode="after")
    def _check_keys_of_kind(self) -> FaultForm:
        known = _keys_of(self.fault)
        for key in self.model_fields_set - set(known):
            raise InvalidValueError(
                f"`{key}` means nothing to the fault `{self.fault}`",
                hint=f"the keys of `{self.fault}` are {listed(known[1:])}",
                key=key,
            )
        return self

    @model_validator(mode="after")
    def _check_status(self) -> FaultForm:
        allowed = _STATUSES.get(self.fault, ())
        if self.status is not None and self.status not in allowed:
            raise InvalidValueError(
                f"`{self.fault}` does not answer {self.status}",
                hint=f"write {' or '.join(map(str, allowed))}",
                key="status",
            )
        return self

    @model_validator(mode="after")
    def _check_frequency(self) -> FaultForm:
        if self.nth and self.probability is not None:
            raise InvalidValueError(
                "`nth` and `probability` exclude each other", hint="remove one", key="nth"
            )
        return self

    @model_validator(mode="after")
    def _check_seconds(self) -> FaultForm:
        if self.seconds < 0 and self.fault is not FaultKind.CLOCK_SKEW:
            raise InvalidValueError(
                f"the `seconds` of `{self.fault}` should be at least 0, not {self.seconds:g}",
                hint=f"only `{FaultKind.CLOCK_SKEW}` takes negative ones",
                key="seconds",
            )
        return self

    @model_validator(mode="after")
    def _check_files(self) -> FaultForm:
        if self.files is Transfer.OUTPUTS and self.of is not TaskKind.TASKS:
            raise InvalidValueError(
                f"the {self.of.replace('_', ' ')} have no outputs",
                hint=f"write `files: {Transfer.INPUTS}`, or leave `of` out",
                key="files",
            )
        return self

    def to_fault(self) -> Fault:
        """Make the fault that it describes."""
        values = self.model_dump(exclude={"operations", "pools", "nth"})
        return Fault(
            operations=tuple(self.operations),
            pools=tuple(self.pools),
            nth=tuple(self.nth),
            **values,
        )


class FaultFileForm(Form):
    """All that shall go wrong."""

    seed: int = Field(0, description="Other seeds give other faults, the same one the same.")
    faults: list[FaultForm] = Field(description="What goes wrong.")

    def to_faults(self) -> Faults:
        """Make the faults that it describes."""
        return Faults(tuple(form.to_fault() for form in self.faults), self.seed)


def json_schema() -> dict[str, object]:
    """Describe fault files in JSON Schema."""
    schema: JsonSchemaValue = FaultFileForm.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _keys_of(kind: FaultKind) -> tuple[str, ...]:
    return (*_ANYWHERE, *_BY_OCCASION[kind.occasion], *_BY_KIND.get(kind, ()))
