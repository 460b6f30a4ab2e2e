"""The key `pest` of the study file as pydantic sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from runfleet.documents.errors import InvalidValueError
from runfleet.documents.form import Form
from runfleet.study.field_types import Duration, NonEmpty
from runfleet.study.pest import DEFAULT_PORT, Pest, WorkerRange

MOST_WORKERS = 1000

_OF_RANGES = ("min", "idle")
_OWN_SWITCHES = ("/h", "/g", "/e", "/r", "/j", "/s")


def _check_program(program: str) -> str:
    if program.split() != [program] or "/" in program or "\\" in program:
        raise InvalidValueError(
            f"`{program}` is not the name of a program",
            hint="write its name alone, such as `pestpp-glm`: its package puts it on PATH, and "
            "arguments go to `switches`",
        )
    return program


def _check_switches(switches: str) -> str:
    for switch in switches.split():
        if switch.lower() in _OWN_SWITCHES:
            raise InvalidValueError(
                f"the switch `{switch}` is given by runfleet itself",
                hint="remove it; `runfleet calibrate resume` restarts a calibration",
            )
    return switches.strip()


Switches = Annotated[str, AfterValidator(_check_switches)]


class WorkersForm(Form):
    """How many workers there are; a bare number is `min` and `max`."""

    model_config = ConfigDict(
        json_schema_extra={"dependentRequired": {key: ["max"] for key in _OF_RANGES}}
    )

    shorthands: ClassVar[Mapping[type, str]] = {int: "number"}
    alternatives: ClassVar[tuple[str, ...]] = ("number", "max")

    number: int | None = Field(
        None, ge=1, le=MOST_WORKERS, description="So many workers from the beginning to the end."
    )
    min: int = Field(1, ge=1, le=MOST_WORKERS, description="So many workers begin.")
    max: int | None = Field(
        None,
        ge=1,
        le=MOST_WORKERS,
        description="So many there may be while the manager has more runs than workers.",
    )
    idle: Duration | None = Field(
        None,
        description="So long a worker without a run stays, while there are more than `min`: `10m`.",
    )

    @model_validator(mode="after")
    def _check(self) -> WorkersForm:
        if (self.number is None) is (self.max is None):
            raise InvalidValueError(
                "`workers` is a number, or has a `max`",
                hint="write `workers: 8`, or `workers: {min: 2, max: 8}`",
            )
        for key in _OF_RANGES:
            if self.number is not None and key in self.model_fields_set:
                raise InvalidValueError(
                    f"`{key}` means nothing to a fixed number of workers",
                    hint="remove it, or write `max` in place of `number`",
                    key=key,
                )
        self.range()
        return self

    def range(self) -> WorkerRange:
        """Make the range."""
        if self.max is None:
            return WorkerRange(self.number or 1, self.number or 1)
        if self.idle is None:
            return WorkerRange(self.min, self.max)
        return WorkerRange(self.min, self.max, self.idle)


class PestForm(Form):
    """A calibration by BeoPEST or a program of PEST++, in place of a design."""

    control: NonEmpty = Field(description="The control file: `net1.pst`.")
    program: Annotated[NonEmpty, AfterValidator(_check_program)] = Field(
        description="The program, as its package puts it on PATH: `beopest64`, `pestpp-glm`."
    )
    workers: WorkersForm = Field(description="How many workers carry out model runs.")
    port: int = Field(
        DEFAULT_PORT, ge=1024, le=65535, description="The port that the manager listens on."
    )
    switches: Switches = Field("", description="More switches of the manager.")
    worker_switches: Switches = Field("", description="More switches of the workers.")
    restarts: int = Field(
        3, ge=0, le=1000, description="How often a worker that died is started again."
    )
    register_within: Duration | None = Field(
        None, description="So long the first worker may take to reach the manager: `2m`."
    )

    def pest(self, control: PurePosixPath) -> Pest:
        """Make it, for a control file that is there."""
        limit = self.register_within
        return Pest(
            control,
            self.program,
            self.workers.range(),
            self.port,
            self.switches,
            self.worker_switches,
            self.restarts,
            **({} if limit is None else {"register_within": limit}),
        )
