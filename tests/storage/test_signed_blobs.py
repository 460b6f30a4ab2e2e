"""Transfers over a network that fails, from servers that are no storage account."""

import base64
import hashlib
import logging
import os
import threading
import time
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runfleet.patience import Patience
from runfleet.storage.channel import FIVE_TIMES, Channel, WebError
from runfleet.storage.signed_blobs import BLOCK, SignedBlobs

SECRET = "sig=a%2Bsecret"


@dataclass
class Server:
    """One file by HTTP, and what shall go wrong with the next requests for it."""

    url: str
    content: bytes = b"content"
    faults: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    knows_ranges: bool = True
    asked: list[str] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: Server

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        state = self.server_state
        state.asked.append(self.path)
        match state.faults.pop(0) if state.faults else "":
            case "drop":
                self.close_connection = True
            case "break":
                self.answer(200, state.content, sent=len(state.content) // 2)
            case "":
                self.give(state)
            case status:
                self.answer(int(status), b"<Error><Message>Not now.\nTime: 1</Message></Error>")

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def give(self, state):
        span = self.headers.get("Range")
        if not span or not state.knows_ranges:
            return self.answer(200, state.content)
        first, _, last = span.removeprefix("bytes=").partition("-")
        if int(first) >= len(state.content):
            return self.answer(416, b"")
        part = state.content[int(first) : int(last) + 1]
        total = f"bytes {first}-{int(first) + len(part) - 1}/{len(state.content)}"
        return self.answer(206, part, more={"Content-Range": total})

    def answer(self, status, body, *, sent=None, more=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, text in {**self.server_state.headers, **(more or {})}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body[:sent])
        self.close_connection = sent is not None


@pytest.fixture
def server():
    handler = type("OneHandler", (Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        state = handler.server_state = Server(f"http://127.0.0.1:{running.server_port}/a?{SECRET}")
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield state
        running.shutdown()


@pytest.fixture
def blobs():
    twice = replace(FIVE_TIMES, first=0.01, fewest=2)
    return SignedBlobs(Channel(patience=Patience(twice, logging.getLogger("test"))))


def fetched(blobs, server, tmp_path):
    blobs.download(server.url, str(tmp_path / "a"))
    return (tmp_path / "a").read_bytes()


@pytest.mark.parametrize("fault", ["drop", "break", "408", "429", "500", "502", "503", "504"])
def test_trouble_that_passes_is_waited_out(blobs, server, tmp_path, fault):
    server.faults = [fault, fault]
    assert fetched(blobs, server, tmp_path) == server.content
    server.faults = [fault, fault]
    blobs.put(server.url, b"content")


@pytest.mark.parametrize("fault", ["drop", "503"])
def test_trouble_that_does_not_pass_is_told_without_the_signature(blobs, server, tmp_path, fault):
    server.faults = [fault] * 10
    with pytest.raises(WebError) as caught:
        fetched(blobs, server, tmp_path)
    assert len(server.asked) == 3
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("status", ["400", "403", "404", "409", "412"])
def test_a_refusal_is_not_asked_for_again(blobs, server, tmp_path, status):
    server.faults = [status]
    with pytest.raises(WebError, match=f"{status} .*: Not now.$"):
        fetched(blobs, server, tmp_path)
    assert len(server.asked) == 1


def test_a_server_is_left_alone_for_as_long_as_it_asks(blobs, server, tmp_path):
    server.headers = {"Retry-After": "1"}
    server.faults = ["503"]
    began = time.monotonic()
    assert fetched(blobs, server, tmp_path) == server.content
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize("knows_ranges", [True, False])
@pytest.mark.parametrize("size", [0, 1, BLOCK, 2 * BLOCK + 1])
def test_any_server_will_do(blobs, server, tmp_path, size, knows_ranges):
    server.content = os.urandom(size)
    server.knows_ranges = knows_ranges
    assert fetched(blobs, server, tmp_path) == server.content


def test_parts_that_break_off_are_fetched_again(blobs, server, tmp_path):
    server.content = os.urandom(4 * BLOCK)
    server.faults = ["", "drop", "503", "drop"]
    assert fetched(blobs, server, tmp_path) == server.content


@pytest.mark.parametrize("size", [5, 2 * BLOCK + 1])
def test_content_that_is_not_what_was_sent_is_refused(blobs, server, tmp_path, size):
    server.content = os.urandom(size)
    digest = base64.b64encode(hashlib.md5(server.content).digest()).decode()
    server.headers = {"x-ms-blob-content-md5": digest}
    assert fetched(blobs, server, tmp_path) == server.content
    server.content = bytes(size)
    with pytest.raises(WebError, match="its MD5 differs"):
        fetched(blobs, server, tmp_path)


def test_whoever_checks_breaks_a_transfer_off(blobs, server, tmp_path):
    server.faults = ["503"] * 10

    def refuse():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        blobs.download(server.url, str(tmp_path / "a"), check=refuse)
    assert len(server.asked) == 1


def test_requests_go_through_the_proxy_of_the_environment(blobs, server, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url.partition("/a?")[0])
    blobs.download("http://storage.invalid/a", str(tmp_path / "a"))
    assert server.asked == ["http://storage.invalid/a"]
