"""Reading files of nodes, however long they are."""

import pytest

STDERR = b"0123456789" * 2_000 + b"no licence\n"


@pytest.fixture
def file(service, reply):
    """What a start task wrote to stderr, in parts as they are asked for."""

    def answer(request):
        if request.method == "HEAD":
            return reply(200, STDERR)
        first, last = request.headers["ocp-range"].removeprefix("bytes=").split("-")
        return reply(206, STDERR[int(first) : int(last) + 1])

    service.answer = answer


def test_of_what_a_start_task_wrote_the_end_alone_is_fetched(service, file):
    end = service.client().stderr_end("pool", "node-1")
    assert end.endswith("789no licence")
    assert len(end) == 4095
    assert {request.target.partition("?")[0] for request in service.requests} == {
        "/pools/pool/nodes/node-1/files/startup%2Fstderr.txt"
    }


def test_nothing_is_fetched_of_an_empty_file(service, reply):
    service.answer = lambda request: reply(200, b"")
    assert service.client().stderr_end("pool", "node-1") == ""
    assert [request.method for request in service.requests] == ["HEAD"]


def test_a_start_task_without_stderr_has_said_nothing(service, reply):
    service.answer = lambda request: reply(404, b"")
    assert service.client().stderr_end("pool", "node-1") == ""
