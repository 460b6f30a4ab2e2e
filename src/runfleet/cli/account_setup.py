"""`runfleet account setup`: an account that is not there yet."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from typing import Annotated

import typer

from runfleet.azure.setup import Command, NewAccount
from runfleet.cli.apps import example
from runfleet.cli.arguments import DryRun, Yes
from runfleet.cli.consent import agreed
from runfleet.cli.printer import Printer
from runfleet.errors import RunfleetError
from runfleet.launch.accounts.account_file import account_settings
from runfleet.launch.accounts.keys import KeyKind, variable_of

setup_example = example("runfleet account setup hydrology --location westeurope")

BatchAccount = Annotated[
    str, typer.Argument(metavar="BATCH_ACCOUNT", help="Its name: 3 to 24 small letters and digits.")
]
Location = Annotated[
    str, typer.Option("--location", metavar="REGION", help="Where, such as `westeurope`.")
]
ResourceGroup = Annotated[
    str | None, typer.Option(metavar="NAME", help="`BATCH_ACCOUNT-rg` if not given.")
]
StorageAccount = Annotated[
    str | None, typer.Option(metavar="NAME", help="`BATCH_ACCOUNTst` if not given.")
]
Subscription = Annotated[
    str | None, typer.Option(metavar="ID", help="The one that `az` is set to if not given.")
]
AccountName = Annotated[
    str, typer.Option("--name", metavar="NAME", help="What runfleet shall call the account.")
]
Run = Annotated[bool, typer.Option("--run", help="Carry the commands out.")]


def setup(
    batch_account: BatchAccount,
    location: Location,
    resource_group: ResourceGroup = None,
    storage_account: StorageAccount = None,
    subscription: Subscription = None,
    name: AccountName = "azure",
    run: Run = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """
    Print the `az` commands that make a Batch account with its storage account.

    With `--run` they are shown, and carried out if you agree. The accounts themselves cost nothing
    until there are nodes and stored files.
    """
    account = NewAccount(
        batch_account,
        storage_account or f"{batch_account[:22]}st",
        resource_group or f"{batch_account}-rg",
        location,
        subscription,
    )
    _check_addition(account, name)
    printer = Printer.standard()
    commands = list(account.commands())
    for command in commands:
        (printer.say if run else printer.data)(shlex.join(command))
    if run:
        if not dry_run:
            _refuse_missing_az()
        if not agreed(printer, "Carry them out?", yes=yes, dry_run=dry_run):
            return
        for command in commands:
            _carry_out(printer, command)
    for line in _lines_after(account, name):
        printer.data(line)


def _check_addition(account: NewAccount, name: str) -> None:
    """Refuse at once what `account add` would refuse when the accounts are there."""
    facts = {"endpoint": account.endpoint, "storage": account.storage_url}
    account_settings(name, facts)


def _lines_after(account: NewAccount, name: str) -> Iterator[str]:
    """What makes the account known to runfleet, for the shell."""
    words = ["runfleet", "account", "add", name, "--endpoint", account.endpoint]
    words += ["--storage", account.storage_url, "--resource-group", account.resource_group]
    if account.subscription:
        words += ["--subscription", account.subscription]
    yield shlex.join(words)
    commands = {
        KeyKind.BATCH: account.batch_key_command,
        KeyKind.STORAGE: account.storage_key_command,
    }
    for kind, command in commands.items():
        yield f'export {variable_of(name, kind)}="$({shlex.join(command)})"'


def _refuse_missing_az() -> None:
    if shutil.which("az") is None:
        raise RunfleetError(
            "`az`, the command line of Azure, is not installed",
            hint="https://learn.microsoft.com/cli/azure/install-azure-cli says how; then log in",
        )


def _carry_out(printer: Printer, command: Command) -> None:
    printer.say(f"$ {shlex.join(command)}")
    # On Windows `az` is a script, which is started by its whole path only.
    program = shutil.which(command[0]) or command[0]
    done = subprocess.run([program, *command[1:]], stdout=subprocess.PIPE)
    if done.returncode:
        raise RunfleetError(
            f"`{shlex.join(command)}` ended with exit code {done.returncode}",
            hint="mend what it says, and give `runfleet account setup` again: what is there stays",
        )
