"""Tasks: what clients send and what they read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import orjson

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Task
from runfleet.batch.specs import (
    DEFAULT_RETENTION,
    ApplicationPackageReference,
    ExitConditions,
    JobSpec,
    MultiInstanceSpec,
    OutputFile,
    TaskDependencies,
    TaskSpec,
)
from runfleet.batch.states import OsType, TaskState, UploadCondition
from runfleet.wire import coverage, models
from runfleet.wire.bodies import (
    JsonObject,
    check_display_name,
    check_id,
    check_range,
    check_shape,
    read_json,
    refuse_unbuilt,
)
from runfleet.wire.commands import (
    check_command,
    check_files,
    command_spec,
    package_references,
    resource_files,
    with_defaults,
)
from runfleet.wire.conditions import etag
from runfleet.wire.dependencies import check_dependencies, task_dependencies
from runfleet.wire.errors import WireError, error_json, invalid_property, missing_property
from runfleet.wire.exit_conditions import check_exit_conditions, exit_conditions
from runfleet.wire.shapes import (
    failure_json,
    node_info_json,
    optional_time,
    present,
    task_directory,
)
from runfleet.wire.values import FOREVER, UNLIMITED, duration_text, parse_limit, time_text

MAX_TASKS_PER_COLLECTION = 100

_RECORD_MEMBERS = {
    "creationTime",
    "eTag",
    "executionInfo",
    "id",
    "lastModified",
    "nodeInfo",
    "previousState",
    "previousStateTransitionTime",
    "state",
    "stateTransitionTime",
    "stats",
    "url",
}


@dataclass(frozen=True, slots=True)
class TaskHead:
    """
    What adding a task needs of it.

    Parameters
    ----------
    task_id
        What it is called.
    required_slots
        How many slots of its node it takes.
    max_task_retry_count
        How often it is run again when it fails; None means what its job says.
    instances
        How many nodes a multi-instance task takes at once; 0 for any other task.
    packages
        What is installed on its node for it.
    exit_conditions
        What follows from its end, for others.
    dependencies
        The tasks that it waits for; None where there are none.
    preferred_node
        The node that it goes to if there is room.
    retention_time
        How long its files stay after its end.
    """

    task_id: str
    required_slots: int = 1
    max_task_retry_count: int | None = None
    instances: int = 0
    packages: tuple[ApplicationPackageReference, ...] = ()
    exit_conditions: ExitConditions | None = None
    dependencies: TaskDependencies | None = None
    preferred_node: str | None = None
    retention_time: timedelta = DEFAULT_RETENTION


@dataclass(frozen=True, slots=True)
class ParsedTask:
    """
    A task that may be added.

    Parameters
    ----------
    head, body
        What adding it needs, and what is remembered of the request.
    """

    head: TaskHead
    body: bytes


@dataclass(frozen=True, slots=True)
class RefusedTask:
    """
    A task of a collection that may not be added.

    Parameters
    ----------
    task_id, error
        Which task, and why.
    """

    task_id: str
    error: BatchRuleError


@dataclass(frozen=True, slots=True)
class TaskConstraints:
    """
    The part of a task that a client may change.

    Parameters
    ----------
    max_task_retry_count
        How often it is run again when it fails; None means what its job says.
    body
        The task's body with the change.
    """

    max_task_retry_count: int | None
    body: bytes


def parse_create(body: bytes, job: JobSpec) -> ParsedTask:
    """
    Read a request to add one task to a job.

    Raises
    ------
    WireError
        If the body is no task, or no task for this job, or asks for what is not built.
    """
    return _parse_task(read_json(body), job)


def parse_collection(body: bytes, job: JobSpec) -> list[ParsedTask | RefusedTask]:
    """
    Read a request to add up to 100 tasks to a job: what may be added of it, in order.

    Raises
    ------
    WireError
        If the body is no collection of tasks or has too many; not for a single bad task.
    """
    content = read_json(body)
    tasks = content.get("value") if isinstance(content, dict) else None
    if not isinstance(tasks, list):
        raise missing_property("value")
    if not 1 <= len(tasks) <= MAX_TASKS_PER_COLLECTION:
        reason = f"must have between 1 and {MAX_TASKS_PER_COLLECTION} tasks"
        raise invalid_property("value", len(tasks), reason)
    return [_parse_item(task, job) for task in tasks]


def spec_from_body(body: bytes) -> TaskSpec:
    """The whole of a task, from the body that was remembered when it was added."""
    task = cast("models.BatchTaskCreateOptions", orjson.loads(body))
    constraints = task.get("constraints", {})
    return TaskSpec(
        task_id=task["id"],
        command=command_spec(task),
        output_files=tuple(map(_output_file, task.get("outputFiles", ()))),
        packages=package_references(task.get("applicationPackageReferences", ())),
        max_wall_clock_time=parse_limit(constraints.get("maxWallClockTime")),
        retention_time=retention_time(constraints),
        max_task_retry_count=constraints.get("maxTaskRetryCount"),
        required_slots=task.get("requiredSlots", 1),
        multi_instance=_multi_instance_spec(task),
    )


def _multi_instance_spec(task: models.BatchTaskCreateOptions) -> MultiInstanceSpec | None:
    settings = task.get("multiInstanceSettings")
    if settings is None:
        return None
    return MultiInstanceSpec(
        _instances(task),
        settings["coordinationCommandLine"],
        resource_files(settings.get("commonResourceFiles", ())),
    )


def retention_time(constraints: models.BatchTaskConstraints) -> timedelta:
    """How long a task's files stay after its end."""
    if "retentionTime" not in constraints:
        return DEFAULT_RETENTION
    retention = parse_limit(constraints["retentionTime"])
    return FOREVER if retention is None else retention


