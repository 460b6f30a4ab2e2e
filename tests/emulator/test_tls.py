"""The emulator over TLS, with a certificate of its own."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import ServiceRequestError

CLIENTS = 8


@pytest.fixture
def home(tmp_path):
    """A home with a blank in its name."""
    return tmp_path / "a home"


def test_clients_that_trust_the_certificate_are_served(start_emulator, home):
    """Several at a time, at either name of this machine."""
    emulator = start_emulator(home, "--tls")
    assert emulator.url.startswith("https://127.0.0.1:")

    def pools(number: int) -> list[object]:
        url = emulator.url.replace("127.0.0.1", ("localhost", "127.0.0.1")[number % 2])
        credential = AzureNamedKeyCredential(emulator.account, emulator.key)
        with BatchClient(url, credential, connection_verify=emulator.ca_file) as client:
            return list(client.list_pools())

    with ThreadPoolExecutor(CLIENTS) as threads:
        assert list(threads.map(pools, range(CLIENTS))) == [[]] * CLIENTS


def test_urls_in_answers_are_https(start_emulator, home, account_of):
    """Of the scheme and host by which the client came."""
    emulator = start_emulator(home, "--tls")
    account = account_of(emulator)
    pool = account.pool(nodes=0)
    assert account.get(f"/pools/{pool}")["url"] == f"{emulator.url}/pools/{pool}"


def test_a_client_that_does_not_trust_it_goes_away(start_emulator, home):
    emulator = start_emulator(home, "--tls")
    credential = AzureNamedKeyCredential(emulator.account, emulator.key)
    with (
        BatchClient(emulator.url, credential, retry_total=0) as client,
        pytest.raises(ServiceRequestError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        list(client.list_pools())


def test_the_certificate_outlives_restarts_with_and_without_tls(start_emulator, home, account_of):
    """What was made over one is there over the other; only the owner can read the key."""
    first = start_emulator(home, "--tls")
    tls = home / "emulator" / "tls"
    assert stat.S_IMODE((tls / "server.pem").stat().st_mode) == 0o600
    kept = (tls / "ca.pem").read_bytes()
    pool = account_of(first).pool(nodes=0)
    stop(first)
    plain = start_emulator(home, "--no-tls")
    assert (plain.url, plain.ca_file) == (first.url.replace("https", "http"), None)
    assert account_of(plain).get(f"/pools/{pool}")["id"] == pool
    stop(plain)
    again = start_emulator(home, "--tls")
    assert (again.url, (tls / "ca.pem").read_bytes()) == (first.url, kept)
    assert account_of(again).get(f"/pools/{pool}")["id"] == pool


def stop(emulator) -> None:
    """End it and wait."""
    emulator.process.terminate()
    emulator.process.wait(60)
