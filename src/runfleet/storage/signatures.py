"""Shared access signatures: what lets a URL do something for some time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from runfleet.storage.errors import LifeTooLongError
from runfleet.storage.urls import check_life

if TYPE_CHECKING:
    from azure.storage.blob import UserDelegationKey

LONGEST_DELEGATED_LIFE = timedelta(days=7) - timedelta(hours=2)
"""How long a URL can work that is signed for an identity: a key lasts a week, and is shared."""

_KEY_LIFE = timedelta(days=7)
# The clocks of client and service differ.
_SKEW = timedelta(minutes=15)


class Secret(Protocol):
    """What signatures are made with."""

    def signing(self, expiry: datetime) -> dict[str, Any]:
        """Give the SDK's argument for a signature that works until then."""


@dataclass(frozen=True)
class AccountKey:
    """
    The key of the account, which signs anything for any time.

    Parameters
    ----------
    text
        The key, in base64.
    """

    text: str

    def __repr__(self) -> str:
        return "AccountKey(***)"

    def signing(self, expiry: datetime) -> dict[str, Any]:
        """Give the SDK's argument for a signature that works until then."""
        del expiry
        return {"account_key": self.text}


class DelegationKey:
    """
    A key that the service makes for an identity, and renews when it would not last.

    Parameters
    ----------
    ask
        Asks the service for a key that is valid from one time until another.
    """

    def __init__(self, ask: Callable[[datetime, datetime], UserDelegationKey]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._key: UserDelegationKey | None = None
        self._expiry = datetime.min.replace(tzinfo=UTC)

    def signing(self, expiry: datetime) -> dict[str, Any]:
        """Give the SDK's argument for a signature that works until then."""
        now = datetime.now(UTC)
        # The expiry has been rounded up to a second.
        check_delegated_life(expiry - now - timedelta(seconds=1))
        with self._lock:
            if self._key is None or expiry > self._expiry:
                self._renew(now)
            return {"user_delegation_key": self._key}

    def _renew(self, now: datetime) -> None:
        start = now - _SKEW
        self._key = self._ask(start, start + _KEY_LIFE)
        self._expiry = start + _KEY_LIFE


class Signatures:
    """
    Signs for the containers and blobs of one account.

    Parameters
    ----------
    account
        Its name.
    secret
        What to sign with.
    https_only
        Whether the signatures shall be refused on unencrypted connections.
    """

    def __init__(self, account: str, secret: Secret, *, https_only: bool) -> None:
        self._account = account
        self._secret = secret
        self._protocol = "https" if https_only else "https,http"

    def of_container(self, container: str, permissions: str, life: timedelta) -> str:
        """Sign for a container and all its blobs; `permissions` as Azure's letters, `racwdl`."""
        from azure.storage.blob import generate_container_sas

        expiry = _expiry(life)
        return generate_container_sas(
            self._account,
            container,
            permission=permissions,
            expiry=expiry,
            protocol=self._protocol,
            **self._secret.signing(expiry),
        )

    def of_blob(self, container: str, blob: str, permissions: str, life: timedelta) -> str:
        """Sign for one blob; it need not be there yet."""
        from azure.storage.blob import generate_blob_sas

        expiry = _expiry(life)
        return generate_blob_sas(
            self._account,
            container,
            blob,
            permission=permissions,
            expiry=expiry,
            protocol=self._protocol,
            **self._secret.signing(expiry),
        )


def check_delegated_life(life: timedelta) -> None:
    """Refuse what no URL that is signed for an identity lasts for; raises `LifeTooLongError`."""
    if life > LONGEST_DELEGATED_LIFE:
        raise LifeTooLongError(
            f"a signed URL cannot work for {_days(life)}: without the key of the storage account "
            f"it works for {_days(LONGEST_DELEGATED_LIFE)} at most",
            hint="ask for less, or use the account's key",
        )


def _expiry(life: timedelta) -> datetime:
    check_life(life)
    # Signatures know whole seconds only.
    return datetime.now(UTC).replace(microsecond=0) + life + timedelta(seconds=1)


def _days(life: timedelta) -> str:
    hours = round(life.total_seconds() / 3600)
    return f"{hours // 24} days and {hours % 24} hours" if hours % 24 else f"{hours // 24} days"
