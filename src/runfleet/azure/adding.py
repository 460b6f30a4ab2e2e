"""Adding tasks to a job as a stream, in requests as large as the service takes."""

from __future__ import annotations

import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from runfleet.azure.channel import Channel, parsed, path_of
from runfleet.azure.errors import (
    BatchError,
    RequestTooLargeError,
    ServiceUnavailableError,
    TasksRefusedError,
)
from runfleet.azure.refusals import Refusal, item_refusal
from runfleet.azure.task_settings import TaskSettings

log = logging.getLogger(__name__)

# What the service takes in one request: 100 tasks, and 1 MiB with some air for it.
MAX_TASKS = 100
MAX_BYTES = 1_000_000

# Requests under way at a time: they hide the way to Azure and back, and keep the other core busy
# where the service is on this machine. More than a few gain nothing and are throttled sooner.
_IN_FLIGHT = 4
_MAX_FRUITLESS_ATTEMPTS = 10

_INTO_A_FILE = "what is long belongs into a file that it reads"
_SHORTENING = {
    "environmentSettings": f"shorten the values of its parameters and variables: {_INTO_A_FILE}",
    "commandLine": f"shorten its command: {_INTO_A_FILE}",
    "resourceFiles": "name fewer files for it to fetch",
    "outputFiles": "name fewer outputs, or shorter ones, such as `out/**`",
}

_BEFORE, _BETWEEN, _AFTER = b'{"value":[', b",", b"]}"


@dataclass(frozen=True, slots=True)
class AddedTasks:
    """
    What became of the tasks that were to be added.

    Parameters
    ----------
    added
        How many are new.
    existing
        How many were there already; also one whose first answer was lost on its way.
    """

    added: int = 0
    existing: int = 0

    def __add__(self, other: AddedTasks) -> AddedTasks:
        return AddedTasks(self.added + other.added, self.existing + other.existing)


class EncodedTask(NamedTuple):
    """A task as it will be sent."""

    id: str
    content: bytes


Chunk = Sequence[EncodedTask]


@dataclass
class _Outcome:
    """What the service said of each task of one request."""

    added: int = 0
    existing: int = 0
    refused: dict[str, Refusal] = field(default_factory=dict)
    again: set[str] = field(default_factory=set)


class _StoppedError(Exception):
    """The adding of tasks was given up elsewhere."""


def add_tasks(
    channel: Channel,
    job_id: str,
    tasks: Iterable[TaskSettings],
    on_added: Callable[[int], None] | None = None,
) -> AddedTasks:
    """
    Add tasks to a job; see `AzureBatch.add_tasks`.

    Raises
    ------
    TasksRefusedError
        If the service did not take one; the others of its request, and those of earlier ones, have
        been added.
    """
    stop = threading.Event()

    def send(chunk: Chunk) -> AddedTasks:
        return _add_chunk(_Request(channel, job_id, _stoppable_sleep(stop)), chunk)

    total = AddedTasks()
    with ThreadPoolExecutor(_IN_FLIGHT, thread_name_prefix="add-tasks") as executor:
        try:
            for result in _in_order(executor, send, chunked(encoded(tasks))):
                total += result
                if on_added:
                    on_added(total.added + total.existing)
        except BaseException:
            stop.set()
            executor.shutdown(wait=False, cancel_futures=True)
            raise
    return total


def encoded(tasks: Iterable[TaskSettings]) -> Iterator[EncodedTask]:
    """Write tasks as they will be sent."""
    for task in tasks:
        yield EncodedTask(task.id, orjson.dumps(task.to_wire()))


def chunked(
    tasks: Iterable[EncodedTask], *, max_tasks: int = MAX_TASKS, max_bytes: int = MAX_BYTES
) -> Iterator[list[EncodedTask]]:
    """
    Cut a stream of tasks into requests, by number and by bytes.

    A task that is too long even for a request of its own gets one, so that the service can say so.
    """
    chunk: list[EncodedTask] = []
    size = len(_BEFORE) + len(_AFTER)
    for task in tasks:
        length = len(task.content) + len(_BETWEEN)
        if chunk and (len(chunk) == max_tasks or size + length > max_bytes):
            yield chunk
            chunk, size = [], len(_BEFORE) + len(_AFTER)
        chunk.append(task)
        size += length
    if chunk:
        yield chunk


def body_of(chunk: Chunk) -> bytes:
    """Write the body of a request that adds tasks."""
    return _BEFORE + _BETWEEN.join(task.content for task in chunk) + _AFTER


