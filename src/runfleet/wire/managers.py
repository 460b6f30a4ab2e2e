"""Job manager tasks: what clients say of them in a job, and the task that each becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import orjson

from runfleet.batch.records import Job
from runfleet.batch.specs import JobManagerSpec, JobSpec
from runfleet.wire import models, tasks
from runfleet.wire.bodies import JsonObject
from runfleet.wire.commands import with_defaults

_DEFAULTS: Mapping[str, Any] = {
    "allowLowPriorityNode": True,
    "killJobOnCompletion": True,
    "requiredSlots": 1,
    "runExclusive": True,
}
# All its other members are those of a task.
_OF_MANAGER = ("allowLowPriorityNode", "killJobOnCompletion", "runExclusive")


def filled_manager(manager: JsonObject) -> JsonObject:
    """A manager with the defaults of what its client left out."""
    return with_defaults(_DEFAULTS, manager)


def manager_spec(manager: models.BatchJobManagerTask | None) -> JobManagerSpec | None:
    """What a job's manager is to it, if it has one; the rest is that of its task."""
    if manager is None:
        return None
    return JobManagerSpec(
        task_id=manager["id"],
        kill_job_on_completion=manager["killJobOnCompletion"],
        run_exclusive=manager["runExclusive"],
        allow_low_priority_node=manager["allowLowPriorityNode"],
        required_slots=manager["requiredSlots"],
    )


def manager_task(job: Job) -> tasks.ParsedTask:
    """The task to add to a job that has a manager."""
    return parse_manager(orjson.loads(job.body)["jobManagerTask"], job.spec)


def parse_manager(manager: Mapping[str, Any], spec: JobSpec) -> tasks.ParsedTask:
    """
    Read a manager as the task of its job that it will be.

    Raises
    ------
    WireError
        If it cannot be one, or asks for what is not built.
    """
    content = {name: value for name, value in manager.items() if name not in _OF_MANAGER}
    return tasks.parse_task(cast("models.BatchTaskCreateOptions", content), spec)
