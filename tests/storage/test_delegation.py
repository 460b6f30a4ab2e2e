"""URLs that are signed for an identity, without the account's key."""

import base64
import json
import os
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.storage.blob import UserDelegationKey

from runfleet.patience import BackOff
from runfleet.storage import (
    AzureBlob,
    LifeTooLongError,
    StorageAccessError,
    StorageError,
    StorageUnavailableError,
)
from runfleet.storage.signatures import LONGEST_DELEGATED_LIFE, DelegationKey

HOUR = timedelta(hours=1)
AT_ONCE = BackOff(busy_patience=0, failure_patience=0, outage_patience=0, contact_patience=0)
CONTAINER = "delegated"


class Identity:
    """Somebody whom Azurite believes: it looks at issuer, audience and times alone."""

    def __init__(self, audience="https://storage.azure.com"):
        self.audience = audience

    def get_token(self, *scopes, **_):
        now = int(time.time())
        claims = {
            "aud": self.audience,
            "iss": "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "oid": "23657296-5cd5-45b0-a809-d972a7f4dfe1",
            "tid": "ab1f708d-50f6-404c-a006-d71b2ac7a606",
        }
        parts = [{"typ": "JWT", "alg": "none"}, claims, "unsigned"]
        return AccessToken(".".join(map(encoded, parts)), now + 3600)


def encoded(part):
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


@pytest.fixture(scope="module")
def secure_azurite(tmp_path_factory, run_azurite):
    """An Azurite that takes tokens, and therefore serves https; the environment trusts it."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    options = ("--cert", folder / "cert.pem", "--key", folder / "key.pem", "--oauth", "basic")
    with pytest.MonkeyPatch.context() as patch, run_azurite(*options) as azurite:
        patch.setenv("REQUESTS_CA_BUNDLE", str(folder / "ca.pem"))
        patch.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
        yield azurite


@pytest.fixture
def storage(secure_azurite):
    made = AzureBlob(secure_azurite.url, Identity())
    made.create_container(CONTAINER)
    return made


def test_an_identity_can_do_all_that_a_key_can(storage, tmp_path):
    (tmp_path / "big").write_bytes(b"x" * (9 << 20))
    storage.put_file(CONTAINER, "in/big", tmp_path / "big")
    storage.get_file(CONTAINER, "in/big", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "big").read_bytes()
    assert [blob.name for blob in storage.list_blobs(CONTAINER, "in/")] == ["in/big"]
    storage.delete_prefix(CONTAINER, "in/")
    assert list(storage.list_blobs(CONTAINER, "in/")) == []


def test_certificates_can_be_named_for_one_account(secure_azurite, monkeypatch):
    """Both for what the SDK does and for what moves files; nothing else trusts them."""
    ca_file = os.environ["REQUESTS_CA_BUNDLE"]
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    storage = AzureBlob(secure_azurite.url, Identity(), ca_file=ca_file)
    storage.create_container("trusting")
    storage.put_bytes("trusting", "a", b"content")
    assert storage.get_bytes("trusting", "a") == b"content"
    with pytest.raises(StorageUnavailableError, match=r"(?i)certificate"):
        AzureBlob(secure_azurite.url, Identity(), back_off=AT_ONCE).create_container("trusting")


def test_a_url_is_signed_by_a_delegation_key(storage):
    storage.put_bytes(CONTAINER, "a", b"content")
    url = storage.blob_url(CONTAINER, "a", life=HOUR)
    assert "skoid=" in url
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"content"


def test_a_life_beyond_that_of_the_key_is_refused(storage):
    """Before anything is begun that could not be finished."""
    with pytest.raises(LifeTooLongError, match="cannot work for 7 days") as caught:
        storage.container_url(CONTAINER, life=timedelta(days=7))
    assert "6 days and 22 hours at most" in caught.value.message
    assert storage.container_url(CONTAINER, life=LONGEST_DELEGATED_LIFE)


def test_the_service_is_asked_for_a_key_once():
    """It is the same for all URLs, as long as it lasts."""
    asked = []
    key = DelegationKey(lambda start, expiry: asked.append(expiry - start) or UserDelegationKey())
    signatures = [key.signing(datetime.now(UTC) + life) for life in (HOUR, 2 * HOUR, HOUR)]
    assert asked == [timedelta(days=7)]
    assert all(one == signatures[0] for one in signatures)


def test_an_identity_that_is_refused_is_told_so(secure_azurite):
    storage = AzureBlob(
        secure_azurite.url, Identity(audience="https://elsewhere"), back_off=AT_ONCE
    )
    with pytest.raises(StorageAccessError, match="gives no key to sign URLs with: 40"):
        storage.put_bytes(CONTAINER, "a", b"")


def test_an_identity_is_not_sent_over_an_open_connection(azurite):
    with pytest.raises(StorageError, match="only supported with HTTPS") as caught:
        AzureBlob(azurite.url, Identity()).create_container(CONTAINER)
    assert "need an `https` URL" in caught.value.hint


def test_who_has_not_signed_in_is_told_so(secure_azurite):
    class Nobody(Identity):
        def get_token(self, *scopes, **_):
            raise ClientAuthenticationError("no login was found\nand much more is said")

    storage = AzureBlob(secure_azurite.url, Nobody(), back_off=AT_ONCE)
    with pytest.raises(StorageAccessError, match=r"no login was found$") as caught:
        storage.put_bytes(CONTAINER, "a", b"")
    assert "az login" in caught.value.hint
