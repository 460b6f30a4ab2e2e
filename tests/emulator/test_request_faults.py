"""Requests that go wrong because somebody asked for it: what a client sees, and what was done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.core.pipeline.policies import RetryPolicy

from runfleet.emulator import EmulatorProcess, Fault, FaultKind, When
from runfleet.errors import RunfleetError

Start = Callable[..., Any]
JOB = {"id": "j", "poolInfo": {"poolId": "p"}}
CREATE = ("create_job",)


@contextmanager
def client_of(emulator: Any) -> Iterator[Any]:
    """A client that tries everything once."""
    credential = AzureNamedKeyCredential(emulator.account, emulator.key)
    with BatchClient(emulator.url, credential, retry_policy=RetryPolicy.no_retries()) as client:
        yield client


ANSWERS = [
    (Fault(FaultKind.BUSY), 503, "ServerBusy", "1", False),
    (Fault(FaultKind.BUSY, status=429, retry_after=7), 429, "ServerBusy", "7", False),
    (Fault(FaultKind.BUSY, retry_after=0), 503, "ServerBusy", None, False),
    (Fault(FaultKind.ERROR), 500, "InternalError", None, False),
    (Fault(FaultKind.ERROR, when=When.AFTER), 500, "InternalError", None, True),
    (Fault(FaultKind.ERROR, status=503), 503, "ServerBusy", None, False),
    (Fault(FaultKind.CLOCK_SKEW, seconds=1000), 403, "AuthenticationFailed", None, False),
    (Fault(FaultKind.CLOCK_SKEW, seconds=-1000), 403, "AuthenticationFailed", None, False),
]


def test_requests_are_answered_with_errors(start_emulator: Start, tmp_path: Path) -> None:
    """Only those that a fault may hit; and the service has acted upon them, or not."""
    faults = [
        replace(fault, operations=CREATE, nth=(number,))
        for number, (fault, *_) in enumerate(ANSWERS, start=1)
    ]
    with client_of(start_emulator(tmp_path, faults=faults)) as client:
        for number, (fault, status, code, retry_after, was_done) in enumerate(ANSWERS):
            with pytest.raises(HttpResponseError) as refused:
                client.create_job({**JOB, "id": f"j{number}"})
            answer = refused.value.response
            told = answer.status_code, refused.value.error.code, answer.headers.get("Retry-After")
            assert told == (status, code, retry_after), fault
            assert (f"j{number}" in {job.id for job in client.list_jobs()}) is was_done, fault


def test_connections_are_dropped(start_emulator: Start, tmp_path: Path) -> None:
    """Before the request was acted upon, and after: without an answer nobody knows."""
    faults = [
        Fault(FaultKind.DROP, operations=CREATE, nth=(1,)),
        Fault(FaultKind.DROP, operations=CREATE, nth=(2,), when=When.AFTER),
    ]
    with client_of(start_emulator(tmp_path, faults=faults)) as client:
        for was_done in (False, True):
            with pytest.raises(ServiceResponseError):
                client.create_job(JOB)
            assert [job.id for job in client.list_jobs()] == (["j"] if was_done else [])


def test_answers_are_slow(start_emulator: Start, tmp_path: Path) -> None:
    """Before the request is acted upon, or after."""
    faults = [
        Fault(FaultKind.SLOW, operations=CREATE, seconds=0.3, nth=(1,)),
        Fault(FaultKind.SLOW, operations=CREATE, seconds=0.3, nth=(2,), when=When.AFTER),
    ]
    with client_of(start_emulator(tmp_path, faults=faults)) as client:
        for job_id in ("j1", "j2"):
            began = time.monotonic()
            client.create_job({**JOB, "id": job_id})
            assert time.monotonic() - began >= 0.3


def test_a_clock_may_be_a_little_wrong(start_emulator: Start, tmp_path: Path) -> None:
    """Within fifteen minutes requests are taken; answers carry the service's own time."""
    emulator = start_emulator(tmp_path, faults=[Fault(FaultKind.CLOCK_SKEW, seconds=840)])
    with client_of(emulator) as client:
        client.create_job(JOB)
        ahead = client.get_job("j").creation_time.timestamp() - time.time()
        assert abs(ahead) < 60


def test_the_same_seed_gives_the_same_faults(tmp_path: Path) -> None:
    """Asked the same, two emulators fail at the same requests."""

    def outcomes(home: Path) -> list[bool]:
        faults = [Fault(FaultKind.ERROR, probability=0.5)]
        with EmulatorProcess(home, faults, seed=4) as emulator, client_of(emulator) as client:
            return [_succeeds(client.get_job, "none") for _ in range(30)]

    first = outcomes(tmp_path / "first")
    assert first == outcomes(tmp_path / "second")
    assert len(set(first)) == 2


def _succeeds(ask: Callable[[str], Any], job_id: str) -> bool:
    try:
        ask(job_id)
    except HttpResponseError as error:
        return error.status_code != 500
    return True


def test_the_page_has_a_test_that_passes(tmp_path: Path) -> None:
    """The example of `docs/faults.md` is what it says."""
    page = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], names)
    names["test_my_program_waits_for_a_busy_service"](tmp_path)


def test_a_fault_file_with_a_mistake_starts_nothing(tmp_path: Path) -> None:
    """The message is that of the file, with its line."""
    faults = tmp_path / "faults.yaml"
    faults.write_text("faults:\n- {fault: slow, status: 3}\n")
    with (
        pytest.raises(RunfleetError, match=r"faults.yaml:2: `faults\[0\]`: `status` means nothing"),
        EmulatorProcess(str(tmp_path / "home"), str(faults)),
    ):
        pass
