"""
From a study to the job, the manager and the workers of a calibration.

As with studies of runs, everything can be done again: the record names a job before it is made,
and says that its tasks are being added until they all are.  Killed in between and called again,
submitting goes on with that job.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial

from runfleet.azure import AzureBatch, ConflictError, JobManager, JobSettings
from runfleet.calibrate.connecting import ConnectionTest
from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.endings import Endings, EndReason
from runfleet.calibrate.errors import CalibrationError, PortTakenError
from runfleet.calibrate.logs import Logs
from runfleet.calibrate.manager import ManagerHost, wait_for_host
from runfleet.calibrate.places import check_places
from runfleet.calibrate.restart import Restart, restart_switches
from runfleet.calibrate.scripts import HOST_VARIABLE
from runfleet.calibrate.submitted_control import store_control
from runfleet.calibrate.tasks import (
    CalibrationTasks,
    staged,
    started_blob,
    sweep_output,
    worker_id,
)
from runfleet.launch import names
from runfleet.launch.comparison import Comparison
from runfleet.launch.definition import Definition, define
from runfleet.launch.differences import describe_changes
from runfleet.launch.failures import was_cancelled
from runfleet.launch.history import unused_numbers
from runfleet.launch.record import Generation, RecordStore, StudyRecord
from runfleet.launch.run_files import StoredFiles
from runfleet.launch.staging import Staging
from runfleet.launch.steps import Step, StepName
from runfleet.launch.target import Target
from runfleet.storage import Storage
from runfleet.study import Pest, Study

_PORT_SECONDS = 75.0
"""A system keeps the port of a manager that was killed for a minute."""

_PORT_PAUSE = 5.0


@dataclass(frozen=True)
class CalibrationSubmitter:
    """
    Submits one calibration.

    Parameters
    ----------
    target
        The study, and where it goes.
    pest
        Its calibration.
    control
        What its control file says.
    on_wait
        Is told why nothing is going on.
    unattended
        Whether nobody will add workers as they are needed, so that all come at once.
    """

    target: Target
    pest: Pest
    control: Control
    on_wait: Callable[[str], None]
    unattended: bool = False

    def submit(self, claim: Callable[[], str]) -> StudyRecord:
        """
        Bring the account to what the study asks for, and go on where that was interrupted.

        Parameters
        ----------
        claim
            Notes whose it is, and gives its identity, see `Account.claiming`.
        """
        record = self._store.read()
        if record is None or record.definition != self._definition or not self._has_job(record):
            return self.begin(claim, Restart())
        claim()
        generation = record.newest
        job = self._batch.get_job(generation.job_id)
        if job is not None and job.is_over:
            return record
        return self._go_on(record)

    def begin(self, claim: Callable[[], str], restart: Restart) -> StudyRecord:
        """
        Begin a calibration, in place of an earlier one.

        Parameters
        ----------
        claim
            Notes whose it is, and gives its identity; called when nothing refuses it any more.
        restart
            What of the earlier one is used.
        """
        check_places(self.target.pool)
        self.target.check()
        identity = claim()
        self._storage.create_container(self._store.container)
        patience = _PORT_SECONDS if self._store.read() else 0.0
        last_try = time.monotonic() + patience
        while True:
            try:
                return self._begin(identity, restart)
            except PortTakenError:
                if time.monotonic() > last_try:
                    raise
            self.on_wait("the port is taken: an earlier manager may have it for a moment yet")
            time.sleep(_PORT_PAUSE)

    def _begin(self, identity: str, restart: Restart) -> StudyRecord:
        record = self._store.read()
        for generation in record.generations if record else ():
            self._batch.terminate_job(generation.job_id, EndReason.REPLACED)
        generation = self._new_generation(record)
        restart.store(self._storage, self._store.container, generation.job_id)
        store_control(
            self._storage,
            self._store.container,
            generation.job_id,
            self.control,
            self._study.folder,
        )
        renewed = StudyRecord(
            self._study.name,
            generation.run_count,
            self._definition,
            (generation,),
            self._study.source,
            identity=identity,
        )
        self._store.write(renewed)
        return self._go_on(renewed)

    def changes(self, record: StudyRecord) -> tuple[str, ...]:
        """Say how a calibration differs from what was submitted before."""
        if record.definition == self._definition:
            return ()
        return describe_changes(record.definition, self._definition, Comparison({}, {}))

    def add_workers(self, record: StudyRecord, host: str, count: int) -> StudyRecord:
        """Bring the workers of a running calibration to `count`, besides those sent home."""
        job_id = record.newest.job_id
        present = {task.id: task for task in self._batch.list_tasks(job_id)}
        total = count + sum(map(was_cancelled, present.values()))
        missing = [number for number in range(1, total + 1) if worker_id(number) not in present]
        tasks = self._tasks(job_id)
        if missing:
            self._batch.add_tasks(job_id, (tasks.worker(number, host) for number in missing))
        return self._counted(record, len(present) + len(missing))

    def add_more_workers(self, job_id: str, count: int) -> None:
        """
        Bring the workers to `count`, and see that the pool has nodes for them.

        Nothing is done where a newer job has taken the place of this one.
        """
        record = self._store.read()
        first = self._batch.get_task(job_id, worker_id(1))
        host = first.environment.get(HOST_VARIABLE) if first else None
        if record is None or record.newest.job_id != job_id or host is None:
            return
        self.target.provide_pool(1 + count)
        self.add_workers(record, host, count)

    @property
    def _first_count(self) -> int:
        workers = self.pest.workers
        return workers.max if self.unattended else workers.min

    @property
    def _study(self) -> Study:
        return self.target.study

    @property
    def _batch(self) -> AzureBatch:
        return self.target.batch

    @property
    def _storage(self) -> Storage:
        return self.target.storage

    @property
    def _store(self) -> RecordStore:
        return self.target.records

    @cached_property
    def _staged(self) -> Study:
        return staged(self._study, self.pest, self.control)

    @cached_property
    def _definition(self) -> Definition:
        return define(self._staged, self.target.files.digest)

    @cached_property
    def _staging(self) -> Staging:
        return self.target.staging(self._staged)

    def _has_job(self, record: StudyRecord) -> bool:
        """Tell whether the job is there, or has yet to be made; not if it is being deleted."""
        generation = record.newest
        job = self._batch.get_job(generation.job_id)
        return generation.adding if job is None else job.state != "deleting"

    def _new_generation(self, record: StudyRecord | None) -> Generation:
        """Choose a job that nobody has had yet; the manager is the first of its tasks."""
        first = record.newest.number + 1 if record else 1
        number = next(unused_numbers(self._batch, self._study.name, first))
        return Generation(number, names.job_id(self._study.name, number), run_count=1)

    def _go_on(self, record: StudyRecord) -> StudyRecord:
        """Make what is not there yet: job and manager, the first worker, then the others."""
        generation = record.newest
        if self._batch.get_job(generation.job_id) is None:
            self._make_job(generation)
        self.target.on_step(Step(StepName.STARTING_MANAGER))
        endings = Endings(self._study.name, Logs(self._batch, self._files, generation.job_id))
        host = wait_for_host(self._batch, generation.job_id, endings, self.on_wait)
        self._storage.put_bytes(
            self._store.container, started_blob(generation.job_id), host.name.encode()
        )
        record = self._connect(record, host, endings)
        return self._add_all(record, host)

    def _make_job(self, generation: Generation) -> None:
        self.target.provide_pool(1 + self._first_count)
        self._staging.stage_inputs(self.target.on_step)
        switches = restart_switches(self._storage, self._store.container, generation.job_id)
        manager = self._tasks(generation.job_id).manager(switches)
        self._batch.create_job(self._job(generation, JobManager(manager)))

    def _job(self, generation: Generation, manager: JobManager) -> JobSettings:
        return JobSettings(
            generation.job_id,
            self.target.pool.id,
            manager=manager,
            preparation=self._staging.preparation(),
            metadata=names.job_metadata(self._study.name, generation.number),
        )

    def _tasks(self, job_id: str) -> CalibrationTasks:
        return CalibrationTasks(
            self._staged,
            self.pest,
            self._storage,
            job_id,
            self._staging.system,
            self._staging.url_life,
            [output.pattern for output in self._study.model.outputs],
            self.control.model_folders,
            sweep_output(self.pest, self.control),
        )

    @cached_property
    def _files(self) -> StoredFiles:
        return StoredFiles(self._storage, self._store.container)

    def _connect(self, record: StudyRecord, host: ManagerHost, endings: Endings) -> StudyRecord:
        """Test the connection with the first worker, before there are more of them."""
        if not record.newest.adding:
            return record
        self.target.on_step(Step(StepName.CONNECTING))
        job_id = record.newest.job_id
        test = ConnectionTest(self._batch, job_id, self.pest, host, endings, self.on_wait)
        try:
            record = self.add_workers(record, host.reachable_as, 1)
            test.wait()
        except ConflictError:  # the manager has ended, and its job with it
            raise test.manager_ended() from None
        except CalibrationError:
            self._batch.terminate_job(job_id, EndReason.UNREACHABLE)
            raise
        return record

    def _add_all(self, record: StudyRecord, host: ManagerHost) -> StudyRecord:
        total = self._first_count
        with suppress(ConflictError):  # the first worker has done it all
            record = self.add_workers(record, host.reachable_as, total)
        self.target.on_step(Step(StepName.ADDING, total, total))
        self._store.update(record.newest, StudyRecord.added)
        return record.added()

    def _counted(self, record: StudyRecord, tasks: int) -> StudyRecord:
        """Note how many tasks the job has by now, whoever added them."""
        self._store.update(record.newest, partial(_with_tasks, tasks))
        return _with_tasks(tasks, record)


def _with_tasks(tasks: int, record: StudyRecord) -> StudyRecord:
    generation = replace(record.newest, run_count=max(tasks, record.newest.run_count))
    return replace(record, run_count=generation.run_count, generations=(generation,))
