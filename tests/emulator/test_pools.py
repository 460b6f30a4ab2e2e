"""Section E of the fidelity checklist: pools."""

from __future__ import annotations

from datetime import timedelta

import pytest
from azure.batch import models
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

TWO_STEADY = {"targetDedicatedNodes": 2, "currentDedicatedNodes": 2, "allocationState": "steady"}


@pytest.fixture
def slow(start_emulator, tmp_path, account_of):
    """An account whose nodes never come, so that resizes go on."""
    return account_of(start_emulator(tmp_path / "home", "--node-delay", "3600"))


def test_a_pool_is_created(account, pool_body, unused):
    """Item 34."""
    response = account.send("POST", "/pools", pool_body(unused, nodes=0))
    assert (response.status_code, response.content) == (201, b"")
    assert response.headers["Location"] == f"{account.url}/pools/{unused}"
    assert response.headers["DataServiceId"] == f"{account.url}/pools/{unused}"
    assert response.headers["ETag"] == account.get(f"/pools/{unused}")["eTag"]
    assert "Last-Modified" in response.headers


def test_the_sdks_own_model_of_a_pool(account, client, unused):
    """Every member that SDK 15.1 sends comes back as it reads it."""
    client.create_pool(
        models.BatchPoolCreateOptions(
            id=unused,
            vm_size="STANDARD_D2S_V3",
            virtual_machine_configuration=models.VirtualMachineConfiguration(
                image_reference=models.BatchVmImageReference(
                    publisher="canonical", offer="ubuntu-24_04-lts", sku="server"
                ),
                node_agent_sku_id="batch.node.ubuntu 24.04",
            ),
            resize_timeout=timedelta(minutes=6),
            task_slots_per_node=2,
            metadata=[models.BatchMetadataItem(name="b", value="1")],
        )
    )
    pool = client.get_pool(unused)
    assert pool.state == models.BatchPoolState.ACTIVE
    assert pool.allocation_state == models.AllocationState.STEADY
    assert pool.resize_timeout == timedelta(minutes=6)
    assert pool.task_slots_per_node == 2
    assert pool.metadata[0].value == "1"
    assert [one.id for one in client.list_pools(filter=f"id eq '{unused}'")] == [unused]


def test_ids_of_pools_are_unique_in_any_case(account, pool_body, unused):
    """Item 35."""
    account.client.create_pool(pool_body(unused, nodes=0))
    for pool_id in (unused, unused.upper()):
        with pytest.raises(ResourceExistsError) as error:
            account.client.create_pool(pool_body(pool_id, nodes=0))
        assert error.value.error.code == "PoolExists"
    assert account.get(f"/pools/{unused.upper()}")["id"] == unused


def test_a_missing_pool(account, client):
    """Items 36 and 148."""
    assert account.code(account.send("GET", "/pools/none")) == (404, "PoolNotFound")
    head = account.send("HEAD", "/pools/none")
    assert (head.status_code, head.content) == (404, b"")
    with pytest.raises(ResourceNotFoundError):
        client.pool_exists("none")


def test_a_new_pool_is_resizing_until_its_nodes_are_there(account, slow, pool_body, unused):
    """Item 37."""
    slow.client.create_pool(pool_body(unused, nodes=2))
    assert slow.get(f"/pools/{unused}")["allocationState"] == "resizing"
    account.client.create_pool(pool_body(unused, nodes=2))
    assert account.steady(unused).items() >= TWO_STEADY.items()
    assert len(account.nodes(unused)) == 2
    assert account.client.pool_exists(unused)


def test_a_pool_without_targets_is_empty_and_steady(account, pool_body, unused):
    """Items 38, 39 and 40."""
    body = pool_body(
        unused,
        metadata=[{"name": "z", "value": "1"}, {"name": "a", "value": "2"}],
        userAccounts=[
            {
                "name": "u",
                "password": "secret",
                "linuxUserConfiguration": {"uid": 1, "gid": 1, "sshPrivateKey": "secret"},
            }
        ],
    )
    del body["targetDedicatedNodes"], body["taskSlotsPerNode"]
    account.client.create_pool(body)
    pool = account.get(f"/pools/{unused}")
    expected = {
        "targetDedicatedNodes": 0,
        "targetLowPriorityNodes": 0,
        "currentDedicatedNodes": 0,
        "allocationState": "steady",
        "resizeTimeout": "PT15M",
        "taskSlotsPerNode": 1,
        "taskSchedulingPolicy": {"nodeFillType": "Spread"},
        "enableInterNodeCommunication": False,
        "enableAutoScale": False,
        "vmSize": "standard_f2s_v2",
        "metadata": body["metadata"],
    }
    assert pool.items() >= expected.items()
    assert "secret" not in str(pool)


