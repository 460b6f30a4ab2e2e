"""Why a calibration is where it is, in a sentence, and what to do next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runfleet.azure import NodeCounts
from runfleet.azure.job_info import JobInfo
from runfleet.azure.pool_info import PoolInfo
from runfleet.calibrate import (
    CalibrationProgress,
    CalibrationState,
    ManagerError,
    PestProgress,
    WorkerCounts,
)
from runfleet.calibrate.explaining import Standing, explain_calibration, needs_situation
from runfleet.launch.explanation import Situation

NOTHING_TOLD = PestProgress(
    iteration=None,
    iterations=None,
    phi=None,
    phi_by_iteration={},
    activity="",
    runs_done=None,
    runs_failed=None,
    runs_running=None,
    runs_left=None,
    workers_busy=None,
    workers_idle=None,
    workers_seen=0,
    workers=(),
    errors=(),
    is_complete=False,
)
AT_WORK = replace(
    NOTHING_TOLD,
    iteration=2,
    phi=0.15,
    runs_done=13,
    runs_failed=0,
    workers_busy=2,
    workers_idle=1,
    workers_seen=3,
)
POOL = PoolInfo.from_wire(
    {"id": "p", "state": "active", "allocationState": "steady", "targetDedicatedNodes": 1}
)
JOB = JobInfo.from_wire({"id": "fit", "state": "active", "poolInfo": {"poolId": "p"}})
FULL = Situation("p", POOL, NodeCounts({"running": 1}), JOB)
NO_NODES = Situation("p", replace(POOL, target_dedicated=0), NodeCounts({}), JOB)

RUNNING, WAITING = CalibrationState.RUNNING, CalibrationState.WAITING


def standing(
    state: CalibrationState,
    pest: PestProgress = NOTHING_TOLD,
    workers: WorkerCounts | None = None,
    error: ManagerError | None = None,
    situation: Situation | None = None,
    *,
    is_adding: bool = False,
) -> Standing:
    counts = workers or WorkerCounts()
    progress = CalibrationProgress(state, pest, counts, timedelta(), error=error)
    assert (situation is None) or needs_situation(progress)
    return Standing("fit", progress, is_adding, situation)


@pytest.mark.parametrize(
    ("known", "sentence", "next_step"),
    [
        (
            standing(WAITING, situation=NO_NODES),
            "pool `p` has no nodes and shall have none",
            "`runfleet run STUDY` enlarges the pool",
        ),
        (
            standing(WAITING, situation=FULL),
            "the manager waits for a free one of the 1 task slots of pool `p`",
            "give the pool more nodes",
        ),
        (
            standing(RUNNING, is_adding=True),
            "the manager of `fit` has started, and nobody has submitted its workers yet",
            "`runfleet run fit` goes on",
        ),
        (
            standing(RUNNING, workers=WorkerCounts(waiting=1), situation=FULL, is_adding=True),
            "every worker waits for a free one of the 1 task slots of pool `p`",
            "wait",
        ),
        (
            replace(
                standing(RUNNING, workers=WorkerCounts(waiting=1), situation=FULL),
                rivals=("other", "third"),
            ),
            (
                "every worker waits for a free one of the 1 task slots of pool `p`, as may `other` "
                "and `third`: where managers hold all of them, no worker ever gets one"
            ),
            "if no model runs there, end one of them, as by `runfleet cancel other`",
        ),
        (
            standing(RUNNING, workers=WorkerCounts(running=1), is_adding=True),
            "1 of the workers of `fit` run, and none has registered with the manager",
            "`runfleet logs fit worker-001`",
        ),
        (
            standing(RUNNING, AT_WORK, WorkerCounts(waiting=2, running=3)),
            "`fit` is in iteration 2: 2 of 3 workers are busy, 2 more wait for a node",
            "`runfleet watch fit`",
        ),
        (
            standing(
                RUNNING, replace(AT_WORK, workers_busy=0, workers_idle=3), WorkerCounts(running=3)
            ),
            "`fit` is in iteration 2: its 3 workers wait while the manager itself is at work",
            "`runfleet watch fit`",
        ),
        (
            standing(RUNNING, replace(AT_WORK, runs_failed=2), WorkerCounts(running=3)),
            "`fit` is in iteration 2: 2 of 3 workers are busy; 2 of 15 model runs have failed",
            "`runfleet logs fit worker-001`",
        ),
        (
            standing(RUNNING, AT_WORK, WorkerCounts(died=2, ended=1)),
            "all workers of `fit` have ended, 2 of them badly, and its manager waits for new ones",
            "`runfleet calibrate resume fit` goes on",
        ),
        (
            standing(RUNNING, AT_WORK, WorkerCounts(ended=3)),
            "all workers of `fit` have ended: its manager has sent them home",
            "wait a minute",
        ),
        (
            standing(CalibrationState.SUCCEEDED, AT_WORK, WorkerCounts(ended=3)),
            "`fit` has come to its end in iteration 2, with phi 0.15",
            "`runfleet results fit`",
        ),
        (
            standing(CalibrationState.SUCCEEDED, replace(AT_WORK, phi=None, runs_failed=2)),
            "`fit` has come to its end in iteration 2; 2 of 15 model runs have failed",
            "`runfleet results fit`",
        ),
        (
            standing(CalibrationState.CANCELLED, AT_WORK, error=ManagerError("no", hint="resume")),
            "`fit` was cancelled in iteration 2, with phi 0.15",
            "resume",
        ),
        (
            standing(CalibrationState.FAILED, error=ManagerError("it broke", hint="mend it")),
            "it broke",
            "mend it",
        ),
    ],
)
def test_each_standing_has_its_sentence_and_its_next_step(
    known: Standing, sentence: str, next_step: str
) -> None:
    explanation = explain_calibration(known)
    assert explanation.sentence.startswith(sentence)
    assert next_step in explanation.next_step
