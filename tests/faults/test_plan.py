"""When faults happen: pure decisions, the same each time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.faults import Fault, FaultKind, Faults, Plan
from runfleet.faults.fault import Occasion

REQUEST_FAULTS = st.builds(
    Fault,
    st.sampled_from([FaultKind.BUSY, FaultKind.ERROR, FaultKind.DROP, FaultKind.SLOW]),
    operations=st.sampled_from([("*",), ("get_*",), ("create_job", "list_jobs")]),
    probability=st.none() | st.floats(0, 1),
    times=st.none() | st.integers(1, 5),
)
REQUESTS = st.lists(st.sampled_from(["get_job", "create_job", "list_jobs", "get_task"]))


def happening(plan: Plan, requests: list[str]) -> list[Fault | None]:
    return [plan.on_request(operation) for operation in requests]


def plan_of(*faults: Fault, seed: int = 0) -> Plan:
    return Plan(Faults(faults, seed))


@given(st.lists(REQUEST_FAULTS, max_size=4), REQUESTS, st.integers(0, 9))
def test_the_same_requests_meet_the_same_faults(
    faults: list[Fault], requests: list[str], seed: int
) -> None:
    """A plan is repeatable; and no fault happens more often than it may, nor elsewhere."""
    first = happening(plan_of(*faults, seed=seed), requests)
    assert first == happening(plan_of(*faults, seed=seed), requests)
    for fault in set(faults):
        allowed = faults.count(fault) * (fault.times or len(requests))
        assert first.count(fault) <= allowed


@given(REQUEST_FAULTS, REQUESTS)
def test_a_fault_of_nodes_leaves_those_of_requests_as_they_are(
    fault: Fault, requests: list[str]
) -> None:
    """Each fault draws from random numbers of its own."""
    alone = happening(plan_of(fault), requests)
    assert alone == happening(plan_of(fault, Fault(FaultKind.NODE_LOST)), requests)


def test_a_fault_happens_at_the_times_that_are_named() -> None:
    """Counted are only the requests that it may hit."""
    fault = Fault(FaultKind.DROP, operations=("create_*",), nth=(1, 3))
    asked = ["get_job", "create_job", "create_job", "get_job", "create_pool", "create_job"]
    hit = [found is not None for found in happening(plan_of(fault), asked)]
    assert hit == [False, True, False, False, True, False]


def test_the_first_fault_that_happens_is_the_one_that_does() -> None:
    """And the others have not used up one of their times."""
    first, second = Fault(FaultKind.BUSY, nth=(1,)), Fault(FaultKind.ERROR, times=1)
    assert happening(plan_of(first, second), ["get_job"] * 3) == [first, second, None]


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_a_probability_is_one(probability: float) -> None:
    """Over many requests it is met."""
    plan = plan_of(Fault(FaultKind.BUSY, probability=probability))
    hits = sum(found is not None for found in happening(plan, ["get_job"] * 2000))
    assert abs(hits / 2000 - probability) < 0.04


def test_a_clock_that_is_always_wrong_is_so_where_nothing_is_asked() -> None:
    """One that is wrong now and then is not."""
    skew = Fault(FaultKind.CLOCK_SKEW, seconds=-60)
    assert plan_of(Fault(FaultKind.SLOW), skew).clock_skew() == -60
    assert plan_of(replace(skew, nth=(3,)), replace(skew, times=1)).clock_skew() == 0
    assert plan_of(replace(skew, operations=("get_job",))).clock_skew() == 0


def test_faults_of_nodes_are_for_pools() -> None:
    """Their ids count in any case, as the service has them."""
    plan = plan_of(
        Fault(FaultKind.START_TASK_FAILS, pools=("Local*",)),
        Fault(FaultKind.NODE_LOST, pools=("other",)),
    )
    assert plan.on_node(Occasion.START_TASK, "local-1", is_spot=False) is not None
    assert plan.on_node(Occasion.START_TASK, "far", is_spot=False) is None
    assert plan.on_node(Occasion.TASK, "local-1", is_spot=False) is None
    assert plan.on_request("get_job") is None


def test_only_spot_nodes_are_preempted() -> None:
    """What starts on others does not count."""
    plan = plan_of(Fault(FaultKind.NODE_PREEMPTED, nth=(2,)))
    starts = [True, False, False, True, True]
    hit = [plan.on_node(Occasion.TASK, "p", is_spot=is_spot) is not None for is_spot in starts]
    assert hit == [False, False, False, True, False]
