"""The file of accounts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from runfleet.azure.account_settings import AccountSettings, LoginKind, StorageSettings
from runfleet.launch import AccountError, connect
from runfleet.launch.accounts.account_file import AccountFile, account_settings

ACCOUNT = AccountSettings(
    name="azure",
    endpoint="https://hydrology.westeurope.batch.azure.com",
    login=LoginKind.KEY,
    storage=StorageSettings("https://rivers.blob.core.windows.net", LoginKind.ENTRA),
    batch_account="hydrology",
    location="westeurope",
)
FACTS = {"endpoint": ACCOUNT.endpoint, "storage": {"url": ACCOUNT.storage.url, "login": "entra"}}


def file_of(home: Path, text: str) -> AccountFile:
    (home / "accounts.yaml").write_text(text)
    return AccountFile(home)


def message_of(home: Path, text: str) -> str:
    with pytest.raises(AccountError) as caught:
        file_of(home, text).accounts()
    assert caught.value.hint
    return caught.value.message.removeprefix(f"{home}/")


def test_what_is_added_is_read_back(tmp_path: Path) -> None:
    """Also by another process; and what the URLs tell need not be written."""
    file = AccountFile(tmp_path / "home's")
    assert file.accounts() == []
    assert account_settings("azure", FACTS) == ACCOUNT
    file.add(ACCOUNT)
    assert AccountFile(tmp_path / "home's").get("azure") == ACCOUNT
    assert ACCOUNT.storage.account == "rivers"


def test_an_edited_file_keeps_its_comments_and_its_order(tmp_path: Path) -> None:
    """It is the user's file."""
    text = """\
accounts:
  # the old one, until 2027
  old:
    endpoint: https://old.westeurope.batch.azure.com  # ask Ann
    storage: https://old.blob.core.windows.net
"""
    file = file_of(tmp_path, text)
    file.add(ACCOUNT)
    assert file.path.read_text().startswith(text)
    file.remove("azure")
    assert file.path.read_text() == text


def test_comments_stay_where_they_are_all_there_is(tmp_path: Path) -> None:
    comments = "# accounts:\n#   azure:\n#     login: key\n"
    file = file_of(tmp_path, comments)
    file.add(ACCOUNT)
    assert file.get("azure") == ACCOUNT
    assert (tmp_path / "accounts.yaml").read_text().startswith(comments)


def test_what_the_file_is_a_link_to_is_edited(tmp_path: Path) -> None:
    """As where somebody keeps such files together."""
    (tmp_path / "kept.yaml").touch()
    (tmp_path / "accounts.yaml").symlink_to("kept.yaml")
    AccountFile(tmp_path).add(ACCOUNT)
    assert (tmp_path / "accounts.yaml").is_symlink()
    assert "azure:" in (tmp_path / "kept.yaml").read_text()


@pytest.mark.parametrize(
    "text", ["accounts:\n  a: [", "accounts: hello", "accounts:\n  - x", "text"]
)
def test_a_damaged_file_is_told_and_not_edited(tmp_path: Path, text: str) -> None:
    file = file_of(tmp_path, text)
    with pytest.raises(AccountError):
        file.add(ACCOUNT, replace=True)
    assert (tmp_path / "accounts.yaml").read_text() == text


def test_accounts_that_are_added_at_once_are_all_kept(tmp_path: Path) -> None:
    """By several users of one home, or several steps of a script."""

    def add(number: int) -> None:
        AccountFile(tmp_path).add(replace(ACCOUNT, name=f"azure-{number:02}"))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(add, range(20)))
    names = sorted(account.name for account in AccountFile(tmp_path).accounts())
    assert names == [f"azure-{number:02}" for number in range(20)]


def test_a_taken_name_is_replaced_on_request_only(tmp_path: Path) -> None:
    file = AccountFile(tmp_path)
    file.add(ACCOUNT)
    with pytest.raises(AccountError, match="there is an account `azure` already"):
        file.add(ACCOUNT)
    file.add(account_settings("azure", FACTS | {"subscription": "1234"}), replace=True)
    assert file.get("azure").subscription == "1234"


def test_an_account_of_the_emulator_and_of_azurite(tmp_path: Path) -> None:
    """Their URLs do not begin with the accounts' names."""
    facts = {
        "endpoint": "https://127.0.0.1:7001",
        "batch_account": "local",
        "storage": {"url": "http://127.0.0.1:10000/devstoreaccount1"},
    }
    account = account_settings("here", facts)
    assert (account.batch_account, account.storage.account) == ("local", "devstoreaccount1")
    assert account.location is None


def test_an_unknown_name_is_told_the_nearest(tmp_path: Path) -> None:
    AccountFile(tmp_path).add(ACCOUNT)
    with pytest.raises(AccountError, match="there is no account `azrue`") as caught:
        AccountFile(tmp_path).get("azrue")
    assert caught.value.hint == "did you mean `azure`? `runfleet account add` adds one"


