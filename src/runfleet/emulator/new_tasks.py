"""From what a client asks for to the record of a task that is new."""

from __future__ import annotations

from datetime import datetime

from runfleet.batch.records import Job, Task
from runfleet.wire.tasks import TaskHead


def new_task(job: Job, head: TaskHead, sequence: int, received: datetime) -> Task:
    """A task that has just been asked for."""
    return Task(
        job_id=job.spec.job_id,
        task_id=head.task_id,
        sequence=sequence,
        creation_time=received,
        last_modified=received,
        state_time=received,
        required_slots=head.required_slots,
        max_task_retry_count=max_task_retry_count(job, head.max_task_retry_count),
        retention_time=head.retention_time,
        instances=head.instances,
        exit_conditions=head.exit_conditions,
        preferred_node=head.preferred_node,
    )


def max_task_retry_count(job: Job, asked: int | None) -> int:
    """How often a task may be retried; None asks for what its job says."""
    return job.spec.max_task_retry_count if asked is None else asked
