"""`runfleet package`: application packages, on this machine or of an account."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runfleet.cli.account_packages import add_to_account, list_of_account, packages_of
from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import LOCAL, AsJson, DryRun, On, Yes
from runfleet.cli.consent import agreed
from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Printer, number_column
from runfleet.cli.words import size_text
from runfleet.home import runfleet_home
from runfleet.storage.packages import Package, PackageFolder

if TYPE_CHECKING:
    from runfleet.azure.packages import AccountPackage

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
    of_account = packages_of(on)
    if of_account is not None:
        add_to_account(printer, of_account, (application_id, version), sources, replace=replace)
        if default:
            of_account.set_default(application_id, version)
        printer.data(f"{application_id}=={version}")
        return
    if default:
        raise WrongUsageError(
            "there is no need for `--default` on this machine",
            hint="the version that was added last is installed for those who name none",
        )
    package = _folder().add(application_id, version, *sources, replace=replace)
    printer.say(f"Package of {size_text(package.size)} in `{package.path}`; studies name it as:")
    printer.data(_reference(package))


@app.command("list", epilog=example("runfleet package list"))
def list_packages(on: On = LOCAL, as_json: AsJson = False) -> None:
    """List all versions of all packages."""
    printer = Printer.standard()
    of_account = packages_of(on)
    if of_account is not None:
        list_of_account(printer, of_account, on, as_json=as_json)
        return
    packages = _folder().packages()
    if as_json:
        printer.json([_facts(package) for package in packages])
    elif packages:
        columns = ("package", number_column("size"), "added")
        printer.table(columns, [_row(package) for package in packages])
    else:
        printer.say("There are no packages; `runfleet package add ID VERSION FOLDER` adds one.")


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
    of_account = packages_of(on)
    packages = of_account or _folder()
    package = packages.get(application_id, version)
    printer.say(f"This deletes {_place(package, on)}.")
    if agreed(printer, "Remove the package?", yes=yes, dry_run=dry_run):
        packages.remove(application_id, version)
        printer.say(f"Removed `{_reference(package)}`.")


def _folder() -> PackageFolder:
    return PackageFolder(runfleet_home() / "emulator/packages")


def _reference(package: Package | AccountPackage) -> str:
    return f"{package.application_id}=={package.version}"


def _place(package: Package | AccountPackage, account: str) -> str:
    if isinstance(package, Package):
        return f"`{package.path}` ({size_text(package.size)})"
    return f"package `{_reference(package)}` of account `{account}`"


def _row(package: Package) -> tuple[str, str, str]:
    added = package.added.astimezone()
    return _reference(package), size_text(package.size), f"{added:%Y-%m-%d %H:%M}"


def _facts(package: Package) -> dict[str, str | int]:
    return {
        "id": package.application_id,
        "version": package.version,
        "size_bytes": package.size,
        "added": package.added.isoformat(),
        "path": str(package.path),
    }
