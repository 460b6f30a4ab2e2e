"""Section O of the fidelity checklist: the account, and a client's whole way."""

from __future__ import annotations

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


def test_usage_is_not_measured(account):
    """Metrics come later."""
    assert account.code(account.send("GET", "/poolusagemetrics")) == (501, "NotImplemented")


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
