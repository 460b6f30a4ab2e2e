"""Accounts whose keys Batch gives to nodes."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from runfleet.azure.user_accounts import new_ssh_user


def test_its_key_is_one_that_every_ssh_reads() -> None:
    """In the format of old, and without a password, for nobody is there to type it."""
    key = new_ssh_user().ssh_private_key
    assert key.startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert load_pem_private_key(key.encode(), password=None)


def test_its_secrets_are_in_no_log_and_never_the_same() -> None:
    one, other = new_ssh_user(), new_ssh_user()
    assert one.password not in repr(one)
    assert "PRIVATE" not in repr(one)
    assert one.password != other.password
    assert one.ssh_private_key != other.ssh_private_key
