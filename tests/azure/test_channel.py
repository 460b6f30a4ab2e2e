"""Requests to the service: signed, patient, and without secrets in the log."""

import logging

import pytest
from azure.core.credentials import AzureNamedKeyCredential

from runfleet.azure import (
    AuthenticationError,
    AzureBatch,
    BackOff,
    BatchError,
    NotFoundError,
    ServiceUnavailableError,
    TaskCounts,
)

COUNTS = {"taskCounts": {"active": 1}}


def test_requests_are_signed_and_have_the_version(service, reply):
    service.answer = lambda request: reply(200, COUNTS)
    assert service.client().task_counts("a b/c") == TaskCounts(active=1)
    (request,) = service.requests
    assert request.target == "/jobs/a%20b%2Fc/taskcounts?api-version=2025-06-01"
    assert request.headers["authorization"].startswith("SharedKey local:")
    assert "ocp-date" in request.headers


def test_trouble_that_passes_is_waited_out(service, reply, error):
    replies = [
        reply(503, error("ServerBusy")),
        None,
        reply(500, b"<html>"),
        reply(429, error("TooManyRequests"), {"Retry-After": "0"}),
        reply(200, COUNTS),
    ]
    service.answer = lambda request: replies.pop(0)
    assert service.client().task_counts("net1").active == 1
    assert len({request.headers["client-request-id"] for request in service.requests}) == 5


def test_patience_ends(service, reply, error):
    service.answer = lambda request: reply(500, error("InternalError", "Something failed."))
    impatient = BackOff(first=0.001, longest=0.01, failure_patience=0.5)
    with pytest.raises(ServiceUnavailableError) as caught:
        service.client(impatient).task_counts("net1")
    assert str(caught.value) == (
        "the Batch service answered 500 InternalError to GET /jobs/net1/taskcounts: "
        "Something failed."
    )
    assert len(service.requests) > 1


def test_a_service_that_is_not_there_is_told_with_its_address():
    credential = AzureNamedKeyCredential("local", "a2V5")
    client = AzureBatch("http://127.0.0.1:9", credential, back_off=BackOff(contact_patience=0.2))
    with pytest.raises(ServiceUnavailableError) as caught:
        client.get_pool("p")
    assert str(caught.value) == (
        "the Batch service at http://127.0.0.1:9 does not answer GET /pools/p: Connection refused"
    )


def test_a_key_that_cannot_be_one_is_told_at_once():
    with pytest.raises(AuthenticationError) as caught:
        AzureBatch("https://a.batch.azure.com", AzureNamedKeyCredential("mine", "half-a-key"))
    assert str(caught.value) == "the key of Batch account `mine` is not in base64"


def test_an_address_may_lack_its_scheme():
    credential = AzureNamedKeyCredential("mine", "a2V5")
    with AzureBatch("mine.westeurope.batch.azure.com/", credential) as client:
        assert client.endpoint == "https://mine.westeurope.batch.azure.com"


@pytest.mark.parametrize(
    ("endpoint", "account"),
    [
        ("lab.westeurope.batch.azure.com", "lab.westeurope.batch.azure.com"),
        ("https://LAB.westeurope.batch.azure.com:443/", "lab.westeurope.batch.azure.com"),
        ("https://127.0.0.1:4711", "127.0.0.1:4711"),
    ],
)
def test_an_account_is_known_by_its_host(endpoint, account):
    with AzureBatch(endpoint, AzureNamedKeyCredential("mine", "a2V5")) as client:
        assert client.account == account


@pytest.mark.parametrize("body", [b"<html>Log in</html>", b"[]", b'{"taskCounts": '])
def test_an_answer_of_somebody_else_is_told(service, reply, body):
    service.answer = lambda request: reply(200, body)
    with pytest.raises(BatchError, match="the answer is none of a Batch service") as caught:
        service.client().task_counts("net1")
    assert caught.value.hint == "check the account's URL, and that no proxy answers in its place"


def test_what_is_refused_is_not_asked_twice(service, reply, error):
    service.answer = lambda request: reply(403, error("AuthenticationFailed"))
    with pytest.raises(AuthenticationError):
        service.client().task_counts("net1")
    assert len(service.requests) == 1


def test_what_is_not_there_is_none_or_an_error(service, reply, error):
    service.answer = lambda request: reply(404, error("JobNotFound"))
    client = service.client()
    assert client.get_pool("p") is None
    assert client.get_job("j") is None
    assert client.get_task("j", "t") is None
    assert client.delete_pool("p") is False
    with pytest.raises(NotFoundError):
        client.task_counts("j")


def test_lists_are_followed_page_by_page_as_they_are_taken(service, reply):
    """The address in a next link may be one that leads here from elsewhere."""
    link = "http://elsewhere/jobs/net1/tasks?$select=id,state&$skiptoken=WATV2:a/b^c+d=:1$1"

    def answer(request):
        more = "skiptoken" not in request.target
        ids = ["run-1", "run-2"] if more else ["run-3"]
        page = {"value": [{"id": task_id} for task_id in ids]}
        return reply(200, {**page, "odata.nextLink": link} if more else page)

    service.answer = answer
    tasks = service.client().list_tasks("net1", select=["state"], filter="state eq 'completed'")
    assert next(tasks).id == "run-1"
    assert len(service.requests) == 1
    assert [task.id for task in tasks] == ["run-2", "run-3"]
    assert service.requests[0].target == (
        "/jobs/net1/tasks?$select=id%2Cstate&$filter=state%20eq%20%27completed%27"
        "&api-version=2025-06-01"
    )


def test_no_proxy_of_the_environment_is_used_for_this_machine(service, reply, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    service.answer = lambda request: reply(200, COUNTS)
    assert service.client().task_counts("net1").active == 1


def test_neither_key_nor_signature_is_in_any_log(service, reply, error, caplog):
    caplog.set_level(logging.DEBUG)
    url = "https://a.blob.core.windows.net/c?sig=topsecret"
    replies = [reply(500, error("InternalError", url)), reply(200, COUNTS)]
    service.answer = lambda request: replies.pop(0)
    service.client().task_counts("net1")
    assert "trying again" in caplog.text
    assert "topsecret" not in caplog.text
    assert "a2V5" not in caplog.text
    assert "SharedKey" not in caplog.text
