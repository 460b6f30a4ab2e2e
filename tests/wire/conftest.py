"""Requests to take apart: made up, sent by the installed SDK, and recorded from an older one."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError

from runfleet.wire.conditions import parse_http_date
from runfleet.wire.requests import Request, read_request
from runfleet.wire.router import route

ACCOUNT = "local"
KEY = b"a key of the emulator"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
RECORDED = Path(__file__).parent / "recorded"

MakeRequest = Callable[..., Request]
Sent = Callable[[Callable[[BatchClient], object]], Request]


@pytest.fixture(scope="session")
def make_request() -> MakeRequest:
    """Make a routed request from a method, a target, headers and a body."""

    def make(
        method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Request:
        fields = {"Host": "127.0.0.1:8080", **(headers or {})}
        return route(_read(method, target, fields, body, NOW))

    return make


@pytest.fixture(scope="session")
def sent() -> Iterator[Sent]:
    """What the installed SDK sends over HTTP when one of its methods is called."""
    received: list[Request] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _recorder(received))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    key = base64.b64encode(KEY).decode()
    endpoint = f"http://127.0.0.1:{server.server_port}"

    def send(call: Callable[[BatchClient], object]) -> Request:
        received.clear()
        client = BatchClient(endpoint, AzureNamedKeyCredential(ACCOUNT, key))
        with client, suppress(HttpResponseError):
            call(client)
        return route(received[0])

    yield send
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def sent_by_sdk_14() -> Mapping[str, Request]:
    """Requests of azure-batch 14.2.0, as recorded, by what they ask for."""
    recorded = json.loads((RECORDED / "sdk_14.json").read_text(encoding="utf-8"))
    return {
        entry["name"]: _read(
            entry["method"],
            entry["target"],
            entry["headers"],
            entry["body"].encode(),
            parse_http_date("ocp-date", entry["headers"]["ocp-date"]),
        )
        for entry in recorded
    }


def _recorder(received: list[Request]) -> type[BaseHTTPRequestHandler]:
    class Recorder(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def record(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = dict(self.headers.items())
            received.append(_read(self.command, self.path, headers, body, datetime.now(UTC)))
            self.send_response(400)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = record  # noqa: N815

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    return Recorder


def _read(
    method: str, target: str, headers: Mapping[str, str], body: bytes, received: datetime
) -> Request:
    return read_request(
        method,
        target.encode("latin-1"),
        [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        body,
        scheme="http",
        request_id="2f9b1d9c-7f3f-4a7e-9d5b-0f6f6a1c2b3d",
        received=received,
    )
