"""A storage account that is away for a while, or refused by what stands before it."""

import base64
import logging
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runfleet.patience import BackOff
from runfleet.storage import AzureBlob, StorageUnavailableError
from runfleet.storage.channel import Channel
from runfleet.storage.errors import NotAStorageAccountError
from runfleet.storage.signed_blobs import SignedBlobs

CONTAINER = "outages"
HOUR = timedelta(hours=1)
PATIENT = BackOff(first=0.01, longest=0.05, contact_patience=0)

UPLOADING = """\
import logging, sys
from runfleet.patience import BackOff
from runfleet.storage import AzureBlob

url, key, *files = sys.argv[1:]
storage = AzureBlob(url, key, back_off=BackOff(first=900, longest=900))
storage.create_container("outages")
print("connected", flush=True)
sys.stdin.readline()
logging.basicConfig(level=logging.INFO, format="%(message)s")
storage.put_files("outages", [(file, f"{number}") for number, file in enumerate(files)])
"""


@pytest.fixture
def storage(gate, azurite):
    made = AzureBlob(gate.url, azurite.key, back_off=PATIENT)
    made.create_container(CONTAINER)
    made.delete_prefix(CONTAINER, "")
    made.put_bytes(CONTAINER, "a", b"content")
    return made


def told(caplog):
    return [text for text in caplog.messages if "trying again" in text]


ACTIONS = {
    "read": lambda storage: storage.get_bytes(CONTAINER, "a"),
    "write": lambda storage: storage.put_bytes(CONTAINER, "b", b""),
    "list": lambda storage: list(storage.list_blobs(CONTAINER)),
    "make a container": lambda storage: storage.create_container(CONTAINER),
    "list containers": lambda storage: list(storage.list_containers()),
    "copy": lambda storage: storage.copy_blob(CONTAINER, "a", CONTAINER, "copy"),
    "delete": lambda storage: storage.delete_blob(CONTAINER, "a"),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_outage_is_waited_out_whatever_is_asked(storage, gate, caplog, wait_for, action):
    """What the SDK asks and what we ask ourselves; far oftener than a node would."""
    caplog.set_level(logging.INFO)
    gate.shut()
    asking = threading.Thread(target=ACTIONS[action], args=(storage,))
    asking.start()
    wait_for(lambda: len(told(caplog)) >= 10)
    assert asking.is_alive()
    gate.open()
    asking.join(60)
    assert not asking.is_alive()
    host = gate.url.split("/")[2]
    assert told(caplog)[5].startswith("the storage account does not answer ")
    assert told(caplog)[5].endswith(f"{host}: Connection refused; trying again in 0 s")
    assert "sig=" not in caplog.text


PAGE = b"<html>Please log in to this network</html>"


class Portal(BaseHTTPRequestHandler):
    """Answers whatever it is asked, as the page does on which one logs in to a network."""

    def parse_request(self):
        is_request = super().parse_request()
        self.command = "GET"
        return is_request

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "copy"])
def test_what_is_no_storage_account_is_told_as_that(azurite, action):
    """Nothing that it answers is taken for what a blob holds."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Portal) as portal:
        threading.Thread(target=portal.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{portal.server_port}"
        storage = AzureBlob(f"http://{host}/devstoreaccount1", azurite.key)
        with pytest.raises(NotAStorageAccountError) as caught:
            ACTIONS[action](storage)
        portal.shutdown()
    assert caught.value.message == (
        f"the answer of {host} is none of a storage account: {PAGE.decode()!r}"
    )


@pytest.mark.parametrize("action", ["read", "make a container"])
def test_an_account_that_never_answered_is_told_soon(gate, azurite, action):
    """Its address may be wrong."""
    gate.shut()
    storage = AzureBlob(gate.url, azurite.key, back_off=PATIENT)
    with pytest.raises(StorageUnavailableError, match="Connection refused") as caught:
        ACTIONS[action](storage)
    assert caught.value.status == 0
    assert caught.value.hint == "check the network and the account's URL"


def test_a_refusal_shows_that_the_address_is_right(gate, azurite, caplog, wait_for):
    """A blob that is not there is an answer, too."""
    caplog.set_level(logging.INFO)
    storage = AzureBlob(gate.url, azurite.key, back_off=PATIENT)
    storage.create_container(CONTAINER)
    assert not storage.exists(CONTAINER, "no such blob")
    gate.shut()
    asking = threading.Thread(target=storage.exists, args=(CONTAINER, "no such blob"))
    asking.start()
    wait_for(lambda: len(told(caplog)) >= 3)
    gate.open()
    asking.join(60)
    assert not asking.is_alive()


@pytest.mark.parametrize("size", [1, 20_000_000])
def test_ctrl_c_ends_the_wait_of_all_threads(gate, azurite, tmp_path, size):
    """Also of those that move the parts of large files; the next attempt is minutes away."""
    files = [tmp_path / str(number) for number in range(20)]
    for file in files:
        file.write_bytes(bytes(size))
    command = [sys.executable, "-c", UPLOADING, gate.url, azurite.key, *files]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "connected\n"
        gate.shut()
        process.stdin.write("\n")
        process.stdin.flush()
        assert "trying again in" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        try:
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert "KeyboardInterrupt" in errors


@pytest.fixture
def proxy(monkeypatch):
    """An environment whose proxy refuses everything."""
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://user:secret@127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("proxy")
def test_no_proxy_leads_to_this_machine(azurite):
    storage = AzureBlob(azurite.url, azurite.key, back_off=PATIENT)
    storage.create_container(CONTAINER)
    storage.put_bytes(CONTAINER, "near", b"content")
    assert storage.get_bytes(CONTAINER, "near") == b"content"
    url = storage.blob_url(CONTAINER, "near", life=HOUR)
    assert SignedBlobs(Channel()).get(url) == b"content"


@pytest.mark.usefixtures("proxy")
def test_a_proxy_that_refuses_is_told_as_that():
    key = base64.b64encode(os.urandom(64)).decode()
    storage = AzureBlob("http://rivers.blob.core.windows.net", key, back_off=PATIENT)
    with pytest.raises(StorageUnavailableError) as caught:
        storage.get_bytes(CONTAINER, "far")
    assert caught.value.message == (
        f"blob `far` of container `{CONTAINER}` cannot be read: the proxy 127.0.0.1:9: "
        "Connection refused"
    )
