"""
Every public method of azure-batch 14's operations, which cannot be installed beside 15.

`python older_sdk_walk.py URL ACCOUNT CONTAINER_URL`, with the account key on stdin, against a
service that has an application package `app`; prints what each method came to as JSON.
"""

import inspect
import json
import sys
import time
from datetime import UTC, datetime, timedelta

from azure.batch import BatchServiceClient, models, operations
from azure.batch.batch_auth import SharedKeyCredentials

IMAGE = models.VirtualMachineConfiguration(
    image_reference=models.ImageReference(
        publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts"
    ),
    node_agent_sku_id="batch.node.ubuntu 22.04",
)
ON_POOL = models.PoolInformation(pool_id="p")


class Walk:
    """Calls methods by name and notes what they came to: `ok`, or the code that refuses."""

    def __init__(self, client):
        self.client = client
        self.seen = {}
        self.refused = {}

    def call(self, name, *arguments):
        group, method = name.split(".")
        try:
            result = getattr(getattr(self.client, group), method)(*arguments)
            is_many = hasattr(result, "__next__")
            result = list(result) if is_many else result
        except models.BatchErrorException as error:
            self.refused[name] = [error.response.request.method, error.response.request.path_url]
            # What answers a HEAD has no body, and a download's is not read.
            self.seen[name] = getattr(error.error, "code", None) or error.response.status_code
            return None
        self.seen[name] = "ok"
        self.refused.pop(name, None)
        return result


def main():
    """Walk, and print."""
    url, account, container_url = sys.argv[1:]
    client = BatchServiceClient(SharedKeyCredentials(account, sys.stdin.read()), batch_url=url)
    walk = Walk(client)
    walk_account(walk)
    walk_pool(walk)
    walk_jobs(walk)
    walk_tasks(walk)
    walk_files(walk)
    walk_node(walk, container_url)
    walk_schedules(walk)
    walk_certificates(walk)
    walk_away(walk)
    walked = {"seen": walk.seen, "refused": walk.refused, "public": sorted(public_methods(client))}
    json.dump(walked, sys.stdout)


def public_methods(client):
    """Every method, named as `call` takes it."""
    groups = {type(group): name for name, group in vars(client).items()}
    for kind in map(operations.__dict__.get, operations.__all__):
        for method, _ in inspect.getmembers(kind, inspect.isfunction):
            if not method.startswith("_"):
                yield f"{groups[kind]}.{method}"


def walk_account(walk):
    walk.call("account.list_supported_images")
    walk.call("account.list_pool_node_counts")
    walk.call("application.list")
    walk.call("application.get", "app")
    walk.call("pool.list_usage_metrics")


def walk_pool(walk):
    options = {"virtual_machine_configuration": IMAGE, "task_slots_per_node": 2}
    walk.call("pool.add", models.PoolAddParameter(id="p", vm_size="standard_f2s_v2", **options))
    walk.call("pool.exists", "p")
    walk.call("pool.get", "p")
    walk.call("pool.list")
    metadata = [models.MetadataItem(name="a", value="b")]
    walk.call("pool.patch", "p", models.PoolPatchParameter(metadata=metadata))
    walk.call(
        "pool.update_properties",
        "p",
        models.PoolUpdatePropertiesParameter(
            certificate_references=[], application_package_references=[], metadata=[]
        ),
    )
    wait_for(lambda: stop_a_resize(walk))
    walk.call("pool.enable_auto_scale", "p", "$TargetDedicatedNodes = 0;")
    walk.call("pool.evaluate_auto_scale", "p", "$TargetDedicatedNodes = 0;")
    wait_for(lambda: is_steady(walk.client))
    walk.call("pool.disable_auto_scale", "p")
    walk.call("pool.resize", "p", models.PoolResizeParameter(target_dedicated_nodes=2))
    first, _ = wait_for(lambda: idle_nodes(walk.client, 2))
    walk.call("pool.remove_nodes", "p", models.NodeRemoveParameter(node_list=[first.id]))
    wait_for(lambda: idle_nodes(walk.client, 1))


def stop_a_resize(walk):
    """Stop a resize, unless it is over already."""
    target = 1 - walk.client.pool.get("p").target_dedicated_nodes
    walk.client.pool.resize("p", models.PoolResizeParameter(target_dedicated_nodes=target))
    walk.call("pool.stop_resize", "p")
    wait_for(lambda: is_steady(walk.client))
    return walk.seen["pool.stop_resize"] == "ok"


def is_steady(client):
    return client.pool.get("p").allocation_state == models.AllocationState.steady


def idle_nodes(client, count):
    nodes = list(client.compute_node.list("p"))
    are_idle = all(one.state == models.ComputeNodeState.idle for one in nodes)
    return nodes if are_idle and len(nodes) == count and is_steady(client) else []


def walk_jobs(walk):
    preparation = models.JobPreparationTask(command_line="true")
    job = models.JobAddParameter(id="j", pool_info=ON_POOL, job_preparation_task=preparation)
    walk.call("job.add", job)
    walk.call("job.get", "j")
    walk.call("job.list")
    walk.call("job.patch", "j", models.JobPatchParameter(priority=5))
    walk.call("job.update", "j", models.JobUpdateParameter(pool_info=ON_POOL))
    walk.call("job.disable", "j", models.DisableJobOption.requeue)
    wait_for(lambda: walk.client.job.get("j").state == models.JobState.disabled)
    walk.call("job.enable", "j")


