"""A study: a model and the runs asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.documents.errors import InvalidValueError
from runfleet.study.designs import Design
from runfleet.study.distributions import Fixed
from runfleet.study.errors import StudyError, about_a_study
from runfleet.study.model import Model, check_command
from runfleet.study.names import NamePattern, check_study_name, study_name_from
from runfleet.study.parameters import Parameter
from runfleet.study.pest import Pest
from runfleet.study.pool import PoolRequest
from runfleet.study.results import Result
from runfleet.study.run import Run
from runfleet.study.values import Value, as_text

if TYPE_CHECKING:
    from runfleet.documents.document import Place


@dataclass(frozen=True)
class Study:
    """
    A model and the runs asked of it, as a study file says.

    Parameters
    ----------
    name
        Also the id of the Batch job.
    file
        The study file, as the user spelled it.
    folder
        Its folder, which all paths are relative to.
    model
        The executable with its inputs and outputs.
    parameters
        All of them, in the order of the study file.
    design
        How values are chosen for those that are not fixed.
    results
        The numbers to take from the outputs of each run.
    pool
        The machines to run on.
    run_name
        What runs are called.
    pest
        How the model is calibrated; None for a study of runs.
    source
        The text of the study file.
    warnings
        What is allowed but probably not meant.

    Examples
    --------
    >>> study = Study.load("study.yaml")
    >>> for run in study.runs():
    ...     print(run.name, run.sample)
    """

    name: str
    file: Path
    folder: Path
    model: Model
    parameters: tuple[Parameter, ...]
    design: Design
    results: tuple[Result, ...]
    pool: PoolRequest
    run_name: NamePattern
    source: str
    pest: Pest | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what could not run, and samples that are not of these parameters."""
        try:
            self._refuse_mistakes()
        except InvalidValueError as error:
            raise StudyError(error.message, file=self.file, hint=error.hint) from error

    def _refuse_mistakes(self) -> None:
        check_study_name(self.name)
        if self.pest is None:
            check_command(self.model.command)
        if not self.design.fits(self._varying):
            raise InvalidValueError(
                "the design was made for other parameters",
                hint="change them in the study file, and load it again",
            )
        NamePattern.parse(self.run_name.text, (parameter.name for parameter in self.parameters))

    @classmethod
    @about_a_study()
    def load(cls, path: Path | str) -> Study:
        """
        Read a study file and check it whole: its files, templates and run names too.

        Raises
        ------
        StudyError
            If anything is wrong; it names the file, the line, what, and how to mend it.
        """
        # Imported late, for pydantic takes its time.
        from runfleet.study import consistency, loader, oddities

        form, document = loader.read_study_file(Path(path))
        folder = document.file.absolute().parent
        parts = loader.load_parts(form, document, folder)
        pest, design, parameters = parts.pest, parts.design, parts.parameters
        study = cls(
            name=form.study or study_name_from(document.file.stem),
            file=document.file,
            folder=folder,
            model=parts.model,
            parameters=parameters,
            design=design,
            results=parts.results,
            pool=form.pool.request(
                form.model.mpi.nodes if form.model.mpi else 0,
                together=pest.workers.max + 1 if pest else 0,
            ),
            run_name=parts.run_name,
            source=document.text,
            pest=pest,
        )
        cut = oddities.find_cut_command(parts.model.command, document)
        found = oddities.find_oddities(parts, study.samples)
        study = replace(study, warnings=(*cut, *found))
        consistency.try_runs(study.runs_at, design.count, study.model.overlays, document)
        if form.run_name is not None:
            consistency.check_run_names(
                study.run_name, study.samples, design.count, parameters, document
            )
        return study

    def error(self, place: Place, what: str, hint: str | None = None) -> StudyError:
        """
        Make an error about a place of the study file.

        Parameters
        ----------
        place
            The keys and indices that lead to the value that is wrong.
        what
            What is wrong, in one sentence without a full stop.
        hint
            How to mend it.
        """
        # Imported late, for pydantic takes its time.
        from runfleet.documents.document import parse_document
        from runfleet.documents.validation import spelled

        line = parse_document(self.source, self.file).line(place)
        return StudyError(f"{spelled(place)}: {what}", file=self.file, line=line, hint=hint)

    @about_a_study()
    def with_samples_of(self, source: str, table: Path | None = None) -> Study:
        """
        Have the runs and samples of another version of the study file, and the rest of this one.

        Parameters
        ----------
        source
            The text of that version.
        table
            What was in the CSV file of its design then; None to read that file.

        Raises
        ------
        StudyError
            If anything is wrong with them.
        """
        from runfleet.study import loader

        design, parameters, run_name = loader.load_sampling(source, self.file, table)
        return replace(self, design=design, parameters=parameters, run_name=run_name)

    def run_count(self) -> int:
        """Count the runs without generating them."""
        return self.design.count

    def samples(self) -> Iterator[dict[str, Value]]:
        """Generate the sample of each run, in the order of the runs."""
        return self._samples(self.design.rows())

    def runs(self) -> Iterator[Run]:
        """Generate the runs: the same ones in the same order every time, in constant memory."""
        return self._runs(enumerate(self.samples(), start=1))

    def runs_at(self, indices: Sequence[int]) -> Iterator[Run]:
        """
        Generate some of the runs, which is much quicker than to generate all.

        Parameters
        ----------
        indices
            Which ones: they count from 0 and rise.
        """
        numbers = (index + 1 for index in indices)
        samples = self._samples(self.design.rows_at(indices))
        return self._runs(zip(numbers, samples, strict=False))

    def _samples(self, rows: Iterable[tuple[Value, ...]]) -> Iterator[dict[str, Value]]:
        order = {parameter.name: _fixed_value(parameter) for parameter in self.parameters}
        varying = [parameter.name for parameter in self._varying]
        for row in rows:
            yield order | dict(zip(varying, row, strict=True))

    @property
    def _varying(self) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if not parameter.is_fixed)

    def _runs(self, samples: Iterable[tuple[int, dict[str, Value]]]) -> Iterator[Run]:
        common = dict(self.model.environment)
        for number, sample in samples:
            environment = common | {name: as_text(value) for name, value in sample.items()}
            yield Run(number, self.run_name.name(number, sample), sample, environment)


def _fixed_value(parameter: Parameter) -> Value:
    # The empty text keeps the place of a value that the design's rows bring.
    return parameter.distribution.value if isinstance(parameter.distribution, Fixed) else ""
