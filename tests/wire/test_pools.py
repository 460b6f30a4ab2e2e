"""Pools: what the SDKs send is understood, and what is answered reads back in them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from azure.batch import models

from runfleet.batch.records import Autoscale, AutoscaleError, AutoscaleRun, Pool, ResizeError
from runfleet.batch.specs import (
    ApplicationPackageReference,
    AutoscaleSpec,
    CommandSpec,
    PoolSpec,
    ResourceFile,
    StartTaskSpec,
)
from runfleet.batch.states import (
    AllocationState,
    NodeFillType,
    OsType,
    PoolState,
)
from runfleet.wire import pools, sizing
from runfleet.wire.conditions import etag
from runfleet.wire.errors import WireError

NOW = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
MACHINE = {
    "imageReference": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
    "nodeAgentSKUId": "batch.node.ubuntu 24.04",
}
UPDATED = {"windowsConfiguration": {"enableAutomaticUpdates": True}}
TWO_USERS = {"username": "u", "autoUser": {"scope": "pool"}}
MINIMAL = {"id": "p", "vmSize": "standard_d2_v3", "virtualMachineConfiguration": MACHINE}

FULL = models.BatchPoolCreateOptions(
    id="Pool-1",
    display_name="A pool",
    vm_size="STANDARD_D2_v3",
    virtual_machine_configuration=models.VirtualMachineConfiguration(
        image_reference=models.BatchVmImageReference(publisher="p", offer="o", sku="s"),
        node_agent_sku_id="batch.node.ubuntu 24.04",
    ),
    target_dedicated_nodes=3,
    target_low_priority_nodes=1,
    resize_timeout=timedelta(minutes=6),
    task_slots_per_node=8,
    task_scheduling_policy=models.BatchTaskSchedulingPolicy(node_fill_type="pack"),
    enable_inter_node_communication=True,
    start_task=models.BatchStartTask(
        command_line="prepare",
        resource_files=[models.ResourceFile(http_url="http://a/b", file_path="b")],
        environment_settings=[models.EnvironmentSetting(name="A", value="1")],
        max_task_retry_count=2,
        wait_for_success=False,
    ),
    application_package_references=[
        models.BatchApplicationPackageReference(
            application_id="/subscriptions/s/batchAccounts/a/applications/epanet", version="2.3.5"
        )
    ],
    user_accounts=[
        models.UserAccount(
            name="u",
            password="secret",
            linux_user_configuration=models.LinuxUserConfiguration(
                uid=1, gid=1, ssh_private_key="secret"
            ),
        )
    ],
    metadata=[models.BatchMetadataItem(name=name, value="v") for name in "zay"],
)


def parse(**members):
    return pools.parse_create(orjson.dumps(MINIMAL | members))


def refusal(**members):
    with pytest.raises(WireError) as caught:
        parse(**members)
    return caught.value


def pool_of(request, **members):
    pool = Pool(
        spec=request.spec,
        body=request.body,
        creation_time=NOW,
        last_modified=NOW,
        state=PoolState.ACTIVE,
        state_time=NOW,
        allocation_state=AllocationState.STEADY,
        allocation_time=NOW,
        target_dedicated=request.target_dedicated,
        target_low_priority=request.target_low_priority,
    )
    return replace(pool, **members)


def answer(pool):
    return pools.pool_json(
        pool, base="http://batch.example", current_dedicated=2, current_low_priority=0
    )


def test_what_sdk_15_asks_for_is_understood(sent):
    request = pools.parse_create(sent(lambda client: client.create_pool(FULL)).body)
    assert (request.target_dedicated, request.target_low_priority) == (3, 1)
    assert request.spec == PoolSpec(
        pool_id="Pool-1",
        vm_size="standard_d2_v3",
        os_type=OsType.LINUX,
        task_slots_per_node=8,
        node_fill_type=NodeFillType.PACK,
        enable_inter_node_communication=True,
        resize_timeout=timedelta(minutes=6),
        start_task=StartTaskSpec(
            CommandSpec(
                "prepare", (ResourceFile(http_url="http://a/b", file_path="b"),), {"A": "1"}
            ),
            max_task_retry_count=2,
            wait_for_success=False,
        ),
        packages=(ApplicationPackageReference("epanet", "2.3.5"),),
        user_names=("u",),
    )


def test_what_only_older_versions_have_comes_back_as_it_was_sent():
    disk = {"lun": 0, "diskSizeGB": 4, "storageAccountType": "premium_lrs"}
    asked = {
        "applicationLicenses": ["maya"],
        "virtualMachineConfiguration": MACHINE | {"dataDisks": [disk]},
    }
    shown = answer(pool_of(parse(**asked)))
    assert shown["applicationLicenses"] == ["maya"]
    assert shown["virtualMachineConfiguration"]["dataDisks"] == [disk]


def test_a_pool_has_ten_packages_at_most():
    packages = [{"applicationId": f"p{number}"} for number in range(11)]
    assert len(parse(applicationPackageReferences=packages[:10]).spec.packages) == 10
    error = refusal(applicationPackageReferences=packages)
    assert (error.code, error.details["PropertyName"]) == (
        "InvalidPropertyValue",
        "applicationPackageReferences",
    )


@pytest.mark.parametrize(
    ("image", "shown"),
    [
        ({"publisher": "p", "offer": "o", "sku": "s"}, {"version": "latest"}),
        ({"publisher": "p", "offer": "o", "sku": "s", "version": "1.2"}, {}),
        ({"virtualMachineImageId": "/subscriptions/s"}, {}),
    ],
)
def test_an_image_of_the_marketplace_is_the_latest_unless_it_says_which(image, shown):
    machine = MACHINE | {"imageReference": image}
    pool = answer(pool_of(parse(virtualMachineConfiguration=machine)))
    assert pool["virtualMachineConfiguration"]["imageReference"] == image | shown


def test_what_sdk_14_asked_for_is_understood(sent_by_sdk_14):
    request = pools.parse_create(sent_by_sdk_14["create pool"].body)
    assert request.spec.pool_id == "p"
    assert request.spec.task_slots_per_node == 4
    assert request.spec.resize_timeout == timedelta(minutes=6)
    assert request.target_dedicated == 2


def test_a_pool_remembers_itself_by_its_body():
    request = parse(startTask={"commandLine": "true"}, taskSlotsPerNode=2)
    assert pools.patch(pool_of(request), b"{}").spec == request.spec


def test_sdk_15_reads_what_it_asked_for(sent):
    pool = pool_of(pools.parse_create(sent(lambda client: client.create_pool(FULL)).body))
    read = models.BatchPool(answer(pool))
    assert read.id == "Pool-1"
    assert read.display_name == "A pool"
    assert read.url == "http://batch.example/pools/Pool-1"
    assert read.vm_size == "standard_d2_v3"
    assert read.state == models.BatchPoolState.ACTIVE
    assert read.allocation_state == models.AllocationState.STEADY
    assert read.creation_time == read.last_modified == NOW
    assert read.resize_timeout == timedelta(minutes=6)
    assert (read.target_dedicated_nodes, read.current_dedicated_nodes) == (3, 2)
    assert (read.target_low_priority_nodes, read.current_low_priority_nodes) == (1, 0)
    assert [item.name for item in read.metadata] == ["z", "a", "y"]
    assert read.start_task.user_identity.auto_user.scope == models.AutoUserScope.POOL
    assert read.start_task.max_task_retry_count == 2
    assert read.application_package_references[0].version == "2.3.5"


def test_secrets_are_neither_kept_nor_answered(sent):
    request = pools.parse_create(sent(lambda client: client.create_pool(FULL)).body)
    assert "secret" not in request.body
    assert answer(pool_of(request))["userAccounts"] == [
        {
            "name": "u",
            "elevationLevel": "nonadmin",
            "linuxUserConfiguration": {"uid": 1, "gid": 1},
        }
    ]


def test_the_node_agent_tells_the_operating_system():
    publisher, offer, sku = "MicrosoftWindowsServer", "WindowsServer", "2022-Datacenter"
    image = {"publisher": publisher, "offer": offer, "sku": sku}
    machine = {**UPDATED, "imageReference": image, "nodeAgentSKUId": "batch.node.Windows amd64"}
    assert parse(virtualMachineConfiguration=machine).spec.os_type is OsType.WINDOWS


def test_defaults_are_answered():
    image = MACHINE["imageReference"] | {"version": "latest"}
    pool = pool_of(parse())
    assert answer(pool) == {
        "id": "p",
        "url": "http://batch.example/pools/p",
        "eTag": etag(NOW),
        "lastModified": "2026-01-02T03:04:05.6Z",
        "creationTime": "2026-01-02T03:04:05.6Z",
        "state": "active",
        "stateTransitionTime": "2026-01-02T03:04:05.6Z",
        "allocationState": "steady",
        "allocationStateTransitionTime": "2026-01-02T03:04:05.6Z",
        "resizeTimeout": "PT15M",
        "currentDedicatedNodes": 2,
        "targetDedicatedNodes": 0,
        "currentLowPriorityNodes": 0,
        "targetLowPriorityNodes": 0,
        "taskSlotsPerNode": 1,
        "taskSchedulingPolicy": {"nodeFillType": "Spread"},
        "enableAutoScale": False,
        "enableInterNodeCommunication": False,
        "vmSize": "standard_d2_v3",
        "virtualMachineConfiguration": MACHINE | {"imageReference": image},
    }


def test_resize_errors_are_answered():
    pool = pool_of(parse(), resize_errors=[ResizeError("ResizeStopped", "It was stopped.")])
    read = models.BatchPool(answer(pool))
    assert [(error.code, error.message) for error in read.resize_errors] == [
        ("ResizeStopped", "It was stopped.")
    ]


@pytest.mark.parametrize(
    ("target", "current"),
    [("Simplified", "simplified"), ("classic", "classic"), ("default", "simplified")],
)
def test_clients_that_ask_for_a_way_to_communicate_read_it(target, current):
    read = answer(pool_of(parse(targetNodeCommunicationMode=target)))
    assert read["targetNodeCommunicationMode"] == target.lower()
    assert read["currentNodeCommunicationMode"] == current


def test_very_old_clients_have_another_word_for_slots():
    assert parse(maxTasksPerNode=2).spec.task_slots_per_node == 2


def test_words_are_read_in_any_case_and_unknown_members_left_out():
    request = parse(taskSchedulingPolicy={"nodeFillType": "PACK"}, colour="red")
    assert request.spec.node_fill_type is NodeFillType.PACK
    assert "colour" not in request.body


def test_numbers_and_truth_values_may_be_text():
    """As `az batch` sends them."""
    request = parse(targetDedicatedNodes="3", enableInterNodeCommunication="true")
    assert (request.target_dedicated, request.spec.enable_inter_node_communication) == (3, True)
    assert refusal(targetDedicatedNodes="three").details["PropertyName"] == "targetDedicatedNodes"


def test_members_that_are_null_count_as_absent():
    request = parse(startTask=None, metadata=None, targetDedicatedNodes=None)
    assert request.spec.start_task is None
    assert request.body == parse().body


@pytest.mark.parametrize("member", ["id", "vmSize", "virtualMachineConfiguration"])
def test_what_a_pool_cannot_do_without_is_named(member):
    body = {name: value for name, value in MINIMAL.items() if name != member}
    with pytest.raises(WireError) as caught:
        pools.parse_create(orjson.dumps(body))
    assert (caught.value.status, caught.value.code) == (400, "MissingRequiredProperty")
    assert caught.value.details == {"PropertyName": member}


@pytest.mark.parametrize(
    ("member", "value", "name"),
    [
        ("id", "a b", "id"),
        ("id", "x" * 65, "id"),
        ("id", "", "id"),
        ("vmSize", 3, "vmSize"),
        ("resizeTimeout", "PT1M", "resizeTimeout"),
        ("resizeTimeout", "soon", "resizeTimeout"),
        ("targetDedicatedNodes", -1, "targetDedicatedNodes"),
        ("targetDedicatedNodes", 1.5, "targetDedicatedNodes"),
        ("targetDedicatedNodes", True, "targetDedicatedNodes"),
        ("taskSlotsPerNode", 0, "taskSlotsPerNode"),
        ("taskSlotsPerNode", 9, "taskSlotsPerNode"),
        ("taskSchedulingPolicy", {"nodeFillType": "heap"}, "nodeFillType"),
        ("startTask", {"commandLine": "x", "maxTaskRetryCount": -2}, "maxTaskRetryCount"),
        ("displayName", "x" * 1025, "displayName"),
        ("vmSize", "", "vmSize"),
        ("startTask", {"commandLine": "x", "resourceFiles": [{}]}, "resourceFiles"),
        ("startTask", {"commandLine": "x", "userIdentity": TWO_USERS}, "userIdentity"),
        ("virtualMachineConfiguration", MACHINE | UPDATED, "windowsConfiguration"),
        ("targetNodeCommunicationMode", "loud", "targetNodeCommunicationMode"),
    ],
)
def test_a_value_that_cannot_be_is_named(member, value, name):
    error = refusal(**{member: value})
    assert (error.status, error.code) == (400, "InvalidPropertyValue")
    assert error.details["PropertyName"] == name
    assert error.details["Reason"]


def test_metadata_needs_a_name():
    assert refusal(metadata=[{"name": "", "value": "v"}]).code == "EmptyMetadataKey"


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        ("certificateReferences", [{}], "certificates (`certificateReferences`)"),
        (
            "virtualMachineConfiguration",
            MACHINE | {"containerConfiguration": {"type": "dockerCompatible"}},
            "containers (`containerConfiguration`)",
        ),
        (
            "startTask",
            {"commandLine": "x", "containerSettings": {"imageName": "i"}},
            "containers (`containerSettings`)",
        ),
    ],
)
def test_what_is_not_built_says_so(member, value, reason):
    error = refusal(**{member: value})
    assert (error.status, error.code) == (501, "NotImplemented")
    assert f"{reason} are not supported" in error.details["Reason"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b"null", b"{}x", b"[" * 2000])
def test_what_is_no_body_is_refused(body):
    with pytest.raises(WireError) as caught:
        pools.parse_create(body)
    assert (caught.value.status, caught.value.code) == (400, "InvalidRequestBody")


def test_a_patch_keeps_what_it_leaves_out(sent):
    pool = pool_of(parse(startTask={"commandLine": "a"}, metadata=[{"name": "n", "value": "v"}]))
    options = models.BatchPoolUpdateOptions(
        start_task=models.BatchStartTask(command_line="b", wait_for_success=True)
    )
    change = pools.patch(pool, sent(lambda client: client.update_pool("p", options)).body)
    assert change.spec.start_task.command.command_line == "b"
    assert orjson.loads(change.body)["metadata"] == [{"name": "n", "value": "v"}]
    assert not change.needs_empty_pool


def test_the_way_to_communicate_may_change():
    pool = pool_of(parse(targetNodeCommunicationMode="classic"))
    patched = pools.patch(pool, b'{"targetNodeCommunicationMode": "simplified"}')
    assert not patched.needs_empty_pool
    assert '"targetNodeCommunicationMode":"simplified"' in patched.body
    body = b'{"applicationPackageReferences": [], "metadata": []}'
    assert "NodeCommunicationMode" not in pools.replace_properties(pool, body).body


def test_a_patch_of_the_machines_needs_an_empty_pool():
    change = pools.patch(pool_of(parse()), b'{"vmSize": "STANDARD_D4_V3"}')
    assert change.needs_empty_pool
    assert change.spec.vm_size == "standard_d4_v3"


def test_replaced_properties_reset_what_is_left_out(sent, sent_by_sdk_14):
    pool = pool_of(parse(startTask={"commandLine": "a"}, metadata=[{"name": "n", "value": "v"}]))
    options = models.BatchPoolReplaceOptions(application_package_references=[], metadata=[])
    for request in (
        sent(lambda client: client.replace_pool_properties("p", options)),
        sent_by_sdk_14["replace pool properties"],
    ):
        change = pools.replace_properties(pool, request.body)
        assert change.spec.start_task is None
        assert orjson.loads(change.body)["metadata"] == []


FORMULA = "$TargetDedicatedNodes = 1;"
HOURLY = AutoscaleSpec(FORMULA, timedelta(hours=1))


def test_an_autoscaled_pool_is_understood(sent):
    options = models.BatchPoolCreateOptions(
        id="p",
        vm_size="standard_d2_v3",
        virtual_machine_configuration=models.VirtualMachineConfiguration(MACHINE),
        enable_auto_scale=True,
        auto_scale_formula=FORMULA,
        auto_scale_evaluation_interval=timedelta(hours=1),
    )
    request = pools.parse_create(sent(lambda client: client.create_pool(options)).body)
    assert request.autoscale == HOURLY
    assert (request.target_dedicated, request.target_low_priority) == (0, 0)
    assert "utoScale" not in request.body
    assert parse(enableAutoScale=True, autoScaleFormula=FORMULA).autoscale == AutoscaleSpec(FORMULA)
    assert parse(enableAutoScale=False).autoscale is None


def test_an_autoscaled_pool_is_answered_with_its_last_evaluation():
    error = AutoscaleError("Code", "It failed", "Line 1, Col 2: why")
    pool = pool_of(parse(), autoscale=Autoscale(HOURLY, NOW, AutoscaleRun(NOW, "$a=1", error)))
    read = models.BatchPool(answer(pool))
    assert read.enable_auto_scale is True
    assert read.auto_scale_formula == FORMULA
    assert read.auto_scale_evaluation_interval == timedelta(hours=1)
    assert (read.auto_scale_run.timestamp, read.auto_scale_run.results) == (NOW, "$a=1")
    assert (read.auto_scale_run.error.code, read.auto_scale_run.error.message) == (
        "Code",
        "It failed",
    )
    assert [(one.name, one.value) for one in read.auto_scale_run.error.error_values] == [
        ("Message", "Line 1, Col 2: why")
    ]


def test_a_pool_that_was_not_evaluated_yet_has_no_evaluation():
    shape = answer(pool_of(parse(), autoscale=Autoscale(AutoscaleSpec(FORMULA), NOW)))
    assert shape["autoScaleEvaluationInterval"] == "PT15M"
    assert "autoScaleRun" not in shape


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"enableAutoScale": True, "targetDedicatedNodes": 0}, "targetDedicatedNodes"),
        ({"enableAutoScale": True, "targetLowPriorityNodes": 1}, "targetLowPriorityNodes"),
        ({"enableAutoScale": True, "resizeTimeout": "PT15M"}, "resizeTimeout"),
        ({"enableAutoScale": False}, "autoScaleFormula"),
        ({}, "autoScaleFormula"),
    ],
)
def test_a_pool_has_either_targets_or_a_formula(members, name):
    error = refusal(autoScaleFormula=FORMULA, **members)
    assert (error.code, error.details["PropertyName"]) == ("InvalidPropertyValue", name)


def test_an_autoscaled_pool_needs_a_formula():
    error = refusal(enableAutoScale=True)
    assert error.code == "MissingRequiredProperty"
    assert error.details == {"PropertyName": "autoScaleFormula"}


@pytest.mark.parametrize("interval", ["PT4M59S", "PT168H1S", "P10675199DT2H48M5.4775807S"])
def test_an_evaluation_interval_has_bounds(interval):
    member = {"autoScaleEvaluationInterval": interval}
    created = refusal(enableAutoScale=True, autoScaleFormula=FORMULA, **member)
    with pytest.raises(WireError) as enabled:
        sizing.parse_enable_autoscale(orjson.dumps(member))
    for error in (created, enabled.value):
        assert (error.status, error.code) == (400, "InvalidPropertyValue")
        assert error.details["PropertyName"] == "autoScaleEvaluationInterval"
