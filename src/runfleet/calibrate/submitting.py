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
from datetime import timedelta
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
from runfleet.calibrate.tasks import (
    CalibrationTasks,
    staged,
    started_blob,
    sweep_output,
    tables_prefix,
    worker_id,
)
from runfleet.launch import names
from runfleet.launch.checks import check_account
from runfleet.launch.comparison import Comparison
from runfleet.launch.definition import Definition, define
from runfleet.launch.differences import describe_changes
from runfleet.launch.failures import was_cancelled
from runfleet.launch.hashes import Snapshot
from runfleet.launch.history import unused_numbers
from runfleet.launch.packages import DefaultVersions
from runfleet.launch.pool import PoolPlan
from runfleet.launch.provision import provide_pool
from runfleet.launch.record import Generation, RecordStore, StudyRecord
from runfleet.launch.run_files import StoredFiles
from runfleet.launch.staging import Staging
from runfleet.launch.steps import OnStep, Step, StepName
from runfleet.launch.url_life import check_url_life, url_life
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
    study
        The study.
    pest
        Its calibration.
    control
        What its control file says.
    batch, storage, open_management
        The account's.
    pool
        Where it shall run.
    files
        What the study's files hold.
    on_step, on_wait
        Are told what is going on, and why it does not.
    unattended
        Whether nobody will add workers as they are needed, so that all come at once.
    """

    study: Study
    pest: Pest
    control: Control
    batch: AzureBatch
    storage: Storage
    open_management: Callable[[], DefaultVersions | None]
    pool: PoolPlan
    files: Snapshot
    on_step: OnStep
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
        job = self.batch.get_job(generation.job_id)
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
        check_places(self.pool)
        check_account(self.batch, self.study, self.pool, self.open_management)
        check_url_life(self.storage, self._store.container, self._url_life)
        identity = claim()
        self.storage.create_container(self._store.container)
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
            self.batch.terminate_job(generation.job_id, EndReason.REPLACED)
        generation = self._new_generation(record)
        restart.store(self.storage, self._store.container, generation.job_id)
        self._store_tables(generation.job_id)
        renewed = StudyRecord(
            self.study.name,
            generation.run_count,
            self._definition,
            (generation,),
            self.study.source,
            identity=identity,
        )
        self._store.write(renewed)
        return self._go_on(renewed)

    def _store_tables(self, job_id: str) -> None:
        """Keep what the control file has in tables of their own: it is not read without them."""
        prefix = tables_prefix(job_id)
        named = (
            (str(table), f"{prefix}{table.relative_to(self.study.folder).as_posix()}")
            for table in self.control.tables
        )
        self.storage.put_files(self._store.container, named)

    def changes(self, record: StudyRecord) -> tuple[str, ...]:
        """Say how a calibration differs from what was submitted before."""
        if record.definition == self._definition:
            return ()
        return describe_changes(record.definition, self._definition, Comparison({}, {}))

    def add_workers(self, record: StudyRecord, host: str, count: int) -> StudyRecord:
        """Bring the workers of a running calibration to `count`, besides those sent home."""
        job_id = record.newest.job_id
        present = {task.id: task for task in self.batch.list_tasks(job_id)}
        total = count + sum(map(was_cancelled, present.values()))
        missing = [number for number in range(1, total + 1) if worker_id(number) not in present]
        tasks = self._tasks(job_id)
        if missing:
            self.batch.add_tasks(job_id, (tasks.worker(number, host) for number in missing))
        return self._counted(record, len(present) + len(missing))

    def add_more_workers(self, job_id: str, count: int) -> None:
        """
        Bring the workers to `count`, and see that the pool has nodes for them.

        Nothing is done where a newer job has taken the place of this one.
        """
        record = self._store.read()
        first = self.batch.get_task(job_id, worker_id(1))
        host = first.environment.get(HOST_VARIABLE) if first else None
        if record is None or record.newest.job_id != job_id or host is None:
            return
        provide_pool(self.batch, self.pool, 1 + count)
        self.add_workers(record, host, count)

    @property
    def _first_count(self) -> int:
        workers = self.pest.workers
        return workers.max if self.unattended else workers.min

    @cached_property
    def _store(self) -> RecordStore:
        return RecordStore(self.storage, self.study.name, self.batch.account)

    @cached_property
    def _staged(self) -> Study:
        return staged(self.study, self.pest, self.control)

    @cached_property
    def _definition(self) -> Definition:
        return define(self._staged, self.files.digest)

    @cached_property
    def _url_life(self) -> timedelta:
        return url_life(self.study, self.pool)

    @cached_property
    def _staging(self) -> Staging:
        system = self.pool.operating_system
        return Staging(self._staged, self.storage, self.files, self._url_life, system)

    def _has_job(self, record: StudyRecord) -> bool:
        """Tell whether the job is there, or has yet to be made; not if it is being deleted."""
        generation = record.newest
        job = self.batch.get_job(generation.job_id)
        return generation.adding if job is None else job.state != "deleting"

    def _new_generation(self, record: StudyRecord | None) -> Generation:
        """Choose a job that nobody has had yet; the manager is the first of its tasks."""
        first = record.newest.number + 1 if record else 1
        number = next(unused_numbers(self.batch, self.study.name, first))
        return Generation(number, names.job_id(self.study.name, number), run_count=1)

    def _go_on(self, record: StudyRecord) -> StudyRecord:
        """Make what is not there yet: job and manager, the first worker, then the others."""
        generation = record.newest
        if self.batch.get_job(generation.job_id) is None:
            self._make_job(generation)
        self.on_step(Step(StepName.STARTING_MANAGER))
        endings = Endings(self.study.name, Logs(self.batch, self._files, generation.job_id))
        host = wait_for_host(self.batch, generation.job_id, endings, self.on_wait)
        self.storage.put_bytes(
            self._store.container, started_blob(generation.job_id), host.name.encode()
        )
        record = self._connect(record, host, endings)
        return self._add_all(record, host)

    def _make_job(self, generation: Generation) -> None:
        self.on_step(Step(StepName.PROVIDING_POOL))
        provide_pool(self.batch, self.pool, 1 + self._first_count)
        self._staging.stage_inputs(self.on_step)
        switches = restart_switches(self.storage, self._store.container, generation.job_id)
        manager = self._tasks(generation.job_id).manager(switches)
        self.batch.create_job(self._job(generation, JobManager(manager)))

    def _job(self, generation: Generation, manager: JobManager) -> JobSettings:
        return JobSettings(
            generation.job_id,
            self.pool.id,
            manager=manager,
            preparation=self._staging.preparation(),
            metadata=names.job_metadata(self.study.name, generation.number),
        )

    def _tasks(self, job_id: str) -> CalibrationTasks:
        return CalibrationTasks(
            self._staged,
            self.pest,
            self.storage,
            job_id,
            self.pool.operating_system,
            self._url_life,
            [output.pattern for output in self.study.model.outputs],
            self.control.model_folders,
            sweep_output(self.pest, self.control),
        )

    @cached_property
    def _files(self) -> StoredFiles:
        return StoredFiles(self.storage, self._store.container)

    def _connect(self, record: StudyRecord, host: ManagerHost, endings: Endings) -> StudyRecord:
        """Test the connection with the first worker, before there are more of them."""
        if not record.newest.adding:
            return record
        self.on_step(Step(StepName.CONNECTING))
        job_id = record.newest.job_id
        test = ConnectionTest(self.batch, job_id, self.pest, host, endings, self.on_wait)
        try:
            record = self.add_workers(record, host.reachable_as, 1)
            test.wait()
        except ConflictError:  # the manager has ended, and its job with it
            raise test.manager_ended() from None
        except CalibrationError:
            self.batch.terminate_job(job_id, EndReason.UNREACHABLE)
            raise
        return record

    def _add_all(self, record: StudyRecord, host: ManagerHost) -> StudyRecord:
        total = self._first_count
        with suppress(ConflictError):  # the first worker has done it all
            record = self.add_workers(record, host.reachable_as, total)
        self.on_step(Step(StepName.ADDING, total, total))
        self._store.update(record.newest, StudyRecord.added)
        return record.added()

    def _counted(self, record: StudyRecord, tasks: int) -> StudyRecord:
        """Note how many tasks the job has by now, whoever added them."""
        self._store.update(record.newest, partial(_with_tasks, tasks))
        return _with_tasks(tasks, record)


def _with_tasks(tasks: int, record: StudyRecord) -> StudyRecord:
    generation = replace(record.newest, run_count=max(tasks, record.newest.run_count))
    return replace(record, run_count=generation.run_count, generations=(generation,))
