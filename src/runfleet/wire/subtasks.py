"""Subtasks of multi-instance tasks: what clients read of them."""

from __future__ import annotations

from runfleet.batch.records import Subtask, Task
from runfleet.batch.states import OsType
from runfleet.wire.bodies import JsonObject
from runfleet.wire.shapes import (
    failure_json,
    node_info_json,
    optional_time,
    present,
    subtask_directory,
)
from runfleet.wire.values import time_text


def subtask_json(task: Task, subtask: Subtask, *, base: str, os_type: OsType) -> JsonObject:
    """
    A subtask as clients read it.

    Parameters
    ----------
    task
        The task that it is an instance of.
    subtask
        Where it stands.
    base
        Scheme and authority of the service.
    os_type
        What its node runs.
    """
    directory = subtask_directory(task.job_id, task.task_id, subtask.number)
    node = node_info_json(base, subtask.pool_id, subtask.node_id, directory, os_type)
    return present(
        {
            "id": subtask.number,
            "nodeInfo": node,
            "startTime": optional_time(subtask.start_time),
            "endTime": optional_time(subtask.end_time),
            "exitCode": subtask.exit_code,
            "failureInfo": failure_json(subtask.failure),
            "result": subtask.result,
            "state": subtask.state,
            "stateTransitionTime": time_text(subtask.state_time),
            "previousState": subtask.previous_state,
            "previousStateTransitionTime": optional_time(subtask.previous_state_time),
        }
    )
