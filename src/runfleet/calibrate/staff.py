"""Adds workers to a calibration and sends them home, while somebody watches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from runfleet.azure import AzureBatch, ConflictError, NotFoundError, ServiceUnavailableError
from runfleet.calibrate.elastic import dispensable, wanted_workers
from runfleet.calibrate.progress.worker_paces import WorkerState, paces_of
from runfleet.calibrate.states import CalibrationProgress
from runfleet.calibrate.tasks import worker_in
from runfleet.errors import RunfleetError
from runfleet.study import WorkerRange


@dataclass
class Staff:
    """
    The workers of a calibration whose number follows the runs.

    Parameters
    ----------
    batch, job_id
        The account, and the job.
    workers
        How many there may be.
    hire
        Brings the number of workers to what it is told.
    clock
        Tells the time in seconds.
    """

    batch: AzureBatch
    job_id: str
    workers: WorkerRange
    hire: Callable[[int], None]
    clock: Callable[[], float] = time.monotonic
    _idle_since: dict[str, float] = field(default_factory=dict)
    _cannot_hire: bool = False

    def follow(self, found: CalibrationProgress) -> Iterator[str]:
        """
        Add workers or send some home, as the runs of the manager ask for it.

        Parameters
        ----------
        found
            How far the calibration is.

        Yields
        ------
        event
            What was done, in sentences.
        """
        yield from self._grow(found)
        yield from self._shrink(found)

    def _grow(self, found: CalibrationProgress) -> Iterator[str]:
        counts, pest = found.workers, found.pest
        wanted = wanted_workers(
            self.workers,
            counts.present,
            lost=counts.lost,
            runs_left=pest.runs_left,
            busy=pest.workers_busy,
        )
        if wanted <= counts.present or self._cannot_hire:
            return
        try:
            self.hire(wanted + counts.lost)
        except ConflictError:  # the manager has just ended
            return
        except ServiceUnavailableError:
            raise
        except RunfleetError as error:
            # The calibration goes on with the workers that it has.
            self._cannot_hire = True
            yield f"no workers are added: {error.message}"
        else:
            more = wanted - counts.present
            yield f"all workers are busy: {more} more were added, {wanted} in all"

    def _shrink(self, found: CalibrationProgress) -> Iterator[str]:
        now = self.clock()
        # A worker that somebody has connected by hand is no task, and not ours to end.
        own = (worker for worker in found.pest.workers if worker_in(worker.name))
        idle = [pace.worker for pace in paces_of(own) if pace.state is WorkerState.IDLE]
        self._idle_since = {name: self._idle_since.get(name, now) for name in idle}
        dismissed = dispensable(self.workers, found.workers.present, self._idle_since, now)
        for name in dismissed:
            with suppress(ConflictError, NotFoundError):  # it has just ended, or its job
                self.batch.terminate_task(self.job_id, name)
        if dismissed:
            yield f"sent home, as they had nothing to do: {', '.join(dismissed)}"
