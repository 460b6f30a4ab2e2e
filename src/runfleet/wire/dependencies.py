"""The parents that a task names: checked, and as the store keeps them."""

from __future__ import annotations

from runfleet.batch.specs import IdRange, JobSpec, TaskDependencies
from runfleet.wire import models
from runfleet.wire.bodies import check_id, check_range
from runfleet.wire.errors import WireError, invalid_property

MAX_ID_CHARACTERS = 64_000
_LARGEST = 2**31 - 1


def check_dependencies(task: models.BatchTaskCreateOptions, job: JobSpec) -> None:
    """Refuse parents in a job without dependencies, too many of them, and such as cannot be."""
    if "dependsOn" not in task:
        return
    if not job.uses_task_dependencies:
        raise WireError("TaskDependenciesNotSpecifiedOnJob")
    asked = task["dependsOn"]
    if sum(map(len, asked.get("taskIds", ()))) > MAX_ID_CHARACTERS:
        raise WireError("TaskDependencyListTooLong", {"MaxLimit": str(MAX_ID_CHARACTERS)})
    for task_id in asked.get("taskIds", ()):
        check_id("taskIds", task_id)
    for one in asked.get("taskIdRanges", ()):
        _check_id_range(one)


def _check_id_range(one: models.BatchTaskIdRange) -> None:
    check_range(one, "start", -_LARGEST - 1, _LARGEST)
    check_range(one, "end", -_LARGEST - 1, _LARGEST)
    if one["start"] > one["end"]:
        text = f"{one['start']} to {one['end']}"
        raise invalid_property("taskIdRanges", text, "a range ends at its start at the earliest")


def task_dependencies(task: models.BatchTaskCreateOptions) -> TaskDependencies | None:
    """The parents of a task that has been checked, or None where it has none."""
    asked = task.get("dependsOn")
    if not asked:
        return None
    ranges = (IdRange(one["start"], one["end"]) for one in asked.get("taskIdRanges", ()))
    return TaskDependencies(tuple(asked.get("taskIds", ())), tuple(ranges))
