"""Where the keys of accounts come from."""

from __future__ import annotations

import keyring
import keyring.backends.fail
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from runfleet.azure.account_settings import AccountSettings, LoginKind, StorageSettings
from runfleet.launch import AccountError
from runfleet.launch.accounts.keys import KeyKind, Keys, forget_keys, read_keyring, write_keyring
from runfleet.storage.keys import KeyFormatError, check_key

ACCOUNT = AccountSettings(
    name="my-azure",
    endpoint="https://hydrology.westeurope.batch.azure.com",
    login=LoginKind.KEY,
    storage=StorageSettings("https://rivers.blob.core.windows.net"),
    batch_account="hydrology",
)


class MemoryKeyring(KeyringBackend):
    """A keyring that nobody has to unlock."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture(autouse=True)
def memory_keyring():
    """What the machine itself has is left alone."""
    usual = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    yield
    keyring.set_keyring(usual)


def test_the_account_has_variables_of_its_own() -> None:
    keys = Keys({"RUNFLEET_MY_AZURE_BATCH_KEY": "b", "RUNFLEET_MY_AZURE_STORAGE_KEY": "s"})
    assert keys.find(ACCOUNT, KeyKind.BATCH) == "b"
    assert keys.find(ACCOUNT, KeyKind.STORAGE) == "s"
    assert keys.source(ACCOUNT, KeyKind.BATCH) == "the variable RUNFLEET_MY_AZURE_BATCH_KEY"


def test_what_az_reads_counts_for_the_account_it_names() -> None:
    """Another account's key would be refused, or worse."""
    theirs = {"AZURE_BATCH_ACCESS_KEY": "b", "AZURE_STORAGE_KEY": "s"}
    named = theirs | {"AZURE_BATCH_ACCOUNT": "hydrology", "AZURE_STORAGE_ACCOUNT": "lakes"}
    assert Keys(named).find(ACCOUNT, KeyKind.BATCH) == "b"
    assert Keys(named).source(ACCOUNT, KeyKind.STORAGE) is None
    assert Keys(theirs).source(ACCOUNT, KeyKind.BATCH) is None


def test_the_keyring_comes_after_the_environment_and_before_a_question() -> None:
    asked: list[str] = []

    def ask(title: str) -> str:
        asked.append(title)
        return "typed"

    assert Keys({}, ask).find(ACCOUNT, KeyKind.BATCH) == "typed"
    assert asked == ["key of Batch account `hydrology` (account `my-azure`)"]
    write_keyring("my-azure", KeyKind.BATCH, "kept")
    assert Keys({}, ask).find(ACCOUNT, KeyKind.BATCH) == "kept"
    assert Keys({"RUNFLEET_MY_AZURE_BATCH_KEY": "b"}).find(ACCOUNT, KeyKind.BATCH) == "b"
    forget_keys("my-azure")
    assert read_keyring("my-azure", KeyKind.BATCH) is None


def test_a_missing_key_says_where_to_put_it() -> None:
    with pytest.raises(AccountError, match="there is no key of storage account `rivers`") as caught:
        Keys({}).find(ACCOUNT, KeyKind.STORAGE)
    assert "RUNFLEET_MY_AZURE_STORAGE_KEY" in str(caught.value.hint)


class LockedKeyring(MemoryKeyring):
    """One that nobody has unlocked."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("it is locked")


def test_a_locked_keyring_does_not_pass_for_one_without_keys() -> None:
    keyring.set_keyring(LockedKeyring())
    with pytest.raises(AccountError, match="keyring: it is locked"):
        forget_keys(ACCOUNT.name)


def test_without_a_keyring_there_is_nothing_to_forget() -> None:
    keyring.set_keyring(keyring.backends.fail.Keyring())
    forget_keys(ACCOUNT.name)


@pytest.mark.parametrize(("key", "reason"), [("", "empty"), ("no key!", "not in base64")])
def test_what_is_no_key_is_refused(key: str, reason: str) -> None:
    with pytest.raises(KeyFormatError, match=f"^the key of Batch account `b` is {reason}$"):
        check_key(key, "Batch account `b`")
