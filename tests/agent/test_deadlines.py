"""The deadlines of executions."""

import pytest

from runfleet.agent.deadlines import Deadlines


@pytest.fixture
def deadlines():
    """Three executions with deadlines, and one without."""
    made = Deadlines()
    for execution, deadline in {1: 30.0, 2: 10.0, 3: 20.0, 4: None}.items():
        made.set(execution, deadline)
    return made


def test_deadlines_pass_in_their_own_order(deadlines):
    assert deadlines.next() == 10.0
    assert list(deadlines.pop_passed(9.0)) == []
    assert list(deadlines.pop_passed(20.0)) == [2, 3]
    assert deadlines.next() == 30.0
    assert list(deadlines.pop_passed(1e9)) == [1]
    assert deadlines.next() is None


def test_the_last_deadline_of_an_execution_holds(deadlines):
    deadlines.set(2, 40.0)
    deadlines.set(1, 5.0)
    deadlines.set(3, None)
    deadlines.set(4, 7.0)
    assert list(deadlines.pop_passed(1e9)) == [1, 4, 2]


def test_a_deadline_that_is_set_again_passes_once(deadlines):
    deadlines.set(2, 50.0)
    deadlines.set(2, 10.0)
    assert list(deadlines.pop_passed(15.0)) == [2]
    assert list(deadlines.pop_passed(1e9)) == [3, 1]


def test_what_is_over_has_no_deadline(deadlines):
    deadlines.forget(2)
    deadlines.forget(4)
    assert deadlines.next() == 20.0
    assert list(deadlines.pop_passed(1e9)) == [3, 1]


def test_others_may_end_while_the_passed_are_taken_out(deadlines):
    """Ending one may end another of the same moment."""
    taken = []
    for execution in deadlines.pop_passed(25.0):
        taken.append(execution)
        deadlines.forget(3)
    assert taken == [2]
