"""Collecting the files of a manager."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import cast

import pytest

from runfleet.calibrate import Calibration, CalibrationError
from runfleet.calibrate.manager_folder import ManagerFolder
from runfleet.launch import Account
from runfleet.launch.accounts.access import Access
from runfleet.launch.definition import Definition
from runfleet.launch.errors import LaunchError
from runfleet.launch.record import Generation, RecordStore, StudyRecord
from runfleet.storage import Blob, DirectoryStorage, StorageUnavailableError


class FailingStorage(DirectoryStorage):
    """Answers no more after the first file."""

    def get_files(self, container: str, files: Iterable[tuple[Blob, str]]) -> None:
        super().get_files(container, list(files)[:1])
        raise StorageUnavailableError("the storage account is too busy")


def submit(storage: DirectoryStorage) -> None:
    """Note a calibration, `curve`, as submitted."""
    model = {"control": "case.pst", "program": "pestpp-glm", "inputs": {}}
    record = StudyRecord("curve", 1, Definition(model, {}, {}, ""), (Generation(1, "curve", 1),))
    storage.create_container(record.container)
    RecordStore(storage, "curve", "local").write(record)


def calibration_on(storage: DirectoryStorage, home: Path) -> Calibration:
    """Give the calibration on an account with such a storage."""
    access = SimpleNamespace(
        open_storage=lambda: storage, open_batch=lambda: SimpleNamespace(account="local")
    )
    return Calibration(Account("local", home, cast("Access", access)), "curve")


@pytest.fixture
def own(tmp_path: Path) -> ManagerFolder:
    """A folder with what a manager has left."""
    own = ManagerFolder(tmp_path / "results", "curve", PurePosixPath("case.pst"))
    own.manager.mkdir(parents=True)
    (own.manager / "case.rec").write_text("earlier")
    return own


def test_what_was_collected_stays_until_there_is_something_new(
    case: Path, own: ManagerFolder, tmp_path: Path
) -> None:
    """Also where the storage fails in the middle; then the next time all is there."""
    storage = FailingStorage(tmp_path / "storage")
    submit(storage)
    for name in ("a.tpl", "case.rec", "case.pst"):
        storage.put_file("study-curve", f"runs/curve/manager/{name}", case)
    with pytest.raises(StorageUnavailableError):
        calibration_on(storage, tmp_path).collect(own.path)
    assert [path.name for path in own.path.iterdir() if path.name != ".lock"] == ["manager"]
    assert [path.name for path in own.manager.iterdir()] == ["case.rec"]
    calibration_on(DirectoryStorage(tmp_path / "storage"), tmp_path).collect(own.path)
    found = {path.name for path in own.manager.iterdir()}
    assert found == {"a.tpl", "case.rec", "case.pst", ".collected"}


def test_a_manager_that_has_saved_nothing_leaves_what_there_was(
    own: ManagerFolder, tmp_path: Path
) -> None:
    storage = DirectoryStorage(tmp_path / "storage")
    submit(storage)
    with pytest.raises(CalibrationError) as caught:
        calibration_on(storage, tmp_path).collect(own.path)
    assert str(caught.value) == "nothing was saved yet of the files of the manager of `curve`"
    assert caught.value.hint == "`runfleet explain curve` says where it is"
    assert (own.manager / "case.rec").exists()


def test_a_collection_that_was_killed_is_no_obstacle(own: ManagerFolder) -> None:
    for ending in ("partial", "earlier"):
        (own.path / f".manager.{ending}").mkdir()
        (own.path / f".manager.{ending}" / "case.jco").touch()
    with own.renewed() as draft:
        (draft / "CASE.pst").touch()
    assert {path.name for path in own.manager.iterdir()} == {"CASE.pst", ".collected"}
    assert {path.name for path in own.path.iterdir()} <= {"manager", ".lock"}


def test_files_of_somebody_else_are_not_removed(own: ManagerFolder) -> None:
    (own.manager / "case.rec").rename(own.manager / "notes.txt")
    with pytest.raises(LaunchError, match="is in the way"), own.renewed():
        pass
    assert (own.manager / "notes.txt").exists()


def test_what_was_collected_is_known_also_where_the_control_file_is_renamed(
    own: ManagerFolder,
) -> None:
    """Before anything begins, too; but not what is of another study."""
    with own.renewed() as draft:
        (draft / "case.pst").touch()
    renamed = ManagerFolder(own.path, own.study, PurePosixPath("The Case.pst"))
    renamed.check()
    with renamed.renewed() as draft:
        (draft / "The Case.pst").touch()
    assert {path.name for path in own.manager.iterdir()} == {"The Case.pst", ".collected"}
    other = ManagerFolder(own.path, "parabola", PurePosixPath("The Case.pst"))
    with pytest.raises(LaunchError, match="it has the files of another study, `curve`"):
        other.check()


def test_tables_of_the_user_are_not_written_over(own: ManagerFolder, tmp_path: Path) -> None:
    """As a control file may name some, and its own folder be given for the results."""
    (own.path / "parameters.csv").touch()
    with own.renewed() as draft:  # it was collected with the files that are there
        (draft / "case.pst").touch()
    strange = ManagerFolder(tmp_path, "curve", own.control)
    (tmp_path / "parameters.csv").touch()
    with pytest.raises(LaunchError) as caught, strange.renewed():
        pass
    assert str(caught.value) == (
        f"`{tmp_path / 'parameters.csv'}` is in the way: nothing tells that it was collected there"
    )
    assert not strange.manager.exists()