def test_a_resize_is_over_when_the_poller_says_so(account, client):
    """Item 41."""
    pool = account.pool(nodes=0)
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=2)
    poller = client.begin_resize_pool(pool, options, polling_interval=0)
    assert poller.result() is None
    assert account.get(f"/pools/{pool}").items() >= TWO_STEADY.items()


def test_a_resize_is_seen_at_once_and_another_refused(slow, pool_body):
    """Items 41 and 42."""
    slow.client.create_pool(pool_body("p", nodes=0))
    resize = {"targetDedicatedNodes": 1}
    assert slow.send("POST", "/pools/p/resize", resize).status_code == 202
    assert slow.get("/pools/p")["allocationState"] == "resizing"
    again = slow.send("POST", "/pools/p/resize", resize)
    assert slow.code(again) == (409, "PoolBeingResized")


def test_nodes_that_are_still_being_made_are_not_counted(slow, pool_body):
    """Section 3.1: a pool is steady when it has the nodes that it shall have."""
    slow.client.create_pool(pool_body("p", nodes=2, targetLowPriorityNodes=1))
    pool = slow.get("/pools/p")
    assert (pool["currentDedicatedNodes"], pool["currentLowPriorityNodes"]) == (0, 0)
    assert pool["allocationState"] == "resizing"
    assert [node["state"] for node in slow.nodes("p")] == ["creating"] * 3
    (counts,) = slow.get("/nodecounts")["value"]
    assert (counts["dedicated"]["creating"], counts["lowPriority"]["total"]) == (2, 1)


def test_a_resize_is_stopped(slow, client, pool_body):
    """Item 43."""
    slow.client.create_pool(pool_body("p", nodes=3))
    slow.client.begin_stop_pool_resize("p", polling_interval=0).result()
    pool = slow.get("/pools/p")
    assert pool["allocationState"] == "steady"
    assert [error["code"] for error in pool["resizeErrors"]] == ["ResizeStopped"]
    assert (pool["targetDedicatedNodes"], pool["currentDedicatedNodes"]) == (3, 0)
    again = slow.send("POST", "/pools/p/stopresize")
    assert slow.code(again) == (409, "OperationInvalidForCurrentState")


@pytest.mark.parametrize(
    "change",
    [
        {"resizeTimeout": "PT1M"},
        {"targetDedicatedNodes": -1},
        {"nodeDeallocationOption": "nonsense"},
        {"resizeTimeout": "soon"},
    ],
)
def test_a_wrong_resize_is_refused(account, pool, change):
    """Item 44."""
    body = {"targetDedicatedNodes": 1, **change}
    response = account.send("POST", f"/pools/{pool}/resize", body)
    assert account.code(response) == (400, "InvalidPropertyValue")


def test_a_resize_without_targets_is_refused(account, pool):
    response = account.send("POST", f"/pools/{pool}/resize", {})
    assert account.code(response) == (400, "MissingRequiredProperty")


@pytest.mark.parametrize(
    "change",
    [
        {"taskSlotsPerNode": 9},
        {"taskSlotsPerNode": 0},
        {"id": "a b"},
        {"id": "x" * 65},
        {"vmSize": 7},
        {"taskSchedulingPolicy": {"nodeFillType": "heap"}},
        {"metadata": {"a": "b"}},
    ],
)
def test_a_wrong_pool_is_refused(account, pool_body, change):
    response = account.send("POST", "/pools", pool_body("wrong", nodes=0) | change)
    assert account.code(response) == (400, "InvalidPropertyValue")


def test_a_node_is_removed(account, client):
    """Item 46."""
    pool = account.pool(nodes=2)
    first, second = account.nodes(pool)
    options = models.BatchNodeRemoveOptions(node_ids=[first["id"]])
    client.begin_remove_nodes(pool, options, polling_interval=0).result()
    assert [node["id"] for node in account.nodes(pool)] == [second["id"]]
    assert account.get(f"/pools/{pool}")["targetDedicatedNodes"] == 1
    response = account.send("POST", f"/pools/{pool}/removenodes", {"nodeList": [first["id"]]})
    assert account.code(response) == (404, "NodeNotFound")


