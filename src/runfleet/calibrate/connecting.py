"""The test of the connection: one worker reaches the manager, before there are more of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TypeGuard

from runfleet.azure import AzureBatch, TaskInfo
from runfleet.azure.waiting import turns_until
from runfleet.calibrate.endings import Endings
from runfleet.calibrate.errors import ManagerError
from runfleet.calibrate.manager import ManagerHost
from runfleet.calibrate.reading import ManagerReading
from runfleet.calibrate.tasks import MANAGER, worker_id
from runfleet.calibrate.waiting import Doubt
from runfleet.launch.failures import was_cancelled
from runfleet.study import Pest

_LONGEST_PAUSE = 1.0
_ENDING = timedelta(minutes=2)


@dataclass
class ConnectionTest:
    """
    Waits until the manager knows its first worker.

    Parameters
    ----------
    batch, job_id
        The account, and the job of the calibration.
    pest
        The calibration.
    host
        Where its manager is.
    endings
        Puts into words what has gone wrong.
    on_wait
        Is told why the worker does not begin.
    """

    batch: AzureBatch
    job_id: str
    pest: Pest
    host: ManagerHost
    endings: Endings
    on_wait: Callable[[str], None]
    _began: float | None = None

    def wait(self) -> None:
        """
        Come back when the worker has registered, or when the manager is done already.

        Raises
        ------
        CalibrationError
            If the manager or the worker has ended, or the worker does not come through.
        """
        doubt = Doubt(self.batch, self.job_id, "the first worker", self.on_wait)
        for _ in turns_until("the first worker", None, longest=_LONGEST_PAUSE):
            if self._reading.progress().workers_seen or self._is_done():
                return
            if self._has_begun():
                self._check_patience()
            else:
                doubt.tell()

    def manager_ended(self) -> ManagerError:
        """Wait for the end of a manager whose job is about to end, and say why it has ended."""
        waits = turns_until(f"the end of the manager of `{self.job_id}`", _ENDING)
        asked = (self.batch.get_task(self.job_id, MANAGER) for _ in waits)
        manager = next(found for found in asked if found and found.state == "completed")
        return self.endings.of_manager(manager, [worker_id(1)])

    @cached_property
    def _reading(self) -> ManagerReading:
        return ManagerReading(self.endings.logs, self.pest)

    def _is_done(self) -> bool:
        """Tell whether the manager has done it all already; raise if it has ended otherwise."""
        manager = self.batch.get_task(self.job_id, MANAGER)
        if manager is not None and manager.state != "completed":
            return False
        if not self._reading.ended().is_complete:
            raise self.manager_ended()
        return True

    def _has_begun(self) -> bool:
        """Tell whether the worker is running; raise if it has died."""
        worker = self.batch.get_task(self.job_id, worker_id(1))
        if _has_ended(worker):
            raise self.endings.of_first_worker(worker)
        return worker is not None and worker.state == "running"

    def _check_patience(self) -> None:
        self._began = self._began or time.monotonic()
        allowed = self.pest.register_within.total_seconds()
        if time.monotonic() - self._began > allowed:
            place = f"{self.host.reachable_as}:{self.pest.port}"
            raise self.endings.of_connection(f" at {place} within {allowed:.0f} s")


def _has_ended(worker: TaskInfo | None) -> TypeGuard[TaskInfo]:
    return worker is not None and worker.state == "completed" and not was_cancelled(worker)
