"""Jobs: what clients send and what they read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson

from runfleet.batch.records import Job, JobNode, TaskCounts
from runfleet.batch.specs import (
    DEFAULT_RETENTION,
    RELEASE_TASK_TIME_LIMIT,
    ApplicationPackageReference,
    JobSpec,
    PreparationTaskSpec,
    ReleaseTaskSpec,
)
from runfleet.batch.states import (
    DisableJobOption,
    OnAllTasksComplete,
    OnTaskFailure,
    OsType,
    PoolLifetimeOption,
)
from runfleet.wire import auto_pools, coverage, models
from runfleet.wire.bodies import (
    JsonObject,
    check_display_name,
    check_id,
    check_metadata,
    check_range,
    check_shape,
    read_body,
    read_json,
    refuse_unbuilt,
)
from runfleet.wire.commands import check_command, command_spec, environment, with_defaults
from runfleet.wire.conditions import etag
from runfleet.wire.errors import WireError, invalid_property, missing_property
from runfleet.wire.images import check_machine
from runfleet.wire.managers import filled_manager, manager_spec, parse_manager
from runfleet.wire.shapes import (
    auxiliary_info_json,
    failure_json,
    native_path,
    node_url,
    optional_time,
    present,
    task_directory,
)
from runfleet.wire.values import UNLIMITED, duration_text, parse_limit, time_text

MAX_PRIORITY = 1000
DEFAULT_TERMINATE_REASON = "UserTerminate"
_MAX_PARALLEL_TASKS = 2**31 - 1

_DEFAULTS: Mapping[str, Any] = {
    "priority": 0,
    "maxParallelTasks": -1,
    "allowTaskPreemption": False,
    "usesTaskDependencies": False,
    "onAllTasksComplete": "noaction",
    "onTaskFailure": "noaction",
}
_DEFAULT_CONSTRAINTS = {"maxWallClockTime": UNLIMITED, "maxTaskRetryCount": 0}
_DEFAULT_TASK_CONSTRAINTS = {
    "maxWallClockTime": UNLIMITED,
    "retentionTime": duration_text(DEFAULT_RETENTION),
    "maxTaskRetryCount": 0,
}
_PREPARATION_DEFAULTS: Mapping[str, Any] = {
    "id": "jobpreparation",
    "waitForSuccess": True,
    "rerunOnNodeRebootAfterSuccess": True,
}
_RELEASE_DEFAULTS: Mapping[str, Any] = {
    "id": "jobrelease",
    "maxWallClockTime": duration_text(RELEASE_TASK_TIME_LIMIT),
    "retentionTime": duration_text(DEFAULT_RETENTION),
}

# The version of the API from which on a node has slots for tasks.
_FIRST_WITH_SLOTS = "2020-09"

# A replaced job goes back to the defaults in these.  Of `onAllTasksComplete` the models of
# azure-batch 14 say: to leave it out of a PUT "is equivalent to passing noaction.  This is an error
# if the current value is terminatejob."
_REPLACED = (
    "priority",
    "maxParallelTasks",
    "allowTaskPreemption",
    "constraints",
    "metadata",
    "onAllTasksComplete",
)


@dataclass(frozen=True, slots=True)
class ParsedJob:
    """
    A job as it was asked for.

    Parameters
    ----------
    spec
        What decides how its tasks are run.
    body
        What is remembered of the request, but its id.
    packages
        Those that its manager needs.
    """

    spec: JobSpec
    body: str
    packages: tuple[ApplicationPackageReference, ...] = ()


def parse_create(body: bytes) -> ParsedJob:
    """
    Read a request to add a job.

    Raises
    ------
    WireError
        If the body is no job, or asks for what is not built.
    """
    job = read_body(models.BatchJobCreateOptions, body)
    check_id("id", job["id"])
    content = {name: value for name, value in job.items() if name != "id"}
    parsed = parse_specification(content, job["id"])
    auto_pool = parsed.spec.auto_pool
    if auto_pool is not None and auto_pool.lifetime is PoolLifetimeOption.JOB_SCHEDULE:
        reason = "a job of its own has no schedule whose pool it could share"
        raise invalid_property("poolLifetimeOption", auto_pool.lifetime, reason)
    return parsed


def parse_specification(job: Mapping[str, Any], job_id: str = "") -> ParsedJob:
    """
    Read what a job is to be like; jobs that a schedule will make have no id yet.

    Parameters
    ----------
    job
        A checked body without its id.
    job_id
        The id, already checked.

    Raises
    ------
    WireError
        If the parts do not go together, or ask for what is not built.
    """
    asked = cast("models.BatchJobSpecification", job)
    refuse_unbuilt(asked, coverage.IN_JOBS)
    _check_auxiliary_tasks(asked)
    parsed = _parsed(job_id, dict(job))
    if auto_pool := auto_pool_of(parsed.body):
        check_machine(auto_pool["pool"]["virtualMachineConfiguration"])
    return parsed


def patch(job: Job, body: bytes) -> ParsedJob:
    """
    Apply a request to update a job; what the request leaves out stays.

    Raises
    ------
    WireError
        If the request is wrong in itself or turns `terminatejob` back.
    """
    changes = check_shape(models.BatchJobUpdateOptions, _read_change(job, body))
    refuse_unbuilt(changes, coverage.IN_JOBS)
    return _changed(job, orjson.loads(job.body), dict(changes))


def replace(job: Job, body: bytes) -> ParsedJob:
    """Apply a request to replace a job: as `patch`, but what may change and is left out resets."""
    current = orjson.loads(job.body)
    kept = {name: value for name, value in current.items() if name not in _REPLACED}
    return _changed(job, kept, dict(check_shape(models.BatchJob, _read_change(job, body))))


def parse_disable(body: bytes) -> DisableJobOption:
    """What is to happen to the running tasks of a job that is being disabled."""
    options = read_body(models.BatchJobDisableOptions, body)
    return DisableJobOption(options["disableTasks"])


def parse_terminate(body: bytes) -> str:
    """Why a job is being terminated; the body may be empty."""
    options = read_body(models.BatchJobTerminateOptions, body or b"{}")
    return options.get("terminateReason", DEFAULT_TERMINATE_REASON)


def auto_pool_of(body: str) -> JsonObject | None:
    """What is remembered of the auto pool of a job, or of those that a schedule makes."""
    auto_pool: JsonObject | None = orjson.loads(body)["poolInfo"].get("autoPoolSpecification")
    return auto_pool


def specification_json(body: str) -> JsonObject:
    """What is remembered of a job, or of those that a schedule makes, as clients read it."""
    job: JsonObject = orjson.loads(body)
    auto_pool = job["poolInfo"].get("autoPoolSpecification")
    if auto_pool:
        job["poolInfo"]["autoPoolSpecification"] = auto_pools.as_shown(auto_pool)
    return job


def job_json(job: Job, *, base: str) -> JsonObject:
    """A job as clients read it."""
    asked = specification_json(job.body)
    execution = {
        "startTime": time_text(job.creation_time),
        "endTime": optional_time(job.end_time),
        "poolId": job.spec.pool_id or None,
        "schedulingError": failure_json(job.scheduling_error),
        # "This property is set only if the Job is in the completed state" (azure-batch).
        "terminateReason": job.terminate_reason if job.end_time else None,
    }
    state = {
        "url": f"{base}/jobs/{job.spec.job_id}",
        "eTag": etag(job.last_modified),
        "lastModified": time_text(job.last_modified),
        "creationTime": time_text(job.creation_time),
        "state": job.state,
        "stateTransitionTime": time_text(job.state_time),
        "previousState": job.previous_state,
        "previousStateTransitionTime": optional_time(job.previous_state_time),
    }
    return {"id": job.spec.job_id, **present(state), **asked, "executionInfo": present(execution)}


def preparation_release_json(
    node: JobNode, spec: JobSpec, *, base: str, os_type: OsType = OsType.LINUX
) -> JsonObject:
    """What a job's preparation and release tasks did on one node, and its operating system."""
    url = node_url(base, node.pool_id, node.node_id)
    shape: JsonObject = {"poolId": node.pool_id, "nodeId": node.node_id, "nodeUrl": url}
    if node.preparation and spec.preparation:
        directory = _directory_json(url, spec.job_id, spec.preparation.task_id, os_type)
        info = auxiliary_info_json(node.preparation)
        shape["jobPreparationTaskExecutionInfo"] = info | directory
    if node.release and spec.release:
        info = auxiliary_info_json(node.release)
        del info["retryCount"]
        directory = _directory_json(url, spec.job_id, spec.release.task_id, os_type)
        shape["jobReleaseTaskExecutionInfo"] = info | directory
    return shape


