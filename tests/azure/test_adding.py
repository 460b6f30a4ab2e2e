"""Adding tasks as a stream: none is lost, none is added twice, whatever the service says."""

import itertools
import random
import threading
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.azure import (
    AddedTasks,
    ConflictError,
    OutputFile,
    ResourceFile,
    ServiceUnavailableError,
    TaskSettings,
    TasksRefusedError,
)
from runfleet.azure.adding import EncodedTask, body_of, chunked

SIZES = st.lists(st.integers(1, 400), max_size=300)


@given(SIZES, st.integers(1, 20), st.integers(50, 1000))
def test_chunks_keep_both_limits_and_the_order(sizes, max_tasks, max_bytes):
    tasks = [EncodedTask(str(number), b"x" * size) for number, size in enumerate(sizes)]
    chunks = list(chunked(tasks, max_tasks=max_tasks, max_bytes=max_bytes))
    assert [task for chunk in chunks for task in chunk] == tasks
    assert all(0 < len(chunk) <= max_tasks for chunk in chunks)
    assert all(len(chunk) == 1 or len(body_of(chunk)) <= max_bytes for chunk in chunks)


@given(SIZES, st.integers(1, 20), st.integers(50, 1000))
def test_no_chunk_is_cut_before_it_must_be(sizes, max_tasks, max_bytes):
    tasks = [EncodedTask(str(number), b"x" * size) for number, size in enumerate(sizes)]
    chunks = list(chunked(tasks, max_tasks=max_tasks, max_bytes=max_bytes))
    for chunk, following in itertools.pairwise(chunks):
        longer = [*chunk, following[0]]
        assert len(longer) > max_tasks or len(body_of(longer)) + 1 > max_bytes


def runs(count, **more):
    return (TaskSettings(f"run-{number:05}", "true", **more) for number in range(count))


class Job:
    """Keeps tasks as the service would, and gets into trouble at random."""

    def __init__(self, reply, error, *, trouble=0.0):
        self.ids = Counter()
        self.lock = threading.Lock()
        self.chance = random.Random(1)
        self.trouble = trouble
        self.reply, self.error = reply, error

    def answer(self, request):
        with self.lock:
            before, after = self.chance.random(), self.chance.random()
            if before < self.trouble:
                return self.refusal()
            results = [self.add(task["id"]) for task in request.body["value"]]
            self.chance.shuffle(results)
            # The tasks are added, and nobody hears of it.
            return None if after < self.trouble else self.reply(200, {"value": results})

    def refusal(self):
        kinds = [
            None,
            self.reply(429, self.error("TooManyRequests"), {"Retry-After": "0"}),
            self.reply(503, self.error("ServerBusy")),
            self.reply(500, b"<html>"),
        ]
        return self.chance.choice(kinds)

    def add(self, task_id):
        if self.chance.random() < self.trouble:
            word = self.chance.choice(["ServerError", "servererror"])
            return {"status": word, "taskId": task_id, "error": self.error("InternalError")}
        if task_id in self.ids:
            word = self.chance.choice(["ClientError", "clienterror"])
            return {"status": word, "taskId": task_id, "error": self.error("TaskExists")}
        self.ids[task_id] += 1
        return {"status": self.chance.choice(["Success", "success"]), "taskId": task_id}


@pytest.fixture
def job(service, reply, error):
    made = Job(reply, error)
    service.answer = made.answer
    return made


def test_all_tasks_are_added_a_hundred_at_a_time(service, job):
    told = []
    added = service.client().add_tasks("net1", runs(250), on_added=told.append)
    assert added == AddedTasks(250, 0)
    assert sorted(job.ids) == [f"run-{number:05}" for number in range(250)]
    assert sorted(len(request.body["value"]) for request in service.requests) == [50, 100, 100]
    assert service.requests[0].target == "/jobs/net1/addtaskcollection?api-version=2025-06-01"
    assert told == [100, 200, 250]


def test_tasks_that_are_there_already_are_counted_apart(service, job):
    client = service.client()
    client.add_tasks("net1", runs(30))
    assert client.add_tasks("net1", runs(50)) == AddedTasks(20, 30)


def test_no_task_is_lost_or_doubled_in_any_trouble(service, job):
    """Throttled, failing, hanging up before and after the work, in any case of its words."""
    job.trouble = 0.15
    added = service.client().add_tasks("net1", runs(3000))
    assert set(job.ids) == {task.id for task in runs(3000)}
    assert set(job.ids.values()) == {1}
    assert added.added + added.existing == 3000


def test_a_task_that_the_answer_leaves_out_is_sent_again(service, job, reply):
    def forgetful(request):
        whole = job.answer(request).body["value"]
        return reply(200, {"value": whole[1:] if len(service.requests) == 1 else whole})

    service.answer = forgetful
    assert service.client().add_tasks("net1", runs(10)) == AddedTasks(9, 1)
    assert len(job.ids) == 10


def test_a_refused_task_is_an_error_that_names_it_and_the_reason(service, reply, error):
    """`ClientError` in the service's own spelling is no success."""
    reason = error("InvalidPropertyValue", "The value is invalid.\nRequestId:1\nTime:2")

    def answer(request):
        results = [{"status": "Success", "taskId": task["id"]} for task in request.body["value"]]
        results[1] = {"status": "ClientError", "taskId": "run-00001", "error": reason}
        return reply(200, {"value": results})

    service.answer = answer
    with pytest.raises(TasksRefusedError) as caught:
        service.client().add_tasks("net1", runs(5))
    assert str(caught.value) == (
        "task `run-00001` was not added to job `net1`: InvalidPropertyValue: The value is invalid."
    )


