"""What answers about tasks of all kinds have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from runfleet.batch.records import AuxiliaryTaskInfo, Failure
from runfleet.batch.states import OsType
from runfleet.wire.bodies import JsonObject
from runfleet.wire.values import time_text


def present(members: JsonObject) -> JsonObject:
    """Only the members that have a value: the service leaves out what is null."""
    return {name: value for name, value in members.items() if value is not None}


def optional_time(instant: datetime | None) -> str | None:
    """An instant as text, if there is one."""
    return None if instant is None else time_text(instant)


def failure_json(failure: Failure | None) -> JsonObject | None:
    """A `failureInfo`."""
    if failure is None:
        return None
    return {
        "category": failure.category,
        "code": failure.code,
        "message": failure.message,
        "details": name_values(failure.details),
    }


def name_values(details: Mapping[str, str]) -> list[dict[str, str]]:
    """Named texts as the service lists them."""
    return [{"name": name, "value": value} for name, value in details.items()]


def auxiliary_info_json(info: AuxiliaryTaskInfo) -> JsonObject:
    """How a start or preparation task went; a release task lacks the retries."""
    return present(
        {
            "state": info.state,
            "startTime": time_text(info.start_time),
            "endTime": optional_time(info.end_time),
            "exitCode": info.exit_code,
            "failureInfo": failure_json(info.failure),
            "retryCount": info.retry_count,
            "lastRetryTime": optional_time(info.last_retry_time),
            "result": info.result,
        }
    )


JOBS_DIRECTORY = "workitems"
_ONLY_JOB = "job-1"


def job_directory(job_id: str) -> str:
    """The folder of a job below a node's root; a schedule's job ``s:job-1`` lies in ``s/job-1``."""
    schedule, _, job_name = job_id.partition(":")
    return f"{JOBS_DIRECTORY}/{schedule}/{job_name or _ONLY_JOB}"


def jobs_of_directory(parent: str, name: str) -> list[str]:
    """The ids, in lower case, of the jobs that such a folder in another may be of."""
    of_schedule = f"{parent}:{name}".lower()
    return [of_schedule, parent.lower()] if name == _ONLY_JOB else [of_schedule]


def task_directory(job_id: str, task_id: str) -> str:
    """The folder of a task, or of a job's preparation or release task, below a node's root."""
    return f"{job_directory(job_id)}/{task_id}"


def subtask_directory(job_id: str, task_id: str, number: int) -> str:
    """The folder of a subtask, within that of its task."""
    return f"{task_directory(job_id, task_id)}/{number}"


def native_path(path: str, os_type: OsType) -> str:
    """Spell a path on a node with the separators of its operating system."""
    return path.replace("/", "\\") if os_type is OsType.WINDOWS else path


def node_info_json(
    base: str, pool_id: str, node_id: str, directory: str, os_type: OsType
) -> JsonObject:
    """Where a task runs, as `nodeInfo` has it."""
    url = node_url(base, pool_id, node_id)
    return {
        "affinityId": f"TVM:{node_id}",
        "nodeUrl": url,
        "poolId": pool_id,
        "nodeId": node_id,
        "taskRootDirectory": native_path(directory, os_type),
        "taskRootDirectoryUrl": f"{url}/files/{directory}",
    }


def node_url(base: str, pool_id: str, node_id: str) -> str:
    """Where a node is read."""
    return f"{base}/pools/{pool_id}/nodes/{node_id}"
