"""Uploads of node logs to a server that takes connections and says nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError

# More than there are threads that the rest of the emulator shares.
MANY = 12


class SilentServer:
    """A server that never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=MANY)
        self.visitors: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def container_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/account/container?sig=s"

    def close(self) -> None:
        for one in (self._listener, *self.visitors):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self.visitors.append(self._listener.accept()[0])


@pytest.fixture
def silent_server() -> Iterator[SilentServer]:
    server = SilentServer()
    yield server
    server.close()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(MANY) as threads:
        yield threads


@pytest.fixture
def running(start_emulator, tmp_path):
    """An emulator that the test may stop."""
    return start_emulator(tmp_path)


@pytest.fixture
def own(account_of, running):
    return account_of(running)


@pytest.fixture
def upload(own, silent_server, threads):
    """Ask for the log of a node that has run a task, and give what will be answered."""
    pool = own.pool()
    job = own.job(pool)
    own.run(job, "t")
    (node,) = own.nodes(pool)
    path = f"/pools/{pool}/nodes/{node['id']}"
    # What has just run is noted a moment later.
    own.wait_for(lambda: own.send("HEAD", f"{path}/files/volatile/agent.log").status_code == 200)
    asked = {"containerUrl": silent_server.container_url, "startTime": "2020-01-01T00:00:00Z"}

    def upload() -> Future[Any]:
        return threads.submit(own.send, "POST", f"{path}/uploadbatchservicelogs", asked)

    return upload


def test_an_emulator_that_uploads_a_log_can_be_stopped(running, upload, silent_server, wait_for):
    answer = upload()
    wait_for(lambda: silent_server.visitors)
    began = time.monotonic()
    running.stop()
    assert running.process.returncode == 0
    assert time.monotonic() - began < 15
    # It was told to ask again, and then nobody was there.
    with pytest.raises(ServiceRequestError):
        answer.result()


def test_files_are_listed_whatever_is_uploaded(own, upload, silent_server, wait_for, running):
    answers = [upload() for _ in range(MANY)]
    wait_for(lambda: silent_server.visitors)
    (pool,) = own.get("/pools")["value"]
    (node,) = own.nodes(pool["id"])
    assert own.get(f"/pools/{pool['id']}/nodes/{node['id']}/files", recursive="true")["value"]
    assert not any(answer.done() for answer in answers)
    running.stop()
