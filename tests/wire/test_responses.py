"""Answers and their headers."""

import re
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from azure.batch.models import BatchError

from runfleet.batch.errors import BatchRuleError
from runfleet.wire.conditions import etag
from runfleet.wire.errors import (
    ERRORS,
    WireError,
    body_too_large,
    invalid_property,
    not_implemented,
)
from runfleet.wire.responses import respond, respond_error

MODIFIED = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
SOURCE = Path(__file__).parents[2] / "src" / "runfleet"
EVERY_ANSWER = {
    "request-id": "2f9b1d9c-7f3f-4a7e-9d5b-0f6f6a1c2b3d",
    "DataServiceVersion": "3.0",
    "Server": "Microsoft-HTTPAPI/2.0",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Date": "Fri, 02 Jan 2026 03:04:05 GMT",
}


def test_a_resource_is_answered_with_its_etag(make_request):
    response = respond(make_request("GET", "/jobs/j"), {"id": "j"}, last_modified=MODIFIED)
    assert response.status == 200
    assert response.body == b'{"id":"j"}'
    assert response.headers == {
        **EVERY_ANSWER,
        "ETag": etag(MODIFIED),
        "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT",
        "Content-Type": "application/json; odata=minimalmetadata",
        "Content-Length": "10",
    }


def test_what_was_created_is_answered_with_its_place(make_request):
    location = "http://127.0.0.1:8080/pools/p"
    request = make_request("POST", "/pools?api-version=2025-06-01")
    response = respond(request, last_modified=MODIFIED, location=location)
    assert (response.status, response.body) == (201, b"")
    assert response.headers["Location"] == response.headers["DataServiceId"] == location
    assert response.headers["Content-Length"] == "0"
    assert "Content-Type" not in response.headers


def test_a_write_names_itself_and_a_deletion_does_not(make_request):
    disabled = respond(make_request("POST", "/jobs/j/disable?x=1"), last_modified=MODIFIED)
    assert disabled.status == 202
    assert disabled.headers["DataServiceId"] == "http://127.0.0.1:8080/jobs/j/disable"
    deleted = respond(make_request("DELETE", "/jobs/j"))
    assert deleted.status == 202
    assert not {"DataServiceId", "ETag", "Location"} & deleted.headers.keys()


def test_an_answer_without_content_has_no_length(make_request):
    response = respond(make_request("POST", "/jobs/j/tasks/t/terminate"), last_modified=MODIFIED)
    assert (response.status, response.body) == (204, b"")
    assert not {"Content-Length", "Content-Type"} & response.headers.keys()


@pytest.mark.parametrize(("wanted", "echoed"), [("true", True), ("false", False), (None, False)])
def test_the_clients_own_id_is_echoed_when_it_asks(make_request, wanted, echoed):
    headers = {"client-request-id": "mine"}
    if wanted:
        headers["return-client-request-id"] = wanted
    response = respond(make_request("GET", "/jobs/j", headers), {})
    assert ("client-request-id" in response.headers) == echoed


def test_an_error_says_what_the_service_says(make_request):
    request = make_request("POST", "/pools")
    response = respond_error(request, invalid_property("vmSize", "x" * 300, "is unknown"))
    assert response.status == 400
    assert response.headers["Content-Type"] == "application/json; odata=minimalmetadata"
    assert orjson.loads(response.body) == {
        "odata.metadata": "http://127.0.0.1:8080/$metadata"
        "#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element",
        "code": "InvalidPropertyValue",
        "message": {
            "lang": "en-US",
            "value": "The value provided for one of the properties in the request body is invalid."
            "\nRequestId:2f9b1d9c-7f3f-4a7e-9d5b-0f6f6a1c2b3d\nTime:2026-01-02T03:04:05.678901Z",
        },
        "values": [
            {"key": "PropertyName", "value": "vmSize"},
            {"key": "PropertyValue", "value": "x" * 200},
            {"key": "Reason", "value": "is unknown"},
        ],
    }


def test_a_broken_rule_is_answered_with_its_own_status_and_text(make_request):
    response = respond_error(make_request("POST", "/jobs"), BatchRuleError("JobExists"))
    error = BatchError(orjson.loads(response.body))
    assert response.status == 409
    assert error.code == "JobExists"
    assert error.message.value.startswith("The specified job already exists.\nRequestId:")
    assert "values" not in error


def test_an_unmet_condition_of_a_read_has_no_body(make_request):
    error = WireError("ConditionNotMet", status=304)
    response = respond_error(make_request("GET", "/pools/p"), error)
    assert (response.status, response.body) == (304, b"")
    assert "Content-Length" not in response.headers


def test_an_error_to_head_has_a_status_only(make_request):
    response = respond_error(make_request("HEAD", "/pools/p"), WireError("PoolNotFound"))
    assert (response.status, response.body) == (404, b"")
    assert response.headers["Content-Length"] == "0"


def test_errors_keep_their_facts():
    assert body_too_large().details == {"MaxLimit": "1048576"}
    assert body_too_large().status == 413
    unbuilt = not_implemented("job manager tasks are not supported yet")
    assert (unbuilt.status, unbuilt.code) == (501, "NotImplemented")
    assert unbuilt.details == {"Reason": "job manager tasks are not supported yet"}


def test_every_code_that_is_raised_has_its_text():
    raised = re.compile(r"\b(?:BatchRule|Wire)Error\(\s*\"(\w+)\"")
    codes = {code for path in SOURCE.rglob("*.py") for code in raised.findall(path.read_text())}
    assert codes
    assert codes <= ERRORS.keys()


def test_every_error_has_a_status_and_a_sentence():
    for error in ERRORS.values():
        assert 400 <= error.status <= 599
        assert error.message.endswith(".")
