"""User accounts that a pool's nodes have, for tasks to run under."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

SSH_USER = "runfleet"
"""Is called the account that reaches the other nodes of its pool without a password."""

_KEY_BITS = 3072
_PASSWORD_BYTES = 24


@dataclass(frozen=True, slots=True)
class UserAccount:
    """
    A user account of a Linux pool.

    Parameters
    ----------
    name
        Up to 20 characters.
    password
        Wanted by the service.
    ssh_private_key
        In PEM, without a password. In a pool with inter-node communication, the service puts the
        key pair into the account's `.ssh` folder on each node, so that it reaches all of them:
        https://learn.microsoft.com/dotnet/api/azure.compute.batch.linuxuserconfiguration.sshprivatekey
    """

    name: str
    password: str = field(repr=False)
    ssh_private_key: str = field(repr=False)

    def to_wire(self) -> dict[str, Any]:
        """Write an item of `userAccounts`."""
        return {
            "name": self.name,
            "password": self.password,
            "elevationLevel": "nonadmin",
            "linuxUserConfiguration": {"sshPrivateKey": self.ssh_private_key},
        }


def new_ssh_user() -> UserAccount:
    """Make up an account whose key and password nobody else knows, and nobody keeps."""
    # Imported late: pools whose nodes talk to each other are rare.
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    # The oldest of the formats is the one that every ssh reads.
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return UserAccount(SSH_USER, secrets.token_urlsafe(_PASSWORD_BYTES), pem.decode())


def identity_to_wire(user: str | None) -> dict[str, Any] | None:
    """Write the `userIdentity` of a task; None for the account that tasks usually run under."""
    return {"username": user} if user else None
