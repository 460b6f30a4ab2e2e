"""Waits for a manager, and finds out where it is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from runfleet.azure import AzureBatch, BatchError, TaskInfo
from runfleet.calibrate.errors import ManagerError
from runfleet.calibrate.logs import Logs
from runfleet.calibrate.progress.run_failures import kind_of, read_run_failures
from runfleet.calibrate.scripts import EXIT_STARTED_BEFORE, host_name
from runfleet.calibrate.tasks import MANAGER
from runfleet.launch.diagnosis import find_situation
from runfleet.launch.explanation import explain_waiting
from runfleet.launch.failures import batch_message, was_cancelled
from runfleet.launch.progress import next_pause

# Once it runs, its first line is there at once; inputs are copied before.
_NAME_SECONDS = 300.0
_FIRST_DOUBT_SECONDS = 5.0
_MOST_ASKED = 3

_TAKEN = re.compile(r"(?i)\bbind\b|already in use|is busy")
_PORT_HINT = "another program has its port, perhaps another calibration: write `port` under `pest`"
_HINT = (
    "mend what it complains of; then `runfleet calibrate resume` goes on, and `runfleet retry` "
    "begins anew"
)


@dataclass(frozen=True, slots=True)
class ManagerHost:
    """
    Where a manager listens.

    Parameters
    ----------
    name
        What its host calls itself.
    address
        The node's address, where the service tells it.
    node_id
        The node.
    """

    name: str
    address: str | None
    node_id: str

    @property
    def reachable_as(self) -> str:
        """What workers connect to: addresses need nobody who knows the name."""
        return self.address or self.name


def wait_for_host(
    batch: AzureBatch,
    job_id: str,
    logs: Logs,
    on_wait: Callable[[str], None],
    *,
    patience: float = _NAME_SECONDS,
) -> ManagerHost:
    """
    Wait until a manager has told the name of its host.

    Parameters
    ----------
    batch
        The account.
    job_id
        The job of the calibration.
    logs
        What its tasks have written.
    on_wait
        Is told why the manager does not begin, each time the reason changes.
    patience
        How many seconds a running manager may take for its first line.

    Raises
    ------
    ManagerError
        If it has ended before, does not begin, or says something else.
    """
    began: float | None = None
    pause, doubt = 0.0, time.monotonic() + _FIRST_DOUBT_SECONDS
    while True:
        manager = _manager(batch, job_id)
        if manager.state == "completed":
            raise manager_ended(manager, logs)
        if manager.state == "running":
            began = began or time.monotonic()
            host = _host(batch, job_id, manager, logs)
            if host is not None:
                return host
            if time.monotonic() - began > patience:
                raise _nameless(patience)
        elif time.monotonic() > doubt:
            _explain(batch, job_id, on_wait)
            doubt = time.monotonic() + 2 * _FIRST_DOUBT_SECONDS
        pause = next_pause(pause, None)
        time.sleep(min(pause, 1.0))


def manager_ended(manager: TaskInfo, logs: Logs, workers: Iterable[str] = ()) -> ManagerError:
    """Say that a manager has ended before its time, with what it and its workers told of that."""
    if was_cancelled(manager):
        return ManagerError("the calibration was cancelled", hint="`runfleet retry` begins it anew")
    if manager.exit_code == EXIT_STARTED_BEFORE:
        return ManagerError(
            "the node of the manager was lost, and the manager with it",
            hint="go on from what was saved: `runfleet calibrate resume`",
        )
    output = logs.last_lines(MANAGER)
    return ManagerError(
        f"the manager has ended: {batch_message(manager)}",
        output="\n".join((output, *_failed_runs(logs, workers))),
        hint=_PORT_HINT if _TAKEN.search(output) else _HINT,
    )


def _failed_runs(logs: Logs, workers: Iterable[str]) -> Iterator[str]:
    """Tell why model runs have failed: often the manager knows only that they have."""
    told: set[str] = set()
    for worker in islice(workers, _MOST_ASKED):
        for reason in read_run_failures(logs.read_ended(worker, "stdout.txt")):
            if kind_of(reason) not in told:
                yield f"a model run failed on {worker}: {reason}"
            told.add(kind_of(reason))


def _manager(batch: AzureBatch, job_id: str) -> TaskInfo:
    """Ask for the task of the manager, which comes with its job."""
    manager = batch.get_task(job_id, MANAGER)
    if manager is None:
        raise ManagerError(
            f"the job `{job_id}` has no manager: it was deleted",
            hint="run the study again with `runfleet retry`",
        )
    return manager


def _host(batch: AzureBatch, job_id: str, manager: TaskInfo, logs: Logs) -> ManagerHost | None:
    try:
        name = host_name(logs.read(MANAGER, "stdout.txt"))
    except ValueError as error:
        raise ManagerError(
            f"the manager should write the name of its host first, but wrote `{error}`",
            hint="a start-up file of the shell on the node writes something, or the command "
            "`hostname` does not work there",
        ) from None
    if name is None or manager.node_id is None:
        return None
    job = batch.get_job(job_id)
    address = batch.node_address(job.pool_id, manager.node_id) if job else None
    return ManagerHost(name, address, manager.node_id)


def _nameless(patience: float) -> ManagerError:
    return ManagerError(
        f"the manager has run for {patience:.0f} s and has not written the name of its host",
        hint="look at what it does: `runfleet logs STUDY manager`",
    )


def _explain(batch: AzureBatch, job_id: str, on_wait: Callable[[str], None]) -> None:
    """Tell why the manager waits; raise if it will wait for ever."""
    try:
        explanation = explain_waiting(find_situation(batch, batch.get_job(job_id)))
    except BatchError:  # what explains the wait is not worth ending it
        return
    if explanation.is_stuck:
        raise ManagerError(
            f"the manager cannot start: {explanation.sentence}",
            output=explanation.output,
            hint=explanation.next_step or None,
        )
    on_wait(explanation.sentence)
