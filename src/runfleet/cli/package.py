"""`runfleet package`: application packages, on this machine or of an account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, DryRun, On, Yes, addressed
from runfleet.cli.consent import agreed
from runfleet.cli.package_shelves import FolderShelf, PackageName, Shelf
from runfleet.cli.printer import Printer
from runfleet.home import Folders, runfleet_home
from runfleet.launch.accounts.local import LOCAL
from runfleet.storage.packages import PackageFolder

app = new_app("Add, list and remove application packages.")

ApplicationId = Annotated[str, typer.Argument(metavar="ID", help="The id, such as `epanet`.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="The version, such as `2.3.5`.")]


@app.command(epilog=example("runfleet package add epanet 2.3.5 ./epanet"))
def add(
    application_id: ApplicationId,
    version: Version,
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER_OR_ZIP...",
            help="The program's folder, a zip file of it, or its files side by side.",
        ),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace this version if its content is another.")
    ] = False,
    default: Annotated[
        bool,
        typer.Option("--default", help="Install this version for those who name none."),
    ] = False,
    on: On = LOCAL,
) -> None:
    """
    Add a version of a program, to be unpacked on every node that needs it.

    A study refers to it as `packages: [ID==VERSION]`; its runs find the program on their PATH,
    in the package's folder or in `bin` below it.
    """
    printer = Printer.standard()
    name = PackageName(application_id, version)
    replaced = _shelf_of(on).add(printer, name, sources, replace=replace, default=default)
    printer.data(str(name))
    if replaced:
        printer.warning(
            f"nodes that have unpacked `{name}` before keep what they have, and runs that were "
            "done with it count as done"
        )
        again = addressed("`runfleet pool delete POOL`, and for runs `runfleet delete STUDY`", on)
        printer.say(f"A new version has it all done anew; so do, with this one, {again}.")


@app.command("list", epilog=example("runfleet package list"))
def list_packages(on: On = LOCAL, as_json: AsJson = False) -> None:
    """List all versions of all packages."""
    printer = Printer.standard()
    shelf = _shelf_of(on)
    packages = list(shelf.packages())
    if as_json:
        printer.json([package.facts for package in packages])
    elif packages:
        printer.table(shelf.columns, [package.row for package in packages])
    else:
        advice = "`runfleet package add ID VERSION FOLDER` adds one"
        printer.say(f"There are no packages; {addressed(advice, on)}.")


@app.command(epilog=example("runfleet package remove epanet 2.3.5 --yes"))
def remove(
    application_id: ApplicationId,
    version: Version,
    on: On = LOCAL,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Remove a version of a package; studies that name it can no longer run."""
    printer = Printer.standard()
    shelf, name = _shelf_of(on), PackageName(application_id, version)
    printer.say(f"This deletes {shelf.place(name)}.")
    if agreed(printer, "Remove the package?", yes=yes, dry_run=dry_run):
        shelf.remove(name)
        printer.say(f"Removed `{name}`.")


def _shelf_of(account: str) -> Shelf:
    """Open the packages of an account."""
    if account == LOCAL:
        return FolderShelf(PackageFolder(Folders(runfleet_home()).packages))
    # Imported for other accounts only: it takes longer than all that is to be done here.
    from runfleet.cli.account_packages import AccountShelf
    from runfleet.cli.studies import key_prompt
    from runfleet.launch.accounts.connecting import access_to

    packages = access_to(account, runfleet_home(), key_prompt()).open_packages()
    assert packages is not None, "only this machine keeps them in a folder"
    return AccountShelf(account, packages)