def test_a_refused_task_keeps_no_other_of_its_request_from_being_added(service, reply):
    """Not even one that the service could not add just then."""
    troubles = {"run-00001": "ClientError", "run-00002": "ServerError"}

    def answer(request):
        ids = [task["id"] for task in request.body["value"]]
        results = [{"status": troubles.pop(i, "Success"), "taskId": i} for i in ids]
        return reply(200, {"value": results})

    service.answer = answer
    with pytest.raises(TasksRefusedError) as caught:
        service.client().add_tasks("net1", runs(4))
    assert list(caught.value.refused) == ["run-00001"]
    sent = [[task["id"] for task in request.body["value"]] for request in service.requests]
    assert sent[1:] == [["run-00002"]]


def test_what_was_refused_is_told_also_where_the_service_fails_then(service, reply):
    troubles = {"run-00001": "ClientError", "run-00002": "ServerError"}

    def answer(request):
        ids = [task["id"] for task in request.body["value"]]
        results = [{"status": troubles.get(i, "Success"), "taskId": i} for i in ids]
        return reply(200, {"value": results})

    service.answer = answer
    with pytest.raises(ServiceUnavailableError, match="failed 10 times in a row") as caught:
        service.client().add_tasks("net1", runs(4))
    (refusal,) = caught.value.others
    assert isinstance(refusal, TasksRefusedError)
    assert list(refusal.refused) == ["run-00001"]


def test_a_request_that_is_too_large_is_halved(service, job, reply, error):
    def strict(request):
        if len(request.body["value"]) > 10:
            return reply(413, error("RequestBodyTooLarge"))
        return job.answer(request)

    service.answer = strict
    assert service.client().add_tasks("net1", runs(60)) == AddedTasks(60, 0)
    assert len(job.ids) == 60


INTO_A_FILE = "what is long belongs into a file that it reads"
LONG = {
    "a command": (
        {"command_line": "echo " + "x" * 500},
        f"shorten its command: {INTO_A_FILE}",
    ),
    "a variable": (
        {"environment": {"A": "x" * 500}},
        f"shorten the values of its parameters and variables: {INTO_A_FILE}",
    ),
    "files": (
        {"resource_files": [ResourceFile(http_url="https://x/y", file_path="x" * 500)]},
        "name fewer files for it to fetch",
    ),
    "outputs": (
        {"output_files": [OutputFile("x" * 500, "https://x/y", "")]},
        "name fewer outputs, or shorter ones, such as `out/**`",
    ),
}


@pytest.mark.parametrize(("more", "hint"), LONG.values(), ids=LONG)
def test_a_task_that_is_too_large_alone_is_named(service, reply, error, more, hint):
    """With what to shorten: the longest part of it."""
    service.answer = lambda request: reply(413, error("RequestBodyTooLarge"))
    settings = {"command_line": "true", **more}
    tasks = (TaskSettings(id=f"run-{number}", **settings) for number in range(3))
    with pytest.raises(TasksRefusedError, match="it is longer than a request may be") as refused:
        service.client().add_tasks("net1", tasks)
    assert refused.value.hint == hint


def test_long_tasks_are_sent_in_requests_of_less_than_a_megabyte(service, job):
    added = service.client().add_tasks("net1", runs(40, environment={"TEXT": "x" * 100_000}))
    assert added == AddedTasks(40, 0)
    lengths = [int(request.headers["content-length"]) for request in service.requests]
    assert max(lengths) < 1_000_000
    assert len(lengths) == 5


def test_what_the_job_refuses_ends_it_at_once(service, reply, error):
    service.answer = lambda request: reply(409, error("JobCompleted", "The job is completed."))
    with pytest.raises(ConflictError) as caught:
        service.client().add_tasks("net1", runs(100_000))
    assert caught.value.code == "JobCompleted"
    assert len(service.requests) <= 5


def test_an_error_in_making_the_tasks_ends_it_at_once(service, reply, error):
    """Also while the service is throttling, and others wait for it."""

    def failing():
        yield from runs(150)
        raise RuntimeError("no more")

    service.answer = lambda request: reply(429, error("TooManyRequests"), {"Retry-After": "60"})
    with pytest.raises(RuntimeError, match="no more"):
        service.client().add_tasks("net1", failing())


def test_a_service_that_keeps_failing_is_given_up(service, reply, error):
    def answer(request):
        return reply(
            200,
            {
                "value": [
                    {"status": "ServerError", "taskId": task["id"], "error": error("InternalError")}
                    for task in request.body["value"]
                ]
            },
        )

    service.answer = answer
    with pytest.raises(ServiceUnavailableError, match="failed 10 times in a row to add task"):
        service.client().add_tasks("net1", runs(3))


def test_memory_does_not_grow_with_the_stream(service, reply):
    """Ten times the tasks take no more memory."""

    def answer(request):
        service.requests.clear()
        results = [{"status": "Success", "taskId": task["id"]} for task in request.body["value"]]
        return reply(200, {"value": results})

    service.answer = answer
    client = service.client()

    def peak_of_adding(count):
        tracemalloc.start()
        client.add_tasks("net1", runs(count))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak_of_adding(500)  # imports what it needs
    # How many requests are under way at a time, and thus in memory, differs from one to the next.
    short = max(peak_of_adding(500) for _ in range(10))
    assert peak_of_adding(5000) < 1.5 * short
