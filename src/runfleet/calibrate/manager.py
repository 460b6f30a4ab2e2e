"""Waits for a manager, and finds out where it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from runfleet.azure import AzureBatch, TaskInfo
from runfleet.azure.waiting import turns_until
from runfleet.calibrate.endings import Endings
from runfleet.calibrate.errors import ManagerError
from runfleet.calibrate.logs import Logs
from runfleet.calibrate.scripts import host_name
from runfleet.calibrate.tasks import MANAGER
from runfleet.calibrate.waiting import Doubt
from runfleet.launch import names

# Once it runs, its first line is there at once; inputs are copied before.
_NAME_SECONDS = 300.0
_LONGEST_PAUSE = 1.0


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
    endings: Endings,
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
    endings
        Puts into words what is in the way; knows what the tasks have written.
    on_wait
        Is told why the manager does not begin, each time the reason changes.
    patience
        How many seconds a running manager may take for its first line.

    Raises
    ------
    ManagerError
        If it has ended before, does not begin, or says something else.
    """
    doubt = Doubt(batch, job_id, "the manager", on_wait)
    began: float | None = None
    for _ in turns_until("the name of the manager's host", None, longest=_LONGEST_PAUSE):
        manager = _manager(batch, job_id, endings.study)
        if manager.state == "completed":
            raise endings.of_manager(manager)
        if manager.state != "running":
            doubt.tell()
            continue
        if host := _host(batch, job_id, manager, endings.logs):
            return host
        began = began or time.monotonic()
        if time.monotonic() - began > patience:
            break
    raise _nameless(endings.study, patience)


def _manager(batch: AzureBatch, job_id: str, study: str) -> TaskInfo:
    """Ask for the task of the manager, which comes with its job."""
    manager = batch.get_task(job_id, MANAGER)
    if manager is None:
        raise ManagerError(
            f"the job `{job_id}` has no manager: it was deleted",
            hint=f"begin it anew: `runfleet retry {study}`",
        )
    return manager


def _host(batch: AzureBatch, job_id: str, manager: TaskInfo, logs: Logs) -> ManagerHost | None:
    try:
        name = host_name(logs.head(MANAGER, names.STDOUT))
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


def _nameless(study: str, patience: float) -> ManagerError:
    return ManagerError(
        f"the manager has run for {patience:.0f} s and has not written the name of its host",
        hint=f"look at what it does: `runfleet logs {study} manager`",
    )
