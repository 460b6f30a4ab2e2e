"""Pauses before a request is sent again."""

from hypothesis import given
from hypothesis import strategies as st

from runfleet.azure import BackOff, ServiceUnavailableError

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
    back_off = BackOff(busy_patience=100, outage_patience=10)
    busy = ServiceUnavailableError("busy", throttled=True)
    gone = ServiceUnavailableError("gone")
    assert [back_off.gives_up(busy, waited=waited) for waited in (50, 100)] == [False, True]
    assert [back_off.gives_up(gone, waited=waited) for waited in (9, 50)] == [False, True]
