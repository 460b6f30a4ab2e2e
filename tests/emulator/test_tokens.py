"""Clients that log in with tokens, over TLS; the emulator itself issues them."""

from __future__ import annotations

import hmac
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import jwt
import pytest
from azure.batch import BatchClient
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from runfleet.emulator.tokens import (
    BATCH,
    MANAGEMENT,
    EmulatorCredential,
    issue_token,
    read_account_key,
)

OLDER_PYTHON = Path(__file__).parents[2] / ".build" / "azure-batch-14" / "bin" / "python"
OLDER_CLIENT = """
import sys
from azure.batch import BatchServiceClient
from msrest.authentication import BasicTokenAuthentication
credential = BasicTokenAuthentication({"access_token": sys.stdin.read()})
client = BatchServiceClient(credential, batch_url=sys.argv[1])
print([pool.id for pool in client.pool.list()], client.pool.exists("none"))
"""


@pytest.fixture(scope="module")
def emulator_options():
    """The emulator that the tests of this module share serves https."""
    return ("--tls",)


@pytest.fixture(scope="module")
def key(emulator) -> bytes:
    """The account key."""
    return read_account_key(emulator.home / "emulator" / "key")


@pytest.fixture(scope="module")
def client(emulator) -> Iterator[BatchClient]:
    """The unmodified SDK with a token credential."""
    credential = EmulatorCredential(str(emulator.home))
    with BatchClient(emulator.url, credential, connection_verify=emulator.ca_file) as client:
        yield client


class Static:
    """A credential with a token of the test's own."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        """Give it, whatever it is wanted for."""
        return AccessToken(self._token, 2**33)


def refusal(emulator, token: str) -> tuple[int, str, str]:
    """How a client with this token is refused."""
    with (
        BatchClient(emulator.url, Static(token), connection_verify=emulator.ca_file) as client,
        pytest.raises(ClientAuthenticationError) as caught,
    ):
        list(client.list_pools())
    body = caught.value.response.json()
    (reason,) = body.get("values", [{"value": ""}])
    return caught.value.status_code, body["code"], reason["value"]


def test_sdk_15_with_a_token_credential(account):
    """A whole task."""
    job = account.job(account.pool(nodes=1))
    task = account.run(job, "t", "/bin/echo done")
    assert task["executionInfo"]["exitCode"] == 0
    assert account.read(job, "t") == "done\n"


def test_sdk_14_with_a_token(emulator, key, account, skip):
    if not OLDER_PYTHON.exists():
        skip("azure-batch 14 is not there; `make .build/azure-batch-14/installed` installs it")
    pool = account.pool(nodes=0)
    ended = subprocess.run(
        [OLDER_PYTHON, "-c", OLDER_CLIENT, emulator.url],
        input=issue_token(key),
        env={"REQUESTS_CA_BUNDLE": str(emulator.ca_file)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert f"'{pool}'" in ended.stdout
    assert ended.stdout.endswith("False\n")


def test_a_token_that_has_expired_is_refused(emulator, key):
    token = issue_token(key, life=timedelta(seconds=-1))
    assert refusal(emulator, token) == (
        401,
        "AuthenticationFailed",
        "The access token is not valid: Signature has expired.",
    )


@pytest.mark.parametrize("audience", [MANAGEMENT, BATCH.rstrip("/")])
def test_a_token_for_another_service_is_refused(emulator, key, audience):
    """The slash at the end counts, as on Azure."""
    status, code, reason = refusal(emulator, issue_token(key, audience))
    assert (status, code) == (401, "AuthenticationFailed")
    assert reason == (
        f"The access token has been obtained from wrong audience or resource '{audience}'. It "
        "should exactly match (including forward slash) with one of the allowed audiences "
        f"'{BATCH}'."
    )


@pytest.mark.parametrize(
    "token",
    [
        issue_token(b"another key"),
        issue_token(b"another key").rpartition(".")[0] + ".",
        jwt.encode({"aud": BATCH, "iss": "runfleet emulator", "exp": 2**33}, "", "none"),
    ],
    ids=["another key", "no signature", "unsigned"],
)
def test_a_token_of_somebody_else_is_refused(emulator, token):
    """Also one that asks not to be checked."""
    assert refusal(emulator, token)[:2] == (401, "AuthenticationFailed")


@pytest.mark.parametrize("token", ["no token", ""])
def test_what_is_no_token_is_refused(emulator, token):
    assert refusal(emulator, token)[:2] == (401, "InvalidAuthenticationInfo")


def test_a_token_without_an_end_is_refused(emulator, key):
    claims = jwt.decode(issue_token(key), options={"verify_signature": False})
    del claims["exp"]
    signing_key = hmac.digest(key, b"access tokens", "sha256")
    status, code, reason = refusal(emulator, jwt.encode(claims, signing_key, "HS256"))
    assert (status, code) == (401, "AuthenticationFailed")
    assert "exp" in reason