def replace_constraints(body: bytes, request_body: bytes) -> TaskConstraints:
    """
    Change a task's constraints; what the request leaves out goes back to its default.

    Raises
    ------
    WireError
        If the request has no valid constraints.
    """
    content = read_json(request_body)
    sent = content.get("constraints", {}) if isinstance(content, dict) else content
    constraints = check_shape(models.BatchTaskConstraints, sent)
    check_range(constraints, "maxTaskRetryCount", -1)
    task = orjson.loads(body) | {"constraints": constraints}
    return TaskConstraints(constraints.get("maxTaskRetryCount"), orjson.dumps(task))


def task_json(
    task: Task, body: bytes | None, *, base: str, os_type: OsType = OsType.LINUX
) -> JsonObject:
    """
    A task as clients read it.

    Parameters
    ----------
    task
        Where it stands.
    body
        What was remembered of the request that added it; None leaves out all members that come
        from there, for readers who did not select them.
    base
        Scheme and authority of the service.
    os_type
        What its node runs.
    """
    asked = {} if body is None else _asked_json(task, orjson.loads(body))
    return {
        "id": task.task_id,
        "url": _task_url(base, task.job_id, task.task_id),
        "eTag": etag(task.last_modified),
        "creationTime": time_text(task.creation_time),
        "lastModified": time_text(task.last_modified),
        **_state_json(task),
        **asked,
        "executionInfo": _execution_json(task),
        **_node_info_json(task, base, os_type),
    }


def needs_body(members: Iterable[str]) -> bool:
    """Whether any of these members of a task comes from what its client sent."""
    return not _RECORD_MEMBERS.issuperset(members)


def added_json(base: str, job_id: str, task_id: str, last_modified: datetime) -> JsonObject:
    """The result for a task of a collection that was added."""
    return {
        "status": "Success",
        "taskId": task_id,
        "eTag": etag(last_modified),
        "lastModified": time_text(last_modified),
        "location": _task_url(base, job_id, task_id),
    }


def refused_json(task: RefusedTask) -> JsonObject:
    """The result for a task of a collection that was not added."""
    # The service writes `ClientError`, which SDK 15.1 takes for success: it compares with the
    # lower-case word.  SDK 14 does not care.
    return {"status": "clienterror", "taskId": task.task_id, "error": error_json(task.error)}


def collection_json(base: str, results: Iterable[JsonObject]) -> JsonObject:
    """The answer to a request to add a collection of tasks."""
    return {"odata.metadata": f"{base}/$metadata#taskaddresult", "value": list(results)}


def _parse_item(content: Any, job: JobSpec) -> ParsedTask | RefusedTask:
    try:
        return _parse_task(content, job)
    except BatchRuleError as error:
        task_id = content.get("id") if isinstance(content, dict) else None
        return RefusedTask(str(task_id or ""), error)


def _parse_task(content: Any, job: JobSpec) -> ParsedTask:
    return parse_task(check_shape(models.BatchTaskCreateOptions, content), job)


def parse_task(task: models.BatchTaskCreateOptions, job: JobSpec) -> ParsedTask:
    """
    Read a task of a job whose shape has been checked.

    Raises
    ------
    WireError
        If it is no task for this job, or asks for what is not built.
    """
    check_id("id", task["id"])
    _check_task(task, job)
    return ParsedTask(_head(task), orjson.dumps(task))


