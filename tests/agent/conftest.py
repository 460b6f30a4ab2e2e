"""A node agent in its own process, spoken to as the emulator does, and a web server with blobs."""

from __future__ import annotations

import itertools
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from runfleet.agent.messages import (
    Ended,
    Execute,
    FilesToUpload,
    Kill,
    Message,
    Ready,
    Subject,
    SubjectKind,
    decode,
    encode,
)

PATIENCE = 60.0
NODE_COMMAND = [sys.executable, "-m", "runfleet.agent"]
# Root may do anything with any folder; without these rights it is a user like others.
WITHOUT_RIGHTS = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]


def wait_for(condition: Callable[[], Any], what: str) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)


class AgentProcess:
    """An agent on a state folder, and the emulator's end of its socket."""

    def __init__(self, state: Path, *options: str, before: Sequence[str] = ()) -> None:
        self.state = state
        self.node_root = state / "nodes" / "0a1b2c3d"
        self.channel, others = socket.socketpair()
        self.channel.settimeout(PATIENCE)
        with others:
            self.process = subprocess.Popen(
                [
                    *(*before, *NODE_COMMAND),
                    *("--fd", str(others.fileno()), "--state", str(state), *options),
                ],
                pass_fds=[others.fileno()],
                start_new_session=True,
            )
        self._lines = self.channel.makefile("rb")
        self._numbers = itertools.count(1)
        self._ended: dict[int, Ended] = {}

    def ready(self) -> Ready:
        """Wait until it takes executions."""
        message = self.receive()
        assert isinstance(message, Ready)
        return message

    def say(self, *messages: Message) -> None:
        self.channel.sendall(b"".join(map(encode, messages)))

    def receive(self) -> Message | None:
        """The next message, or None if the agent has left."""
        line = self._lines.readline()
        return decode(line) if line else None

    def task(self, command_line: str, task_id: str = "", **changes: Any) -> Execute:
        """An execution, with the variables that the service sets."""
        number = next(self._numbers)
        task_id = task_id or f"task-{number}"
        directory = changes.pop("directory", f"workitems/job/job-1/{task_id}")
        folder = self.node_root / directory
        environment = {
            "AZ_BATCH_NODE_ROOT_DIR": str(self.node_root),
            "AZ_BATCH_TASK_DIR": str(folder),
            "AZ_BATCH_TASK_WORKING_DIR": str(folder / "wd"),
            **changes.pop("environment", {}),
        }
        subject = Subject(SubjectKind.TASK, "pool", "node", "job", task_id)
        root = str(self.node_root)
        return Execute(number, subject, root, directory, command_line, environment, **changes)

    def shell(self, script: str, task_id: str = "", **changes: Any) -> Execute:
        """An execution of a shell script."""
        return self.task(f"/bin/sh -c {shlex.quote(script)}", task_id, **changes)

    def ended(self, execution: Execute) -> Ended:
        """Wait for the end of an execution."""
        while execution.execution not in self._ended:
            message = self.receive()
            assert isinstance(message, Ended), message
            self._ended[message.execution] = message
        return self._ended[execution.execution]

    def run(self, execution: Execute) -> Ended:
        self.say(execution)
        return self.ended(execution)

    def kill(self, execution: Execute) -> Ended:
        self.say(Kill(execution.execution))
        return self.ended(execution)

    def folder(self, execution: Execute) -> Path:
        """Its task folder."""
        return self.node_root / execution.directory

    def wd(self, execution: Execute) -> Path:
        return self.folder(execution) / "wd"

    def stdout(self, execution: Execute) -> str:
        return (self.folder(execution) / "stdout.txt").read_text()

    def read(self, execution: Execute, name: str) -> str:
        """Wait for a file in the working directory that ends with a newline, and read it."""
        path = self.wd(execution) / name
        wait_for(lambda: path.exists() and path.read_text().endswith("\n"), name)
        return path.read_text().strip()

    def pid_from(self, execution: Execute, name: str) -> int:
        return int(self.read(execution, name))

    def close(self) -> None:
        """End it as the end of the emulator does."""
        self._lines.close()
        self.channel.close()
        self.process.wait(PATIENCE)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with a blank and a quote in its name."""
    return make_state(tmp_path)


@pytest.fixture
def start(state: Path) -> Iterator[Callable[..., AgentProcess]]:
    """Start agents on the state folder; whatever is left of them is ended after the test."""
    agents: list[AgentProcess] = []

    def start_agent(*options: str, before: Sequence[str] = ()) -> AgentProcess:
        agents.append(AgentProcess(state, *options, before=before))
        return agents[-1]

    yield start_agent
    for agent in agents:
        agent.close()
    assert_no_process_of(state)


@pytest.fixture
def own_agent(start: Callable[..., AgentProcess]) -> AgentProcess:
    """An agent that is ready, for one test alone: it may be ended."""
    made = start()
    made.ready()
    return made


@pytest.fixture
def ordinary_agent(start: Callable[..., AgentProcess], skip: Callable[[str], None]) -> AgentProcess:
    """An agent that is ready, of a user who is not root; it soon deletes what was removed."""
    if os.geteuid() == 0 and shutil.which(WITHOUT_RIGHTS[0]) is None:
        skip("root cannot give up its rights here")
    before = WITHOUT_RIGHTS if os.geteuid() == 0 else []
    made = start("--delete-after", "0.05", before=before)
    made.ready()
    return made


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    """An agent that is ready, and that goes on to the next test."""
    made = AgentProcess(make_state(tmp_path_factory.mktemp("agent")))
    made.ready()
    yield made
    made.close()
    assert_no_process_of(made.state)


def make_state(parent: Path) -> Path:
    folder = parent / "user's data" / "emulator"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def assert_no_process_of(state: Path) -> None:
    """No process is left that has the state folder in its environment."""
    marker = os.fsencode(state)
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and mentions(pid, marker)]


def mentions(pid: str, marker: bytes) -> bool:
    try:
        return marker in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """The folder of a container."""
    folder = tmp_path / "user's data" / "storage" / "study-one"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def upload(container: Path) -> Callable[..., FilesToUpload]:
    """Ask for the upload of a pattern to the container."""

    def ask(pattern: str, path: str | None = None, **changes: Any) -> FilesToUpload:
        return FilesToUpload(pattern, container.as_uri(), path, **changes)

    return ask


@dataclass
class BlobServer:
    """A web server that keeps blobs: as much of the Blob Storage REST API as an agent needs."""

    url: str
    blobs: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    blocks: dict[str, bytes] = field(default_factory=dict)
    containers: set[str] = field(default_factory=lambda: {"study-one"})
    signature: str | None = None
    page_size: int = 2
    faults: list[int] = field(default_factory=list)
    breaks: int = 0
    hold: threading.Event = field(default_factory=threading.Event)
    held: threading.Event = field(default_factory=threading.Event)


class BlobHandler(BaseHTTPRequestHandler):
    """Answers requests from the blobs of its server."""

    store: BlobServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        status, body = self.refusal() or self.found()
        self.answer(status, body, sent=len(body) // 2 if self.store.breaks else len(body))
        self.store.breaks = max(0, self.store.breaks - 1)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.wait_if_slow()
        refusal = self.refusal()
        if refusal is None:
            self.keep(body)
        self.answer(*(refusal or (201, b"")))

    @property
    def query(self) -> dict[str, str]:
        pairs = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        return {name: values[0] for name, values in pairs.items()}

    @property
    def name(self) -> str:
        """Container and blob."""
        return unquote(urlsplit(self.path).path).lstrip("/")

    def refusal(self) -> tuple[int, bytes] | None:
        if self.store.faults:
            return self.store.faults.pop(0), b""
        if self.query.get("sig") != self.store.signature:
            return 403, b""
        return None if self.name.split("/")[0] in self.store.containers else (404, b"")

    def found(self) -> tuple[int, bytes]:
        if self.query.get("comp") == "list":
            return 200, self.listing().encode()
        self.wait_if_slow()
        body = self.store.blobs.get(self.name)
        return (404, b"") if body is None else (200, body)

    def wait_if_slow(self) -> None:
        if self.name.endswith("/slow"):
            self.store.held.set()
            self.store.hold.wait(PATIENCE)

    def listing(self) -> str:
        prefix = f"{self.name}/{self.query['prefix']}"
        names = sorted(name for name in self.store.blobs if name.startswith(prefix))
        first = int(self.query["marker"] or 0)
        page = names[first : first + self.store.page_size]
        more = first + len(page) < len(names)
        blobs = "".join(
            f"<Blob><Name>{escape(name.split('/', 1)[1])}</Name><Properties>"
            f"<Content-Length>{len(self.store.blobs[name])}</Content-Length>"
            f"<Last-Modified>Sun, 22 Nov 2026 01:00:00 GMT</Last-Modified></Properties></Blob>"
            for name in page
        )
        marker = f"<NextMarker>{first + len(page) if more else ''}</NextMarker>"
        return f"<EnumerationResults><Blobs>{blobs}</Blobs>{marker}</EnumerationResults>"

    def keep(self, body: bytes) -> None:
        match self.query.get("comp"):
            case "block":
                self.store.blocks[self.query["blockid"]] = body
            case "blocklist":
                ids = body.decode().split("<Latest>")[1:]
                parts = [self.store.blocks[one.split("<")[0]] for one in ids]
                self.complete(b"".join(parts))
            case _:
                assert self.headers["x-ms-blob-type"] == "BlockBlob"
                self.complete(body)

    def complete(self, content: bytes) -> None:
        self.store.blobs[self.name] = content
        self.store.headers[self.name] = {k.lower(): v for k, v in self.headers.items()}

    def answer(self, status: int, body: bytes, *, sent: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])


@pytest.fixture
def blob_server() -> Iterator[BlobServer]:
    """A web server with a container `study-one`."""
    handler = type("Handler", (BlobHandler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        handler.store = store = BlobServer(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield store
        store.hold.set()
        server.shutdown()
