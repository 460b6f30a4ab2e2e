"""Auto pools: what the SDK sends is understood, and what is answered reads back in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from azure.batch import models

from runfleet.batch.records import Job
from runfleet.batch.specs import AutoPoolSpec, AutoscaleSpec
from runfleet.batch.states import JobState, PoolLifetimeOption
from runfleet.wire import jobs
from runfleet.wire.errors import WireError

NOW = datetime(2026, 1, 2, tzinfo=UTC)
BASE = "http://batch.example"
IMAGE = {"imageReference": {"offer": "ubuntu"}, "nodeAgentSKUId": "batch.node.ubuntu 22.04"}
POOL = {"vmSize": "STANDARD_F2S_V2", "virtualMachineConfiguration": IMAGE}

FULL = models.BatchJobCreateOptions(
    id="j",
    pool_info=models.BatchPoolInfo(
        auto_pool_specification=models.BatchAutoPoolSpecification(
            auto_pool_id_prefix="nightly",
            pool_lifetime_option="job",
            keep_alive=True,
            pool=models.BatchPoolSpecification(
                vm_size="STANDARD_F2S_V2",
                virtual_machine_configuration=models.VirtualMachineConfiguration(IMAGE),
                target_dedicated_nodes=2,
                task_slots_per_node=4,
                resize_timeout=timedelta(minutes=6),
                start_task=models.BatchStartTask(command_line="begin"),
                user_accounts=[models.UserAccount(name="u", password="secret")],
            ),
        )
    ),
)


def body(pool=POOL, **auto):
    asked = {"poolLifetimeOption": "job", "pool": pool, **auto}
    return {"id": "j", "poolInfo": {"autoPoolSpecification": asked}}


def parse(pool=POOL, **auto):
    return jobs.parse_create(orjson.dumps(body(pool, **auto)))


def job_of(parsed, pool_id="MADE"):
    spec = replace(parsed.spec, pool_id=pool_id)
    return Job(spec, parsed.body, NOW, NOW, JobState.ACTIVE, NOW)


def echo(parsed):
    return orjson.loads(parsed.body)["poolInfo"]["autoPoolSpecification"]


def test_what_the_sdk_asks_for_is_understood(sent):
    parsed = jobs.parse_create(sent(lambda client: client.create_job(FULL)).body)
    auto_pool = parsed.spec.auto_pool
    assert isinstance(auto_pool, AutoPoolSpec)
    assert parsed.spec.pool_id == auto_pool.pool.pool_id == ""
    assert auto_pool.lifetime is PoolLifetimeOption.JOB
    assert (auto_pool.id_prefix, auto_pool.keep_alive) == ("nightly", True)
    assert (auto_pool.target_dedicated, auto_pool.target_low_priority) == (2, 0)
    assert auto_pool.pool.task_slots_per_node == 4
    assert auto_pool.pool.resize_timeout == timedelta(minutes=6)
    assert auto_pool.pool.start_task.command.command_line == "begin"
    assert "secret" not in parsed.body + auto_pool.pool_body


def test_its_defaults_are_filled_in():
    """Section 12.3."""
    assert echo(parse()) == {
        "poolLifetimeOption": "job",
        "keepAlive": False,
        "pool": {
            "vmSize": "standard_f2s_v2",
            "virtualMachineConfiguration": IMAGE,
            "taskSlotsPerNode": 1,
            "taskSchedulingPolicy": {"nodeFillType": "spread"},
            "enableInterNodeCommunication": False,
            "resizeTimeout": "PT15M",
            "targetDedicatedNodes": 0,
            "targetLowPriorityNodes": 0,
            "enableAutoScale": False,
        },
    }


def test_a_formula_stands_in_the_place_of_targets():
    formula = {"enableAutoScale": True, "autoScaleFormula": "$TargetDedicatedNodes = 1;"}
    parsed = parse(POOL | formula)
    spec = AutoscaleSpec("$TargetDedicatedNodes = 1;", timedelta(minutes=15))
    assert parsed.spec.auto_pool.autoscale == spec
    assert echo(parsed)["pool"]["autoScaleEvaluationInterval"] == "PT15M"
    assert jobs.patch(job_of(parsed), b"{}").spec.auto_pool == parsed.spec.auto_pool


def test_what_older_clients_send_is_understood():
    older = {"maxTasksPerNode": 2, "targetNodeCommunicationMode": "simplified"}
    parsed = parse(POOL | older)
    assert parsed.spec.auto_pool.pool.task_slots_per_node == 2
    assert echo(parsed)["pool"]["targetNodeCommunicationMode"] == "simplified"


def test_the_pool_that_was_made_is_named(sent):
    job = job_of(jobs.parse_create(sent(lambda client: client.create_job(FULL)).body))
    read = models.BatchJob(jobs.job_json(job, base=BASE))
    assert read.execution_info.pool_id == "MADE"
    assert read.pool_info.pool_id is None
    assert read.pool_info.auto_pool_specification.pool.task_slots_per_node == 4


def test_only_whether_it_is_kept_may_change():
    job = job_of(parse())
    changed = jobs.patch(job, orjson.dumps({"poolInfo": body(keepAlive=True)["poolInfo"]}))
    assert changed.spec.auto_pool.keep_alive is True
    assert changed.spec.pool_id == "MADE"
    other = {"poolInfo": body(POOL | {"taskSlotsPerNode": 2})["poolInfo"]}
    for update in (jobs.patch, jobs.replace):
        with pytest.raises(WireError) as caught:
            update(job, orjson.dumps(other))
        assert caught.value.details["PropertyName"] == "autoPoolSpecification"


ACCOUNTS = {
    "userAccounts": [
        {"name": "u", "password": "p"},
        {"name": "admin", "password": "p", "elevationLevel": "admin"},
    ]
}


@pytest.mark.parametrize("update", [jobs.patch, jobs.replace])
def test_whether_it_is_kept_may_change_without_all_that_may_not(update):
    job = job_of(parse(POOL | ACCOUNTS, autoPoolIdPrefix="nightly"))
    change = {"poolLifetimeOption": "job", "keepAlive": True}
    changed = update(job, orjson.dumps({"poolInfo": {"autoPoolSpecification": change}}))
    assert changed.spec.auto_pool == replace(job.spec.auto_pool, keep_alive=True)
    assert echo(changed) == echo(parse(POOL | ACCOUNTS, autoPoolIdPrefix="nightly", keepAlive=True))


@pytest.mark.parametrize("update", [jobs.patch, jobs.replace])
def test_a_job_is_read_and_written_without_the_secrets_of_its_auto_pool(update):
    job = job_of(parse(POOL | ACCOUNTS))
    read = jobs.job_json(job, base=BASE)
    accounts = read["poolInfo"]["autoPoolSpecification"]["pool"]["userAccounts"]
    assert accounts == [
        {"name": "u", "elevationLevel": "nonadmin"},
        {"name": "admin", "elevationLevel": "admin"},
    ]
    changed = update(job, orjson.dumps(read | {"priority": 7}))
    assert (changed.spec.priority, changed.spec.auto_pool) == (7, job.spec.auto_pool)
    accounts.append({"name": "another"})
    with pytest.raises(WireError) as caught:
        update(job, orjson.dumps(read))
    assert caught.value.details["PropertyName"] == "password"


@pytest.mark.parametrize(
    "wrong",
    [[], {"poolInfo": []}, {"poolInfo": {"autoPoolSpecification": "x"}}]
    + [
        {"poolInfo": {"autoPoolSpecification": {"poolLifetimeOption": "job", "pool": pool}}}
        for pool in ("x", POOL | {"userAccounts": "x"}, POOL | {"userAccounts": [1]})
    ],
)
def test_a_change_that_is_none_is_refused(wrong):
    with pytest.raises(WireError) as caught:
        jobs.patch(job_of(parse(POOL | ACCOUNTS)), orjson.dumps(wrong))
    assert caught.value.code in {"InvalidRequestBody", "InvalidPropertyValue"}


def test_a_job_of_before_defaults_were_filled_in_can_be_changed():
    parsed = parse(POOL | ACCOUNTS)
    older = job_of(replace(parsed, body=parsed.body.replace('"elevationLevel":"nonadmin",', "")))
    assert jobs.patch(older, b'{"priority": 7}').spec.priority == 7


def test_a_job_may_leave_its_auto_pool_but_not_take_one():
    left = jobs.patch(job_of(parse()), b'{"poolInfo": {"poolId": "p"}}')
    assert (left.spec.pool_id, left.spec.auto_pool) == ("p", None)
    with pytest.raises(WireError):
        jobs.patch(job_of(left, "p"), orjson.dumps({"poolInfo": body()["poolInfo"]}))


@pytest.mark.parametrize(
    ("wrong", "code", "name"),
    [
        ({"poolInfo": {}}, "MissingRequiredProperty", "poolId"),
        (
            {"poolInfo": body()["poolInfo"] | {"poolId": "p"}},
            "InvalidPropertyValue",
            "poolId",
        ),
        (body(pool=None), "MissingRequiredProperty", "pool"),
        (body(autoPoolIdPrefix="x" * 21), "InvalidPropertyValue", "autoPoolIdPrefix"),
        (body(autoPoolIdPrefix="a b"), "InvalidPropertyValue", "autoPoolIdPrefix"),
        (body(poolLifetimeOption="jobschedule"), "InvalidPropertyValue", "poolLifetimeOption"),
        (body({"vmSize": "x"}), "MissingRequiredProperty", "virtualMachineConfiguration"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, code, name):
    with pytest.raises(WireError) as caught:
        jobs.parse_create(orjson.dumps({"id": "j", **wrong}))
    assert (caught.value.code, caught.value.details["PropertyName"]) == (code, name)
