"""The design of the study file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, model_validator
from pydantic.json_schema import JsonSchemaValue

from runfleet.documents.errors import InvalidValueError, listed, suggest
from runfleet.documents.form import Form
from runfleet.study.examples import EXAMPLES
from runfleet.study.field_types import AnyValue, GroupCount, LevelCount, NonEmpty, RunCount

DRAWN = ("random", "latin_hypercube", "halton", "sobol")
SENSITIVITY = ("morris", "saltelli")
DESIGNS = ("grid", "zip", "list", "csv", *DRAWN, *SENSITIVITY)
_BARE_DESIGNS = ("grid", "zip")
_OWNERS = {"levels": "morris", "second_order": "saltelli"}


class DesignForm(Form):
    """How samples are chosen; `grid` and `zip` may stand alone."""

    alternatives: ClassVar[tuple[str, ...]] = DESIGNS

    synonyms: ClassVar[Mapping[str, str]] = {
        "factorial": "grid",
        "full_factorial": "grid",
        "latin": "latin_hypercube",
        "lhs": "latin_hypercube",
        "mc": "random",
        "monte_carlo": "random",
    }

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
    morris: GroupCount | None = Field(
        None,
        description="So many trajectories that change each parameter once, to screen parameters; "
        "a run more than there are parameters in each.",
    )
    levels: LevelCount | None = Field(
        None, description="How many values of each parameter `morris` tries; 4 if not given."
    )
    saltelli: GroupCount | None = Field(
        None,
        description="So many base samples for Sobol indices, a power of two; for each of them "
        "two runs more than there are parameters.",
    )
    second_order: bool | None = Field(
        None, description="Whether `saltelli` finds interactions, by nearly twice as many runs."
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
            example = EXAMPLES.get(f"design.{data}", "100")
            raise InvalidValueError(
                f"the design `{data}` needs more",
                hint=f"write `{{{data}: {example}}}`, for example",
            )
        raise InvalidValueError(
            f"there is no design `{data}`",
            hint=suggest(data, DESIGNS, "designs are", synonyms=cls.synonyms),
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
        if self.seed is not None and self.kind not in (*DRAWN, *SENSITIVITY):
            raise InvalidValueError(
                f"`seed` means nothing to `{self.kind}`, which draws nothing",
                hint="remove it",
                key="seed",
            )
        for key, owner in _OWNERS.items():
            if getattr(self, key) is not None and self.kind != owner:
                raise InvalidValueError(f"`{key}` belongs to `{owner}`", hint="remove it", key=key)
        if self.levels is not None and self.levels % 2:
            raise InvalidValueError(
                f"`levels` should be even, not {self.levels}: a step of `morris` goes past half of "
                "them",
                hint=f"write {self.levels - 1} or {self.levels + 1}",
                key="levels",
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
