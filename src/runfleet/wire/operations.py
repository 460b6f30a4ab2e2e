"""Every operation of the data plane, older clients' included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Conditions(Enum):
    """Which conditional headers an operation obeys."""

    NONE = "none"
    DATES = "dates"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One operation of the REST API.

    Parameters
    ----------
    name
        As the official Python SDK calls its method.
    method
        The HTTP method, in capitals.
    path
        Template: ``{...}`` stands for one segment, a last ``{path}`` for all that is left.
    status
        What it answers when it succeeds; clients refuse any other.
    conditions
        Which of the headers that make a request conditional it heeds.
    """

    name: str
    method: str
    path: str
    status: int = 200
    conditions: Conditions = Conditions.NONE


UNROUTED = Operation("unrouted", "", "")

_POOL = "/pools/{pool_id}"
_NODE = _POOL + "/nodes/{node_id}"
_JOB = "/jobs/{job_id}"
_TASK = _JOB + "/tasks/{task_id}"
_SCHEDULE = "/jobschedules/{job_schedule_id}"

_ACCOUNT_OPERATIONS = (
    Operation("list_applications", "GET", "/applications"),
    Operation("get_application", "GET", "/applications/{application_id}"),
    Operation("list_pool_usage_metrics", "GET", "/poolusagemetrics"),
    Operation("list_supported_images", "GET", "/supportedimages"),
    Operation("list_pool_node_counts", "GET", "/nodecounts"),
)

_POOL_OPERATIONS = (
    Operation("create_pool", "POST", "/pools", 201),
    Operation("list_pools", "GET", "/pools"),
    Operation("pool_exists", "HEAD", _POOL, 200, Conditions.ALL),
    Operation("get_pool", "GET", _POOL, 200, Conditions.ALL),
    Operation("update_pool", "PATCH", _POOL, 200, Conditions.ALL),
    Operation("delete_pool", "DELETE", _POOL, 202, Conditions.ALL),
    Operation("replace_pool_properties", "POST", _POOL + "/updateproperties", 204),
    Operation("resize_pool", "POST", _POOL + "/resize", 202, Conditions.ALL),
    Operation("stop_pool_resize", "POST", _POOL + "/stopresize", 202, Conditions.ALL),
    Operation("enable_pool_auto_scale", "POST", _POOL + "/enableautoscale", 200, Conditions.ALL),
    Operation("disable_pool_auto_scale", "POST", _POOL + "/disableautoscale"),
    Operation("evaluate_pool_auto_scale", "POST", _POOL + "/evaluateautoscale"),
    Operation("remove_nodes", "POST", _POOL + "/removenodes", 202, Conditions.ALL),
)

_NODE_OPERATIONS = (
    Operation("list_nodes", "GET", _POOL + "/nodes"),
    Operation("get_node", "GET", _NODE),
    Operation("reboot_node", "POST", _NODE + "/reboot", 202),
    Operation("reimage_node", "POST", _NODE + "/reimage", 202),
    Operation("deallocate_node", "POST", _NODE + "/deallocate", 202),
    Operation("start_node", "POST", _NODE + "/start", 202),
    Operation("disable_node_scheduling", "POST", _NODE + "/disablescheduling"),
    Operation("enable_node_scheduling", "POST", _NODE + "/enablescheduling"),
    Operation("get_node_remote_login_settings", "GET", _NODE + "/remoteloginsettings"),
    Operation("upload_node_logs", "POST", _NODE + "/uploadbatchservicelogs"),
    Operation("create_node_user", "POST", _NODE + "/users", 201),
    Operation("replace_node_user", "PUT", _NODE + "/users/{user_name}"),
    Operation("delete_node_user", "DELETE", _NODE + "/users/{user_name}"),
    Operation("list_node_extensions", "GET", _NODE + "/extensions"),
    Operation("get_node_extension", "GET", _NODE + "/extensions/{extension_name}"),
    Operation("list_node_files", "GET", _NODE + "/files"),
    Operation("download_node_file", "GET", _NODE + "/files/{path}", 200, Conditions.DATES),
    Operation("get_node_file_properties", "HEAD", _NODE + "/files/{path}", 200, Conditions.DATES),
    Operation("delete_node_file", "DELETE", _NODE + "/files/{path}"),
)

