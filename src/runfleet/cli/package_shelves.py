"""Where application packages are kept: in a folder of this machine, or on an account of Azure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Columns, Printer, number_column
from runfleet.cli.words import size_text
from runfleet.storage.packages import PackageFolder


class PackageName(NamedTuple):
    """The id of an application, and a version of it."""

    application_id: str
    version: str

    def __str__(self) -> str:
        return f"{self.application_id}=={self.version}"


class Listed(NamedTuple):
    """A package as it is printed for programs and for people."""

    facts: dict[str, Any]
    row: Sequence[object]


class Shelf(Protocol):
    """A place that keeps application packages."""

    @property
    def columns(self) -> Columns:
        """What people are told of each package."""
        ...

    def add(
        self,
        printer: Printer,
        name: PackageName,
        sources: Sequence[Path],
        *,
        replace: bool,
        default: bool,
    ) -> bool:
        """
        Pack a program, and keep it; see `runfleet package add`.

        Returns
        -------
        replaced
            Whether it may have taken the place of other content.
        """
        ...

    def packages(self) -> Iterator[Listed]:
        """List all versions of all packages."""
        ...

    def place(self, name: PackageName) -> str:
        """Say in words where a package is; raises `RunfleetError` if there is none."""
        ...

    def remove(self, name: PackageName) -> None:
        """Remove a package."""


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """
    The packages of this machine.

    Parameters
    ----------
    folder
        Where they are.
    """

    folder: PackageFolder

    @property
    def columns(self) -> Columns:
        """What people are told of each package."""
        return "package", number_column("size"), "added"

    def add(
        self,
        printer: Printer,
        name: PackageName,
        sources: Sequence[Path],
        *,
        replace: bool,
        default: bool,
    ) -> bool:
        """Put a program into the folder; tells whether other content was there."""
        if default:
            raise WrongUsageError(
                "there is no need for `--default` on this machine",
                hint="the version that was added last is installed for those who name none",
            )
        before = self.folder.versions(name.application_id)
        package = self.folder.add(*name, *sources, replace=replace)
        size = size_text(package.size)
        printer.say(f"Package of {size} in `{package.path}`; studies name it as:")
        return any(one.path == package.path and one != package for one in before)

    def packages(self) -> Iterator[Listed]:
        """List what is in the folder."""
        for package in self.folder.packages():
            name, added = PackageName(package.application_id, package.version), package.added
            facts = {
                "id": name.application_id,
                "version": name.version,
                "size_bytes": package.size,
                "added": added.isoformat(),
                "path": str(package.path),
            }
            row = (name, size_text(package.size), f"{added.astimezone():%Y-%m-%d %H:%M}")
            yield Listed(facts, row)

    def place(self, name: PackageName) -> str:
        """Name its file."""
        package = self.folder.get(*name)
        return f"`{package.path}` ({size_text(package.size)})"

    def remove(self, name: PackageName) -> None:
        """Delete its file."""
        self.folder.remove(*name)
