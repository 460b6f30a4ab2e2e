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
from functools import cached_property
from pathlib import Path

from runfleet.azure import AzureBatch, ConflictError, JobManager, JobSettings, TaskInfo
from runfleet.azure.waiting import asking
from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.errors import CalibrationError, WorkerError
from runfleet.calibrate.logs import Logs
from runfleet.calibrate.manager import ManagerHost, manager_ended, wait_for_host
from runfleet.calibrate.reading import ManagerReading
from runfleet.calibrate.restart import Restart, restart_switches
from runfleet.calibrate.tasks import (
    MANAGER,
    CalibrationTasks,
    staged,
    started_blob,
    tables_prefix,
    worker_id,
)
from runfleet.launch import names
from runfleet.launch.checks import check_account
from runfleet.launch.comparison import Comparison
from runfleet.launch.definition import Definition, define
from runfleet.launch.differences import describe_changes
from runfleet.launch.failures import was_cancelled
from runfleet.launch.history import is_over
from runfleet.launch.names import STUDY_KEY
from runfleet.launch.pool import PoolPlan
from runfleet.launch.progress import next_pause
from runfleet.launch.provision import provide_pool
from runfleet.launch.record import Generation, RecordStore, StudyRecord
from runfleet.launch.run_files import StoredFiles
from runfleet.launch.steps import OnStep, Step, StepName
from runfleet.launch.tasks import Staging
from runfleet.launch.url_life import check_url_life, url_life
from runfleet.storage import Storage
from runfleet.study import Pest, Study

UNREACHABLE = "NoWorkerReachesTheManager"
REPLACED = "Replaced"
"""Why jobs of calibrations are ended."""

