"""`runfleet account`: where studies can run."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from runfleet.azure.account_settings import AccountSettings, LoginKind
from runfleet.cli.account_setup import setup, setup_example
from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, DryRun, Yes
from runfleet.cli.consent import agreed
from runfleet.cli.doctor import report
from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Printer
from runfleet.cli.studies import open_account
from runfleet.documents.errors import joined
from runfleet.home import runfleet_home
from runfleet.launch.accounts.account_file import AccountFile, account_settings
from runfleet.launch.accounts.keys import (
    KeyKind,
    Keys,
    account_name,
    forget_keys,
    title_of,
    variable_of,
    write_keyring,
)
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.doctor import examine_account
from runfleet.storage.keys import check_key

app = new_app("Add, list, check and remove accounts.")
app.command(epilog=setup_example)(setup)

AccountName = Annotated[str, typer.Argument(metavar="NAME", help="What you call the account.")]
Endpoint = Annotated[
    str | None, typer.Option("--endpoint", metavar="URL", help="The Batch account's URL.")
]
StorageUrl = Annotated[
    str | None, typer.Option("--storage", metavar="URL", help="The storage account's blob URL.")
]
Login = Annotated[
    LoginKind, typer.Option(help="By the account's key, or by Microsoft Entra (`az login`).")
]
StorageLogin = Annotated[
    LoginKind | None, typer.Option(help="The same for the storage account, if it differs.")
]
BatchAccount = Annotated[
    str | None, typer.Option(metavar="NAME", help="Its name, unless its URL begins with it.")
]
Subscription = Annotated[
    str | None, typer.Option(metavar="ID", help="For quotas and packages: its subscription,")
]
ResourceGroup = Annotated[str | None, typer.Option(metavar="NAME", help="its resource group,")]
Location = Annotated[
    str | None, typer.Option(metavar="REGION", help="its region, unless its URL has it.")
]
ManagementUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="The management API of another cloud.")
]
CaFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Certificates to trust, for an emulator or a proxy."),
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace an account of that name.")]

_ADD_EXAMPLE = (
    "runfleet account add azure --endpoint hydrology.westeurope.batch.azure.com "
    "--storage hydrology.blob.core.windows.net"
)


@app.command(epilog=example(_ADD_EXAMPLE))
def add(
    name: AccountName,
    endpoint: Endpoint = None,
    storage: StorageUrl = None,
    login: Login = LoginKind.KEY,
    storage_login: StorageLogin = None,
    batch_account: BatchAccount = None,
    subscription: Subscription = None,
    resource_group: ResourceGroup = None,
    location: Location = None,
    management: ManagementUrl = None,
    ca_file: CaFile = None,
    replace: Replace = False,
) -> None:
    """
    Add an account to `accounts.yaml`, in the folder that RUNFLEET_HOME names.

    On a terminal you are asked for what is not given. Keys are not kept there: see
    `runfleet account login`.
    """
    printer = Printer.standard()
    facts = {
        "endpoint": _given(printer, endpoint, "--endpoint", "URL of the Batch account"),
        "login": login.value,
        "batch_account": batch_account,
        "storage": {
            "url": _given(printer, storage, "--storage", "URL of the storage account's blobs"),
            "login": (storage_login or login).value,
        },
        "subscription": subscription,
        "resource_group": resource_group,
        "location": location,
        "management": management,
        "ca_file": str(ca_file.absolute()) if ca_file else None,
    }
    account = account_settings(name, facts)
    file = _file()
    file.add(account, replace=replace)
    printer.say(f"Added to `{file.path}`; `runfleet account check {name}` sees whether it works.")
    _say_missing_keys(printer, account)
    printer.data(name)


@app.command("list", epilog=example("runfleet account list"))
def list_accounts(as_json: AsJson = False) -> None:
    """List the accounts, and where their keys are found."""
    printer = Printer.standard()
    accounts = _file().accounts()
    if as_json:
        printer.json([{"name": LOCAL}, *(_facts(account) for account in accounts)])
        return
    rows = [(LOCAL, "this machine", "", ""), *map(_row, accounts)]
    printer.table(("account", "endpoint", "login", "storage"), rows)


@app.command(epilog=example("runfleet account check local"))
def check(name: AccountName, as_json: AsJson = False) -> None:
    """Connect to an account and its storage; exit code 1 if that fails."""
    raise typer.Exit(report(examine_account(open_account(name)), name, as_json=as_json))


@app.command(epilog=example("runfleet account login azure --forget"))
def login(
    name: AccountName,
    forget: Annotated[
        bool, typer.Option("--forget", help="Remove the keys from the keyring.")
    ] = False,
) -> None:
    """
    Keep the keys of an account in the system's keyring, or remove them from it.

    They can stand in the environment instead: RUNFLEET_NAME_BATCH_KEY and
    RUNFLEET_NAME_STORAGE_KEY, or what `az` reads.
    """
    printer = Printer.standard()
    account = _file().get(name)
    if forget:
        forget_keys(name)
        printer.say(f"The keyring has no keys of account `{name}` any more.")
        return
    kinds = _kinds(account)
    if not kinds:
        printer.say("It has no keys: you are logged in by Microsoft Entra, with `az login`.")
        return
    if not printer.is_interactive:
        hint = f"set {variable_of(name, kinds[0])} in the environment"
        raise WrongUsageError("nobody is at a terminal to give a key", hint=hint)
    keys = {kind: printer.ask_secret(f"The {title_of(account, kind)}").strip() for kind in kinds}
    for kind, key in keys.items():
        check_key(key, f"{kind.value} account `{account_name(account, kind)}`")
    for kind, key in keys.items():
        write_keyring(name, kind, key)
    printer.say("The system's keyring has them.")


@app.command(epilog=example("runfleet account remove azure --yes"))
def remove(name: AccountName, yes: Yes = False, dry_run: DryRun = False) -> None:
    """Remove an account from `accounts.yaml`, and its keys from the keyring; Azure keeps it."""
    printer = Printer.standard()
    file = _file()
    account = file.get(name)
    printer.say(f"This removes account `{name}`, {account.endpoint}, from `{file.path}`.")
    printer.say("The Batch account itself, its pools and its storage stay as they are.")
    if agreed(printer, "Remove it?", yes=yes, dry_run=dry_run):
        # First: without the account nobody would ask the keyring for them.
        forget_keys(name)
        file.remove(name)
        printer.say(f"Removed `{name}`.")


def _file() -> AccountFile:
    return AccountFile(runfleet_home())


def _given(printer: Printer, value: str | None, option: str, question: str) -> str:
    if value:
        return value
    if not printer.is_interactive:
        raise WrongUsageError(f"the {question} is missing", hint=f"give it with `{option}`")
    return printer.ask_text(question)


def _kinds(account: AccountSettings) -> list[KeyKind]:
    """Which keys an account needs."""
    logins = {KeyKind.BATCH: account.login, KeyKind.STORAGE: account.storage.login}
    return [kind for kind, login in logins.items() if login is LoginKind.KEY]


def _say_missing_keys(printer: Printer, account: AccountSettings) -> None:
    keys = Keys(os.environ)
    missing = [
        variable_of(account.name, kind)
        for kind in _kinds(account)
        if keys.source(account, kind) is None
    ]
    if missing:
        printer.say(
            f"Its keys are not known yet: set {joined(missing)}, or keep them in the "
            f"system's keyring with `runfleet account login {account.name}`."
        )


def _row(account: AccountSettings) -> tuple[str, str, str, str]:
    return account.name, account.endpoint, account.login.value, account.storage.url


def _facts(account: AccountSettings) -> dict[str, Any]:
    keys = Keys(os.environ)
    return asdict(account) | {
        f"{kind.value}_key": keys.source(account, kind) for kind in _kinds(account)
    }