_JOB_OPERATIONS = (
    Operation("create_job", "POST", "/jobs", 201),
    Operation("list_jobs", "GET", "/jobs"),
    Operation("list_jobs_from_schedule", "GET", _SCHEDULE + "/jobs"),
    Operation("get_job", "GET", _JOB, 200, Conditions.ALL),
    Operation("update_job", "PATCH", _JOB, 200, Conditions.ALL),
    Operation("replace_job", "PUT", _JOB, 200, Conditions.ALL),
    Operation("delete_job", "DELETE", _JOB, 202, Conditions.ALL),
    Operation("disable_job", "POST", _JOB + "/disable", 202, Conditions.ALL),
    Operation("enable_job", "POST", _JOB + "/enable", 202, Conditions.ALL),
    Operation("terminate_job", "POST", _JOB + "/terminate", 202, Conditions.ALL),
    Operation(
        "list_job_preparation_and_release_task_status",
        "GET",
        _JOB + "/jobpreparationandreleasetaskstatus",
    ),
    Operation("get_job_task_counts", "GET", _JOB + "/taskcounts"),
)

_TASK_OPERATIONS = (
    Operation("create_task", "POST", _JOB + "/tasks", 201),
    Operation("create_task_collection", "POST", _JOB + "/addtaskcollection"),
    Operation("list_tasks", "GET", _JOB + "/tasks"),
    Operation("get_task", "GET", _TASK, 200, Conditions.ALL),
    Operation("replace_task", "PUT", _TASK, 200, Conditions.ALL),
    Operation("delete_task", "DELETE", _TASK, 200, Conditions.ALL),
    Operation("terminate_task", "POST", _TASK + "/terminate", 204, Conditions.ALL),
    Operation("reactivate_task", "POST", _TASK + "/reactivate", 204, Conditions.ALL),
    Operation("list_subtasks", "GET", _TASK + "/subtasksinfo"),
    Operation("list_task_files", "GET", _TASK + "/files"),
    Operation("download_task_file", "GET", _TASK + "/files/{path}", 200, Conditions.DATES),
    Operation("get_task_file_properties", "HEAD", _TASK + "/files/{path}", 200, Conditions.DATES),
    Operation("delete_task_file", "DELETE", _TASK + "/files/{path}"),
)

_SCHEDULE_OPERATIONS = (
    Operation("create_job_schedule", "POST", "/jobschedules", 201),
    Operation("list_job_schedules", "GET", "/jobschedules"),
    Operation("job_schedule_exists", "HEAD", _SCHEDULE, 200, Conditions.ALL),
    Operation("get_job_schedule", "GET", _SCHEDULE, 200, Conditions.ALL),
    Operation("update_job_schedule", "PATCH", _SCHEDULE, 200, Conditions.ALL),
    Operation("replace_job_schedule", "PUT", _SCHEDULE, 200, Conditions.ALL),
    Operation("delete_job_schedule", "DELETE", _SCHEDULE, 202, Conditions.ALL),
    Operation("disable_job_schedule", "POST", _SCHEDULE + "/disable", 204, Conditions.ALL),
    Operation("enable_job_schedule", "POST", _SCHEDULE + "/enable", 204, Conditions.ALL),
    Operation("terminate_job_schedule", "POST", _SCHEDULE + "/terminate", 202, Conditions.ALL),
)

_OLDER_OPERATIONS = (
    Operation("create_certificate", "POST", "/certificates", 201),
    Operation("list_certificates", "GET", "/certificates"),
    Operation("get_certificate", "GET", "/certificates/{certificate}"),
    Operation("delete_certificate", "DELETE", "/certificates/{certificate}", 202),
    Operation(
        "cancel_certificate_deletion", "POST", "/certificates/{certificate}/canceldelete", 204
    ),
    Operation("get_node_remote_desktop", "GET", _NODE + "/rdp"),
    Operation("get_all_jobs_lifetime_statistics", "GET", "/lifetimejobstats"),
    Operation("get_all_pools_lifetime_statistics", "GET", "/lifetimepoolstats"),
)

OPERATION_GROUPS: Mapping[str, tuple[Operation, ...]] = {
    "The account": _ACCOUNT_OPERATIONS,
    "Pools": _POOL_OPERATIONS,
    "Nodes": _NODE_OPERATIONS,
    "Jobs": _JOB_OPERATIONS,
    "Tasks": _TASK_OPERATIONS,
    "Job schedules": _SCHEDULE_OPERATIONS,
    "Operations of older clients": _OLDER_OPERATIONS,
}

OPERATIONS = tuple(operation for group in OPERATION_GROUPS.values() for operation in group)
