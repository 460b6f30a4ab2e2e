"""Entity tags and conditional headers."""

from datetime import UTC, datetime, timedelta

import pytest

from runfleet.wire.conditions import check_conditions, etag, http_date
from runfleet.wire.errors import WireError

MODIFIED = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
TAG = etag(MODIFIED)
EARLIER = http_date(MODIFIED - timedelta(minutes=1))
SAME = http_date(MODIFIED)
LATER = http_date(MODIFIED + timedelta(minutes=1))


def answer(make_request, method, target, headers):
    """The status of the refusal, or None where the conditions hold."""
    try:
        check_conditions(make_request(method, target, headers), MODIFIED)
    except WireError as error:
        return error.status
    return None


def test_an_etag_counts_the_ticks_of_the_last_modification():
    """Recorded from the service, whose clock has a seventh digit that ours has not."""
    recorded = datetime(2023, 9, 6, 9, 12, 53, 282321, tzinfo=UTC)
    assert 0 <= int("0x8DBAEB9737D2CB2", 16) - int(etag(recorded), 16) < 10


@pytest.mark.parametrize(
    ("headers", "read", "write"),
    [
        ({}, None, None),
        ({"If-Match": TAG}, None, None),
        ({"If-Match": f'"{TAG}"'}, None, None),
        ({"If-Match": f'W/"{TAG}"'}, None, None),
        ({"If-Match": f'"0x1", "{TAG}"'}, None, None),
        ({"If-Match": "*"}, None, None),
        ({"If-Match": "0x1"}, 412, 412),
        ({"If-None-Match": TAG}, 304, 412),
        ({"If-None-Match": f'"{TAG}"'}, 304, 412),
        ({"If-None-Match": "*"}, 304, 412),
        ({"If-None-Match": "0x1"}, None, None),
        ({"If-Modified-Since": EARLIER}, None, None),
        ({"If-Modified-Since": SAME}, 304, 412),
        ({"If-Modified-Since": LATER}, 304, 412),
        ({"If-Unmodified-Since": EARLIER}, 412, 412),
        ({"If-Unmodified-Since": SAME}, None, None),
        ({"If-Unmodified-Since": LATER}, None, None),
        ({"If-Match": TAG, "If-Unmodified-Since": EARLIER}, None, None),
        ({"If-None-Match": "0x1", "If-Modified-Since": LATER}, None, None),
    ],
)
def test_conditions_decide_what_is_answered(make_request, headers, read, write):
    assert answer(make_request, "GET", "/pools/p", headers) == read
    assert answer(make_request, "PATCH", "/pools/p", headers) == write


def test_an_unmet_condition_has_one_name(make_request):
    with pytest.raises(WireError) as caught:
        check_conditions(make_request("GET", "/pools/p", {"If-None-Match": TAG}), MODIFIED)
    assert caught.value.code == "ConditionNotMet"


def test_conditions_that_contradict_each_other_are_refused(make_request):
    request = make_request("GET", "/pools/p", {"If-Match": TAG, "If-None-Match": TAG})
    with pytest.raises(WireError) as caught:
        check_conditions(request, MODIFIED)
    assert caught.value.code == "MultipleConditionHeadersNotSupported"


@pytest.mark.parametrize("text", ["yesterday", "Mon, 01 Jan 2024 00:00:00 +99999999999999"])
def test_a_condition_that_is_no_date_is_refused(make_request, text):
    request = make_request("GET", "/pools/p", {"If-Modified-Since": text})
    with pytest.raises(WireError) as caught:
        check_conditions(request, MODIFIED)
    assert caught.value.details == {"HeaderName": "if-modified-since", "HeaderValue": text}


def test_files_obey_dates_only(make_request):
    path = "/jobs/j/tasks/t/files/stdout.txt"
    assert answer(make_request, "GET", path, {"If-Match": "0x1"}) is None
    assert answer(make_request, "GET", path, {"If-Modified-Since": LATER}) == 304


def test_nodes_obey_no_conditions(make_request):
    assert answer(make_request, "GET", "/pools/p/nodes/n", {"If-Match": "0x1"}) is None
