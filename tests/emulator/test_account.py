"""Section O of the fidelity checklist: the account, and a client's whole way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import models

COUNTERS = {
    "creating",
    "deallocated",
    "deallocating",
    "idle",
    "leavingPool",
    "offline",
    "preempted",
    "rebooting",
    "reimaging",
    "running",
    "startTaskFailed",
    "starting",
    "total",
    "unknown",
    "unusable",
    "upgradingOS",
    "waitingForStartTask",
}


def test_nodes_are_counted_by_pool(account, client):
    """Item 144."""
    two, none = account.pool(nodes=2), account.pool(nodes=0)
    counts = {one["poolId"]: one for one in account.get("/nodecounts")["value"]}
    assert counts[two]["dedicated"].keys() == counts[none]["lowPriority"].keys() == COUNTERS
    assert counts[two]["dedicated"]["idle"] == counts[two]["dedicated"]["total"] == 2
    assert counts[none]["dedicated"]["total"] == 0
    (one,) = client.list_pool_node_counts(filter=f"poolId eq '{two}'")
    assert (one.pool_id, one.dedicated.idle) == (two, 2)


def test_images_are_listed_in_pages_and_filtered(account, client):
    """Item 145."""
    everything = list(client.list_supported_images())
    assert len(everything) == len(list(client.list_supported_images(max_results=2)))
    linux = list(client.list_supported_images(filter="osType eq 'linux'"))
    assert {one.os_type for one in linux} == {models.OSType.LINUX}
    assert 0 < len(linux) < len(everything)
    verified = client.list_supported_images(filter="verificationType eq 'verified'")
    assert {one.verification_type for one in verified} == {models.ImageVerificationType.VERIFIED}
    agents = {one.node_agent_sku_id for one in linux}
    assert "batch.node.ubuntu 22.04" in agents


def usage(account, **more):
    """What is known of the last hours up to the present."""
    times = {"startTime": _ago(hours=3), "endtime": _ago(hours=-1)}
    metrics = account.get("/poolusagemetrics", **times, **more)["value"]
    return [one for one in metrics if one["poolId"] in more.get("$filter", "")]


def _ago(**times):
    return (datetime.now(UTC) - timedelta(**times)).isoformat()


def test_usage_is_measured_from_the_nodes_that_there_were(account, client):
    """Item 145: also of nodes and pools that are gone, and not of deallocated ones."""
    pool = account.pool(nodes=2)
    query = {"$filter": f"poolId eq '{pool}'"}
    found = usage(account, **query)
    (of_pool,) = [one for one in found if one["poolId"] == pool][-1:]
    assert of_pool["vmSize"] == "Standard_F2s_v2"
    assert 0 < of_pool["totalCoreHours"] < 2
    length = moment(of_pool["endTime"]) - moment(of_pool["startTime"])
    assert length == timedelta(minutes=30)
    times = {"start_time": moment(_ago(hours=3)), "end_time": moment(_ago(hours=-1))}
    paged = client.list_pool_usage_metrics(**times, max_results=1)
    assert pool in {one.pool_id for one in paged}
    client.begin_delete_pool(pool, polling_interval=0).result()
    ended = usage(account, **query)
    assert core_hours(ended) >= core_hours(found)
    assert usage(account, **query) == ended


def test_usage_survives_being_killed(tmp_path, start_emulator, account_of):
    """Of a node that is gone, and of one that is still there."""
    emulator = start_emulator(tmp_path / "home")
    account = account_of(emulator)
    gone, there = account.pool(nodes=1), account.pool(nodes=1)
    account.client.begin_delete_pool(gone, polling_interval=0).result()
    queries = [{"$filter": f"poolId eq '{pool}'"} for pool in (gone, there)]
    before = [core_hours(usage(account, **query)) for query in queries]
    emulator.process.kill()
    emulator.process.wait(60)
    account = account_of(start_emulator(tmp_path / "home"))
    after = [core_hours(usage(account, **query)) for query in queries]
    assert after[0] == before[0] > 0
    assert after[1] > before[1] > 0


def core_hours(metrics):
    return sum(one["totalCoreHours"] for one in metrics)


def moment(text):
    return datetime.fromisoformat(text)


def test_a_deallocated_node_uses_nothing(account):
    pool = account.pool(nodes=1)
    query = {"$filter": f"startswith(poolId, '{pool}')"}
    node = account.nodes(pool)[0]["id"]
    account.send("POST", f"/pools/{pool}/nodes/{node}/deallocate", {})
    account.node_in(pool, "deallocated")
    used = usage(account, **query)
    assert core_hours(used) > 0
    assert usage(account, **query) == used
    account.send("POST", f"/pools/{pool}/nodes/{node}/start")
    account.node_in(pool, "idle")
    assert core_hours(usage(account, **query)) > core_hours(used)


def test_usage_of_the_last_half_hour_that_is_over(client):
    """Item 145: there was none."""
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    assert not list(client.list_pool_usage_metrics(end_time=long_ago))
    assert not list(client.list_pool_usage_metrics(start_time=long_ago, end_time=long_ago))


@pytest.mark.parametrize(
    "query", [{"startTime": "yesterday"}, {"$filter": "poolId ne 'p'"}, {"maxresults": 0.5}]
)
def test_usage_is_asked_for_by_times_and_pools(account, query):
    response = account.send("GET", "/poolusagemetrics", **query)
    assert account.code(response) == (400, "InvalidQueryParameterValue")


def test_the_whole_way_of_a_client(account, client, wait_for, unused):
    """Item 150, by SDK 15.1."""
    image = next(
        one
        for one in client.list_supported_images()
        if one.node_agent_sku_id == "batch.node.ubuntu 22.04"
    )
    client.create_pool(
        models.BatchPoolCreateOptions(
            id=unused,
            vm_size="standard_f2s_v2",
            target_dedicated_nodes=1,
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=image.image_reference, node_agent_sku_id=image.node_agent_sku_id
            ),
        )
    )
    client.create_job(
        models.BatchJobCreateOptions(id=unused, pool_info=models.BatchPoolInfo(pool_id=unused))
    )
    tasks = [
        models.BatchTaskCreateOptions(id=f"t{n}", command_line=f"/bin/echo {n}") for n in range(5)
    ]
    client.create_tasks(unused, tasks)
    wait_for(lambda: client.get_job_task_counts(unused).task_counts.completed == 5)
    for number in range(5):
        content = b"".join(client.download_task_file(unused, f"t{number}", "stdout.txt"))
        assert content == f"{number}\n".encode()
    client.begin_delete_job(unused, polling_interval=0).result()
    client.begin_delete_pool(unused, polling_interval=0).result()
    assert unused not in {pool.id for pool in client.list_pools()}