def task_counts_json(job: Job, api_version: str) -> JsonObject:
    """How many tasks of a job are in each state, and how many slots they need."""
    counts = _counts_json(job.counts)
    if api_version < _FIRST_WITH_SLOTS:
        return counts
    return {"taskCounts": counts, "taskSlotCounts": _counts_json(job.slot_counts)}


def _counts_json(counts: TaskCounts) -> dict[str, int]:
    return {
        "active": counts.active,
        "running": counts.running,
        "completed": counts.completed,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
    }


def _directory_json(url: str, job_id: str, task_id: str, os_type: OsType) -> JsonObject:
    directory = task_directory(job_id, task_id)
    return {
        "taskRootDirectory": native_path(directory, os_type),
        "taskRootDirectoryUrl": f"{url}/files/{directory}",
    }


def _read_change(job: Job, body: bytes) -> object:
    content = read_json(body)
    auto_pools.complete(content, auto_pool_of(job.body))
    return content


def _changed(job: Job, kept: JsonObject, changes: JsonObject) -> ParsedJob:
    parsed = _parsed(job.spec.job_id, kept | changes)
    _check_completion(job.spec.on_all_tasks_complete, parsed.spec.on_all_tasks_complete)
    if parsed.spec.auto_pool is None:
        return parsed
    auto_pools.check_change(auto_pool_of(job.body), auto_pool_of(parsed.body) or {})
    return ParsedJob(dataclasses.replace(parsed.spec, pool_id=job.spec.pool_id), parsed.body)


