"""
The way of a client of azure-batch 14, which cannot be installed beside 15.

`python older_sdk.py URL ACCOUNT`, with the account key on stdin; prints what it saw as JSON.
"""

import datetime
import json
import sys
import time

from azure.batch import BatchServiceClient, models
from azure.batch.batch_auth import SharedKeyCredentials


def main():
    """Carry out everything and print it."""
    url, account = sys.argv[1:]
    client = BatchServiceClient(SharedKeyCredentials(account, sys.stdin.read()), batch_url=url)
    seen = {"missing pool exists": client.pool.exists("none")}
    add_pool(client)
    seen["pool exists"] = client.pool.exists("old")
    seen["communication"] = client.pool.get("old").current_node_communication_mode
    client.job.add(
        models.JobAddParameter(id="old", pool_info=models.PoolInformation(pool_id="old"))
    )
    seen |= add_tasks(client)
    seen |= run_task(client)
    seen |= run_managed_job(client)
    seen |= reboot_node(client)
    client.job.patch("old", models.JobPatchParameter(priority=5))
    seen["priority"] = client.job.get("old").priority
    seen |= schedule_jobs(client)
    seen |= make_auto_pool(client, client.pool.get("old").virtual_machine_configuration)
    seen["error"] = refused(client)
    client.job.terminate("old")
    client.job.delete("old")
    client.pool.delete("old")
    wait_for(lambda: not client.pool.exists("old"))
    json.dump(seen, sys.stdout)


def add_pool(client):
    image = next(
        one
        for one in client.account.list_supported_images()
        if one.node_agent_sku_id == "batch.node.ubuntu 22.04"
    )
    client.pool.add(
        models.PoolAddParameter(
            id="old",
            vm_size="STANDARD_F2S_V2",
            target_dedicated_nodes=1,
            task_slots_per_node=2,
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=image.image_reference, node_agent_sku_id=image.node_agent_sku_id
            ),
            target_node_communication_mode=models.NodeCommunicationMode.classic,
        )
    )


def add_tasks(client):
    tasks = [models.TaskAddParameter(id=f"t{n}", command_line="true") for n in range(250)]
    results = client.task.add_collection("old", tasks).value
    wait_for(lambda: client.job.get_task_counts("old").task_counts.completed == 250)
    listed = list(client.task.list("old", models.TaskListOptions(max_results=100)))
    return {
        "added": len([one for one in results if one.status == models.TaskAddStatus.success]),
        "listed": len(listed),
        "states": sorted({one.state for one in listed}),
    }


def run_task(client):
    command_line = '/bin/sh -c \'mkdir "a b"; echo content > "a b/c.txt"; echo hello\''
    client.task.add("old", models.TaskAddParameter(id="file", command_line=command_line))
    wait_for(lambda: client.task.get("old", "file").state == models.TaskState.completed)
    names = client.file.list_from_task("old", "file", recursive=True)
    properties = client.file.get_properties_from_task("old", "file", "stdout.txt", raw=True)
    part = models.FileGetFromTaskOptions(ocp_range="bytes=0-3")
    return {
        "stdout": read(client, "stdout.txt"),
        "file": read(client, "wd/a b/c.txt"),
        "part": read(client, "stdout.txt", part),
        "files": sorted(one.name for one in names),
        "length": properties.headers["Content-Length"],
    }


