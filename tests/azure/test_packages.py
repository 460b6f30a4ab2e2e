"""The application packages of an account, by its management API."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfleet.azure.account_settings import AccountSettings, LoginKind, StorageSettings
from runfleet.azure.errors import BatchError, ConflictError, NotFoundError
from runfleet.azure.packages import AccountPackages
from runfleet.emulator.tokens import EmulatorCredential
from runfleet.storage.packages import PackageError

SINGLE_PUT_BYTES = 64 << 20


@pytest.fixture(scope="module")
def emulator_options():
    """Tokens are sent over nothing but https."""
    return ("--tls",)


@pytest.fixture(scope="module")
def packages(emulator) -> AccountPackages:
    """Those of the emulator, found as on Azure."""
    storage = StorageSettings("https://unused.blob.core.windows.net")
    settings = AccountSettings(
        "cloud",
        emulator.url,
        LoginKind.ENTRA,
        storage,
        emulator.account,
        subscription="s",
        resource_group="g",
        ca_file=emulator.ca_file,
        management=emulator.url,
    )
    return AccountPackages(settings, EmulatorCredential(emulator.home))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """What is uploaded; nobody looks into it."""
    path = tmp_path / "package.zip"
    path.write_bytes(b"content")
    return path


def test_what_is_added_is_listed_until_it_is_removed(packages, archive):
    packages.add("App", "1.0", archive)
    packages.set_default("App", "1.0")
    package = packages.get("app", "1.0")
    assert (package.application_id, package.is_active, package.is_default) == ("App", True, True)
    assert package in list(packages.list())
    packages.remove("App", "1.0")
    assert "App" not in {one.application_id for one in packages.list()}
    with pytest.raises(NotFoundError, match=r"there is no package `App` 1\.0"):
        packages.get("App", "1.0")


def test_a_large_one_is_uploaded_in_parts(packages, archive, emulator):
    """With progress up to its end."""
    size = SINGLE_PUT_BYTES + 5_000_000
    with archive.open("r+b") as file:
        file.truncate(size)
    seen: list[tuple[int, int]] = []
    packages.add("large", "1", archive, on_progress=lambda done, total: seen.append((done, total)))
    assert len(seen) > 1
    assert max(seen) == (size, size)
    kept = emulator.home / "emulator" / "packages" / "large" / "1.zip"
    assert kept.stat().st_size == size
    assert kept.read_bytes()[:10] == b"content\0\0\0"


def test_a_version_that_is_there_has_to_be_replaced(packages, archive, emulator):
    packages.add("twice", "1", archive)
    with pytest.raises(ConflictError, match="the package `twice` 1 is there already"):
        packages.add("twice", "1", archive)
    archive.write_bytes(b"other content")
    packages.add("twice", "1", archive, replace=True)
    kept = emulator.home / "emulator" / "packages" / "twice" / "1.zip"
    assert kept.read_bytes() == b"other content"


def test_one_that_was_interrupted_goes_on(packages, archive):
    """It has been made but nothing was activated."""
    with pytest.raises(FileNotFoundError):
        packages.add("later", "1", archive.with_name("none"))
    assert [one.is_active for one in packages.list() if one.application_id == "later"] == [False]
    packages.add("later", "1", archive)
    assert packages.get("later", "1").is_active


def test_what_is_wrong_is_said_in_words(packages, archive):
    with pytest.raises(PackageError, match="`a b` cannot be the id of an application package"):
        packages.add("a b", "1", archive)
    packages.add("known", "1", archive)
    with pytest.raises(BatchError, match=r"does not know it: .*package does not exist"):
        packages.set_default("known", "2")
