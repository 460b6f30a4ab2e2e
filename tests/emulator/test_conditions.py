"""Operations that take conditional headers obey them, and change nothing where they fail."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from runfleet.wire.operations import OPERATIONS, Conditions

CONDITIONAL = [one for one in OPERATIONS if one.conditions is not Conditions.NONE]
LONG_AGO = format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)
LATER = format_datetime(datetime(2099, 1, 1, tzinfo=UTC), usegmt=True)
UNMET_DATES = [{"If-Unmodified-Since": LONG_AGO}, {"If-Modified-Since": LATER}]
UNMET = [{"If-Match": '"0x8DC0000"'}, {"If-None-Match": "*"}, *UNMET_DATES]

# What the operations that need a body are asked; the others go without.
BODIES = {
    "disable_job": {"disableTasks": "requeue"},
    "enable_pool_auto_scale": {"autoScaleFormula": "$TargetDedicatedNodes=0;"},
    "remove_nodes": {"nodeList": ["x"]},
    "replace_job": {"poolInfo": {"poolId": "none"}},
    "replace_job_schedule": {"jobSpecification": {"poolInfo": {"poolId": "none"}}},
    "replace_task": {"constraints": {}},
    "resize_pool": {"targetDedicatedNodes": 0},
    "update_job": {"priority": 1},
    "update_job_schedule": {"schedule": {}},
    "update_pool": {"metadata": []},
}


@pytest.fixture(scope="module")
def names(account):
    """Something of each kind, with files."""
    pool = account.pool(nodes=1)
    job = account.job(pool)
    task = account.run(job, "t")
    later = {"doNotRunUntil": "2099-01-01T00:00:00Z"}
    specification = {"poolInfo": {"poolId": pool}}
    schedule = {"id": "schedule", "schedule": later, "jobSpecification": specification}
    account.send("POST", "/jobschedules", schedule)
    is_on_node = task["nodeInfo"]["nodeId"]
    return {
        "pool_id": pool,
        "node_id": is_on_node,
        "job_id": job,
        "task_id": "t",
        "job_schedule_id": "schedule",
    }


def path_of(operation, names):
    file = "startup" if "nodes" in operation.path else "stdout.txt"
    return operation.path.format(**names, path=file)


def tags(account, names):
    """The ETags of all that might have been changed."""
    paths = ("/pools/{pool_id}", "/jobs/{job_id}", "/jobs/{job_id}/tasks/{task_id}")
    found = [account.get(path.format(**names)) for path in (*paths, "/jobschedules/schedule")]
    return [(one["eTag"], one["state"]) for one in found]


@pytest.mark.parametrize("operation", CONDITIONAL, ids=lambda one: one.name)
def test_a_condition_that_is_not_met_keeps_an_operation_from_all(account, names, operation):
    """A read that asks for news is told 304, all else 412."""
    before = tags(account, names)
    body = BODIES.get(operation.name)
    is_read = operation.method in ("GET", "HEAD")
    for headers in UNMET if operation.conditions is Conditions.ALL else UNMET_DATES:
        answer = account.send(operation.method, path_of(operation, names), body, headers=headers)
        asks_for_news = is_read and headers.keys() <= {"If-None-Match", "If-Modified-Since"}
        assert answer.status_code == (304 if asks_for_news else 412), headers
        if answer.status_code == 412 and operation.method != "HEAD":
            assert answer.json()["code"] == "ConditionNotMet"
    assert tags(account, names) == before


@pytest.mark.parametrize("operation", CONDITIONAL, ids=lambda one: one.name)
def test_conditions_of_both_kinds_do_not_go_together(account, names, operation):
    headers = {"If-Unmodified-Since": LATER, "If-Modified-Since": LONG_AGO}
    body = BODIES.get(operation.name)
    answer = account.send(operation.method, path_of(operation, names), body, headers=headers)
    assert answer.status_code == 400
    if operation.method != "HEAD":
        assert answer.json()["code"] == "MultipleConditionHeadersNotSupported"