@dataclass(frozen=True, slots=True)
class _Request:
    """Where tasks go, and how to wait before they go again."""

    channel: Channel
    job_id: str
    sleep: Callable[[float], None]

    def send(self, chunk: Chunk) -> list[dict[str, Any]]:
        path = path_of("jobs", self.job_id, "addtaskcollection")
        body = self.channel.send("POST", path, content=body_of(chunk), sleep=self.sleep)
        results: list[dict[str, Any]] = parsed(body).get("value", [])
        return results

    def wait(self, attempt: int) -> None:
        pause = self.channel.back_off.pause(attempt, chance=random.random())  # noqa: S311
        self.sleep(pause)


def _stoppable_sleep(stop: threading.Event) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        if stop.wait(seconds):
            raise _StoppedError

    return sleep


def _in_order(
    executor: ThreadPoolExecutor,
    send: Callable[[Chunk], AddedTasks],
    chunks: Iterable[Chunk],
) -> Iterator[AddedTasks]:
    """Keep a few requests under way, and never more chunks in memory than that."""
    under_way: deque[Future[AddedTasks]] = deque()
    for chunk in chunks:
        if len(under_way) == _IN_FLIGHT:
            yield under_way.popleft().result()
        under_way.append(executor.submit(send, chunk))
    while under_way:
        yield under_way.popleft().result()


def _add_chunk(request: _Request, chunk: Chunk) -> AddedTasks:
    """Send a chunk until each of its tasks is added, was there already, or is refused."""
    refused: dict[str, Refusal] = {}
    try:
        done = _add_others(request, chunk, refused)
    except BatchError as error:
        if refused:
            error.others = (_refused(request.job_id, refused),)
        raise
    if refused:
        raise _refused(request.job_id, refused)
    return done


def _add_others(request: _Request, chunk: Chunk, refused: dict[str, Refusal]) -> AddedTasks:
    """Add what is not refused of a chunk, and take note of what is."""
    done = AddedTasks()
    attempt = 0
    while chunk:
        try:
            outcome = _outcome_of(request.job_id, chunk, request.send(chunk))
        except RequestTooLargeError:
            done += _add_halves(request, chunk)
            break
        done += AddedTasks(outcome.added, outcome.existing)
        refused |= outcome.refused
        chunk = [task for task in chunk if task.id in outcome.again]
        if chunk:
            _wait_for_server(request, chunk, attempt)
            attempt = 0 if outcome.added else attempt + 1
    return done


def _refused(job_id: str, refused: Mapping[str, Refusal]) -> TasksRefusedError:
    first = next(iter(refused.values()))
    reasons = {task_id: refusal.what for task_id, refusal in refused.items()}
    return TasksRefusedError(job_id, reasons, hint=first.hint)


def _add_halves(request: _Request, chunk: Chunk) -> AddedTasks:
    if len(chunk) == 1:
        content = chunk[0].content
        reason = f"it is longer than a request may be: {len(content):,} bytes"
        raise TasksRefusedError(request.job_id, {chunk[0].id: reason}, hint=_to_shorten(content))
    middle = len(chunk) // 2
    return _add_chunk(request, chunk[:middle]) + _add_chunk(request, chunk[middle:])


def _to_shorten(content: bytes) -> str:
    """Say what to do about the longest part of a task."""
    task = orjson.loads(content)
    return _SHORTENING[max(_SHORTENING, key=lambda part: len(orjson.dumps(task.get(part))))]


def _wait_for_server(request: _Request, chunk: Chunk, attempt: int) -> None:
    if attempt >= _MAX_FRUITLESS_ATTEMPTS:
        raise ServiceUnavailableError(
            f"the Batch service failed {attempt} times in a row to add task `{chunk[0].id}` "
            f"to job `{request.job_id}`",
            hint="try again later: tasks that were added stay, and are not added twice",
        )
    log.info("job %s: %d tasks are sent again", request.job_id, len(chunk))
    request.wait(attempt)


def _outcome_of(job_id: str, chunk: Chunk, results: Iterable[Mapping[str, Any]]) -> _Outcome:
    """
    Check what became of each task; the HTTP status says nothing about that.

    The service writes its words in any case. A task that the answer leaves out is sent again: if it
    was added after all, it exists then.
    """
    outcome = _Outcome(again={task.id for task in chunk})
    for result in results:
        task_id = result.get("taskId", "")
        word = str(result.get("status", "")).lower()
        error = result.get("error") or {}
        if word != "servererror":
            outcome.again.discard(task_id)
        if word == "success":
            outcome.added += 1
        elif error.get("code") == "TaskExists":
            outcome.existing += 1
            outcome.again.discard(task_id)
        elif word != "servererror":
            outcome.refused[task_id] = item_refusal(error, job_id)
    return outcome