def walk_tasks(walk):
    line = "/bin/sh -c 'mkdir d; echo hello > d/f'"
    walk.call("task.add", "j", models.TaskAddParameter(id="t", command_line=line))
    more = [models.TaskAddParameter(id=name, command_line="false") for name in ("a", "b")]
    walk.call("task.add_collection", "j", more)
    counts = "job.get_task_counts"
    wait_for(lambda: walk.call(counts, "j").task_counts.completed == 3)
    walk.call("task.get", "j", "t")
    walk.call("task.list", "j")
    walk.call("task.list_subtasks", "j", "t")
    walk.call("task.reactivate", "j", "a")
    wait_for(lambda: walk.call(counts, "j").task_counts.completed == 3)
    walk.client.task.add("j", models.TaskAddParameter(id="long", command_line="sleep 60"))
    walk.call("task.update", "j", "long", models.TaskConstraints(max_task_retry_count=3))
    walk.call("task.terminate", "j", "long")
    walk.call("task.delete", "j", "long")
    walk.call("job.list_preparation_and_release_task_status", "j")


def walk_files(walk):
    of_task, place = ("j", "t"), ("p", walk.client.task.get("j", "t").node_info.node_id)
    root = "workitems/j/job-1/t"
    walk.call("file.list_from_task", *of_task, True)
    walk.call("file.get_from_task", *of_task, "wd/d/f")
    walk.call("file.get_properties_from_task", *of_task, "wd/d/f")
    walk.call("file.delete_from_task", *of_task, "wd/d", True)
    walk.call("file.list_from_compute_node", *place, True)
    walk.call("file.get_from_compute_node", *place, f"{root}/stdout.txt")
    walk.call("file.get_properties_from_compute_node", *place, f"{root}/stdout.txt")
    walk.call("file.delete_from_compute_node", *place, f"{root}/stdout.txt")


def walk_node(walk, container_url):
    (node,) = wait_for(lambda: idle_nodes(walk.client, 1))
    place = ("p", node.id)
    walk.call("compute_node.list", "p")
    walk.call("compute_node.get", *place)
    walk.call("compute_node.add_user", *place, models.ComputeNodeUser(name="kim", password="x"))
    walk.call("compute_node.update_user", *place, "kim", models.NodeUpdateUserParameter())
    walk.call("compute_node.delete_user", *place, "kim")
    walk.call("compute_node.get_remote_login_settings", *place)
    walk.call("compute_node.get_remote_desktop", *place)
    begin = datetime.now(UTC) - timedelta(hours=1)
    logs = models.UploadBatchServiceLogsConfiguration(container_url=container_url, start_time=begin)
    walk.call("compute_node.upload_batch_service_logs", *place, logs)
    walk.call("compute_node_extension.list", *place)
    walk.call("compute_node_extension.get", *place, "none")
    walk.call("compute_node.disable_scheduling", *place)
    walk.call("compute_node.enable_scheduling", *place)
    walk.call("compute_node.reboot", *place)
    wait_for(lambda: idle_nodes(walk.client, 1))
    walk.call("compute_node.reimage", *place)


def walk_schedules(walk):
    schedule = models.Schedule(recurrence_interval=timedelta(hours=1))
    jobs = models.JobSpecification(pool_info=ON_POOL)
    added = models.JobScheduleAddParameter(id="s", schedule=schedule, job_specification=jobs)
    walk.call("job_schedule.add", added)
    walk.call("job_schedule.exists", "s")
    walk.call("job_schedule.get", "s")
    walk.call("job_schedule.list")
    walk.call("job.list_from_job_schedule", "s")
    walk.call("job_schedule.patch", "s", models.JobSchedulePatchParameter(schedule=schedule))
    update = models.JobScheduleUpdateParameter(schedule=schedule, job_specification=jobs)
    walk.call("job_schedule.update", "s", update)
    walk.call("job_schedule.disable", "s")
    walk.call("job_schedule.enable", "s")
    walk.call("job_schedule.terminate", "s")
    walk.call("job_schedule.delete", "s")


def walk_certificates(walk):
    certificate = models.CertificateAddParameter(
        thumbprint="ab", thumbprint_algorithm="sha1", data="AA==", certificate_format="cer"
    )
    walk.call("certificate.add", certificate)
    walk.call("certificate.list")
    walk.call("certificate.get", "sha1", "ab")
    walk.call("certificate.delete", "sha1", "ab")
    walk.call("certificate.cancel_deletion", "sha1", "ab")


def walk_away(walk):
    walk.call("job.terminate", "j", "walked")
    walk.call("job.delete", "j")
    walk.call("pool.delete", "p")
    wait_for(lambda: not walk.client.pool.exists("p"))


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not (result := condition()):
        assert time.monotonic() < deadline, "the condition did not come about"
        time.sleep(0.02)
    return result


if __name__ == "__main__":
    main()
