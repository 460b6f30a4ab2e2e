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
    """And one that has never answered the least: its address may be wrong."""
    back_off = BackOff(
        busy_patience=100, failure_patience=50, outage_patience=20, contact_patience=10
    )
    busy = ServiceUnavailableError("busy", status=503, throttled=True)
    failing = ServiceUnavailableError("failing", status=500)
    gone = ServiceUnavailableError("gone")
    for error, has_answered, patience in [
        (busy, True, 100),
        (failing, True, 50),
        (gone, True, 20),
        (gone, False, 10),
    ]:
        for waited in (patience - 1, patience):
            given_up = back_off.gives_up(error, waited=waited, has_answered=has_answered)
            assert given_up is (waited == patience)