def run_managed_job(client):
    """A manager that lasts until its job has been through dependencies and exit conditions."""
    manager = models.JobManagerTask(id="manager", command_line="sleep 60", run_exclusive=False)
    client.job.add(
        models.JobAddParameter(
            id="managed",
            pool_info=models.PoolInformation(pool_id="old"),
            job_manager_task=manager,
            uses_task_dependencies=True,
        )
    )
    satisfy = models.ExitOptions(dependency_action=models.DependencyAction.satisfy)
    parents = models.TaskDependencies(
        task_ids=["a"], task_id_ranges=[models.TaskIdRange(start=1, end=1)]
    )
    tasks = [
        models.TaskAddParameter(id="child", command_line="true", depends_on=parents),
        models.TaskAddParameter(
            id="a", command_line="false", exit_conditions=models.ExitConditions(default=satisfy)
        ),
        models.TaskAddParameter(id="01", command_line="true"),
    ]
    client.task.add_collection("managed", tasks)
    wait_for(lambda: client.task.get("managed", "child").state == models.TaskState.completed)
    client.task.terminate("managed", "manager")
    wait_for(lambda: client.job.get("managed").state == models.JobState.completed)
    reason = client.job.get("managed").execution_info.terminate_reason
    client.job.delete("managed")
    return {"managed": reason}


def read(client, path, options=None):
    content = client.file.get_from_task("old", "file", path, options)
    return b"".join(content).decode()


def reboot_node(client):
    (node,) = client.compute_node.list("old")
    client.compute_node.reboot("old", node.id)

    def state():
        return client.compute_node.get("old", node.id).state

    rebooting = state()
    wait_for(lambda: state() == models.ComputeNodeState.idle)
    client.compute_node.disable_scheduling("old", node.id)
    disabled = client.compute_node.get("old", node.id).scheduling_state
    return {"rebooting": rebooting, "disabled": disabled}


def schedule_jobs(client):
    schedules = client.job_schedule
    missing = schedules.exists("old-schedule")
    job = models.JobSpecification(pool_info=models.PoolInformation(pool_id="old"))
    hourly = models.Schedule(recurrence_interval=datetime.timedelta(hours=1))
    schedules.add(
        models.JobScheduleAddParameter(id="old-schedule", schedule=hourly, job_specification=job)
    )
    schedules.disable("old-schedule")
    disabled = schedules.get("old-schedule").state
    schedules.enable("old-schedule")
    half_hourly = models.Schedule(recurrence_interval=datetime.timedelta(minutes=30))
    schedules.patch("old-schedule", models.JobSchedulePatchParameter(schedule=half_hourly))
    interval = schedules.get("old-schedule").schedule.recurrence_interval
    schedules.update(
        "old-schedule", models.JobScheduleUpdateParameter(job_specification=job, schedule=hourly)
    )
    jobs = [one.id for one in client.job.list_from_job_schedule("old-schedule")]
    schedules.terminate("old-schedule")
    terminated = client.job.get(jobs[0]).execution_info.terminate_reason
    schedules.delete("old-schedule")
    wait_for(lambda: not schedules.exists("old-schedule"))
    return {
        "schedule exists": missing,
        "disabled schedule": disabled,
        "interval": interval.total_seconds(),
        "jobs of schedule": jobs,
        "terminated": terminated,
    }


def make_auto_pool(client, image):
    """What clients of this age send of a pool in a job is understood too."""
    pool = models.PoolSpecification(
        vm_size="STANDARD_F2S_V2",
        target_dedicated_nodes=0,
        virtual_machine_configuration=image,
        target_node_communication_mode=models.NodeCommunicationMode.simplified,
    )
    auto_pool = models.AutoPoolSpecification(
        pool_lifetime_option=models.PoolLifetimeOption.job, pool=pool, auto_pool_id_prefix="old"
    )
    info = models.PoolInformation(auto_pool_specification=auto_pool)
    client.job.add(models.JobAddParameter(id="auto", pool_info=info))
    job = client.job.get("auto")
    pool_id = job.execution_info.pool_id
    existed = client.pool.exists(pool_id)
    kept = job.pool_info.auto_pool_specification.keep_alive
    client.job.delete("auto")
    wait_for(lambda: not client.pool.exists(pool_id))
    return {"auto pool": [pool_id[:4], existed, kept]}


def refused(client):
    try:
        client.task.get("old", "none")
    except models.BatchErrorException as error:
        return error.error.code
    return None


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


if __name__ == "__main__":
    main()