def _check_completion(before: OnAllTasksComplete, after: OnAllTasksComplete) -> None:
    if before is OnAllTasksComplete.TERMINATE_JOB and after is not before:
        reason = "a job that ends with its tasks cannot be told to go on"
        raise invalid_property("onAllTasksComplete", after, reason)


def _parsed(job_id: str, job: JsonObject) -> ParsedJob:
    """Fill in the defaults and check what a job may change during its life."""
    full = {**_DEFAULTS, **job, "poolInfo": _filled_pool(job.get("poolInfo", {}))}
    full["constraints"] = _DEFAULT_CONSTRAINTS | job.get("constraints", {})
    _fill_auxiliary_tasks(full)
    check_display_name(full)
    check_metadata(full.get("metadata", ()))
    check_range(full["constraints"], "maxTaskRetryCount", -1)
    if not -MAX_PRIORITY <= full["priority"] <= MAX_PRIORITY:
        raise WireError("OutOfRangePriority", {"PropertyValue": str(full["priority"])})
    _check_parallel_tasks(full["maxParallelTasks"])
    spec = _spec(job_id, full)
    manager = full.get("jobManagerTask")
    packages = parse_manager(manager, spec).head.packages if manager else ()
    return ParsedJob(spec, orjson.dumps(full).decode(), packages)


def _check_parallel_tasks(most: int) -> None:
    if most != -1 and not 1 <= most <= _MAX_PARALLEL_TASKS:
        reason = f"must be between 1 and {_MAX_PARALLEL_TASKS}, or -1 for no limit"
        raise invalid_property("maxParallelTasks", most, reason)


def _spec(job_id: str, content: JsonObject) -> JobSpec:
    job = cast("models.BatchJobSpecification", content)
    constraints = job["constraints"]
    auto_pool = job["poolInfo"].get("autoPoolSpecification")
    return JobSpec(
        job_id=job_id,
        pool_id=job["poolInfo"].get("poolId", ""),
        priority=job["priority"],
        max_parallel_tasks=job["maxParallelTasks"],
        max_wall_clock_time=parse_limit(constraints["maxWallClockTime"]),
        max_task_retry_count=constraints["maxTaskRetryCount"],
        on_all_tasks_complete=OnAllTasksComplete(job["onAllTasksComplete"]),
        on_task_failure=OnTaskFailure(job["onTaskFailure"]),
        uses_task_dependencies=job["usesTaskDependencies"],
        manager=manager_spec(job.get("jobManagerTask")),
        preparation=_preparation(job),
        release=_release(job),
        common_environment=environment(job.get("commonEnvironmentSettings", ())),
        auto_pool=auto_pools.auto_pool_spec(auto_pool) if auto_pool else None,
    )


