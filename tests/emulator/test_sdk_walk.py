"""Every public method of the official SDK's client does what it promises, or is refused clearly."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceExistsError

from runfleet.emulator.handlers import HANDLERS
from runfleet.storage import DirectoryStorage
from runfleet.storage.packages import PackageFolder

POLLER = "begin_"
NOT_OPERATIONS = {"close", "send_request"}
COMPOSED_OF = {"create_tasks": "create_task_collection"}


@dataclass
class Walk:
    """The client, and what it was asked so far."""

    client: BatchClient
    wait_for: Callable[..., Any]
    walked: set[str] = field(default_factory=set)

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        """What a method gives, a list whole; None where its operation is not built."""
        operation = COMPOSED_OF.get(method, method.removeprefix(POLLER))
        if operation not in HANDLERS:
            return self.refused(method, "NotImplemented", *args, **kwargs)
        self.walked.add(method)
        return self._result(method, *args, **kwargs)

    def refused(self, method: str, code: str, /, *args: Any, **kwargs: Any) -> None:
        """See that a method is refused with this code; the answer to a HEAD has none."""
        self.walked.add(method)
        with pytest.raises(HttpResponseError) as caught:
            self._result(method, *args, **kwargs)
        assert caught.value.error is None or caught.value.error.code == code
        assert (caught.value.status_code == 501) == (code == "NotImplemented")

    def _result(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if method.startswith(POLLER):
            kwargs["polling_interval"] = 0
        result = getattr(self.client, method)(*args, **kwargs)
        if method.startswith(POLLER):
            return result.result()
        return list(result) if isinstance(result, Iterator) else result


def test_every_method_of_sdk_15(start_emulator, tmp_path, wait_for, pool_body):
    emulator = start_emulator(tmp_path / "home", "--node-delay", "0.2")
    program = tmp_path / "program"
    program.mkdir()
    (program / "hello").write_text("hello")
    PackageFolder(emulator.home / "emulator" / "packages").add("app", "1", program)
    storage = DirectoryStorage(emulator.home / "storage")
    storage.create_container("logs")
    logs_url = storage.container_url("logs", life=timedelta(days=1), write=True)
    with emulator.client() as client:
        walk = Walk(client, wait_for)
        walk_account(walk)
        walk_pool(walk, pool_body)
        walk_jobs(walk)
        walk_tasks(walk)
        walk_task_files(walk)
        walk_nodes(walk, logs_url)
        walk_schedules(walk)
        walk_away(walk)
    methods = {name for name, _ in inspect.getmembers(BatchClient, inspect.isfunction)}
    public = {name for name in methods if not name.startswith("_")} - NOT_OPERATIONS
    assert walk.walked == public


def walk_account(walk: Walk) -> None:
    assert walk.call("list_supported_images", filter="osType eq 'linux'", max_results=3)
    assert [one.id for one in walk.call("list_applications")] == ["app"]
    assert walk.call("get_application", "app").versions == ["1"]
    assert walk.call("list_pool_node_counts") == []
    assert not walk.call("list_pool_usage_metrics")


def walk_pool(walk: Walk, pool_body: Callable[..., dict[str, Any]]) -> None:
    walk.call("create_pool", pool_body("p", nodes=0))
    assert walk.call("pool_exists", "p")
    metadata = [models.BatchMetadataItem(name="a", value="b")]
    walk.call("update_pool", "p", models.BatchPoolUpdateOptions(metadata=metadata))
    assert walk.call("get_pool", "p").metadata == metadata
    properties = {"applicationPackageReferences": [{"applicationId": "app"}], "metadata": []}
    walk.call("replace_pool_properties", "p", properties)
    (pool,) = walk.call("list_pools", select=["id", "metadata"], expand=["stats"])
    assert (pool.id, pool.metadata) == ("p", [])
    walk.wait_for(lambda: stop_a_resize(walk))
    assert [one.code for one in walk.client.get_pool("p").resize_errors] == ["ResizeStopped"]
    walk_autoscale(walk)
    walk.call("begin_resize_pool", "p", {"targetDedicatedNodes": 2})
    first, _ = walk.call("list_nodes", "p")
    walk.call("begin_remove_nodes", "p", {"nodeList": [first.id]})
    wait_until_idle(walk, 1)


def stop_a_resize(walk: Walk) -> bool:
    """Stop a resize, unless it is over already."""
    target = 3 - walk.client.get_pool("p").target_dedicated_nodes
    walk.client.begin_resize_pool("p", {"targetDedicatedNodes": target}, polling_interval=0)
    try:
        walk.call("begin_stop_pool_resize", "p")
    except ResourceExistsError:
        walk.wait_for(lambda: walk.client.get_pool("p").allocation_state == "steady")
        return False
    return True


def walk_autoscale(walk: Walk) -> None:
    walk.wait_for(lambda: walk.client.get_pool("p").allocation_state == "steady")
    formula = "$TargetDedicatedNodes = 0;"
    walk.call("enable_pool_auto_scale", "p", {"autoScaleFormula": formula})
    run = walk.call("evaluate_pool_auto_scale", "p", {"autoScaleFormula": formula})
    assert run.results.startswith("$TargetDedicatedNodes=0")
    walk.wait_for(lambda: walk.client.get_pool("p").allocation_state == "steady")
    walk.call("disable_pool_auto_scale", "p")


def wait_until_idle(walk: Walk, count: int) -> list[Any]:
    def idle() -> list[Any]:
        nodes = list(walk.client.list_nodes("p"))
        return nodes if [one.state for one in nodes] == ["idle"] * count else []

    return walk.wait_for(idle)


def walk_jobs(walk: Walk) -> None:
    walk.call(
        "create_job",
        models.BatchJobCreateOptions(
            id="j",
            pool_info=models.BatchPoolInfo(pool_id="p"),
            job_preparation_task=models.BatchJobPreparationTask(command_line="true"),
        ),
    )
    walk.call("update_job", "j", {"priority": 5})
    assert [one.priority for one in walk.call("list_jobs", filter="id eq 'j'")] == [5]
    job = walk.call("get_job", "j")
    job.max_parallel_tasks = 1
    walk.call("replace_job", "j", job)
    assert walk.client.get_job("j").max_parallel_tasks == 1
    walk.call("begin_disable_job", "j", {"disableTasks": "requeue"})
    assert walk.client.get_job("j").state == "disabled"
    walk.call("begin_enable_job", "j")
    assert walk.client.get_job("j").state == "active"


def walk_tasks(walk: Walk) -> None:
    line = "/bin/sh -c 'mkdir d; echo hello | tee d/f'"
    walk.call("create_task", "j", models.BatchTaskCreateOptions(id="t", command_line=line))
    bad = {"id": "bad", "commandLine": "false"}
    (result,) = walk.call("create_task_collection", "j", {"value": [bad]}).result_values
    assert result.task_id == "bad"
    many = [models.BatchTaskCreateOptions(id=f"m{n}", command_line="true") for n in range(3)]
    assert len(walk.call("create_tasks", "j", many).result_values) == 3
    walk.wait_for(lambda: walk.call("get_job_task_counts", "j").task_counts.completed == 5)
    assert len(walk.call("list_tasks", "j", filter="state eq 'completed'", max_results=2)) == 5
    task = walk.call("get_task", "j", "t")
    assert task.execution_info.exit_code == 0
    assert walk.call("list_subtasks", "j", "t") == []
    walk.call("reactivate_task", "j", "bad")
    walk.wait_for(lambda: walk.client.get_task("j", "bad").state == "completed")
    walk.call("create_task", "j", {"id": "long", "commandLine": "sleep 60"})
    constraints = models.BatchTaskConstraints(max_task_retry_count=3)
    walk.call("replace_task", "j", "long", models.BatchTask(constraints=constraints))
    assert walk.client.get_task("j", "long").constraints.max_task_retry_count == 3
    walk.call("terminate_task", "j", "long")
    walk.call("delete_task", "j", "long")
    (status,) = walk.call("list_job_preparation_and_release_task_status", "j")
    assert status.job_preparation_task_execution_info.exit_code == 0


def walk_task_files(walk: Walk) -> None:
    names = {one.name for one in walk.call("list_task_files", "j", "t", recursive=True)}
    assert names == {"stderr.txt", "stdout.txt", "wd", "wd/d", "wd/d/f"}
    assert b"".join(walk.call("download_task_file", "j", "t", "wd/d/f")) == b"hello\n"
    assert walk.call("get_task_file_properties", "j", "t", "wd/d/f").content_length == 6
    walk.call("delete_task_file", "j", "t", "wd/d", recursive=True)
    walk.refused("get_task_file_properties", "FileNotFound", "j", "t", "wd/d/f")


def walk_nodes(walk: Walk, logs_url: str) -> None:
    (node,) = wait_until_idle(walk, 1)
    place = ("p", node.id)
    walk_node_files(walk, place)
    user = models.BatchNodeUserCreateOptions(name="kim", password="secret")
    walk.call("create_node_user", *place, user)
    walk.call("replace_node_user", *place, "kim", models.BatchNodeUserReplaceOptions())
    walk.call("delete_node_user", *place, "kim")
    assert walk.call("get_node_remote_login_settings", *place).remote_login_port == 22
    assert walk.call("list_node_extensions", *place) == []
    walk.refused("get_node_extension", "ResourceNotFound", *place, "none")
    begin = datetime.now(UTC) - timedelta(hours=1)
    asked = models.UploadBatchServiceLogsOptions(container_url=logs_url, start_time=begin)
    walk.wait_for(lambda: walk.call("upload_node_logs", *place, asked).number_of_files_uploaded)
    options = models.BatchNodeDisableSchedulingOptions(node_disable_scheduling_option="terminate")
    walk.call("disable_node_scheduling", *place, options)
    walk.call("enable_node_scheduling", *place)
    walk.call("begin_reboot_node", *place, {"nodeRebootOption": "requeue"})
    wait_until_idle(walk, 1)
    walk.refused(
        "begin_reimage_node", "OperationNotValidOnNode", *place, {"nodeReimageOption": "requeue"}
    )
    walk.call("begin_deallocate_node", *place, {"nodeDeallocateOption": "requeue"})
    assert walk.call("get_node", *place).state == "deallocated"
    walk.call("begin_start_node", *place)
    wait_until_idle(walk, 1)


def walk_node_files(walk: Walk, place: tuple[str, str]) -> None:
    path = "workitems/j/job-1/t/stdout.txt"
    assert path in {one.name for one in walk.call("list_node_files", *place, recursive=True)}
    assert b"".join(walk.call("download_node_file", *place, path)) == b"hello\n"
    assert walk.call("get_node_file_properties", *place, path).content_length == 6
    walk.call("delete_node_file", *place, path)
    walk.refused("download_node_file", "FileNotFound", *place, path)


def walk_schedules(walk: Walk) -> None:
    schedule = models.BatchJobScheduleConfiguration(recurrence_interval=timedelta(hours=1))
    jobs = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id="p"))
    options = models.BatchJobScheduleCreateOptions(
        id="s", schedule=schedule, job_specification=jobs
    )
    walk.call("create_job_schedule", options)
    walk.call("job_schedule_exists", "s")
    found = walk.call("get_job_schedule", "s")
    walk.call("list_job_schedules", filter="id eq 's'")
    walk.call("list_jobs_from_schedule", "s")
    walk.call("update_job_schedule", "s", models.BatchJobScheduleUpdateOptions(schedule=schedule))
    walk.call(
        "replace_job_schedule",
        "s",
        found or models.BatchJobSchedule(schedule=schedule, job_specification=jobs),
    )
    walk.call("disable_job_schedule", "s")
    walk.call("enable_job_schedule", "s")
    walk.call("begin_terminate_job_schedule", "s")
    walk.call("begin_delete_job_schedule", "s")


def walk_away(walk: Walk) -> None:
    walk.call("begin_terminate_job", "j", {"terminateReason": "walked"})
    assert walk.client.get_job("j").execution_info.termination_reason == "walked"
    walk.call("begin_delete_job", "j")
    walk.call("begin_delete_pool", "p")
    walk.refused("pool_exists", "PoolNotFound", "p")
    assert list(walk.client.list_jobs()) == []
