"""The files of tasks that belong to no study."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runfleet.azure import JobInfo, OperatingSystem
from runfleet.launch import JobFiles, LaunchError, SingleTask
from runfleet.storage import DirectoryStorage, LifeTooLongError
from runfleet.storage.signatures import LONGEST_DELEGATED_LIFE
from runfleet.study.mpi import Implementation, Mpi


class IdentityStorage(DirectoryStorage):
    """A folder whose URLs work no longer than those that are signed for an identity."""

    def blob_url(self, container: str, blob: str, *, life: timedelta, write: bool = False) -> str:
        return _checked(life, super().blob_url(container, blob, life=life, write=write))

    def container_url(self, container: str, *, life: timedelta, write: bool = False) -> str:
        return _checked(life, super().container_url(container, life=life, write=write))


def _checked(life: timedelta, url: str) -> str:
    if life > LONGEST_DELEGATED_LIFE:
        raise LifeTooLongError("it works for less than seven days")
    return url


def job(created: datetime, **metadata: str) -> JobInfo:
    return JobInfo.from_wire(
        {
            "id": "survey",
            "creationTime": created.isoformat(),
            "metadata": [{"name": name, "value": value} for name, value in metadata.items()],
        }
    )


@pytest.fixture
def files(tmp_path: Path) -> JobFiles:
    return JobFiles(IdentityStorage(tmp_path / "storage"), "jobs-own", "job")


def test_urls_work_as_long_as_an_identity_can_sign(files: JobFiles, tmp_path: Path) -> None:
    """Who logs in without a key has tasks by hand, too."""
    (tmp_path / "a.txt").write_text("a")
    assert files.send([str(tmp_path / "a.txt")])[0].file_path == "a.txt"
    assert [output.pattern for output in files.outputs("t", ["*.rpt"])] == ["../std*.txt", "*.rpt"]


def test_urls_work_as_long_as_the_task_may_take(files: JobFiles) -> None:
    """Each of its tries; what cannot be signed for so long is refused before it is added."""
    task = SingleTask("t", "x", time_limit=timedelta(days=3), retries=1)
    assert task.settings(files, OperatingSystem.LINUX)
    with pytest.raises(LifeTooLongError):
        replace(task, retries=2).settings(files, OperatingSystem.LINUX)


def test_nodes_make_the_folder_of_mpi_in_the_words_of_their_shell(files: JobFiles) -> None:
    """Before what is asked for; `mkdir -p` is none of `cmd`."""
    mpi = Mpi(2, 1, Implementation.MSMPI, "mpiexec")
    task = SingleTask("t", "model.exe", nodes=2, mpi=mpi, coordination="echo hello")
    together = task.settings(files, OperatingSystem.WINDOWS).instances
    assert together is not None
    folder = r'"%AZ_BATCH_TASK_SHARED_DIR%\wd"'
    assert together.coordination_command_line == (
        f'cmd /s /c "(if not exist {folder} mkdir {folder}) & cd /d {folder} & echo hello"'
    )


def test_only_what_is_new_is_uploaded(files: JobFiles, tmp_path: Path) -> None:
    """Under names that tell content; two files of the same content are two all the same."""
    for name, content in {"a": "same", "b": "same", "c": "other"}.items():
        (tmp_path / name).write_text(content)
    first = files.send([tmp_path / "a", tmp_path / "b"])
    before = {blob.name: blob.last_modified for blob in files.storage.list_blobs("jobs-own")}
    again = files.send([tmp_path / "a", tmp_path / "b", tmp_path / "c"])
    after = {blob.name: blob.last_modified for blob in files.storage.list_blobs("jobs-own")}
    assert [file.http_url for file in again[:2]] == [file.http_url for file in first]
    assert len(after) == 3
    assert after.items() > before.items()


def test_a_folder_keeps_its_name(files: JobFiles, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "b.txt").write_text("b")
    (sent,) = files.send([tmp_path / "in"], folder="wd")
    assert sent.file_path == "wd/in/deep/b.txt"


@pytest.mark.parametrize("source", ["..", "../../in/deep/..", "../deep/../../in"])
def test_a_folder_that_is_named_by_dots_keeps_its_name(
    files: JobFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/a.txt").write_text("a")
    monkeypatch.chdir(tmp_path / "in/deep")
    assert [file.file_path for file in files.send([source])] == ["in/a.txt"]


def test_a_link_keeps_its_name(files: JobFiles, tmp_path: Path) -> None:
    """Whatever it leads to."""
    (tmp_path / "a-2026.txt").write_text("a")
    (tmp_path / "a.txt").symlink_to("a-2026.txt")
    assert [file.file_path for file in files.send([tmp_path / "a.txt"])] == ["a.txt"]


def test_two_files_of_one_name_are_refused(files: JobFiles, tmp_path: Path) -> None:
    """The task would find the last of them only; a file that is given twice is one."""
    first, second = tmp_path / "a/x.txt", tmp_path / "b/x.txt"
    for file in (first, second):
        file.parent.mkdir()
        file.write_text(file.parent.name)
    with pytest.raises(LaunchError) as refused:
        files.send([first, second])
    assert str(refused.value) == f"`{first}` and `{second}` would both be `x.txt` for the task"
    assert refused.value.hint == "rename one of them, or give the folders that they are in"
    assert [file.file_path for file in files.send([first, tmp_path / "a/../a/x.txt"])] == ["x.txt"]
    both = files.send([first.parent, second.parent])
    assert [file.file_path for file in both] == ["a/x.txt", "b/x.txt"]


def test_a_file_that_is_not_there_is_named(files: JobFiles, tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="there is no input file"):
        files.send([tmp_path / "nothing"])


def test_jobs_that_name_no_container_have_files_of_their_own(tmp_path: Path) -> None:
    """Apart from those of a deleted job of the same id, and found again."""
    storage = DirectoryStorage(tmp_path)
    first, second = (
        JobFiles.of(storage, job(datetime(2026, 5, 1, hour, tzinfo=UTC))) for hour in (8, 9)
    )
    assert first.container == second.container == "job-survey"
    assert first.folder != second.folder
    assert JobFiles.of(storage, job(datetime(2026, 5, 1, 8, tzinfo=UTC))) == first


def test_jobs_of_older_versions_have_their_files_below_their_id(tmp_path: Path) -> None:
    """Their metadata names a container alone."""
    older = job(datetime(2026, 5, 1, tzinfo=UTC), **{"runfleet-container": "own"})
    found = JobFiles.of(DirectoryStorage(tmp_path), older)
    assert (found.container, found.folder) == ("own", "survey")
