"""Why nothing runs: one sentence and the next step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runfleet.azure import Failure, JobInfo, NodeCounts, PoolInfo
from runfleet.launch.explanation import FailedTask, Situation, explain_waiting


def pool(**members: Any) -> PoolInfo:
    wire = {"id": "p", "state": "active", "allocationState": "steady", "taskSlotsPerNode": 2}
    return PoolInfo.from_wire({**wire, "targetDedicatedNodes": 2, **members})


def job(**members: Any) -> JobInfo:
    metadata = [{"name": "runfleet-study", "value": "s"}]
    return JobInfo.from_wire({"id": "j", "state": "active", "metadata": metadata, **members})


HEALTHY = Situation("p", pool(), NodeCounts({"idle": 2}), job())
BROKEN = FailedTask("node-1", "exit code 3", "no such disk")

QUOTA = {"code": "AccountCoreQuotaReached", "message": "no cores left"}


@pytest.mark.parametrize(
    ("known", "begins", "is_stuck"),
    [
        ({}, "the runs are about to start on the 2 nodes of pool `p`", False),
        ({"nodes": NodeCounts({"idle": 1})}, "the runs are about to start on the node of", False),
        ({"nodes": NodeCounts({"running": 2})}, "the 4 task slots of pool `p` are taken by", False),
        ({"nodes_per_run": 3}, "a run takes 3 nodes at once, and pool `p` has 2", True),
        (
            {"nodes_per_run": 3, "pool": pool(enableAutoScale=True)},
            "the runs are about to start on the 2 nodes of pool `p`",
            False,
        ),
        ({"job": None}, "the job of this study is not there", True),
        ({"job": job(state="disabled")}, "job `j` is disabled", True),
        (
            {"job": job(executionInfo={"schedulingError": QUOTA})},
            "job `j` could not be scheduled: AccountCoreQuotaReached",
            True,
        ),
        ({"pool": None}, "pool `p` is not there any more", True),
        ({"pool": pool(state="deleting")}, "pool `p` is not there any more", True),
        (
            {"pool": pool(resizeErrors=[QUOTA]), "nodes": NodeCounts({})},
            "pool `p` got no nodes: AccountCoreQuotaReached: no cores left",
            True,
        ),
        (
            {"pool": pool(targetDedicatedNodes=0), "nodes": NodeCounts({})},
            "pool `p` has no nodes and shall have none",
            True,
        ),
        (
            {
                "pool": pool(targetDedicatedNodes=0, enableAutoScale=True),
                "nodes": NodeCounts({}),
            },
            "pool `p` has no nodes yet: its formula looks for runs every few minutes",
            False,
        ),
        (
            {
                "pool": pool(enableAutoScale=True, autoScaleRun={"error": QUOTA}),
                "nodes": NodeCounts({}),
            },
            "the autoscale formula of pool `p` failed: AccountCoreQuotaReached: no cores left",
            True,
        ),
        (
            {"pool": pool(allocationState="resizing"), "nodes": NodeCounts({})},
            "pool `p` is getting its 2 nodes",
            False,
        ),
        (
            {"nodes": NodeCounts({"starting": 2})},
            "the nodes of pool `p` are not ready: 2 starting",
            False,
        ),
        ({"nodes": NodeCounts({"offline": 2})}, "all nodes of pool `p` are offline", True),
        (
            {"nodes": NodeCounts({"starttaskfailed": 2}), "start_task": BROKEN},
            "the start task of pool `p` failed on node node-1: exit code 3",
            True,
        ),
        (
            {"nodes": NodeCounts({"starttaskfailed": 1, "starting": 1}), "start_task": BROKEN},
            "the start task of pool `p` failed on node node-1: exit code 3",
            False,
        ),
        (
            {"nodes": NodeCounts({"unusable": 2}), "unusable": Failure("DiskFull", "no space")},
            "the nodes of pool `p` are unusable: DiskFull: no space",
            True,
        ),
        (
            {"preparation": BROKEN},
            "the preparation, which stages shared inputs, failed on node node-1",
            True,
        ),
        (
            {"preparation": BROKEN, "job": job(metadata=[])},
            "the preparation of job `j` failed on node node-1: exit code 3",
            True,
        ),
        (
            {"preparation": BROKEN, "prepared": True},
            "the preparation, which stages shared inputs, failed on node node-1",
            False,
        ),
    ],
)
def test_each_situation_has_its_sentence(
    known: dict[str, Any], begins: str, is_stuck: bool
) -> None:
    """And it is told whether anything will change without help."""
    explanation = explain_waiting(replace(HEALTHY, **known))
    assert explanation.sentence.startswith(begins)
    assert explanation.is_stuck is is_stuck
    assert explanation.next_step


@pytest.mark.parametrize(
    "known",
    [
        {"job": None},
        {"pool": None},
        {"pool": pool(targetDedicatedNodes=0), "nodes": NodeCounts({})},
    ],
)
def test_a_study_that_is_to_be_run_again_is_named(known: dict[str, Any]) -> None:
    """So that the command can be typed as it stands there."""
    explanation = explain_waiting(replace(HEALTHY, study="rivers", **known))
    assert explanation.next_step.startswith("run the study again: `runfleet run rivers` ")


def test_a_quota_has_its_own_next_step() -> None:
    """Waiting does not help there."""
    situation = replace(HEALTHY, pool=pool(resizeErrors=[QUOTA]), nodes=NodeCounts({}))
    assert explain_waiting(situation).next_step == (
        "ask for fewer nodes, or ask Azure for a larger core quota"
    )


def test_what_the_failed_task_wrote_is_shown() -> None:
    """It tells more than its exit code."""
    situation = replace(HEALTHY, nodes=NodeCounts({"starttaskfailed": 2}), start_task=BROKEN)
    assert explain_waiting(situation).output == "no such disk"
