"""What the tables of `wire.coverage` say is refused is refused, in their words."""

from __future__ import annotations

import pytest

from runfleet.emulator.handlers import HANDLERS
from runfleet.wire import coverage, models
from runfleet.wire.operations import OPERATIONS

OPERATION = {operation.name: operation for operation in OPERATIONS}
CONTAINER = {"imageName": "busybox"}
COMMAND = {"commandLine": "true"}

# Something for each member, right in its shape.
ASKED = {
    "authenticationTokenSettings": {"access": ["job"]},
    "certificateReferences": [{"thumbprint": "0", "thumbprintAlgorithm": "sha1"}],
    "cloudServiceConfiguration": {"osFamily": "6"},
    "containerConfiguration": {"type": "dockerCompatible"},
    "containerSettings": CONTAINER,
    "extensions": [{"name": "x", "publisher": "p", "type": "t"}],
    "identityReference": {"resourceId": "/subscriptions/s"},
    "mountConfiguration": [{"nfsMountConfiguration": {"source": "s", "relativeMountPath": "m"}}],
    "networkConfiguration": {"subnetId": "s", "skipWithdrawFromVNet": False},
}
REFUSED = [
    (operation, member)
    for operation in {**coverage.REFUSED_MEMBERS, **coverage.PARTS}
    for member in coverage.refused_members(operation)
]


@pytest.fixture(scope="module")
def bodies(pool_body):
    """A body that each operation takes."""
    task = {"id": "refused", **COMMAND}
    specification = pool_body("refused", 0, startTask=dict(COMMAND))
    del specification["id"]
    auto_pool = {"poolLifetimeOption": "job", "pool": specification}
    pool_info = {"poolInfo": {"autoPoolSpecification": auto_pool}}
    job = {
        "id": "refused",
        **pool_info,
        "jobManagerTask": {"id": "m", **COMMAND},
        "jobPreparationTask": dict(COMMAND),
        "jobReleaseTask": dict(COMMAND),
    }
    jobs = {name: value for name, value in job.items() if name != "id"}
    schedule = {"id": "refused", "schedule": {}, "jobSpecification": jobs}
    return {
        "create_pool": pool_body("refused", 0, startTask=dict(COMMAND)),
        "update_pool": {"startTask": dict(COMMAND)},
        "replace_pool_properties": {
            "applicationPackageReferences": [],
            "metadata": [],
            "startTask": dict(COMMAND),
        },
        "create_job": job,
        "update_job": pool_info,
        "replace_job": pool_info,
        "create_job_schedule": schedule,
        "update_job_schedule": schedule,
        "replace_job_schedule": schedule,
        "create_task": task,
        "create_task_collection": task,
        "upload_node_logs": {"containerUrl": "x", "startTime": "2020-01-01T00:00:00Z"},
    }


@pytest.fixture(scope="module")
def schedule(account):
    """A job schedule that has time."""
    specification = {"poolInfo": {"poolId": "none"}}
    later = {"doNotRunUntil": "2100-01-01T00:00:00Z"}
    body = {"id": "later", "schedule": later, "jobSpecification": specification}
    account.client.create_job_schedule(body)
    return "later"


@pytest.fixture
def path_of(account, pool, job, schedule):
    """The path of an operation on something that is there."""

    def path_of(operation):
        node_id = account.nodes(pool)[0]["id"]
        ids = {"pool_id": pool, "node_id": node_id, "job_id": job, "job_schedule_id": schedule}
        return OPERATION[operation].path.format(**ids)

    return path_of


def with_member(body, path, machine):
    """The body with one more member, in the part of it that the path names."""
    *owners, name = path.split("/")
    changed = part = dict(body)
    for owner in owners:
        part[owner] = dict(part.get(owner, machine))
        part = part[owner]
    part[name] = ASKED[name]
    return changed


@pytest.mark.parametrize(("operation", "member"), REFUSED)
def test_a_member_that_is_not_built_is_refused(
    account, bodies, path_of, pool_body, operation, member
):
    machine = pool_body("x")["virtualMachineConfiguration"]
    body = with_member(bodies[operation], member, machine)
    is_collection = operation == "create_task_collection"
    sent = {"value": [body]} if is_collection else body
    answer = account.send(OPERATION[operation].method, path_of(operation), sent)
    error = answer.json()["value"][0]["error"] if is_collection else answer.json()
    assert error["code"] == "NotImplemented", error
    assert is_collection or answer.status_code == 501
    refusal = coverage.refused_members(operation)[member]
    reason = refusal.reason(member.rpartition("/")[2])
    assert error["values"] == [{"key": "Reason", "value": reason}]


@pytest.mark.parametrize("operation", sorted(OPERATION.keys() - HANDLERS.keys()))
def test_an_operation_that_is_not_built_is_refused(account, operation):
    path = OPERATION[operation].path.replace("/{certificate}", "(thumbprint=x)")
    answer = account.send(OPERATION[operation].method, path.replace("{", "").replace("}", ""), {})
    assert answer.status_code == 501
    if OPERATION[operation].method != "HEAD":
        reason = coverage.refusal_of(operation).reason(operation)
        assert answer.json()["values"] == [{"key": "Reason", "value": reason}]


def test_what_has_no_effect_on_pools_is_a_part_of_them():
    """Else it would be left out of what they are remembered by."""
    named = {text.partition(",")[0] for text in coverage.WITHOUT_EFFECT["pools"]}
    assert named <= models.BatchPoolCreateOptions.__annotations__.keys()


def test_the_tables_name_operations():
    """What is refused for good has no handler; what is partial, or refuses a member, has one."""
    assert coverage.REFUSED_OPERATIONS.keys() <= OPERATION.keys() - HANDLERS.keys()
    assert coverage.SHORTFALLS.keys() <= HANDLERS.keys()
    assert coverage.REFUSED_MEMBERS.keys() | coverage.PARTS.keys() <= HANDLERS.keys()
    for refusal in coverage.REFUSED_OPERATIONS.values():
        assert refusal.why
        assert refusal.instead
