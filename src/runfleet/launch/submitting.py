"""
From a study to the jobs and tasks of an account.

Everything that is done can be done again, and what is done last makes what was done before it
hold: the lists of a generation are written first, then the study's record names it, then what it
overtakes is ended, then its tasks are added, then the record says that they all are there.  Killed
in between and called again, submitting goes on with the generation that the record names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from runfleet.launch import names
from runfleet.launch.checks import check_study
from runfleet.launch.comparison import (
    Comparison,
    Fingerprints,
    KnownTasks,
    compare,
    recognise,
)
from runfleet.launch.definition import Definition, define, fingerprints, with_more_outputs
from runfleet.launch.differences import describe_changes
from runfleet.launch.errors import LaunchError, StudyDeletedError, StudySupersededError
from runfleet.launch.filling import JobFiller
from runfleet.launch.history import History, Repeat, unused_numbers
from runfleet.launch.record import Generation, RecordStore, StudyRecord
from runfleet.launch.steps import Step, StepName
from runfleet.launch.target import Target
from runfleet.study import Study
from runfleet.study.designs import FromCsv


@dataclass(frozen=True)
class Submitted:
    """
    What submitting has led to.

    Parameters
    ----------
    record
        The study as the account has it now.
    differences
        What has changed since it was last submitted, in words; empty for a new study.
    is_unchanged
        Whether there was nothing to do: all runs had ended, and the study is as it was.
    """

    record: StudyRecord
    differences: tuple[str, ...] = ()
    is_unchanged: bool = False


@dataclass(frozen=True)
class Submitter:
    """
    Submits one study.

    Parameters
    ----------
    target
        The study, and where it goes.
    """

    target: Target

    def submit(
        self,
        claim: Callable[[], str],
        repeat: Repeat = Repeat.NONE,
        instead_of: Definition | None = None,
    ) -> Submitted:
        """
        Bring the account to what the study asks for.

        Parameters
        ----------
        claim
            Notes whose study it is, and gives its identity, see `Account.claiming`; called when
            nothing is left that would refuse it, before anything is done.
        repeat
            Which runs that have ended are done again.
        instead_of
            The version whose place it may take; None for any, or for none at all.

        Raises
        ------
        StudySupersededError, StudyDeletedError
            If it is not that version which is there.
        """
        check_study(self._study, self.target.pool)
        definition = self._define()
        record = self._store.read()
        if instead_of is not None:
            _demand_version(self._study.name, record, instead_of)
        if record is None or record.definition != definition or repeat is not Repeat.NONE:
            return self._renew(record, definition, claim, repeat)
        if not self._history.is_sound(record):
            return self._renew(record, definition, claim, Repeat.NONE)
        if record.is_adding:
            self.check()
        claim()
        record = self._history.settle(record)
        if record.is_adding:
            return Submitted(self._add(record))
        if self._history.is_busy(record):
            self.target.provide_pool(self._history.waiting(record))
            return Submitted(record)
        return Submitted(record, is_unchanged=True)

    def check(self) -> None:
        """Refuse a study that cannot be carried out; nothing is done."""
        self.target.check()

    def compare(self) -> Comparison:
        """Tell what submitting would do; nothing is done."""
        record = self._store.read()
        definition = self._define()
        runs = dict(fingerprints(self._study, definition))
        return compare(runs, self._known_tasks(record, definition, runs, Repeat.NONE))

    def changes(self) -> tuple[str, ...]:
        """Say what submitting would change of a study that was submitted before, in words."""
        record = self._store.read()
        definition = self._define()
        if record is None or record.definition == definition:
            return ()
        return describe_changes(record.definition, definition, self.compare())

    @property
    def _study(self) -> Study:
        return self.target.study

    @property
    def _store(self) -> RecordStore:
        return self.target.records

    @cached_property
    def _history(self) -> History:
        return History(self.target.batch, self._store)

    def _define(self) -> Definition:
        return define(self._study, self.target.files.digest)

    def _renew(
        self,
        record: StudyRecord | None,
        definition: Definition,
        claim: Callable[[], str],
        repeat: Repeat,
    ) -> Submitted:
        """Find out what there is to do, note it, and do it."""
        self.target.on_step(Step(StepName.COMPARING))
        renewed, differences = self._note(record, definition, claim, repeat)
        return Submitted(self._add(renewed) if renewed.is_adding else renewed, differences)

    def _note(
        self,
        record: StudyRecord | None,
        definition: Definition,
        claim: Callable[[], str],
        repeat: Repeat,
    ) -> tuple[StudyRecord, tuple[str, ...]]:
        """Note what there is to do; what has changed is told. All runs are in memory meanwhile."""
        runs = dict(fingerprints(self._study, definition))
        self._demand_all(runs)
        known = self._known_tasks(record, definition, runs, repeat)
        comparison = compare(runs, known)
        if comparison.to_run:
            self.check()
        identity = claim()
        self.target.storage.create_container(self._store.container)
        generations = [
            self._history.superseded(tasks, comparison.outdated[tasks.generation.job_id])
            for tasks in known
        ]
        if comparison.to_run:
            generations.append(self._new_generation(record, comparison.to_run))
        renewed = StudyRecord(
            self._study.name,
            len(runs),
            definition,
            tuple(generations),
            self._study.source,
            record.outputs_asked_for if record else (),
            identity=identity,
        )
        self._keep_design_table(definition)
        self._store.write(renewed)
        renewed = self._history.settle(renewed)
        differences = describe_changes(record.definition, definition, comparison) if record else ()
        return renewed, differences

    def _demand_all(self, runs: Fingerprints) -> None:
        """Refuse a design whose table has fewer or more rows by now."""
        if len(runs) != self._study.run_count():
            raise LaunchError(
                f"the study had {self._study.run_count():,} runs when it was loaded, and has "
                f"{len(runs):,} by now: the table of its design was edited",
                hint="load the study again",
            )

    def _known_tasks(
        self,
        record: StudyRecord | None,
        definition: Definition,
        runs: Fingerprints,
        repeat: Repeat,
    ) -> list[KnownTasks]:
        """Read what has been done; an output that is asked for no longer makes no run another."""
        if record is None:
            return []
        known = self._history.known_tasks(record, repeat)
        for earlier in with_more_outputs(definition, record.outputs_asked_for):
            known = recognise(known, runs, dict(fingerprints(self._study, earlier)))
        return known

    def _keep_design_table(self, definition: Definition) -> None:
        """Keep the table of a design: the file may be edited before the results are collected."""
        if isinstance(self._study.design, FromCsv):
            blob = names.design_table_blob(definition.design)
            file = str(self._study.design.table.file)
            self.target.storage.put_files(self._store.container, [(file, blob)])

    def _new_generation(self, record: StudyRecord | None, runs: Fingerprints) -> Generation:
        """Write down the runs of a new generation, whose job nobody has yet."""
        numbers = [generation.number for generation in record.generations] if record else []
        first = max(numbers, default=0) + 1
        number = next(
            number
            for number in unused_numbers(self.target.batch, self._study.name, first)
            if self._store.write_manifest(names.job_id(self._study.name, number), runs.items())
        )
        return Generation(number, names.job_id(self._study.name, number), len(runs))

    def _add(self, record: StudyRecord) -> StudyRecord:
        """Bring what the tasks of the newest generation need, and add those that are missing."""
        self.target.provide_pool(record.newest.run_count)
        staging = self.target.staging(self._study)
        pool, on_step = self.target.pool, self.target.on_step
        return JobFiller(self._study, record, self._history, pool, staging, on_step).fill()


def _demand_version(study: str, record: StudyRecord | None, version: Definition) -> None:
    """Refuse to go on where another version of a study is there, or none any more."""
    if record is None:
        raise StudyDeletedError(study)
    if record.definition != version:
        raise StudySupersededError(study)
