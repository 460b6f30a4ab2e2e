"""Nodes: what the SDKs send is understood, and what is answered reads back in them."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from azure.batch import models

from runfleet.batch.records import AuxiliaryTaskInfo, Failure, Node, NodeUser, Pool, RecentTask
from runfleet.batch.states import (
    AllocationState,
    AuxiliaryTaskState,
    ErrorCategory,
    NodeDeallocationOption,
    NodeState,
    PoolState,
    SchedulingState,
    TaskResult,
    TaskState,
)
from runfleet.wire import nodes, pools
from runfleet.wire.errors import WireError

NOW = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
BASE = "http://batch.example"
REQUEST = pools.parse_create(
    orjson.dumps(
        {
            "id": "p",
            "vmSize": "standard_d2_v3",
            "startTask": {"commandLine": "prepare"},
            "virtualMachineConfiguration": {
                "imageReference": {"publisher": "canonical", "offer": "o", "sku": "server"},
                "nodeAgentSKUId": "batch.node.ubuntu 24.04",
            },
        }
    )
)
POOL = Pool(
    REQUEST.spec,
    REQUEST.body,
    NOW,
    NOW,
    PoolState.ACTIVE,
    NOW,
    AllocationState.STEADY,
    NOW,
)


def make_node(state=NodeState.IDLE, number=1, *, dedicated=True, **members):
    return Node(
        node_id=f"tvmps_{number:064x}_{'d' if dedicated else 'p'}",
        pool_id="p",
        number=number,
        dedicated=dedicated,
        allocation_time=NOW,
        state=state,
        state_time=NOW,
        address="10.0.0.4",
        **members,
    )


def test_sdk_15_reads_a_node():
    node = make_node(
        NodeState.RUNNING,
        boot_time=NOW,
        start_task=AuxiliaryTaskInfo(
            AuxiliaryTaskState.COMPLETED, NOW, NOW, 0, None, TaskResult.SUCCESS
        ),
        errors=[Failure(ErrorCategory.SERVER_ERROR, "DiskFull", "No space.", {"Free": "0"})],
        total_tasks_run=2,
        total_tasks_succeeded=1,
        running_tasks=1,
        running_slots=2,
        recent_tasks=[RecentTask("j", "t", TaskState.COMPLETED, NOW, NOW, 0, TaskResult.SUCCESS)],
    )
    read = models.BatchNode(nodes.node_json(node, POOL, node.recent_tasks, base=BASE))
    assert read.url == f"http://batch.example/pools/p/nodes/{node.node_id}"
    assert read.affinity_id == f"TVM:{node.node_id}"
    assert read.state == models.BatchNodeState.RUNNING
    assert read.scheduling_state == models.SchedulingState.ENABLED
    assert read.last_boot_time == read.allocation_time == NOW
    assert read.vm_size == "standard_d2_v3"
    assert read.is_dedicated is True
    assert (read.total_tasks_run, read.total_tasks_succeeded) == (2, 1)
    assert (read.running_tasks_count, read.running_task_slots_count) == (1, 2)
    assert read.start_task.command_line == "prepare"
    assert read.start_task_info.exit_code == 0
    assert read.recent_tasks[0].task_url == "http://batch.example/jobs/j/tasks/t"
    assert read.recent_tasks[0].execution_info.result == "success"
    assert read.errors[0].error_details[0].value == "0"
    assert read.virtual_machine_info.image_reference.version == "latest"
    assert read.node_agent_info.last_update_time == NOW


def test_sdk_15_reads_how_a_node_is_reached():
    read = models.BatchNode(nodes.node_json(make_node(number=3), POOL, [], base=BASE))
    (endpoint,) = read.endpoint_configuration.inbound_endpoints
    assert (endpoint.name, endpoint.protocol) == ("SSHRule.3", models.InboundEndpointProtocol.TCP)
    assert endpoint.public_ip_address == endpoint.public_fqdn == read.ip_address == "10.0.0.4"
    assert (endpoint.frontend_port, endpoint.backend_port) == (22, 22)
    assert read.ipv6_address is None


def test_a_node_that_is_being_made_has_not_booted():
    answer = nodes.node_json(make_node(NodeState.CREATING), POOL, [], base=BASE)
    absent = {"lastBootTime", "nodeAgentInfo", "startTaskInfo", "recentTasks", "errors"}
    assert not absent & answer.keys()


def test_a_node_off_scheduling_says_so():
    node = make_node(NodeState.OFFLINE, scheduling_state=SchedulingState.DISABLED)
    answer = nodes.node_json(node, POOL, node.recent_tasks, base=BASE)
    assert (answer["state"], answer["schedulingState"]) == ("offline", "disabled")


def test_sdk_15_reads_node_counts():
    members = [
        make_node(NodeState.IDLE, 1),
        make_node(NodeState.IDLE, 2),
        make_node(NodeState.WAITING_FOR_START_TASK, 3),
        make_node(NodeState.PREEMPTED, 4, dedicated=False),
    ]
    read = models.BatchPoolNodeCounts(nodes.node_counts_json("p", members))
    assert read.pool_id == "p"
    assert (read.dedicated.idle, read.dedicated.waiting_for_start_task) == (2, 1)
    assert (read.dedicated.total, read.dedicated.leaving_pool) == (3, 0)
    assert (read.low_priority.preempted, read.low_priority.total) == (1, 1)


def test_every_state_of_a_node_is_counted():
    counts = nodes.node_counts_json("p", [])["dedicated"]
    read = models.BatchNodeCounts(counts)
    assert len(counts) == len(NodeState) + 1
    assert all(read[name] == 0 for name in counts)


@pytest.mark.parametrize(
    ("call", "parse"),
    [
        (
            lambda client: client.begin_reboot_node("p", "n", {"nodeRebootOption": "terminate"}),
            nodes.parse_reboot,
        ),
        (
            lambda client: client.begin_deallocate_node(
                "p", "n", {"nodeDeallocateOption": "terminate"}
            ),
            nodes.parse_deallocate,
        ),
        (
            lambda client: client.disable_node_scheduling(
                "p", "n", {"nodeDisableSchedulingOption": "terminate"}
            ),
            nodes.parse_disable_scheduling,
        ),
    ],
)
def test_what_becomes_of_tasks_is_said_or_is_requeue(sent, call, parse):
    assert parse(sent(call).body) is NodeDeallocationOption.TERMINATE
    assert parse(b"") is parse(b"{}") is NodeDeallocationOption.REQUEUE


def test_sdk_14_sent_no_body_at_all(sent_by_sdk_14):
    assert nodes.parse_reboot(sent_by_sdk_14["reboot node"].body) is NodeDeallocationOption.REQUEUE


def test_disabling_scheduling_knows_no_retained_data():
    with pytest.raises(WireError):
        nodes.parse_disable_scheduling(b'{"nodeDisableSchedulingOption": "retaineddata"}')


def test_a_user_of_a_node_stays_a_day_unless_told_otherwise(sent):
    options = models.BatchNodeUserCreateOptions(name="u", password="secret", is_admin=True)
    request = sent(lambda client: client.create_node_user("p", "n", options))
    user = nodes.parse_create_user(request.body, received=NOW)
    assert user == NodeUser("u", True, NOW + timedelta(days=1))
    later = NOW + timedelta(days=9)
    replacement = models.BatchNodeUserReplaceOptions(expiry_time=later)
    request = sent(lambda client: client.replace_node_user("p", "n", "u", replacement))
    replaced = nodes.parse_replace_user(user, request.body, received=NOW)
    assert replaced == NodeUser("u", True, later)