def test_a_pool_is_deleted(account):
    """Item 47."""
    pool = account.pool(nodes=1)
    assert account.send("DELETE", f"/pools/{pool}").status_code == 202
    after = account.send("GET", f"/pools/{pool}")
    assert after.status_code == 404 or after.json()["state"] == "deleting"
    again = account.send("DELETE", f"/pools/{pool}")
    assert account.code(again) in {(409, "PoolBeingDeleted"), (404, "PoolNotFound")}
    account.gone(f"/pools/{pool}")


def test_the_id_of_a_deleted_pool_may_be_used_again(account, client, pool_body):
    """Item 48."""
    pool = account.pool(nodes=1)
    client.begin_delete_pool(pool, polling_interval=0).result()
    client.create_pool(pool_body(pool, nodes=0))
    assert account.get(f"/pools/{pool}")["currentDedicatedNodes"] == 0


def test_what_is_left_out_is_kept_by_a_patch_and_removed_by_a_replacement(account, client):
    """Item 49."""
    start_task = {"commandLine": "true", "waitForSuccess": True}
    pool = account.pool(nodes=0, startTask=start_task, metadata=[{"name": "a", "value": "1"}])
    patch = models.BatchPoolUpdateOptions(metadata=[models.BatchMetadataItem(name="b", value="2")])
    client.update_pool(pool, patch)
    changed = account.get(f"/pools/{pool}")
    assert changed["startTask"]["commandLine"] == "true"
    assert changed["metadata"] == [{"name": "b", "value": "2"}]
    replacement = {"applicationPackageReferences": [], "metadata": []}
    response = account.send("POST", f"/pools/{pool}/updateproperties", replacement)
    assert response.status_code == 204
    assert "startTask" not in account.get(f"/pools/{pool}")


def test_a_pool_with_nodes_keeps_its_size(account, pool):
    response = account.send("PATCH", f"/pools/{pool}", {"vmSize": "standard_d4s_v3"})
    assert account.code(response) == (409, "OperationInvalidForCurrentState")


def test_tasks_of_a_deleted_pool_wait_for_another(account, client, pool_body, sh):
    """Item 50."""
    pool = account.pool(nodes=1)
    job = account.job(pool)
    account.add(job, "t", sh("test -e go || sleep 60"), constraints={"maxTaskRetryCount": 3})
    account.task_in(job, "t", "running")
    client.begin_delete_pool(pool, polling_interval=0).result()
    task = account.task(job, "t")
    assert task["state"] == "active"
    assert task["executionInfo"]["retryCount"] == 0
    assert "nodeInfo" not in task
    client.create_pool(pool_body(pool, nodes=1))
    account.task_in(job, "t", "running")
    client.terminate_task(job, "t")


def test_what_is_not_built_says_so(account, pool_body):
    source = {"source": "s", "relativeMountPath": "m"}
    body = pool_body("later", nodes=0) | {"mountConfiguration": [{"nfsMountConfiguration": source}]}
    response = account.send("POST", "/pools", body)
    assert account.code(response) == (501, "NotImplemented")
    assert "not supported" in response.json()["values"][0]["value"]


def test_a_node_agent_goes_with_its_image(account, pool_body, unused):
    """Of pools, of their changes and of auto pools."""
    body = pool_body(unused, nodes=0)
    machine = body["virtualMachineConfiguration"]
    unknown = {"virtualMachineConfiguration": machine | {"nodeAgentSKUId": "batch.node.foo"}}
    other = {"virtualMachineConfiguration": machine | {"nodeAgentSKUId": "batch.node.el 9"}}
    auto_pool = {name: value for name, value in body.items() if name != "id"}
    account.client.create_pool(body)
    for wrong, code in (
        (unknown, (404, "NodeAgentSKUNotFound")),
        (other, (400, "InvalidPropertyValue")),
    ):
        another = body | wrong | {"id": f"{unused}-2"}
        assert account.code(account.send("POST", "/pools", another)) == code
        assert account.code(account.send("PATCH", f"/pools/{unused}", wrong)) == code
        specification = {"poolLifetimeOption": "job", "pool": auto_pool | wrong}
        job = {"id": unused, "poolInfo": {"autoPoolSpecification": specification}}
        assert account.code(account.send("POST", "/jobs", job)) == code
