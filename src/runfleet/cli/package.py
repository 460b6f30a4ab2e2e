"""`runfleet package`: application packages of the local account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, DryRun, Yes
from runfleet.cli.consent import agreed
from runfleet.cli.printer import Printer, number_column
from runfleet.cli.words import size_text
from runfleet.home import runfleet_home
from runfleet.storage.packages import Package, PackageFolder

app = new_app("Add, list and remove application packages.")

ApplicationId = Annotated[str, typer.Argument(metavar="ID", help="The id, such as `epanet`.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="The version, such as `2.3.5`.")]


@app.command(epilog=example("runfleet package add epanet 2.3.5 ./epanet"))
def add(
    application_id: ApplicationId,
    version: Version,
    source: Annotated[
        Path,
        typer.Argument(metavar="FOLDER_OR_ZIP", help="The program's folder, or a zip file of it."),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace this version if its content is another.")
    ] = False,
) -> None:
    """
    Add a version of a program, to be unpacked on every node that needs it.

    A study refers to it as `packages: [ID==VERSION]`; its runs find the program on their PATH,
    in the package's folder or in `bin` below it.
    """
    printer = Printer.standard()
    package = _packages().add(application_id, version, source, replace=replace)
    printer.say(f"Package of {size_text(package.size)} in `{package.path}`; studies name it as:")
    printer.data(_reference(package))


@app.command("list", epilog=example("runfleet package list"))
def list_packages(as_json: AsJson = False) -> None:
    """List all versions of all packages."""
    printer = Printer.standard()
    packages = _packages().packages()
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
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Remove a version of a package; studies that name it can no longer run."""
    printer = Printer.standard()
    packages = _packages()
    package = packages.get(application_id, version)
    printer.say(f"This deletes `{package.path}` ({size_text(package.size)}).")
    if agreed(printer, "Remove the package?", yes=yes, dry_run=dry_run):
        packages.remove(application_id, version)
        printer.say(f"Removed `{_reference(package)}`.")


def _packages() -> PackageFolder:
    return PackageFolder(runfleet_home() / "emulator/packages")


def _reference(package: Package) -> str:
    return f"{package.application_id}=={package.version}"


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
