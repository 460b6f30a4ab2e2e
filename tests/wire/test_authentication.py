"""Signatures of the real SDKs are accepted, and nobody else's."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.batch import models
from azure.core import MatchConditions

from runfleet.wire.authentication import check_shared_key
from runfleet.wire.errors import WireError

KEY = b"a key of the emulator"
NEVER = datetime(2024, 1, 1, tzinfo=UTC)

CALLS = {
    "read": lambda client: client.get_pool("p"),
    "head": lambda client: client.pool_exists("p"),
    "time-out": lambda client: client.get_job("j", service_timeout=30),
    "list": lambda client: list(
        client.list_tasks("j", filter="id eq 'ä & b'", select=["id", "state"], max_results=10)
    ),
    "body": lambda client: client.create_job(
        models.BatchJobCreateOptions(id="j", pool_info=models.BatchPoolInfo(pool_id="p"))
    ),
    "no body": lambda client: client.begin_enable_job("j"),
    "empty body": lambda client: client.terminate_task("j", "t"),
    "etag": lambda client: client.update_job(
        "j",
        models.BatchJobUpdateOptions(priority=1),
        etag="0x8DC0000",
        match_condition=MatchConditions.IfNotModified,
    ),
    "date": lambda client: client.get_pool("p", if_modified_since=NEVER),
    "range": lambda client: list(
        client.download_task_file("j", "t", "wd/out dir/ä+b.txt", ocp_range="bytes=0-9")
    ),
    "delete": lambda client: client.delete_task("j", "t"),
}


def refusal(request, account="local", key=KEY):
    with pytest.raises(WireError) as caught:
        check_shared_key(request, account, key)
    return caught.value


@pytest.mark.parametrize("name", CALLS)
def test_what_sdk_15_signs_is_accepted(sent, name):
    check_shared_key(sent(CALLS[name]), "local", KEY)


def test_what_sdk_14_signed_is_accepted(sent_by_sdk_14):
    for request in sent_by_sdk_14.values():
        check_shared_key(request, "local", KEY)


def signed(method, target, headers, *, query_text, key=KEY, account="local"):
    """Headers with a signature over the given text for the query, as the documentation says."""
    lines = [method, *[""] * 2, headers.get("Content-Length", ""), *[""] * 8]
    path = target.partition("?")[0]
    dates = [f"{name}:{value}" for name, value in sorted(headers.items()) if "ocp-" in name]
    text = "\n".join([*lines, *dates, f"/{account}{path}{query_text}"])
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return {**headers, "Authorization": f"SharedKey {account}:{base64.b64encode(digest).decode()}"}


DATE = {"ocp-date": "Fri, 02 Jan 2026 03:04:05 GMT"}
TARGET = "/jobs/j?timeOut=30&api-version=2025-06-01"


@pytest.mark.parametrize(
    "query_text",
    ["\napi-version:2025-06-01\ntimeOut:30", "\napi-version:2025-06-01\ntimeout:30"],
)
def test_query_names_are_signed_as_sent_or_in_lower_case(make_request, query_text):
    headers = signed("GET", TARGET, DATE, query_text=query_text)
    check_shared_key(make_request("GET", TARGET, headers), "local", KEY)


@pytest.mark.parametrize(
    ("sent_length", "signed_length"), [("0", "0"), ("0", ""), (None, "0"), (None, "")]
)
def test_an_absent_body_is_signed_as_nothing_or_as_zero(make_request, sent_length, signed_length):
    target = "/jobs/j/enable?api-version=2025-06-01"
    lengths = {"Content-Length": signed_length}
    text = "\napi-version:2025-06-01"
    headers = signed("POST", target, DATE | lengths, query_text=text)
    del headers["Content-Length"]
    if sent_length is not None:
        headers["Content-Length"] = sent_length
    check_shared_key(make_request("POST", target, headers), "local", KEY)


def test_a_wrong_key_or_account_fails(sent):
    request = sent(CALLS["body"])
    for error in (refusal(request, key=b"another"), refusal(request, account="other")):
        assert (error.status, error.code) == (403, "AuthenticationFailed")
        assert list(error.details) == ["AuthenticationErrorDetail"]


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"path": "/jobs/k"},
        {"query_items": (("api-version", "2024-02-01.19.0"),)},
    ],
)
def test_nothing_that_is_signed_may_change_on_the_way(sent, change):
    assert refusal(replace(sent(CALLS["read"]), **change)).code == "AuthenticationFailed"


@pytest.mark.parametrize("header", ["content-length", "content-type", "if-match", "ocp-range"])
def test_no_signed_header_may_be_added_on_the_way(sent, header):
    request = sent(CALLS["read"])
    changed = replace(request, headers={**request.headers, header: "7"})
    assert refusal(changed).code == "AuthenticationFailed"


@pytest.mark.parametrize("minutes", [-16, 16])
def test_an_old_or_early_date_fails(sent, minutes):
    request = sent(CALLS["read"])
    late = replace(request, received=request.received + timedelta(minutes=minutes))
    assert refusal(late).code == "AuthenticationFailed"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer abc", 401),
        ("SharedKey", 401),
        ("SharedKey local", 401),
        ("SharedKey local:", 403),
        ("SharedKey local:ä", 403),
        ("SharedKey other:abc", 403),
    ],
)
def test_without_a_signature_nobody_is_let_in(make_request, authorization, status):
    headers = DATE | ({"Authorization": authorization} if authorization else {})
    assert refusal(make_request("GET", TARGET, headers)).status == status


def test_without_a_date_nobody_is_let_in(make_request):
    headers = {"Authorization": "SharedKey local:abc"}
    assert refusal(make_request("GET", TARGET, headers)).status == 403
    for date in ("yesterday", "Mon, 01 Jan 2024 00:00:00 +99999999999999"):
        late = make_request("GET", TARGET, headers | {"ocp-date": date})
        assert refusal(late).code == "InvalidHeaderValue"