def _filled_pool(pool: models.BatchPoolInfo) -> JsonObject:
    if "autoPoolSpecification" not in pool:
        if "poolId" not in pool:
            raise missing_property("poolId")
        check_id("poolId", pool["poolId"])
        return dict(pool)
    if "poolId" in pool:
        reason = "a job has either a poolId or an autoPoolSpecification"
        raise invalid_property("poolId", pool["poolId"], reason)
    return {"autoPoolSpecification": auto_pools.fill(pool["autoPoolSpecification"])}


def _check_auxiliary_tasks(job: models.BatchJobSpecification) -> None:
    preparation, release = job.get("jobPreparationTask"), job.get("jobReleaseTask")
    if preparation:
        _check_auxiliary_task(preparation)
        check_range(preparation.get("constraints", {}), "maxTaskRetryCount", -1)
    if release:
        _check_auxiliary_task(release)
        _check_release(release, preparation)


def _check_auxiliary_task(
    task: models.BatchJobPreparationTask | models.BatchJobReleaseTask,
) -> None:
    refuse_unbuilt(task, coverage.IN_COMMANDS)
    check_command(task)
    if "id" in task:
        check_id("id", task["id"])


def _check_release(
    release: models.BatchJobReleaseTask, preparation: models.BatchJobPreparationTask | None
) -> None:
    if preparation is None:
        reason = "a job release task needs a job preparation task"
        raise invalid_property("jobReleaseTask", "", reason)
    _check_ids_differ(release, preparation)
    text = release.get("maxWallClockTime", duration_text(RELEASE_TASK_TIME_LIMIT))
    limit = parse_limit(text)
    if limit is None or limit > RELEASE_TASK_TIME_LIMIT:
        raise invalid_property("maxWallClockTime", text, "may be 15 minutes at most")


def _check_ids_differ(
    release: models.BatchJobReleaseTask, preparation: models.BatchJobPreparationTask
) -> None:
    """They have folders of their own on a node, which are named after them."""
    release_id = release.get("id", _RELEASE_DEFAULTS["id"])
    if release_id.lower() == preparation.get("id", _PREPARATION_DEFAULTS["id"]).lower():
        raise invalid_property("id", release_id, "is that of the job preparation task, too")


def _fill_auxiliary_tasks(job: JsonObject) -> None:
    if manager := job.get("jobManagerTask"):
        job["jobManagerTask"] = filled_manager(manager)
    if preparation := job.get("jobPreparationTask"):
        constraints = _DEFAULT_TASK_CONSTRAINTS | preparation.get("constraints", {})
        filled = with_defaults(_PREPARATION_DEFAULTS, preparation)
        job["jobPreparationTask"] = {**filled, "constraints": constraints}
    if release := job.get("jobReleaseTask"):
        job["jobReleaseTask"] = with_defaults(_RELEASE_DEFAULTS, release)


def _preparation(job: models.BatchJobSpecification) -> PreparationTaskSpec | None:
    task = job.get("jobPreparationTask")
    if task is None:
        return None
    return PreparationTaskSpec(
        task_id=task["id"],
        command=command_spec(task),
        max_task_retry_count=task["constraints"]["maxTaskRetryCount"],
        max_wall_clock_time=parse_limit(task["constraints"]["maxWallClockTime"]),
        wait_for_success=task["waitForSuccess"],
        rerun_on_node_reboot_after_success=task["rerunOnNodeRebootAfterSuccess"],
    )


def _release(job: models.BatchJobSpecification) -> ReleaseTaskSpec | None:
    task = job.get("jobReleaseTask")
    if task is None:
        return None
    limit = parse_limit(task["maxWallClockTime"])
    return ReleaseTaskSpec(
        task["id"], command_spec(task), RELEASE_TASK_TIME_LIMIT if limit is None else limit
    )
