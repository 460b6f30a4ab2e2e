"""What `runfleet package` does on an account of Azure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.cli.arguments import LOCAL, addressed
from runfleet.cli.printer import Printer
from runfleet.cli.words import size_text
from runfleet.home import runfleet_home
from runfleet.storage.packages import packed

if TYPE_CHECKING:
    from runfleet.azure.packages import AccountPackage, AccountPackages, OnProgress


def packages_of(account: str) -> AccountPackages | None:
    """Open the packages of an account; None for this machine, where they are in a folder."""
    if account == LOCAL:
        return None
    # Imported for other accounts only: it takes longer than all that is to be done here.
    from runfleet.cli.studies import key_prompt
    from runfleet.launch.accounts.connecting import access_to

    return access_to(account, runfleet_home(), key_prompt()).open_packages()


def add_to_account(
    printer: Printer,
    packages: AccountPackages,
    name: tuple[str, str],
    sources: Sequence[Path],
    *,
    replace: bool,
) -> None:
    """Pack a program, upload it as a version of an application, and activate that."""
    with (
        tempfile.TemporaryDirectory(prefix="runfleet-") as folder,
        packed(sources, Path(folder) / "package.zip") as archive,
    ):
        with _progress(printer) as on_progress:
            packages.add(*name, archive, replace=replace, on_progress=on_progress)
        printer.say(f"Package of {size_text(archive.stat().st_size)}; studies name it as:")


def list_of_account(
    printer: Printer, packages: AccountPackages, account: str, *, as_json: bool
) -> None:
    """Print all versions of all applications."""
    found = list(packages.list())
    if as_json:
        printer.json([_facts(package) for package in found])
    elif found:
        printer.table(("package", "state", "activated"), [_row(package) for package in found])
    else:
        advice = "`runfleet package add ID VERSION FOLDER` adds one"
        printer.say(f"It has no packages; {addressed(advice, account)}.")


@contextmanager
def _progress(printer: Printer) -> Iterator[OnProgress | None]:
    """Show on a terminal how far an upload is."""
    if not printer.err.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("Uploading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=printer.err, transient=True) as progress:
        bar = progress.add_task("upload", total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _facts(package: AccountPackage) -> dict[str, str | bool | None]:
    return {
        "id": package.application_id,
        "version": package.version,
        "active": package.is_active,
        "default": package.is_default,
        "activated": package.activated.isoformat() if package.activated else None,
    }


def _row(package: AccountPackage) -> tuple[str, str, str]:
    state = "default" if package.is_default else "active" if package.is_active else "incomplete"
    activated = package.activated.astimezone() if package.activated else None
    name = f"{package.application_id}=={package.version}"
    return name, state, f"{activated:%Y-%m-%d %H:%M}" if activated else ""
