"""`DefaultAzureCredential` finds tokens of the emulator, as on a machine of Azure."""

from __future__ import annotations

import pytest
import requests
from azure.batch import BatchClient
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential

from runfleet.emulator.tokens import identity_header, read_account_key


@pytest.fixture(scope="module")
def emulator_options():
    """Tokens are sent over nothing but https."""
    return ("--tls",)


@pytest.fixture
def header(emulator) -> str:
    """What `runfleet emulator env --entra` exports."""
    return identity_header(read_account_key(emulator.home / "emulator" / "key"))


@pytest.fixture
def entra(emulator, monkeypatch, header):
    """The environment of such a machine."""
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{emulator.url}/identity/token")
    monkeypatch.setenv("IDENTITY_HEADER", header)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", emulator.ca_file)
    return monkeypatch


def test_the_default_credential_logs_in(emulator, entra):
    """Unmodified, with nothing but the environment."""
    with BatchClient(emulator.url, DefaultAzureCredential()) as client:
        assert list(client.list_pools()) == []


def test_whoever_does_not_know_the_header_gets_none(emulator, entra):
    entra.setenv("IDENTITY_HEADER", "another")
    with pytest.raises(ClientAuthenticationError):
        DefaultAzureCredential().get_token("https://batch.core.windows.net//.default")


def test_a_resource_has_to_be_named(emulator, header):
    answer = requests.get(
        f"{emulator.url}/identity/token",
        headers={"X-IDENTITY-HEADER": header},
        verify=emulator.ca_file,
    )
    assert answer.status_code == 400
