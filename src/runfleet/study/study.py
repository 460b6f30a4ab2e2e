"""A study: a model and the runs asked of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from runfleet.study.designs import Design
from runfleet.study.distributions import Fixed
from runfleet.study.model import Model
from runfleet.study.names import NamePattern
from runfleet.study.parameters import Parameter
from runfleet.study.pool import PoolRequest
from runfleet.study.results import Result
from runfleet.study.values import Sample, Value, as_text


@dataclass(frozen=True, slots=True)
class Run:
    """
    One execution of a study's model.

    Parameters
    ----------
    number
        Counted from 1.
    name
        Unique within the study, whatever the case of its letters.
    sample
        A value for each parameter, in the order of the study file.
    environment
        The model's environment variables, and one for each parameter.
    """

    number: int
    name: str
    sample: Sample
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Study:
    """
    A model and the runs asked of it, as a study file says.

    Parameters
    ----------
    name
        Also the id of the Batch job.
    folder
        The folder of the study file, which all paths are relative to.
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
    folder: Path
    model: Model
    parameters: tuple[Parameter, ...]
    design: Design
    results: tuple[Result, ...]
    pool: PoolRequest
    run_name: NamePattern
    source: str
    warnings: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path | str) -> Study:
        """
        Read a study file and check it whole: its files, templates and run names too.

        Raises
        ------
        StudyError
            If anything is wrong; it names the file, the line, what, and how to mend it.
        """
        # Imported late, as the loader makes studies.
        from runfleet.study.loader import load_study

        return load_study(Path(path))

    def run_count(self) -> int:
        """Count the runs without generating them."""
        return self.design.count

    def samples(self) -> Iterator[dict[str, Value]]:
        """Generate the sample of each run, in the order of the runs."""
        order = {parameter.name: _fixed_value(parameter) for parameter in self.parameters}
        varying = [parameter.name for parameter in self.parameters if not parameter.is_fixed]
        for row in self.design.rows():
            yield order | dict(zip(varying, row, strict=True))

    def runs(self) -> Iterator[Run]:
        """Generate the runs: the same ones in the same order every time, in constant memory."""
        common = dict(self.model.environment)
        name = self.run_name.name
        for number, sample in enumerate(self.samples(), start=1):
            texts = {parameter: as_text(value) for parameter, value in sample.items()}
            yield Run(number, name(number, sample), sample, common | texts)


def _fixed_value(parameter: Parameter) -> Value:
    # The empty text keeps the place of a value that the design's rows bring.
    return parameter.distribution.value if isinstance(parameter.distribution, Fixed) else ""
