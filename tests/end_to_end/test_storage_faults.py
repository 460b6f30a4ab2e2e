"""Studies whose storage account does badly: by a proxy before it, for client and nodes alike."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

STUDY = """\
study: shaky
model:
  command: |
    cat x.txt shared.txt > out.txt
    echo $RUNFLEET_RUN >> "{done}"
  inputs: [shared.txt]
  overlays: {{x.txt: x.txt.j2}}
  outputs: [out.txt]
parameters: {{X: {{integers: [0, 1000000]}}}}
design: {{random: 24, seed: 1}}
results: {{y: {{file: out.txt, pattern: '(.+)'}}}}
pool: {{nodes: {{max: 1}}, vm_size: standard_f2s_v2, tasks_per_node: 2}}
"""
RUNS = 24
TROUBLES = {"503": 0.03, "500": 0.03, "drop before": 0.03, "drop after": 0.03}


class ShakyServer(ThreadingHTTPServer):
    """
    Hands requests on to a storage account, unless something goes wrong.

    Parameters
    ----------
    url
        The storage account.
    refused
        Which of the requests for overlays, of which each run has one, are refused as if their
        signature had expired.
    """

    daemon_threads = True

    def __init__(self, url: str, refused: set[int]) -> None:
        super().__init__(("127.0.0.1", 0), ShakyHandler)
        self.target = urlsplit(url)
        self.happened = Counter[str]()
        self._refused = refused
        self._overlays = 0
        self._random = random.Random(1)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The storage account, as it is reached through here."""
        return f"http://127.0.0.1:{self.server_address[1]}{self.target.path}"

    def trouble(self, method: str, path: str) -> str:
        """Draw what goes wrong with a request; nothing, most of the time."""
        with self._lock:
            kinds, chances = [*TROUBLES, ""], [*TROUBLES.values(), 1 - sum(TROUBLES.values())]
            (kind,) = self._random.choices(kinds, chances)
            if method == "GET" and "sig=" in path and "/overlays/" in path and not kind:
                self._overlays += 1
                kind = "403" if self._overlays in self._refused else ""
            self.happened[kind] += 1
            return kind


class ShakyHandler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server: ShakyServer

    def hand_on(self) -> None:
        trouble = self.server.trouble(self.command, self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if trouble.startswith("drop"):
            if trouble == "drop after":
                self._ask(body)
            self.close_connection = True
        elif trouble:
            self._answer(int(trouble), {}, b"<Error><Message>It is shaky.</Message></Error>")
        else:
            self._answer(*self._ask(body))

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(self.server.target.netloc, timeout=30)
        try:
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        own = {"content-length", "transfer-encoding", "connection", "keep-alive"}
        for name, value in headers.items():
            if name.lower() not in own:
                self.send_header(name, value)
        length = headers.get("content-length", "0") if self.command == "HEAD" else len(body)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = hand_on  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shaky(azurite: Any) -> Iterator[ShakyServer]:
    """A storage account that does badly, and takes a few signatures for expired."""
    with ShakyServer(azurite.url, refused={7, 19}) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.slow
def test_a_study_survives_a_shaky_storage(
    shell: Any,
    service: Path,
    azurite: Any,
    shaky: ShakyServer,
    add_account: Callable[..., None],
    tmp_path: Path,
) -> None:
    """Trouble that passes is waited out; a run whose files were refused is run again."""
    shell.variables["RUNFLEET_SHAKY_BATCH_KEY"] = (service / "emulator/key").read_text()
    shell.variables["RUNFLEET_SHAKY_STORAGE_KEY"] = azurite.key
    add_account(shell, "shaky", service, shaky.url)
    (shell.folder / "shared.txt").write_text("shared\n")
    (shell.folder / "x.txt.j2").write_text("{{ X }}\n")
    (shell.folder / "study.yaml").write_text(STUDY.format(done=tmp_path / "done"))
    done = shell("run", "study.yaml", "--on", "shaky", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"{RUNS} runs: {RUNS} succeeded." in done.stderr
    assert set(TROUBLES) | {"403"} <= shaky.happened.keys()
    assert "running again what was lost: 2 of 24" in done.stderr
    times = Counter((tmp_path / "done").read_text().split())
    assert times == Counter({f"run-{n:05}": 1 for n in range(1, RUNS + 1)})
