"""Bringing home what the tasks of a job left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from runfleet.azure import (
    AuthenticationError,
    JobInfo,
    JobSettings,
    ResourceFile,
    TaskSettings,
    shell_command,
)
from runfleet.azure import OperatingSystem as System
from runfleet.launch import Account, JobFiles, SingleTask, TaskFiles, fetch_task_files
from runfleet.study import Study

MakeJob = Callable[..., None]


@pytest.fixture
def make_job(account: Account, write_study: Callable[[str], Study]) -> MakeJob:
    """Make a job on the pool of a study."""
    study = write_study("model: {command: exit 0}")
    list(account.submit(study).watch())
    pool = account.plan_pool(study).id
    return lambda job_id, **more: account.batch.create_job(JobSettings(job_id, pool, **more))


def job_of(account: Account, job_id: str) -> JobInfo:
    job = account.batch.get_job(job_id)
    assert job is not None
    return job


def carry_out(account: Account, job_id: str, command: str) -> None:
    """Have a job carry out a task that uploads nothing, as others make them."""
    account.batch.add_tasks(job_id, [TaskSettings("t", shell_command(command, System.LINUX))])
    account.batch.wait_for_tasks(job_id)


def test_a_log_that_may_not_be_read_is_not_taken_for_a_lost_one(
    account: Account, make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of tasks that others have made, logs are on their nodes."""

    def refuse(*_: object, **__: object) -> bytes:
        raise AuthenticationError("the account does not let you", status=403)

    make_job("foreign")
    carry_out(account, "foreign", "echo done")
    job = job_of(account, "foreign")
    with monkeypatch.context() as patched:
        patched.setattr(account.batch, "task_file", refuse)
        with pytest.raises(AuthenticationError):
            fetch_task_files(account.batch, account.storage, job, tmp_path)
    fetched = fetch_task_files(account.batch, account.storage, job, tmp_path)
    assert (fetched.new, fetched.missing) == (1, ())
    assert (fetched.folder / "t/stdout.txt").read_text() == "done\n"


def test_only_what_is_new_is_fetched(account: Account, make_job: MakeJob, tmp_path: Path) -> None:
    """What a task writes anew is, though it be as long as before."""
    (tmp_path / "input").write_text("1")
    files = JobFiles.new(account.storage, "jobs-repeated", "repeated")
    make_job("repeated", metadata=files.metadata)
    command = f"cat {tmp_path}/input > out.txt; exit 1"
    tasks = [SingleTask(name, command, outputs=["out.txt"]) for name in ("t1", "t2")]
    account.batch.add_tasks("repeated", [task.settings(files, System.LINUX) for task in tasks])

    def fetch() -> TaskFiles:
        account.batch.wait_for_tasks("repeated")
        job = job_of(account, "repeated")
        return fetch_task_files(account.batch, account.storage, job, tmp_path / "results")

    assert [fetch().new, fetch().new] == [2, 0]
    (tmp_path / "input").write_text("2")
    account.batch.reactivate_task("repeated", "t1")
    fetched = fetch()
    assert fetched.new == 1
    contents = [(fetched.folder / task / "out.txt").read_text() for task in ("t1", "t2")]
    assert contents == ["2", "1"]
    (fetched.folder / "t2/out.txt").unlink()
    with (fetched.folder / ".fetched").open("a") as lines:
        lines.write('["cut')
    assert fetch().new == 1
    assert (fetched.folder / "t2/out.txt").exists()


def test_logs_come_whole_after_an_interruption(
    account: Account, make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that has a folder is not asked for its logs again."""
    write = Path.write_bytes

    def write_until_interrupted(path: Path, content: bytes) -> int:
        if path.name == "stderr.txt":
            raise KeyboardInterrupt
        return write(path, content)

    make_job("interrupted")
    carry_out(account, "interrupted", "echo done; echo trouble >&2")
    job = job_of(account, "interrupted")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", write_until_interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch_task_files(account.batch, account.storage, job, tmp_path)
    fetched = fetch_task_files(account.batch, account.storage, job, tmp_path)
    assert (fetched.new, fetched.missing) == (1, ())
    assert (fetched.folder / "t/stderr.txt").read_text() == "trouble\n"
    assert {path.name for path in fetched.folder.iterdir()} == {".job", "t"}


def test_a_task_that_could_not_be_started_has_lost_nothing(
    account: Account, make_job: MakeJob, tmp_path: Path
) -> None:
    """It never wrote anything, be its node there or not."""
    make_job("doomed")
    account.storage.create_container("empty")
    url = account.storage.blob_url("empty", "nothing", life=timedelta(hours=1))
    inputs = [ResourceFile(http_url=url, file_path="a.txt")]
    account.batch.add_tasks("doomed", [TaskSettings("t", "true", inputs)])
    account.batch.wait_for_tasks("doomed")
    fetched = fetch_task_files(account.batch, account.storage, job_of(account, "doomed"), tmp_path)
    assert (fetched.new, fetched.missing, fetched.not_started) == (0, (), ("t",))
    assert not fetched.is_all_lost
