"""Pauses before a request is sent again."""

import logging
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.patience import BackOff, Patience, Trouble, retry_after_of

ATTEMPTS = st.integers(0, 10_000)
CHANCES = st.floats(0, 1, exclude_max=True)


@given(ATTEMPTS, CHANCES)
def test_a_pause_is_between_half_and_all_of_what_it_may_be(attempt, chance):
    back_off = BackOff(first=0.5, longest=20)
    whole = min(20, 0.5 * 2.0 ** min(attempt, 100))
    assert whole / 2 <= back_off.pause(attempt, chance=chance) <= whole


@given(CHANCES)
def test_pauses_grow(chance):
    pauses = [BackOff().pause(attempt, chance=chance) for attempt in range(12)]
    assert pauses == sorted(pauses)
    assert pauses[-1] > 10 * pauses[0]


@given(ATTEMPTS, CHANCES, st.floats(0, 3600))
def test_no_pause_is_shorter_than_the_service_asked_for(attempt, chance, seconds):
    assert BackOff().pause(attempt, chance=chance, retry_after=seconds) >= seconds


def test_a_busy_service_gets_more_patience_than_one_that_is_gone():
    """And one that has never answered the least: its address may be wrong."""
    back_off = BackOff(
        busy_patience=100, failure_patience=50, outage_patience=20, contact_patience=10
    )
    busy = Trouble("busy", is_answer=True, is_busy=True)
    failing = Trouble("failing", is_answer=True)
    gone = Trouble("gone")
    for trouble, has_answered, patience in [
        (busy, True, 100),
        (failing, True, 50),
        (gone, True, 20),
        (gone, False, 10),
    ]:
        for waited in (patience - 1, patience):
            left = back_off.patience_left(
                trouble, attempt=1, waited=waited, has_answered=has_answered
            )
            assert left == patience - waited


def test_a_request_is_sent_again_as_often_as_it_must_however_long_that_takes():
    back_off = BackOff(contact_patience=0, fewest=5)
    for attempt in range(8):
        left = back_off.patience_left(Trouble(""), attempt=attempt, waited=99, has_answered=False)
        assert left == (math.inf if attempt < 5 else 0)


def test_no_pause_is_longer_than_the_patience_that_is_left():
    """A service may ask to be left alone for longer than its answer is of use."""
    pauses = []
    patience = Patience(BackOff(busy_patience=3), logging.getLogger("test"))
    busy = Trouble("busy", is_answer=True, is_busy=True, retry_after=50)
    assert patience.begin(sleep=pauses.append).outlasts(busy)
    assert pauses == [pytest.approx(3, abs=0.5)]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("12", 12),
        ("0.5", 0.5),
        ("86400", 60),
        ("inf", 60),
        ("-3", 0),
        ("nan", 0),
        ("", 0),
        (None, 0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0),
    ],
)
def test_of_the_time_that_a_service_asks_for_a_minute_is_heeded(header, seconds):
    assert retry_after_of(header) == seconds


def test_a_long_wait_is_told_and_not_at_each_attempt(caplog):
    """Whoever waits hears warnings; the log has it all."""
    caplog.set_level(logging.INFO)
    slow = Patience(BackOff(first=20, longest=20), logging.getLogger("test"))
    waits = [slow.begin(sleep=lambda _: None) for _ in range(2)]
    for wait in (*waits, *waits):
        assert wait.outlasts(Trouble("it is away"))
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "INFO", "INFO"]
    assert re.fullmatch(r"it is away; trying again in (1\d|20) s", caplog.messages[0])


def test_a_service_that_has_answered_once_is_waited_for():
    """Before, its address may be wrong."""
    patience = Patience(BackOff(contact_patience=0), logging.getLogger("test"))
    gone = Trouble("gone")
    assert not patience.begin(sleep=lambda _: None).outlasts(gone)
    patience.note_answer()
    assert patience.begin(sleep=lambda _: None).outlasts(gone)
