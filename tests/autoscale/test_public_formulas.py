"""
Formulas in the styles that documentation, samples and other tools use.

Each is evaluated in a pool that has worked for two hours and in one just made: none may be wrong in
either, whatever it decides.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from runfleet.autoscale import SAMPLE_PERIOD, Context, PoolCounts, SampleHistory, check, parse, run
from runfleet.autoscale.metrics import Metric

NOW = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)  # a Wednesday
COUNTS = PoolCounts(
    task_slots_per_node=4,
    ready_tasks=8,
    running_tasks=4,
    dedicated_nodes=2,
    low_priority_nodes=6,
    preempted_nodes=1,
    usable_nodes=7,
)


def busy_pool() -> Context:
    history = SampleHistory()
    metrics = {**COUNTS.metrics(), Metric.CPU_PERCENT: 0.9}
    for age in reversed(range(240)):
        history.add(NOW - SAMPLE_PERIOD * age, metrics)
    return Context(Random(1).random, 2, 6, COUNTS.metrics(), history)


def new_pool() -> Context:
    counts = PoolCounts(task_slots_per_node=4)
    return Context(Random(1).random, current=counts.metrics())


# Name, formula, the targets in the busy pool, the targets in the new one.
FORMULAS = {
    "pending tasks, starting with one": (
        """
        firstNodes = 1;
        mostNodes = 10;
        percent = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
        pending = percent < 70 ? firstNodes : avg($PendingTasks.GetSample(180*TimeInterval_Second));
        $TargetDedicatedNodes=min(mostNodes, pending);
        $NodeDeallocationOption = taskcompletion;
        """,
        # Of six samples the last two are not seen yet: 66 percent.
        (1, 6),
        (1, 0),
    ),
    "preempted nodes replaced": (
        """
        most = 25;
        $TargetDedicatedNodes = min(most, $PreemptedNodeCount.GetSample(180 * TimeInterval_Second));
        $TargetLowPriorityNodes = min(most , most - $TargetDedicatedNodes);
        """,
        (1, 24),
        (25, 0),
    ),
    "queue, half when empty": (
        """
        // Look back for a quarter of an hour.
        $samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);
        $tasks = $samples < 70 ? max(0,$ActiveTasks.GetSample(1)) :
            max( $ActiveTasks.GetSample(1), avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));
        $targetVMs = $tasks > 0? $tasks:max(0, $TargetDedicated/2);
        $TargetDedicated = max(0, min($targetVMs, 20));
        $NodeDeallocationOption = taskcompletion;""",
        (8, 6),
        (0, 0),
    ),
    "four tasks a node": (
        """
        $samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);
        $tasks = $samples < 70 ? max(0,$ActiveTasks.GetSample(1)) : max( $ActiveTasks.GetSample(1),
        avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));
        $cores = $TargetDedicatedNodes * 4;
        $extraVMs = (($tasks - $cores) + 3) / 4;
        $targetVMs = ($TargetDedicatedNodes+$extraVMs);
        $TargetDedicatedNodes = max(0,min($targetVMs,3));
        """,
        (2, 6),
        (0, 0),
    ),
    "hours of work": (
        """
        $curTime = time() + (-6 * TimeInterval_Hour);
        $workHours = $curTime.hour >= 8 && $curTime.hour < 18;
        $isWeekday = $curTime.weekday >= 1 && $curTime.weekday <= 5;
        $isWorkingWeekdayHour = $workHours && $isWeekday;
        $TargetDedicatedNodes = $isWorkingWeekdayHour ? 20:10;
        """,
        (10, 6),
        (10, 0),
    ),
    "more on Mondays": ("$TargetDedicatedNodes = (time().weekday == 1 ? 5:1);", (1, 6), (1, 0)),
    "as it is": ("$TargetDedicatedNodes = $CurrentDedicatedNodes;", (2, 6), (0, 0)),
    "zero, without an end": ("$TargetDedicatedNodes = 0", (0, 6), (0, 0)),
    "processor, in the words of old": (
        (
            "totalNodes=($CPUPercent.GetSamplePercent(TimeInterval_Minute*0,TimeInterval_Minute*10)<0.7"
            "?5:(min($CPUPercent.GetSample(TimeInterval_Minute*0, TimeInterval_Minute*10))>0.8"
            "?($CurrentDedicated*1.6):$CurrentDedicated));$TargetDedicated=min(100,totalNodes);"
        ),
        (3, 6),
        (5, 0),
    ),
    "an initial size for ten minutes": (
        """
        $TargetDedicatedNodes = 4;
        lifespan         = time() - time("Wed, 04 Mar 2026 10:25:00 GMT");
        span             = TimeInterval_Minute * 60;
        startup          = TimeInterval_Minute * 10;
        ratio            = 50;
        $TargetDedicatedNodes = (lifespan > startup ? (max($RunningTasks.GetSample(span, ratio),
            $ActiveTasks.GetSample(span, ratio)) == 0 ? 0 : $TargetDedicatedNodes) : 4);
        """,
        (4, 6),
        (4, 0),
    ),
    "a workflow engine's": (
        """
        lifespan = time() - time("2026-03-04T09:00:00.123456Z");
        interval = TimeInterval_Minute * 5;
        $samples = $PendingTasks.GetSamplePercent(interval);
        $tasks = $samples < 70 ? max(0, $PendingTasks.GetSample(1))
            : max( $PendingTasks.GetSample(1), avg($PendingTasks.GetSample(interval)));
        $targetVMs = $tasks > 0 ? $tasks : max(0, $TargetDedicatedNodes/2);
        targetPoolSize = max(0, min($targetVMs, 10));
        $TargetDedicatedNodes = lifespan < interval ? 1 : targetPoolSize;
        $NodeDeallocationOption = taskcompletion;
        """,
        (10, 6),
        (0, 0),
    ),
    "another one's, starting with three": (
        """
        $NodeDeallocationOption=taskcompletion;
        lifespan         = time() - time("2026-03-04T10:29:30Z");
        span             = TimeInterval_Second * 90;
        startup          = TimeInterval_Minute * 2;
        ratio            = 10;
        $TargetLowPriorityNodes = (lifespan > startup
            ? min($PendingTasks.GetSample(span, ratio)) : 3);
        """,
        (2, 3),
        (0, 3),
    ),
    "two kinds of nodes": (
        """maxTasksPerNode = 4;
        minTargetDedicated = 0;
        maxTargetDedicated = 16;
        maxTargetLowPriority = 16;
        sli = TimeInterval_Second * 600.0;
        samplepercent = $PendingTasks.GetSamplePercent(sli);
        lastsample = samplepercent > 0 ? val($PendingTasks.GetSample(1), 0) : 0;
        samplevecavg = samplepercent < 70 ? max(0, lastsample) : avg($PendingTasks.GetSample(sli));
        taskAvg = samplepercent < 70 ? max(0, lastsample) : (lastsample < samplevecavg ?
            avg(lastsample, samplevecavg) : max(lastsample, samplevecavg));
        reqVMs = taskAvg / maxTasksPerNode;
        reqVMs = (taskAvg > 0 && reqVMs < 1) ? 1 : reqVMs;
        currenttotal = $CurrentDedicatedNodes + $CurrentLowPriorityNodes;
        preemptedpercent = currenttotal > 0 ? $PreemptedNodeCount / currenttotal : 0;
        rebalance = preemptedpercent >= 0.1;
        divisor = (maxTargetDedicated == 0 || maxTargetLowPriority == 0) ? 1 : 2;
        dedicatedVMs = max(minTargetDedicated, reqVMs / divisor);
        remainingVMs = reqVMs - dedicatedVMs;
        redistVMs = rebalance ? min(1, remainingVMs) : 0;
        dedicatedVMs = min(maxTargetDedicated, dedicatedVMs + redistVMs);
        $TargetDedicatedNodes = dedicatedVMs;
        $TargetLowPriorityNodes = min(maxTargetLowPriority, reqVMs - dedicatedVMs);
        $NodeDeallocationOption = requeue;""",
        (2, 0),
        (0, 0),
    ),
    "at work or not, by a flag": (
        """
        now = time();
        isWorkHours = now.hour >= 8 && now.hour < 18;
        isWeekend = now.weekday >= 6 && now.weekday <= 7;
        isPeakTime = !isWeekend && isWorkHours;
        $TargetDedicatedNodes = isPeakTime ? 7 : 1;
        """,
        (7, 6),
        (7, 0),
    ),
    "running and waiting": (
        (
            "$limit=3;$least = 0;$lastActive =$ActiveTasks.GetSample(1);"
            "$lastRunning =$RunningTasks.GetSample(1);"
            "$all = max($lastActive, 0) + max($lastRunning, 0);$needed =$all >= 1;"
            "$nodes =$all >$limit ?$limit:$all;$TargetDedicated =$needed ?$nodes:$least;"
        ),
        (3, 6),
        (0, 0),
    ),
    "slots, rounded by hand": (
        """
        maxNodes = 270/$TaskSlotsPerNode;
        minutes = 7;
        $samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * minutes);
        $tasks = $samples < 70 ? max(0, $ActiveTasks.GetSample(1)) : max( $ActiveTasks.GetSample(1),
            avg($ActiveTasks.GetSample(TimeInterval_Minute * minutes)));
        least = ($tasks < $TaskSlotsPerNode && $tasks > 0) ? 1 : 0;
        desired = ($tasks/$TaskSlotsPerNode) + 0.7;
        desired = $tasks > $TaskSlotsPerNode  ? desired  : least;
        $TargetLowPriorityNodes = min(maxNodes, desired);
        """,
        (2, 2),
        (0, 0),
    ),
    "a base of dedicated nodes": (
        """
        $taskSlotsPerNode = 4;
        $totalNeeded = ceil($PendingTasks / $taskSlotsPerNode);
        $TargetDedicatedNodes = min(10, max(2, $totalNeeded));
        $overflow = max(0, $totalNeeded - $TargetDedicatedNodes);
        $TargetLowPriorityNodes = min(40, $overflow);
        """,
        (3, 0),
        (2, 0),
    ),
    "a step up or down": (
        """
        delta = 1; duration = TimeInterval_Minute * 3;
        $load = $CPUPercent.Count() > 0 ? avg($CPUPercent.GetSample(duration)) : 0.5;
        $TargetDedicated = ($load >= 0.7 ? $TargetDedicatedNodes + delta : $TargetDedicatedNodes);
        $TargetDedicated = ($load <= 0.2 ? $TargetDedicatedNodes - delta : $TargetDedicatedNodes);
        $TargetDedicatedNodes = min(max($TargetDedicated, 1), 20);
        """,
        (3, 6),
        (1, 0),
    ),
    "in parentheses before the question": (
        (
            "$NodeDeallocationOption=taskcompletion;"
            "$tasks=($ActiveTasks.GetSamplePercent(150*TimeInterval_Second)<70) ? "
            "max(0,$ActiveTasks.GetSample(1)) : max($ActiveTasks.GetSample(1),"
            "avg($ActiveTasks.GetSample(TimeInterval_Second*150)));"
            "$targetVMs = $tasks>0 ? $tasks : "
            "max(0, $RunningTasks.GetSample(TimeInterval_Second*150))/4;"
            "$TargetDedicatedNodes = max(0, min($targetVMs, 5));"
        ),
        (5, 6),
        (0, 0),
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_busy_pool(name: str) -> None:
    """Eight tasks ready, four running, samples of two hours."""
    text, expected, _ = FORMULAS[name]
    evaluation = run(text, busy_pool(), NOW)
    assert evaluation.error is None, evaluation.error.detail
    assert (evaluation.target_dedicated, evaluation.target_low_priority) == expected


@pytest.mark.parametrize("name", FORMULAS)
def test_a_new_pool(name: str) -> None:
    """No samples yet."""
    text, _, expected = FORMULAS[name]
    evaluation = run(text, new_pool(), NOW)
    assert evaluation.error is None, evaluation.error.detail
    assert (evaluation.target_dedicated, evaluation.target_low_priority) == expected


@pytest.mark.parametrize("name", FORMULAS)
def test_nothing_is_found_wrong(name: str) -> None:
    """Neither by looking at them alone."""
    assert check(parse(FORMULAS[name][0])) == ()


def test_the_formulas_of_our_page() -> None:
    """What docs/autoscale.md shows is right, and fails in no pool."""
    page = Path(__file__).parents[2] / "docs" / "autoscale.md"
    shown = re.findall(r"^```formula\n((?s:.*?))^```$", page.read_text("utf-8"), re.MULTILINE)
    assert shown
    for text in shown:
        assert check(parse(text)) == ()
        assert run(text, busy_pool(), NOW).error is None
        assert run(text, new_pool(), NOW).error is None


def test_without_enough_samples_an_average_needs_a_guard() -> None:
    """The average of the last hour's load cannot be had in a new pool."""
    text = "$TargetDedicatedNodes = avg($CPUPercent.GetSample(TimeInterval_Minute * 60)) * 10;"
    evaluation = run(text, replace(new_pool(), target_dedicated=3), NOW)
    assert evaluation.error is not None
    assert evaluation.error.detail == "Line 1, Col 25: avg of no numbers"
    assert evaluation.target_dedicated == 3