_ENDING = timedelta(minutes=2)


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
    batch, storage
        The account's.
    pool
        Where it shall run.
    digest
        Hashes a file's content.
    on_step, on_wait
        Are told what is going on, and why it does not.
    """

    study: Study
    pest: Pest
    control: Control
    batch: AzureBatch
    storage: Storage
    pool: PoolPlan
    digest: Callable[[Path], str]
    on_step: OnStep
    on_wait: Callable[[str], None]

    def submit(self) -> StudyRecord:
        """Bring the account to what the study asks for, and go on where that was interrupted."""
        record = self._store.read()
        if record is None or record.definition != self._definition or not self._has_job(record):
            return self.begin(Restart())
        generation = record.generations[-1]
        job = self.batch.get_job(generation.job_id)
        if job is not None and is_over(job):
            return record
        return self._go_on(record)

    def begin(self, restart: Restart) -> StudyRecord:
        """
        Begin a calibration, in place of an earlier one.

        Parameters
        ----------
        restart
            What of the earlier one is used.
        """
        check_account(self.batch, self.study, self.pool)
        self.storage.create_container(self._store.container)
        record = self._store.read()
        for generation in record.generations if record else ():
            self.batch.terminate_job(generation.job_id, REPLACED)
        generation = self._new_generation(record)
        restart.store(self.storage, self._store.container, generation.job_id)
        self._store_tables(generation.job_id)
        renewed = StudyRecord(
            self.study.name,
            generation.run_count,
            self._definition,
            (generation,),
            self.study.source,
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
        """Bring the number of a running calibration's workers to `count`, if it has fewer."""
        job_id = record.generations[-1].job_id
        present = {task.id for task in self.batch.list_tasks(job_id, select=["id"])}
        missing = [number for number in range(1, count + 1) if worker_id(number) not in present]
        tasks = self._tasks(job_id)
        if missing:
            self.batch.add_tasks(job_id, (tasks.worker(number, host) for number in missing))
        return self._counted(record, len(present) + len(missing))

    @cached_property
    def _store(self) -> RecordStore:
        return RecordStore(self.storage, self.study.name)

    @cached_property
    def _staged(self) -> Study:
        return staged(self.study, self.pest, self.control)

    @cached_property
    def _definition(self) -> Definition:
        return define(self._staged, self.digest)

    @cached_property
    def _url_life(self) -> timedelta:
        return url_life(self.study, self.pool)

    @cached_property
    def _staging(self) -> Staging:
        system = self.pool.operating_system
        return Staging(self._staged, self.storage, self.digest, self._url_life, system)

    def _has_job(self, record: StudyRecord) -> bool:
        """Tell whether the job is there, or has yet to be made."""
        generation = record.generations[-1]
        return generation.adding or self.batch.get_job(generation.job_id) is not None

    def _new_generation(self, record: StudyRecord | None) -> Generation:
        """Choose a job that nobody has had yet; the manager is the first of its tasks."""
        number = record.generations[-1].number + 1 if record else 1
        while self.batch.get_job(names.job_id(self.study.name, number)) is not None:
            number += 1
        return Generation(number, names.job_id(self.study.name, number), run_count=1)

    def _go_on(self, record: StudyRecord) -> StudyRecord:
        """Make what is not there yet: job and manager, the first worker, then the others."""
        generation = record.generations[-1]
        if self.batch.get_job(generation.job_id) is None:
            self._make_job(generation)
        self.on_step(Step(StepName.STARTING_MANAGER))
        logs = Logs(self.batch, self._files, generation.job_id)
        host = wait_for_host(self.batch, generation.job_id, logs, self.on_wait)
        self.storage.put_bytes(
            self._store.container, started_blob(generation.job_id), host.name.encode()
        )
        record = self._connect(record, host, logs)
        return self._add_all(record, host)

    def _make_job(self, generation: Generation) -> None:
        check_url_life(self.storage, self._store.container, self._url_life)
        self.on_step(Step(StepName.PROVIDING_POOL))
        provide_pool(self.batch, self.pool, 1 + self.pest.workers.min)
        total = len(self._staged.model.inputs)
        for done, _ in enumerate(self._staging.stage_inputs(), start=1):
            self.on_step(Step(StepName.STAGING, done, total))
        switches = restart_switches(self.storage, self._store.container, generation.job_id)
        manager = self._tasks(generation.job_id).manager(switches)
        self.batch.create_job(self._job(generation, JobManager(manager)))

    def _job(self, generation: Generation, manager: JobManager) -> JobSettings:
        return JobSettings(
            generation.job_id,
            self.pool.id,
            manager=manager,
            preparation=self._staging.preparation(),
            metadata={
                STUDY_KEY: self.study.name,
                "runfleet-generation": str(generation.number),
            },
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
        )

    @cached_property
    def _files(self) -> StoredFiles:
        return StoredFiles(self.storage, self._store.container)

    def _connect(self, record: StudyRecord, host: ManagerHost, logs: Logs) -> StudyRecord:
        """Test the connection with the first worker, before there are more of them."""
        if not record.generations[-1].adding:
            return record
        self.on_step(Step(StepName.CONNECTING))
        job_id = record.generations[-1].job_id
        try:
            record = self.add_workers(record, host.reachable_as, 1)
            self._wait_for_worker(job_id, host, logs)
        except ConflictError:  # the manager has ended, and its job with it
            raise manager_ended(self._ended_manager(job_id), logs, [worker_id(1)]) from None
        except CalibrationError:
            self.batch.terminate_job(job_id, UNREACHABLE)
            raise
        return record

    def _ended_manager(self, job_id: str) -> TaskInfo:
        """Wait for the end of a manager whose job has ended."""
        waits = asking(f"the end of the manager of `{job_id}`", _ENDING)
        asked = (self.batch.get_task(job_id, MANAGER) for _ in waits)
        return next(found for found in asked if found and found.state == "completed")

    def _wait_for_worker(self, job_id: str, host: ManagerHost, logs: Logs) -> None:
        """Wait until the manager knows the first worker."""
        began: float | None = None
        pause = 0.0
        reading = ManagerReading(logs, self.pest)
        while not reading.progress().workers_seen:
            manager, worker = (self.batch.get_task(job_id, one) for one in (MANAGER, worker_id(1)))
            if manager is None or manager.state == "completed":
                if not reading.ended().is_complete:
                    raise manager_ended(self._ended_manager(job_id), logs, [worker_id(1)])
                return
            if worker is not None and worker.state == "completed" and not was_cancelled(worker):
                raise _died(worker, logs)
            if worker is not None and worker.state == "running":
                began = began or time.monotonic()
            if began and time.monotonic() - began > self.pest.register_within.total_seconds():
                raise self._unreachable(host, logs)
            pause = next_pause(pause, None)
            time.sleep(min(pause, 1.0))

    def _unreachable(self, host: ManagerHost, logs: Logs) -> WorkerError:
        seconds = self.pest.register_within.total_seconds()
        return WorkerError(
            f"no worker has reached the manager at {host.reachable_as}:{self.pest.port} within "
            f"{seconds:.0f} s",
            output=f"the manager says:\n{logs.last_lines(MANAGER)}\n"
            f"the worker says:\n{logs.last_lines(worker_id(1))}",
            hint="another program may have the port, or a firewall may close it: write another "
            "`port` under `pest`; slow programs need a longer `register_within`",
        )

    def _add_all(self, record: StudyRecord, host: ManagerHost) -> StudyRecord:
        total = self.pest.workers.min
        with suppress(ConflictError):  # the first worker has done it all
            record = self.add_workers(record, host.reachable_as, total)
        self.on_step(Step(StepName.ADDING, total, total))
        added = record.added()
        self._store.write(added)
        return added

    def _counted(self, record: StudyRecord, tasks: int) -> StudyRecord:
        """Note how many tasks the job has by now."""
        generation = replace(record.generations[-1], run_count=tasks)
        counted = replace(record, run_count=tasks, generations=(generation,))
        self._store.write(counted)
        return counted


def _died(worker: TaskInfo, logs: Logs) -> WorkerError:
    return WorkerError(
        f"the first worker has died, and was started again {worker.retries} times",
        output=logs.last_lines(worker.id),
        hint="mend what it complains of, and run the study again",
    )
