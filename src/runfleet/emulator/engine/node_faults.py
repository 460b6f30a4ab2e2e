"""Nodes on which something goes wrong: what stands between the engine and its node agent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from runfleet.agent.failures import ExecutionError
from runfleet.agent.messages import Ended, Execute, Message, SubjectKind
from runfleet.batch.states import EndedBy
from runfleet.emulator.clock import now
from runfleet.emulator.engine.node_agent import NodeAgent
from runfleet.emulator.engine.outcomes import outcome_of
from runfleet.emulator.request_faults import storage_url
from runfleet.faults import Fault, FaultKind, Plan
from runfleet.faults.fault import Occasion, Transfer
from runfleet.scheduler import losses, reports

log = logging.getLogger(__name__)

_FAILING_COMMAND = "/bin/sh -c 'echo \"the start task fails, as a fault file asks\" >&2; exit 1'"
_OCCASIONS = {
    SubjectKind.TASK: Occasion.TASK,
    SubjectKind.PREPARATION_TASK: Occasion.PREPARATION_TASK,
    SubjectKind.START_TASK: Occasion.START_TASK,
}
_EXPIRED = 403
_STORAGE_BUSY = 503


class FaultyNodes:
    """
    Takes the engine's messages to the node agent; some of what they ask for goes wrong.

    Parameters
    ----------
    plan
        Which of them, and how.
    url
        Where the emulator serves.
    agent
        The node agent.
    decide
        Has the scheduler decide about a node that is lost.
    """

    def __init__(self, plan: Plan, url: str, agent: NodeAgent, decide: Callable[..., None]) -> None:
        self._plan = plan
        self._url = url
        self._agent = agent
        self._decide = decide
        self._spoil: Mapping[FaultKind, Callable[[Fault, Execute], None]] = {
            FaultKind.NODE_LOST: self._lose_node,
            FaultKind.NODE_PREEMPTED: self._preempt_node,
            FaultKind.DISK_FULL: self._fill_disk,
            FaultKind.EXPIRED_SAS: self._break_storage,
            FaultKind.STORAGE_ERROR: self._break_storage,
            FaultKind.START_TASK_FAILS: self._fail_start_task,
        }

    def send(self, message: Message) -> None:
        """Send a message, unless it is the turn of a fault: then that happens."""
        if isinstance(message, Execute) and (fault := self._fault_of(message)):
            self._hit(fault, message)
        else:
            self._agent.send(message)

    def _hit(self, fault: Fault, message: Execute) -> None:
        subject = message.subject
        task = (
            f"task {subject.task_id} of job {subject.job_id}" if subject.task_id else "start task"
        )
        log.info("fault `%s` hits %s on node %s", fault.fault, task, subject.node_id)
        self._spoil[fault.fault](fault, message)

    def _fault_of(self, message: Execute) -> Fault | None:
        occasion = _OCCASIONS.get(message.subject.kind)
        is_spot = message.environment.get("AZ_BATCH_NODE_IS_DEDICATED") == "false"
        pool_id = message.subject.pool_id
        return None if occasion is None else self._plan.on_node(occasion, pool_id, is_spot=is_spot)

    def _lose_node(self, fault: Fault, message: Execute) -> None:
        self._agent.send(message)
        self._later(fault, message, losses.on_node_lost, recovers=fault.recovers)

    def _preempt_node(self, fault: Fault, message: Execute) -> None:
        self._agent.send(message)
        self._later(fault, message, losses.on_node_preempted)

    def _later(
        self, fault: Fault, message: Execute, decision: Callable[..., Any], **options: bool
    ) -> None:
        def lose() -> None:
            if self._agent.is_there:
                subject = message.subject
                self._decide(decision, subject.pool_id, subject.node_id, **options)

        asyncio.get_running_loop().call_later(fault.seconds, lose)

    def _fill_disk(self, fault: Fault, message: Execute) -> None:
        failure = ExecutionError("DiskFull", Message="No space left on device").failure
        moment = now().timestamp()
        ended = Ended(
            message.execution, message.subject, moment, moment, EndedBy.FAILURE, failure=failure
        )

        def report() -> None:
            subject = message.subject
            self._decide(reports.on_ended, message.execution, outcome_of(ended))
            self._decide(
                losses.on_disk_full, subject.pool_id, subject.node_id, recovers=fault.recovers
            )

        asyncio.get_running_loop().call_soon(report)

    def _break_storage(self, fault: Fault, message: Execute) -> None:
        is_expired = fault.fault is FaultKind.EXPIRED_SAS
        url = storage_url(self._url, _EXPIRED if is_expired else fault.status or _STORAGE_BUSY)
        if fault.files is Transfer.INPUTS:
            files = tuple(replace(file, url=url) for file in message.files)
            self._agent.send(replace(message, files=files))
        else:
            uploads = tuple(replace(upload, container_url=url) for upload in message.uploads)
            self._agent.send(replace(message, uploads=uploads))

    def _fail_start_task(self, _fault: Fault, message: Execute) -> None:
        self._agent.send(replace(message, command_line=_FAILING_COMMAND))
