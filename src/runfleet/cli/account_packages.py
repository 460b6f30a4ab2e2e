"""What `runfleet package` does on an account of Azure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.cli.package_shelves import Listed, PackageName
from runfleet.cli.printer import Columns, Printer
from runfleet.cli.words import size_text
from runfleet.storage.packages import packed

if TYPE_CHECKING:
    from runfleet.azure.packages import AccountPackage, AccountPackages, OnProgress


@dataclass(frozen=True, slots=True)
class AccountShelf:
    """
    The packages of an account of Azure.

    Parameters
    ----------
    account
        Its name.
    client
        Asks the management API for them.
    """

    account: str
    client: AccountPackages

    @property
    def columns(self) -> Columns:
        """What people are told of each package."""
        return "package", "state", "activated"

    def add(
        self,
        printer: Printer,
        name: PackageName,
        sources: Sequence[Path],
        *,
        replace: bool,
        default: bool,
    ) -> bool:
        """Upload a program as a version of an application, and activate that."""
        with (
            tempfile.TemporaryDirectory(prefix="runfleet-") as folder,
            packed(sources, Path(folder) / "package.zip") as archive,
        ):
            with _progress(printer) as on_progress:
                self.client.add(*name, archive, replace=replace, on_progress=on_progress)
            printer.say(f"Package of {size_text(archive.stat().st_size)}; studies name it as:")
        if default:
            self.client.set_default(*name)
        return replace  # what was there cannot be seen

    def packages(self) -> Iterator[Listed]:
        """List all versions of all applications."""
        for package in self.client.list():
            yield Listed(_facts(package), _row(package))

    def place(self, name: PackageName) -> str:
        """Name it, and the account."""
        package = self.client.get(*name)
        known = PackageName(package.application_id, package.version)
        return f"package `{known}` of account `{self.account}`"

    def remove(self, name: PackageName) -> None:
        """Remove it from the account."""
        self.client.remove(*name)


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


def _row(package: AccountPackage) -> tuple[PackageName, str, str]:
    state = "default" if package.is_default else "active" if package.is_active else "incomplete"
    activated = package.activated.astimezone() if package.activated else None
    name = PackageName(package.application_id, package.version)
    return name, state, f"{activated:%Y-%m-%d %H:%M}" if activated else ""
