"""Sections A to D of the fidelity checklist: wire, authentication, conditions, paging."""

from __future__ import annotations

import base64
import hmac
import http.client
import json
import re
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import unquote, urlsplit

import pytest
from azure.batch import BatchClient
from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceModifiedError

GUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
JSON_TYPE = "application/json; odata=minimalmetadata"
EPOCH_OF_TICKS = datetime(1, 1, 1, tzinfo=UTC)


def values(response):
    return {one["key"]: one["value"] for one in response.json().get("values", [])}


@pytest.fixture
def unsigned(emulator):
    """Send a request that nobody has signed."""

    def send(method, target, headers):
        connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc)
        connection.request(method, target, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, json.loads(body)

    return send


# A. Wire


def test_a_request_without_api_version_is_refused(account):
    """Item 1."""
    response = account.send("GET", "/pools", **{"api-version": ""})
    assert account.code(response) == (400, "MissingRequiredQueryParameter")
    assert values(response) == {"QueryParameterName": "api-version"}


@pytest.mark.parametrize(
    "version", ["2025-06-01", "2024-07-01.20.0", "2024-02-01.19.0", "2023-05-01.17.0"]
)
def test_older_api_versions_are_accepted(account, version):
    """Item 2."""
    assert account.send("GET", "/pools", **{"api-version": version}).status_code == 200


def test_every_answer_has_a_fresh_request_id(account):
    """Item 3."""
    answers = [account.send("GET", path) for path in ("/pools", "/pools", "/jobs/none")]
    assert len({one.headers["request-id"] for one in answers}) == 3
    for one in answers:
        assert GUID.fullmatch(one.headers["request-id"])
        assert one.headers["DataServiceVersion"] == "3.0"
        assert parsedate_to_datetime(one.headers["Date"])


def test_json_has_its_content_type_in_errors_too(account):
    """Item 4."""
    for path in ("/pools", "/pools/none"):
        assert account.send("GET", path).headers["Content-Type"] == JSON_TYPE


def test_the_clients_request_id_comes_back_only_if_asked_for(account):
    """Item 5."""
    named = {"client-request-id": "4a0e0d3a-5c84-4a5c-b0b0-4df0ba7b3df5"}
    asking = {**named, "return-client-request-id": "true"}
    assert "client-request-id" not in account.send("GET", "/pools", headers=named).headers
    answer = account.send("GET", "/pools", headers=asking)
    assert answer.headers["client-request-id"] == named["client-request-id"]


def test_an_error_body_names_its_request(account):
    """Items 6 and 7."""
    response = account.send("GET", "/pools/none")
    body = response.json()
    assert body["odata.metadata"].startswith(f"{account.url}/$metadata#")
    assert "values" not in body
    assert body["message"]["lang"] == "en-US"
    text, request_id, time = body["message"]["value"].split("\n")
    assert text == "The specified pool does not exist."
    assert request_id == f"RequestId:{response.headers['request-id']}"
    assert re.fullmatch(r"Time:\d{4}-\d\d-\d\dT[\d:.]+Z", time)


@pytest.mark.parametrize("content", [b"{", b'{"id": }', b"\xff", b""])
def test_malformed_json_is_refused(account, content):
    """Item 8."""
    response = account.send("POST", "/pools", content=content)
    assert account.code(response) == (400, "InvalidRequestBody")


@pytest.mark.parametrize("content", [b"[]", b"1", b'"text"', b"null"])
def test_json_that_is_no_object_is_refused(account, content):
    for path in ("/pools", "/jobs"):
        status, _ = account.code(account.send("POST", path, content=content))
        assert status == 400


def test_a_pool_without_size_is_refused(account, pool_body):
    """Item 9."""
    body = pool_body("sizeless")
    del body["vmSize"]
    response = account.send("POST", "/pools", body)
    assert account.code(response) == (400, "MissingRequiredProperty")
    assert values(response) == {"PropertyName": "vmSize"}


def test_a_large_body_is_refused(account, job):
    """Item 10."""
    response = account.send("POST", f"/jobs/{job}/tasks", content=b"x" * (1 << 20) + b"x")
    assert account.code(response) == (413, "RequestBodyTooLarge")
    assert values(response) == {"MaxLimit": "1048576"}


@pytest.mark.parametrize("sent", [b"", b'{"terminate'])
def test_a_request_that_is_cut_off_is_not_carried_out(account, emulator, job, sent):
    """Not with what it would mean without a body either."""
    path, kind = f"/jobs/{job}/terminate", "application/json"
    date = format_datetime(datetime.now(UTC), usegmt=True)
    text = f"POST\n\n\n30\n\n{kind}{7 * chr(10)}ocp-date:{date}\n/local{path}"
    signed = f"{text}\napi-version:2025-06-01".encode()
    signature = base64.b64encode(hmac.digest(base64.b64decode(emulator.key), signed, "sha256"))
    server = urlsplit(emulator.url)
    head = (
        f"POST {path}?api-version=2025-06-01 HTTP/1.1\r\nHost: {server.netloc}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: 30\r\nocp-date: {date}\r\n"
        f"Authorization: SharedKey local:{signature.decode()}\r\n\r\n"
    )
    with socket.create_connection((server.hostname, server.port)) as connection:
        connection.sendall(head.encode() + sent)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert account.get(f"/jobs/{job}")["state"] == "active"


def test_a_path_that_means_nothing_and_a_wrong_method(account):
    """Item 11."""
    assert account.code(account.send("GET", "/clusters"))[0] == 404
    assert account.code(account.send("PUT", "/pools/p")) == (405, "UnsupportedHttpVerb")


def test_query_names_are_matched_in_any_case(account, job):
    """Item 12."""
    account.add(job, "a")
    account.add(job, "b")
    page = account.get(f"/jobs/{job}/tasks", MAXRESULTS=1, timeOut=30)
    assert len(page["value"]) == 1


# B. Authentication


def test_signed_requests_with_a_body_a_condition_and_a_range_are_accepted(account, job, client):
    """Items 13 and 16; the path of a file has `%2F` in it."""
    account.run(job, "t", "/bin/sh -c 'echo 0123456789 > a.txt'")
    etag = client.get_job(job).etag
    unchanged = MatchConditions.IfNotModified
    client.update_job(job, {"priority": 7}, etag=etag, match_condition=unchanged)
    part = client.download_task_file(job, "t", "wd/a.txt", ocp_range="bytes=2-4")
    assert b"".join(part) == b"234"


@pytest.mark.parametrize(
    ("name", "key"), [("local", base64.b64encode(b"wrong").decode()), ("other", None)]
)
def test_a_wrong_key_or_account_is_forbidden(emulator, name, key):
    """Item 14."""
    credential = AzureNamedKeyCredential(name, key or emulator.key)
    client = BatchClient(emulator.url, credential)
    with client, pytest.raises(HttpResponseError) as error:
        list(client.list_pools())
    assert error.value.status_code == 403
    assert error.value.error.code == "AuthenticationFailed"
    assert values(error.value.response).keys() == {"AuthenticationErrorDetail"}


@pytest.mark.parametrize("authorization", [None, "", "SharedKey", "Bearer x", "Basic eDp5"])
def test_a_request_that_is_not_signed_is_unauthorised(unsigned, authorization):
    """Item 15."""
    headers = {} if authorization is None else {"Authorization": authorization}
    status, body = unsigned("GET", "/pools?api-version=2025-06-01", headers)
    assert (status, body["code"]) == (401, "InvalidAuthenticationInfo")


def test_query_names_may_be_signed_as_sent(client):
    """Item 17: SDK 15 signs `timeOut`; that lower-cased ones verify, a test of `wire` says."""
    assert list(client.list_pools(service_timeout=20)) is not None


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_date_too_far_off_is_forbidden(emulator, unsigned, minutes):
    """Item 18."""
    for offset, status in ((minutes, 403), (0, 200)):
        date = format_datetime(datetime.now(UTC) + timedelta(minutes=offset), usegmt=True)
        text = "GET\n" + 11 * "\n" + f"ocp-date:{date}\n/local/pools\napi-version:2025-06-01"
        key = base64.b64decode(emulator.key)
        signature = base64.b64encode(hmac.digest(key, text.encode(), "sha256")).decode()
        headers = {"ocp-date": date, "Authorization": f"SharedKey local:{signature}"}
        assert unsigned("GET", "/pools?api-version=2025-06-01", headers)[0] == status


# C. ETags and conditions


def test_an_etag_is_the_last_modification_in_ticks(account, job):
    """Items 19 and 20."""
    response = account.send("GET", f"/jobs/{job}")
    body = response.json()
    assert response.headers["ETag"] == body["eTag"]
    assert re.fullmatch("0x[0-9A-F]+", body["eTag"])
    ticks = int(body["eTag"], 16)
    instant = EPOCH_OF_TICKS + timedelta(microseconds=ticks // 10)
    assert instant == datetime.fromisoformat(body["lastModified"])


def test_a_read_of_what_has_not_changed_is_answered_304(account, job):
    """Item 21."""
    etag = account.get(f"/jobs/{job}")["eTag"]
    unchanged = account.send("GET", f"/jobs/{job}", headers={"If-None-Match": etag})
    assert unchanged.status_code == 304
    other = account.send("GET", f"/jobs/{job}", headers={"If-None-Match": "0x1"})
    assert other.status_code == 200


def test_a_write_with_a_stale_etag_is_refused(account, job, client):
    """Item 22."""
    etag = client.get_job(job).etag
    unchanged = {"match_condition": MatchConditions.IfNotModified}
    client.update_job(job, {"priority": 1}, etag=etag, **unchanged)
    with pytest.raises(ResourceModifiedError) as error:
        client.update_job(job, {"priority": 2}, etag=etag, **unchanged)
    assert (error.value.status_code, error.value.error.code) == (412, "ConditionNotMet")
    now = client.get_job(job)
    assert now.priority == 1
    assert now.etag != etag


def test_a_task_is_changed_under_its_current_etag(account, client, pool):
    """Item 22, for tasks: the answer has the new ETag."""
    job = account.job("no-such-pool")
    account.add(job, "t")
    path = f"/jobs/{job}/tasks/t"
    etag = account.get(path)["eTag"]
    body = {"constraints": {"maxTaskRetryCount": 2}}
    response = account.send("PUT", path, body, headers={"If-Match": etag})
    assert response.status_code == 200
    assert response.headers["ETag"] == account.get(path)["eTag"] != etag
    assert account.send("PUT", path, body, headers={"If-Match": etag}).status_code == 412


@pytest.mark.parametrize("written", ["{}", '"{}"', 'W/"{}"', "*"])
def test_quotes_around_an_etag_do_not_matter(account, job, written):
    """Item 23."""
    headers = {"If-Match": written.format(account.get(f"/jobs/{job}")["eTag"])}
    assert (
        account.send("PATCH", f"/jobs/{job}", {"priority": 3}, headers=headers).status_code == 200
    )


def test_a_deletion_on_condition_of_age(account, job):
    """Item 24."""
    old = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    response = account.send("DELETE", f"/jobs/{job}", headers={"If-Unmodified-Since": old})
    assert account.code(response) == (412, "ConditionNotMet")


def test_progress_does_not_change_an_etag(account, job):
    """Item 25."""
    account.add(job, "t")
    etag = account.task(job, "t")["eTag"]
    assert account.task_in(job, "t", "completed")["eTag"] == etag
    pool = account.pool(nodes=0)
    resized = account.send("POST", f"/pools/{pool}/resize", {"targetDedicatedNodes": 1})
    assert account.steady(pool)["eTag"] == resized.headers["ETag"]


def test_nodes_counts_and_lists_have_no_etag(account, pool, job):
    """Item 26."""
    (node,) = account.nodes(pool)
    for path in (f"/pools/{pool}/nodes/{node['id']}", f"/jobs/{job}/taskcounts", "/jobs"):
        assert "ETag" not in account.send("GET", path).headers


# D. Paging and OData


@pytest.fixture(scope="module")
def five(account):
    """A job with five tasks that wait."""
    job = account.job("no-such-pool")
    for name in ("a1", "a2", "b1", "b2", "c"):
        account.add(job, name)
    return job


def test_pages_have_the_size_asked_for(account, five, client):
    """Item 27."""
    sizes, link = [], {"$filter": "state eq 'active'", "maxresults": 2}
    while link:
        page = account.get(f"/jobs/{five}/tasks", **link)
        sizes.append(len(page["value"]))
        next_link = urlsplit(page.get("odata.nextLink", ""))
        link = dict(one.split("=", 1) for one in next_link.query.split("&") if one)
        link = {name.replace("%24", "$"): unquote(value) for name, value in link.items()}
    assert sizes == [2, 2, 1]
    assert len(list(client.list_tasks(five, max_results=1))) == 5


def test_a_next_link_repeats_the_query_for_the_host_that_was_asked(account, five):
    """Item 28."""
    query = {"$filter": "state eq 'active'", "$select": "id", "maxresults": "2"}
    link = account.get(f"/jobs/{five}/tasks", **query)["odata.nextLink"]
    assert link.startswith(f"{account.url}/jobs/{five}/tasks?")
    target = link.removeprefix(account.url).replace("2025-06-01", "2024-02-01.19.0")
    path, _, text = target.partition("?")
    again = dict(one.split("=", 1) for one in text.split("&"))
    again = {unquote(name): unquote(value) for name, value in again.items()}
    assert again.items() >= query.items()
    assert [one["id"] for one in account.get(path, **again)["value"]] == ["b1", "b2"]


@pytest.mark.parametrize("size", ["-5", "0"])
def test_a_page_of_less_than_one_is_refused(account, size):
    """Item 29."""
    response = account.send("GET", "/jobs", maxresults=size)
    assert account.code(response) == (400, "InvalidQueryParameterValue")
    assert values(response) == {
        "QueryParameterName": "maxresults",
        "QueryParameterValue": size,
        "Reason": "MaxResults cannot be less than 1",
    }


@pytest.mark.parametrize("token", ["!", "bm9uZQ==", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_token_that_no_list_gave_out_is_refused(account, five, token):
    response = account.send("GET", f"/jobs/{five}/tasks", **{"$skiptoken": token})
    assert account.code(response) == (400, "InvalidQueryParameterValue")


def test_tasks_are_filtered(account, job, client, sh):
    """Items 30 and 31."""
    for name, code in (("a1", 3), ("a2", 0), ("b1", 3)):
        account.run(job, name, sh(f"exit {code}"))
    account.add(job, "later", sh("sleep 60"))

    def found(condition):
        return [one.id for one in client.list_tasks(job, filter=condition)]

    assert found("state eq 'completed'") == ["a1", "a2", "b1"]
    assert found("executionInfo/exitCode eq 3 and startswith(id,'a')") == ["a1"]
    assert found("executionInfo/exitCode ne 0") == ["a1", "b1"]
    assert found("executionInfo/exitCode ge 1 and (id eq 'b1' or id eq 'a2')") == ["b1"]
    assert found("executionInfo/result eq 'success' or startswith(id,'lat')") == ["a2", "later"]
    assert found(f"creationTime lt DateTime'{datetime.now(UTC).isoformat()}'") == [
        "a1",
        "a2",
        "b1",
        "later",
    ]
    client.terminate_task(job, "later")


def test_jobs_are_filtered(account, job, client):
    """Item 31."""
    account.client.create_job({"id": f"{job}-x", "poolInfo": {"poolId": "none"}})
    found = client.list_jobs(filter=f"startswith(id,'{job}-') and state eq 'active'")
    assert [one.id for one in found] == [f"{job}-x"]
    assert not list(client.list_jobs(filter="creationTime lt DateTime'2020-01-01T00:00:00Z'"))


@pytest.mark.parametrize("condition", ["colour eq 'red'", "state eq", "state like 'a'", "(" * 60])
def test_a_filter_that_cannot_be_evaluated_is_refused(account, five, condition):
    """Item 32."""
    response = account.send("GET", f"/jobs/{five}/tasks", **{"$filter": condition})
    assert account.code(response) == (400, "InvalidQueryParameterValue")
    assert values(response)["QueryParameterName"] == "$filter"


def test_only_what_is_selected_comes_back(account, five, pool):
    """Item 33."""
    query = {"$select": "id, state", "$expand": "stats"}
    for item in account.get(f"/jobs/{five}/tasks", **query)["value"]:
        assert item.keys() == {"id", "state"}
    assert account.get(f"/pools/{pool}", **query).keys() == {"odata.metadata", "id", "state"}
