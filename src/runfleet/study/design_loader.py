"""From the design and the parameters of a study file to a `Design` that fits them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from runfleet.documents.document import Document, Place
from runfleet.documents.errors import DocumentError, InvalidValueError, suggest
from runfleet.documents.mistakes import for_each
from runfleet.documents.validation import located, spelled
from runfleet.study.declared_values import check_declared
from runfleet.study.design_form import DesignForm
from runfleet.study.designs import Design, Drawn, FromCsv, Grid, Listed, Zip, powers_around
from runfleet.study.distributions import Distribution
from runfleet.study.errors import StudyError
from runfleet.study.field_types import MOST_RUNS
from runfleet.study.files import existing_file
from runfleet.study.forms import StudyForm
from runfleet.study.odd_rows import refuse_odd_rows
from runfleet.study.parameters import Parameter, refuse_twins
from runfleet.study.sample_table import SampleTable
from runfleet.study.sensitivity import Morris, Saltelli, stepping
from runfleet.study.values import Value

_GRID = DesignForm.model_validate("grid")


def load_design(
    form: StudyForm, document: Document, folder: Path
) -> tuple[Design, tuple[Parameter, ...]]:
    """
    Make the design, and the parameters it is about.

    A table, be it a list or a CSV file, brings its own parameters if the study names none.

    Raises
    ------
    StudyError
        If design and parameters do not fit each other, or there would be no run.
    """
    parameters = tuple(item.parameter(name) for name, item in form.parameters.items())
    design = form.design or _GRID
    builder = _Builder(document, folder, parameters)
    match design:
        case DesignForm(list_=list() as rows):
            return builder.from_list(rows)
        case DesignForm(csv=str() as table):
            return builder.from_csv(table)
        case DesignForm(zip_=True):
            return builder.zip(), parameters
        case DesignForm(morris=int() as trajectories):
            return builder.morris(trajectories, design), parameters
        case DesignForm(saltelli=int() as base_samples):
            return builder.saltelli(base_samples, design), parameters
        case DesignForm(grid=True):
            return builder.grid(), parameters
    return builder.drawn(design.kind, design), parameters


class _Builder:
    """Makes designs for the parameters of one document."""

    def __init__(self, document: Document, folder: Path, parameters: tuple[Parameter, ...]) -> None:
        self.document = document
        self.folder = folder
        self.parameters = parameters
        self.varying = tuple(item for item in parameters if not item.is_fixed)

    def grid(self) -> Grid:
        grid = Grid(self._all_levels("grid"))
        self._refuse_too_many(grid.count)
        return grid

    def _refuse_too_many(
        self,
        count: int,
        place: Place = ("parameters",),
        hint: str = "give fewer values, or draw samples: `design: {latin_hypercube: 1000}`",
    ) -> None:
        if count > MOST_RUNS:
            what = f"the design has {count:,} runs, at most {MOST_RUNS:,} are possible"
            raise self.document.error(place, what, hint)

    def zip(self) -> Zip:
        self._demand_variation(self.varying, "zip")
        levels = self._all_levels("zip")
        first = self.varying[0].name
        for parameter, values in zip(self.varying, levels, strict=True):
            if len(values) != len(levels[0]):
                raise self._parameter_error(
                    parameter,
                    f"{len(values)} values cannot be zipped with the {len(levels[0])} of `{first}`",
                    "give each parameter as many values, or use `design: grid`",
                )
        self._refuse_too_many(len(levels[0]))
        return Zip(levels)

    def drawn(self, kind: str, form: DesignForm) -> Drawn:
        return Drawn(kind, getattr(form, kind), form.drawn_seed, self._distributions(kind))

    def morris(self, trajectories: int, form: DesignForm) -> Morris:
        declared = self._distributions("morris")
        names = (parameter.name for parameter in self.varying)
        stepped = [
            located(self.document, ("parameters", name), stepping, distribution)
            for name, distribution in zip(names, declared, strict=True)
        ]
        design = Morris(trajectories, form.levels or 4, form.drawn_seed, tuple(stepped))
        self._refuse_too_many(design.count, ("design", "morris"), "take fewer trajectories")
        return design

    def saltelli(self, count: int, form: DesignForm) -> Saltelli:
        second_order = bool(form.second_order)
        design = Saltelli(count, second_order, form.drawn_seed, self._distributions("saltelli"))
        if powers := powers_around(count):
            raise self._place_error(
                ("design", "saltelli"),
                f"{count:,} is no power of two, and only so many samples of a Sobol sequence are "
                "balanced",
                _powers_hint(powers, design.group_size),
            )
        self._refuse_too_many(design.count, ("design", "saltelli"), "take fewer base samples")
        return design

    def _distributions(self, kind: str) -> tuple[Distribution, ...]:
        self._demand_variation(self.varying, kind)
        for_each(self.varying, lambda parameter: self._demand_distribution(parameter, kind))
        return tuple(item.distribution for item in self.varying if item.distribution is not None)

    def from_list(self, rows: Sequence[dict[str, Value]]) -> tuple[Listed, tuple[Parameter, ...]]:
        place = ("design", "list", 0)
        parameters = self.parameters or _own_parameters(
            rows[0], self.document.file, self.document.line(place)
        )
        columns = [parameter for parameter in parameters if not parameter.is_fixed]
        self._demand_variation(columns, "list")
        samples = [
            self._listed_row(row, columns, ("design", "list", index))
            for index, row in enumerate(rows)
        ]
        return Listed(tuple(item.name for item in columns), tuple(samples)), parameters

    def _listed_row(
        self, row: dict[str, Value], columns: Sequence[Parameter], place: Place
    ) -> tuple[Value, ...]:
        names = [parameter.name for parameter in columns]
        for name in row:
            self._refuse_fixed(name, place)
            if name not in names:
                raise self._place_error(
                    (*place, name),
                    f"`{name}` is no parameter of this study",
                    suggest(name, names, "the parameters that vary are"),
                )
        for parameter in columns:
            if parameter.name not in row:
                raise self._place_error(
                    place, f"there is no value for `{parameter.name}`", "add one"
                )
            check_declared(
                parameter, row[parameter.name], self.document.line(place), self.document.file
            )
        return tuple(row[name] for name in names)

    def from_csv(self, text: str) -> tuple[FromCsv, tuple[Parameter, ...]]:
        place = ("design", "csv")
        file = located(self.document, place, existing_file, self.folder, text)
        table = SampleTable.open(file, shown=self.document.file.parent / text)
        parameters = self.parameters or _own_parameters(table.header, table.shown, 1)
        for name in table.header:
            self._refuse_fixed(name, place)
        columns = [parameter for parameter in parameters if not parameter.is_fixed]
        self._demand_variation(columns, "csv")
        count = _count_checked(table, columns)
        if count == 0:
            raise self._place_error(
                place, f"`{text}` has no row below its header", "add a row for each run"
            )
        return FromCsv(table, tuple(item.name for item in columns), count), parameters

    def _all_levels(self, kind: str) -> tuple[Sequence[Value], ...]:
        return tuple(for_each(self.varying, lambda parameter: self._levels(parameter, kind)))

    def _levels(self, parameter: Parameter, kind: str) -> Sequence[Value]:
        self._demand_distribution(parameter, kind)
        levels = None if parameter.distribution is None else parameter.distribution.levels()
        if levels is None:
            raise self._parameter_error(
                parameter,
                f"`{kind}` needs values one by one, and there is a continuum of them here",
                "list them: `{values: [1, 2, 3]}`; or draw samples: "
                "`design: {latin_hypercube: 100}`",
            )
        return levels

    def _demand_distribution(self, parameter: Parameter, kind: str) -> None:
        if parameter.distribution is None:
            raise self._parameter_error(
                parameter,
                f"`{kind}` finds no values here",
                "give some, as in `{values: [1, 2, 3]}` or `{uniform: [0, 1]}`",
            )

    def _demand_variation(self, varying: Sequence[Parameter], kind: str) -> None:
        if not varying:
            raise self.document.error(
                ("design",),
                f"the design is empty: there is no parameter for `{kind}` to vary",
                "give a parameter values, or remove the design to have a single run",
            )

    def _refuse_fixed(self, name: str, place: Place) -> None:
        if any(item.name == name and item.is_fixed for item in self.parameters):
            raise self._place_error(
                place,
                f"`{name}` has values here, but is fixed under `parameters`",
                f"write `{name}: {{}}` there, or remove the values here",
            )

    def _parameter_error(self, parameter: Parameter, what: str, hint: str) -> DocumentError:
        return self._place_error(("parameters", parameter.name), what, hint)

    def _place_error(self, place: Place, what: str, hint: str | None) -> DocumentError:
        return self.document.error(place, f"{spelled(place)}: {what}", hint)


def _powers_hint(powers: tuple[int, int], group_size: int) -> str:
    lower, upper = powers
    return (
        f"write {lower:,} or {upper:,}, which makes {lower * group_size:,} or "
        f"{upper * group_size:,} runs"
    )


def _own_parameters(names: Iterable[str], file: Path, line: int) -> tuple[Parameter, ...]:
    """Make the parameters that a table brings, by the names of its columns."""
    names = tuple(names)
    try:
        if "" in names:
            raise InvalidValueError(f"column {names.index('') + 1} has no name", hint="name it")
        refuse_twins(names)
        return tuple(Parameter(name, None) for name in names)
    except InvalidValueError as invalid:
        hint = f"{invalid.hint}; or list the columns to take under `parameters`"
        raise StudyError(invalid.message, file=file, line=line, hint=hint) from invalid


def _count_checked(table: SampleTable, columns: Sequence[Parameter]) -> int:
    count = 0
    rows = table.rows([parameter.name for parameter in columns])
    for line, values in refuse_odd_rows(rows, columns, table.shown):
        for parameter, value in zip(columns, values, strict=True):
            check_declared(parameter, value, line, table.shown)
        count += 1
    return count
