"""How calibrations come to a bad end: why, what was written last, and how to go on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from runfleet.azure import TaskInfo
from runfleet.calibrate.errors import (
    ManagerError,
    ManagerLostError,
    PortTakenError,
    WorkerError,
)
from runfleet.calibrate.logs import Logs
from runfleet.calibrate.progress.run_failures import kind_of, read_run_failures
from runfleet.calibrate.scripts import EXIT_STARTED_BEFORE
from runfleet.calibrate.tasks import MANAGER, worker_id
from runfleet.launch import names
from runfleet.launch.failures import batch_message, has_timed_out, was_cancelled
from runfleet.launch.last_words import error_line, last_line

_MOST_ASKED = 3
_KILLED = (137, 143)
"""Exit codes of programs that were ended by SIGKILL or SIGTERM, as shells tell them."""

_TAKEN = re.compile(r"(?i)\bbind\b|already in use|is busy")
_UNREACHABLE_HINT = (
    "another program may have the port, or a firewall may close it: write another `port` under "
    "`pest`; slow programs need a longer `register_within`"
)


class EndReason(StrEnum):
    """Why the job of a calibration was ended, as the job itself remembers it."""

    ALL_WORKERS_DIED = "AllWorkersDied"
    UNREACHABLE = "NoWorkerReachesTheManager"
    REPLACED = "Replaced"
    CANCELLED = "Cancelled"


@dataclass(frozen=True)
class Endings:
    """
    Puts the end of one calibration into words.

    Parameters
    ----------
    study
        Its name.
    logs
        What its tasks have written.
    """

    study: str
    logs: Logs

    def of_manager(self, manager: TaskInfo, workers: Iterable[str] = ()) -> ManagerError:
        """Say that a manager has ended before its time, with what it and its workers told."""
        if was_cancelled(manager):
            return ManagerError("the calibration was cancelled", hint=self._ways_on)
        if manager.exit_code == EXIT_STARTED_BEFORE:
            return ManagerLostError(
                "the node of the manager was lost, and the manager with it",
                hint=f"go on from what was saved: `runfleet calibrate resume {self.study}`",
            )
        output = self._written_by(manager)
        if manager.exit_code in _KILLED:
            what = f"the manager was killed, perhaps for lack of memory: {batch_message(manager)}"
            return ManagerError(what, output=output, hint=self._ways_on)
        what = f"the manager has ended: {batch_message(manager)}"
        if has_timed_out(manager):
            hint = f"write a longer `time_limit` under `model`; then {self._ways_on}"
            return ManagerError(what, output=output, hint=hint)
        of_runs = list(self._told_of_runs(workers))
        if _TAKEN.search(output) and not of_runs:
            return PortTakenError(what, output=output, hint=self._port_hint)
        logs = f"; `runfleet logs {self.study} {worker_id(1)}` shows all that a worker wrote"
        return ManagerError(
            what,
            output="\n".join((output, *of_runs)),
            hint=f"{self._mend_hint}{logs if of_runs else ''}",
        )

    def of_all_workers(self, workers: Sequence[TaskInfo]) -> WorkerError:
        """Say that all workers have died, with what the last of them wrote."""
        last = max(workers, key=lambda worker: worker.ended.timestamp() if worker.ended else 0)
        restarts = sum(worker.retries for worker in workers)
        return WorkerError(
            f"all {len(workers)} workers have ended before the manager (restarts: {restarts}); the "
            f"last one: {_end_of(last)}",
            output=self._written_by(last),
            hint=self._mend_hint,
        )

    def of_first_worker(self, worker: TaskInfo) -> WorkerError:
        """Say that the worker that tested the connection has died."""
        return WorkerError(
            f"the first worker has died (restarts: {worker.retries})",
            output=self._written_by(worker),
            hint=f"mend what it complains of, and begin anew: `runfleet retry {self.study}`",
        )

    def of_connection(self, where: str = "") -> WorkerError:
        """
        Say that no worker has reached the manager.

        Parameters
        ----------
        where
            Where the manager was, and how long it was tried, if that is known.
        """
        return WorkerError(
            f"no worker has reached the manager{where}",
            output=f"the manager says:\n{self.logs.last_lines(MANAGER)}\n"
            f"the worker says:\n{self.logs.last_lines(worker_id(1))}",
            hint=_UNREACHABLE_HINT,
        )

    def failed_runs(self, workers: Iterable[str], told: set[str] | None = None) -> Iterator[str]:
        """
        Tell why model runs have failed: often the manager knows only that they have.

        Parameters
        ----------
        workers
            The first few of these are asked.
        told
            Kinds of reasons that are left out, as they were told before; those told now join them.
        """
        told = set() if told is None else told
        for worker in islice(workers, _MOST_ASKED):
            for reason in read_run_failures(self.logs.tail(worker, names.STDOUT)):
                if kind_of(reason) not in told:
                    yield f"a model run failed on {worker}: {reason}"
                told.add(kind_of(reason))

    def _written_by(self, task: TaskInfo) -> str:
        """Give the last lines of a task; of one that was killed they do not say why it ended."""
        output = self.logs.last_lines(task.id)
        was_killed = task.exit_code in _KILLED
        return f"Until then it had written:\n{output}" if was_killed and output else output

    @property
    def _ways_on(self) -> str:
        return (
            f"`runfleet calibrate resume {self.study}` goes on, `runfleet retry {self.study}` "
            "begins anew"
        )

    @property
    def _port_hint(self) -> str:
        return (
            "another program has its port, perhaps another calibration: write another `port` under "
            f"`pest`, then `runfleet run {self.study}`"
        )

    @property
    def _mend_hint(self) -> str:
        return f"mend what it complains of; then {self._ways_on}"

    def _told_of_runs(self, workers: Iterable[str]) -> Iterator[str]:
        """Tell why model runs have failed, and what the model itself wrote about that."""
        asked = list(islice(workers, _MOST_ASKED))
        reasons = list(self.failed_runs(asked))
        yield from reasons
        for worker in asked if reasons else ():
            written = self.logs.tail(worker, names.STDERR)
            if line := error_line(written) or last_line(written):
                yield f"{worker} wrote to stderr: {line}"
                return


def _end_of(worker: TaskInfo) -> str:
    return "exit code 0" if worker.result == "success" else batch_message(worker)