def test_this_machine_is_no_entry_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(AccountError, match="`local` is this machine; it has no entry"):
        AccountFile(tmp_path).remove("local")


def test_certificates_that_are_none_are_told(tmp_path: Path) -> None:
    """When an account is added, and when the file names them."""
    pem = tmp_path / "ca.pem"
    for reason in ("No such file", "it holds no certificates"):
        with pytest.raises(AccountError, match=f"ca.pem`, cannot be used: {reason}") as caught:
            account_settings("azure", FACTS | {"ca_file": str(pem)})
        assert caught.value.hint
        pem.write_text("garbage")
    AccountFile(tmp_path).add(replace(ACCOUNT, ca_file=str(pem)))
    with pytest.raises(AccountError, match="cannot be used: it holds no certificates"):
        connect("azure", home=tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "accounts:\n  azure:\n    endpoint: https://a.b.batch.azure.com\n",
            "accounts.yaml:2: `accounts.azure`: the key `storage` is missing",
        ),
        (
            "accounts:\n  azure:\n    endpoint: a b\n    storage: x.y\n",
            "accounts.yaml:3: `accounts.azure.endpoint`: `a b` is no address of an account",
        ),
        (
            "accounts:\n  azure:\n    endpoint: http://a.example\n    storage: x.y\n",
            "accounts.yaml:3: `accounts.azure.endpoint`: `http://a.example` is not encrypted",
        ),
        (
            "accounts:\n  azure:\n    endpoint: a.b\n    storage: x.y\n    login: password\n",
            "accounts.yaml:5: `accounts.azure.login`: `password` is no way to log in",
        ),
        (
            "accounts:\n  azure:\n    endpoint: a.b\n    storage: x.y\n    key: c2VjcmV0\n",
            "accounts.yaml:5: `accounts.azure`: unknown key `key`",
        ),
        (
            "accounts:\n  azure:\n    endpoint: https://127.0.0.1\n    storage: x.y\n",
            (
                "accounts.yaml:2: `accounts.azure`: `https://127.0.0.1` does not tell the name of "
                "the Batch account"
            ),
        ),
        (
            "accounts:\n  azure:\n    endpoint: a.b\n    storage: rivers\n",
            (
                "accounts.yaml:4: `accounts.azure.storage.url`: `rivers` is no address of a "
                "storage account"
            ),
        ),
        ("- azure\n", "accounts.yaml:1: this is no file of accounts"),
        ("azure: {}\n", "accounts.yaml:1: unknown key `azure`"),
        ("accounts:\n  local:\n", "accounts.yaml:2: `accounts.local`: `local` is this machine"),
        (
            "accounts:\n\tazure:\n",
            "accounts.yaml:2: a tab stands where YAML allows none",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    assert message_of(tmp_path, text) == message


@pytest.mark.parametrize(
    ("member", "given", "plain"),
    [
        (
            "storage",
            "https://x.blob.core.windows.net/?sv=2020&sig=c2VjcmV0",
            "https://x.blob.core.windows.net",
        ),
        ("storage", "x.blob.core.windows.net?sig=c2VjcmV0", "https://x.blob.core.windows.net"),
        (
            "storage",
            "http://127.0.0.1:10000/devstoreaccount1?sig=c2VjcmV0",
            "http://127.0.0.1:10000/devstoreaccount1",
        ),
        ("endpoint", "x.y.batch.azure.com/foo?sig=c2VjcmV0", "https://x.y.batch.azure.com/foo"),
        ("endpoint", "https://x.y.batch.azure.com#c2VjcmV0", "https://x.y.batch.azure.com"),
        ("management", "management.azure.com?sig=c2VjcmV0", "https://management.azure.com"),
    ],
)
def test_a_signed_url_is_refused(tmp_path: Path, member: str, given: str, plain: str) -> None:
    """When an account is added, and when the file has it; its secret is not shown."""
    what = f"`{plain}` is followed by what may be a secret, which is not kept here"
    facts = {"endpoint": "a.b.batch.azure.com", "storage": "x.blob.core.windows.net"}
    with pytest.raises(AccountError) as caught:
        account_settings("azure", facts | {member: given})
    assert caught.value.message.endswith(what)
    assert caught.value.hint == f"give `{plain}` alone; `docs/azure.md` says where keys are kept"
    lines = [f"    {key}: {value}\n" for key, value in (facts | {member: given}).items()]
    message = message_of(tmp_path, f"accounts:\n  azure:\n{''.join(lines)}")
    assert message.endswith(what)


def test_a_file_in_another_encoding_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "accounts.yaml").write_bytes("# f\xfcr uns\n".encode("latin-1"))
    with pytest.raises(AccountError, match="this is not UTF-8") as caught:
        AccountFile(tmp_path).accounts()
    assert caught.value.hint == "save the file in UTF-8"
