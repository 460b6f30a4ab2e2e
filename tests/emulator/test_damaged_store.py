"""A store of which a part cannot be read any more."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys

import pytest
from azure.core.exceptions import AzureError


@pytest.fixture(scope="module")
def used_store(account, emulator, tmp_path_factory):
    """A store with a pool, a job and tasks, of which one has ended, one runs and one waits."""
    job = account.job(account.pool(), usesTaskDependencies=True)
    account.run(job, "first")
    account.add(job, "second", "sleep 600")
    account.add(job, "third", dependsOn={"taskIds": ["second"]})
    account.task_in(job, "second", "running")
    copy = tmp_path_factory.mktemp("used") / "state.db"
    with (
        contextlib.closing(sqlite3.connect(emulator.home / "emulator" / "state.db")) as store,
        contextlib.closing(sqlite3.connect(copy)) as other,
    ):
        store.backup(other)
    return copy


@pytest.fixture
def path(used_store, tmp_path):
    """The store in a home folder of its own."""
    (tmp_path / "emulator").mkdir()
    return shutil.copy(used_store, tmp_path / "emulator" / "state.db")


def spoil_page(path, name):
    """Overwrite the first page of a table or an index, and leave all others as they are."""
    with contextlib.closing(sqlite3.connect(path)) as store:
        (size,) = store.execute("PRAGMA page_size").fetchone()
        statement = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = store.execute(statement, (name,)).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def spoil_records(path, name, record):
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.execute(f"UPDATE {name} SET record = ?", (record,))
        store.commit()


def assert_told_plainly(log, path):
    assert f"`{path}` cannot be read: " in log
    assert "`runfleet emulator reset` starts over" in log
    assert "Traceback" not in log


def assert_refused(home, path):
    """It ends before it serves anybody, as where the whole file is no store."""
    command = [sys.executable, "-m", "runfleet.emulator", "--home", home]
    assert subprocess.run(command, timeout=60).returncode == 1
    log = (home / "emulator" / "log.txt").read_text()
    assert_told_plainly(log, path)
    assert "serving account" not in log


@pytest.mark.parametrize(
    "name",
    [
        "bodies",
        "dependencies",
        "expiring_tasks",
        "jobs",
        "met_requirements",
        "nodes",
        "pools",
        "tasks",
        "tasks_by_state",
        "used_sequences",
    ],
)
def test_a_damaged_page_is_told_plainly(tmp_path, path, name):
    spoil_page(path, name)
    assert_refused(tmp_path, path)


@pytest.mark.parametrize("record", ["{", "{}"])
def test_a_damaged_record_is_told_plainly(tmp_path, path, record):
    spoil_records(path, "pools", record)
    assert_refused(tmp_path, path)


def test_damage_that_is_met_later_ends_the_emulator(tmp_path, path, start_emulator, account_of):
    spoil_page(path, "usage")
    emulator = start_emulator(tmp_path)
    account = account_of(emulator)
    (pool,) = account.get("/pools")["value"]
    # The SDK asks again, and finds nobody.
    with contextlib.suppress(AzureError):
        account.send("DELETE", f"/pools/{pool['id']}")
    assert emulator.process.wait(60) == 1
    assert_told_plainly(emulator.log.read_text(), path)
