"""An account of the emulator, by the official SDK and by plain signed requests."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from azure.batch import BatchClient
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest, HttpResponse

API_VERSION = "2025-06-01"
IMAGE = {
    "imageReference": {
        "publisher": "canonical",
        "offer": "0001-com-ubuntu-server-jammy",
        "sku": "22_04-lts",
    },
    "nodeAgentSKUId": "batch.node.ubuntu 22.04",
}

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Account:
    """What the tests ask of an emulator."""

    client: BatchClient
    url: str
    wait_for: Callable[..., Any]

    def send(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> HttpResponse:
        """A request as it is written here, signed by the SDK."""
        query = {"api-version": API_VERSION, **query}
        request = HttpRequest(
            method,
            f"{path}?{urlencode({name: value for name, value in query.items() if value})}",
            json=json,
            content=content,
            headers={
                "Content-Type": "application/json; odata=minimalmetadata",
                "Accept": "application/json",
                **(headers or {}),
            },
        )
        try:
            return self.client.send_request(request)
        except HttpResponseError as error:
            if error.response is None:
                raise
            return error.response

    def get(self, path: str, **query: Any) -> Any:
        """The body of an answer that succeeds."""
        response = self.send("GET", path, **query)
        assert response.status_code == 200, response.text()
        return response.json()

    def code(self, response: HttpResponse) -> tuple[int, str]:
        """Status and error code of an answer that refuses."""
        return response.status_code, response.json()["code"]

    def pool(self, nodes: int = 1, slots: int = 1, **more: Any) -> str:
        """A pool of this test's own, whose nodes are there."""
        pool_id = f"pool-{next(_numbers)}"
        self.client.create_pool(pool_body(pool_id, nodes, slots, **more))
        self.steady(pool_id)
        if "startTask" not in more:
            self.wait_for(lambda: all(one["state"] == "idle" for one in self.nodes(pool_id)))
        return pool_id

    def steady(self, pool_id: str) -> Any:
        """The pool once its number of nodes does not change any more."""
        return self.wait_for(lambda: self._if(f"/pools/{pool_id}", allocationState="steady"))

    def nodes(self, pool_id: str) -> list[Any]:
        """The nodes of a pool."""
        nodes: list[Any] = self.get(f"/pools/{pool_id}/nodes")["value"]
        return nodes

    def node_in(self, pool_id: str, *states: str) -> Any:
        """The one node of a pool once it is in one of these states."""
        return self.wait_for(
            lambda: next((one for one in self.nodes(pool_id) if one["state"] in states), None)
        )

    def job(self, pool_id: str, **more: Any) -> str:
        """A job of this test's own."""
        job_id = f"job-{next(_numbers)}"
        self.client.create_job({"id": job_id, "poolInfo": {"poolId": pool_id}, **more})
        return job_id

    def job_in(self, job_id: str, *states: str) -> Any:
        """A job once it is in one of these states."""
        return self.wait_for(lambda: self._if_in(f"/jobs/{job_id}", states))

    def add(self, job_id: str, task_id: str, command: str = "true", **more: Any) -> None:
        """Add a task by the SDK."""
        self.client.create_task(job_id, {"id": task_id, "commandLine": command, **more})

    def task(self, job_id: str, task_id: str) -> Any:
        """A task as it is now."""
        return self.get(f"/jobs/{job_id}/tasks/{task_id}")

    def task_in(self, job_id: str, task_id: str, *states: str) -> Any:
        """A task once it is in one of these states."""
        return self.wait_for(lambda: self._if_in(f"/jobs/{job_id}/tasks/{task_id}", states))

    def run(self, job_id: str, task_id: str, command: str = "true", **more: Any) -> Any:
        """A task once it has been added and has completed."""
        self.add(job_id, task_id, command, **more)
        return self.task_in(job_id, task_id, "completed")

    def read(self, job_id: str, task_id: str, path: str = "stdout.txt") -> str:
        """A text file of a task."""
        return b"".join(self.client.download_task_file(job_id, task_id, path)).decode()

    def counts(self, job_id: str) -> dict[str, int]:
        """How many tasks of a job are in each state."""
        counts: dict[str, int] = self.get(f"/jobs/{job_id}/taskcounts")["taskCounts"]
        return counts

    def gone(self, path: str) -> None:
        """Wait until something has been deleted."""
        self.wait_for(lambda: self.send("GET", path).status_code == 404)

    def _if(self, path: str, **wanted: str) -> Any:
        body = self.get(path)
        return body if all(body[name] == value for name, value in wanted.items()) else None

    def _if_in(self, path: str, states: tuple[str, ...]) -> Any:
        body = self.get(path)
        return body if body["state"] in states else None


def pool_body(pool_id: str, nodes: int = 1, slots: int = 1, **more: Any) -> dict[str, Any]:
    """What a pool is asked for by."""
    return {
        "id": pool_id,
        "vmSize": "STANDARD_F2S_V2",
        "virtualMachineConfiguration": IMAGE,
        "targetDedicatedNodes": nodes,
        "taskSlotsPerNode": slots,
        **more,
    }


def sh(line: str) -> str:
    """A command line that a shell reads; it may hold no single quotes."""
    return f"/bin/sh -c '{line}'"


@pytest.fixture(scope="module")
def client(emulator: Any) -> Iterator[BatchClient]:
    """The unmodified SDK."""
    with emulator.client() as client:
        yield client


@pytest.fixture(scope="module")
def account(emulator: Any, client: BatchClient, wait_for: Callable[..., Any]) -> Account:
    """The account that the tests of a module share."""
    return Account(client, emulator.url, wait_for)


@pytest.fixture(scope="module")
def pool(account: Account) -> str:
    """A pool of one node with four slots, for tests that leave it alone."""
    return account.pool(nodes=1, slots=4)


@pytest.fixture
def job(account: Account, pool: str) -> str:
    """A job of the test's own on the shared pool."""
    return account.job(pool)


@pytest.fixture(name="sh", scope="session")
def give_sh() -> Callable[[str], str]:
    """Write a command line for a shell."""
    return sh


@pytest.fixture(name="pool_body", scope="session")
def give_pool_body() -> Callable[..., dict[str, Any]]:
    """Write what a pool is asked for by."""
    return pool_body


@pytest.fixture
def unused() -> str:
    """An id that nothing has yet."""
    return f"new-{next(_numbers)}"


@pytest.fixture
def account_of(wait_for: Callable[..., Any]) -> Iterator[Callable[[Any], Account]]:
    """The account of an emulator that a test has started."""
    clients: list[BatchClient] = []

    def account_of(emulator: Any) -> Account:
        clients.append(emulator.client())
        return Account(clients[-1], emulator.url, wait_for)

    yield account_of
    for client in clients:
        client.close()
