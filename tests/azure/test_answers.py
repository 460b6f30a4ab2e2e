"""Answers of the service, as errors that a caller can tell apart."""

import json

import pytest

from runfleet.azure import (
    AuthenticationError,
    BatchError,
    ConflictError,
    NotFoundError,
    NotSupportedError,
    RequestTooLargeError,
    ServiceUnavailableError,
    TasksRefusedError,
)
from runfleet.azure.answers import Answer, error_of


def answer(status, code="", text="", values=None, **more):
    error = {"code": code, "message": {"lang": "en-US", "value": text}}
    if values:
        error["values"] = [{"key": key, "value": value} for key, value in values.items()]
    return Answer("POST /pools", status, json.dumps(error).encode(), **more)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BatchError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, NotFoundError),
        (409, ConflictError),
        (412, ConflictError),
        (413, RequestTooLargeError),
        (429, ServiceUnavailableError),
        (500, ServiceUnavailableError),
        (501, NotSupportedError),
        (503, ServiceUnavailableError),
    ],
)
def test_the_status_decides_the_class(status, kind):
    assert type(error_of(answer(status))) is kind


def test_the_message_tells_the_request_and_the_reason_without_ids_and_times():
    text = "The value is invalid.\nRequestId:66e6\nTime:2023-08-11T22:52:09.6409850Z"
    error = error_of(answer(400, "InvalidPropertyValue", text, {"PropertyName": "vmSize"}))
    assert str(error) == (
        "the Batch service answered 400 InvalidPropertyValue to POST /pools: "
        "The value is invalid. (PropertyName: vmSize)"
    )
    assert (error.status, error.code) == (400, "InvalidPropertyValue")


def test_what_users_choose_is_told_in_words_with_a_remedy():
    values = {"PropertyName": "id", "PropertyValue": "bad id", "Reason": "has a blank"}
    error = error_of(answer(400, "InvalidPropertyValue", "The value is invalid.", values))
    assert (error.message, error.hint) == (
        "`bad id` cannot be an id: has a blank",
        "use 1 to 64 letters, digits, `-` and `_`",
    )


@pytest.mark.parametrize(
    ("request_", "code", "message", "hint"),
    [
        ("GET /pools/a%20b", "PoolNotFound", "there is no pool `a b`", "`runfleet pool list`"),
        ("POST /jobs/j/tasks/t/terminate", "JobNotFound", "there is no job `j`", "`runfleet job"),
        (
            "POST /jobs/j/tasks/t/terminate",
            "TaskNotFound",
            "there is no task `t` in job `j`",
            "`runfleet task list j` lists its tasks",
        ),
    ],
)
def test_what_is_not_there_is_named_and_where_such_things_are_listed(request_, code, message, hint):
    body = json.dumps({"code": code, "message": {"value": "It does not exist."}}).encode()
    error = error_of(Answer(request_, 404, body))
    assert error.message == message
    assert error.hint.startswith(hint)


def test_a_refused_key_has_a_hint():
    error = error_of(answer(403, "AuthenticationFailed"))
    assert error.hint == "check the account's name and key, and this machine's clock"


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad gateway</html>", b"[]", b'"text"', b"{", b'{"message": "text"}']
)
def test_any_body_is_told_as_far_as_it_can_be(body):
    error = error_of(Answer("GET /jobs", 502, body))
    assert str(error).startswith("the Batch service answered 502")


def test_throttling_is_told_from_failure_and_keeps_the_time_asked_for():
    busy = error_of(answer(429, retry_after="12"))
    assert (busy.throttled, busy.retry_after) == (True, 12.0)
    broken = error_of(answer(500, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"))
    assert (broken.throttled, broken.retry_after) == (False, 0.0)


def test_signatures_are_in_no_message():
    url = "https://a.blob.core.windows.net/c?sv=2024&sig=aB%2Bc3%3D&se=2026"
    error = error_of(answer(400, "InvalidPropertyValue", "wrong", {"PropertyValue": url}))
    assert "aB%2Bc3" not in str(error)
    assert "sig=***&se=2026" in str(error)


def test_refused_tasks_are_named_with_the_reason_of_the_first():
    error = TasksRefusedError("net1", {"run-1": "TaskIdInvalid: no", "run-2": "x", "run-3": "y"})
    assert str(error) == "task `run-1` (and 2 more) was not added to job `net1`: TaskIdInvalid: no"
    assert list(error.refused) == ["run-1", "run-2", "run-3"]
