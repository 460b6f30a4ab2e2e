"""A service in trouble: real HTTP, answers as a test says."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from azure.core.credentials import AzureNamedKeyCredential

from runfleet.azure import AzureBatch, BackOff

QUICK = BackOff(
    first=0.001,
    longest=0.01,
    busy_patience=60,
    failure_patience=60,
    outage_patience=60,
    contact_patience=60,
)


@dataclass
class Request:
    """What the service was asked."""

    method: str
    target: str
    headers: dict[str, str]
    body: Any


@dataclass
class Reply:
    """What it answers; `None` as a whole stands for hanging up."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class TroubledService:
    """The service: `answer` is the test's, `requests` what came."""

    answer: Callable[[Request], Reply | None] = lambda request: Reply()
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def client(self, back_off: BackOff = QUICK) -> AzureBatch:
        credential = AzureNamedKeyCredential("local", "a2V5")
        return AzureBatch(self.url, credential, back_off=back_off)


@pytest.fixture
def service() -> Iterator[TroubledService]:
    troubled = TroubledService()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(
                self.command,
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                json.loads(body) if body else None,
            )
            troubled.requests.append(request)
            reply = troubled.answer(request)
            if reply is None:
                self.close_connection = True
                self.connection.close()
                return
            content = (
                reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            )
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "application/json")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

        def finish(self) -> None:
            with contextlib.suppress(OSError, ValueError):  # hung up
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    troubled.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield troubled
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def error() -> Callable[..., dict[str, Any]]:
    """Write an error body of the service."""

    def body(code: str, text: str = "") -> dict[str, Any]:
        return {"code": code, "message": {"lang": "en-US", "value": text}}

    return body