def _head(task: models.BatchTaskCreateOptions) -> TaskHead:
    constraints = task.get("constraints", {})
    return TaskHead(
        task["id"],
        task.get("requiredSlots", 1),
        constraints.get("maxTaskRetryCount"),
        _instances(task),
        package_references(task.get("applicationPackageReferences", ())),
        exit_conditions(task),
        task_dependencies(task),
        _preferred_node(task),
        retention_time(constraints),
    )


def _preferred_node(task: models.BatchTaskCreateOptions) -> str | None:
    """The node of an affinity, which is that of a node or of a task that ran there."""
    affinity = task.get("affinityInfo")
    return None if affinity is None else affinity["affinityId"].lower().removeprefix("tvm:")


def _instances(task: models.BatchTaskCreateOptions) -> int:
    settings = task.get("multiInstanceSettings")
    return 0 if settings is None else settings.get("numberOfInstances", 1)


def _check_task(task: models.BatchTaskCreateOptions, job: JobSpec) -> None:
    refuse_unbuilt(task, coverage.IN_TASKS)
    check_display_name(task)
    check_command(task)
    check_range(task, "requiredSlots", 1)
    if "multiInstanceSettings" in task:
        _check_instances(task, task["multiInstanceSettings"])
    if any("container" not in file["destination"] for file in task.get("outputFiles", ())):
        raise missing_property("container")
    check_range(task.get("constraints", {}), "maxTaskRetryCount", -1)
    check_dependencies(task, job)
    check_exit_conditions(task, job)
    if job.preparation and task["id"].lower() == job.preparation.task_id.lower():
        raise WireError("TaskIdSameAsJobPreparationTask")
    if job.release and task["id"].lower() == job.release.task_id.lower():
        raise WireError("TaskIdSameAsJobReleaseTask")


def _check_instances(
    task: models.BatchTaskCreateOptions, settings: models.MultiInstanceSettings
) -> None:
    check_range(settings, "numberOfInstances", 1)
    check_files("commonResourceFiles", settings.get("commonResourceFiles", ()))
    if task.get("requiredSlots", 1) != 1:
        reason = "a multi-instance task takes one slot of each of its nodes"
        raise invalid_property("requiredSlots", task["requiredSlots"], reason)


def _output_file(file: models.OutputFile) -> OutputFile:
    container = file["destination"]["container"]
    headers = container.get("uploadHeaders", ())
    return OutputFile(
        file_pattern=file["filePattern"],
        container_url=container["containerUrl"],
        path=container.get("path"),
        upload_condition=UploadCondition(file["uploadOptions"]["uploadCondition"]),
        upload_headers={header["name"]: header.get("value", "") for header in headers},
    )


def _asked_json(task: Task, asked: JsonObject) -> JsonObject:
    defaults = {
        "maxWallClockTime": UNLIMITED,
        "retentionTime": duration_text(DEFAULT_RETENTION),
        "maxTaskRetryCount": task.max_task_retry_count,
    }
    asked["constraints"] = defaults | asked.get("constraints", {})
    if settings := asked.get("multiInstanceSettings"):
        settings.setdefault("numberOfInstances", 1)
    return with_defaults({"requiredSlots": task.required_slots}, asked)


def _state_json(task: Task) -> JsonObject:
    current = {"state": task.state, "stateTransitionTime": time_text(task.state_time)}
    if task.previous_state is None:
        return current
    return {
        **current,
        "previousState": task.previous_state,
        "previousStateTransitionTime": optional_time(task.previous_state_time),
    }


def _execution_json(task: Task) -> JsonObject:
    return present(
        {
            "startTime": optional_time(task.start_time),
            "endTime": optional_time(task.end_time),
            "exitCode": task.exit_code,
            "failureInfo": failure_json(task.failure),
            "result": task.result,
            "retryCount": task.retry_count,
            "lastRetryTime": optional_time(task.last_retry_time),
            "requeueCount": task.requeue_count,
            "lastRequeueTime": optional_time(task.last_requeue_time),
        }
    )


def _node_info_json(task: Task, base: str, os_type: OsType) -> JsonObject:
    if task.pool_id is None or task.node_id is None or task.state is TaskState.ACTIVE:
        return {}
    directory = task_directory(task.job_id, task.task_id)
    return {"nodeInfo": node_info_json(base, task.pool_id, task.node_id, directory, os_type)}


def _task_url(base: str, job_id: str, task_id: str) -> str:
    return f"{base}/jobs/{job_id}/tasks/{task_id}"
