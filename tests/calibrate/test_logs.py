"""What is told of the tasks of a calibration, from what they have left."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from runfleet.azure import AzureBatch, TaskInfo
from runfleet.calibrate.endings import Endings
from runfleet.calibrate.logs import Logs
from runfleet.launch.names import run_prefix
from runfleet.launch.run_files import StoredFiles
from runfleet.storage import DirectoryStorage

TRACEBACK = "forrtl: severe (104): incorrect ACCESS value, file props.tpl\n" + "".join(
    f"agent.exe   00007FF6A1B2C3D{n:X}  Unknown   Unknown  Unknown\n" for n in range(14)
)
KILLED = "a process was killed by signal 9: there may have been too little memory\r\n"


@pytest.fixture
def storage(tmp_path: Path) -> DirectoryStorage:
    made = DirectoryStorage(tmp_path)
    made.create_container("study-x")
    return made


@pytest.fixture
def endings(storage: DirectoryStorage) -> Endings:
    """Of a calibration all of whose tasks have ended: nothing is read from nodes."""
    return Endings("x", Logs(cast("AzureBatch", None), StoredFiles(storage, "study-x"), "x"))


def leave(storage: DirectoryStorage, task: str, stdout: str = "", stderr: str = "") -> None:
    for name, text in (("stdout.txt", stdout), ("stderr.txt", stderr)):
        storage.put_bytes("study-x", f"{run_prefix('x', task)}{name}", text.encode())


def test_the_line_that_tells_stands_above_its_addresses(
    storage: DirectoryStorage, endings: Endings
) -> None:
    leave(storage, "worker-001", "calculating\n", TRACEBACK)
    lines = endings.logs.last_lines("worker-001").splitlines()
    assert lines[:2] == ["calculating", TRACEBACK.splitlines()[0]]
    assert len(set(lines)) == len(lines)


def test_what_a_worker_wrote_of_an_error_counts_before_how_it_was_ended(
    storage: DirectoryStorage, endings: Endings
) -> None:
    """A manager ends its workers: that a process was killed is no reason then."""
    leave(storage, "manager", "no runs succeeded\n")
    said = "Can't recognize 'aquifr.exe' as an internal or external command.\r\n"
    leave(
        storage,
        "worker-001",
        "exception raised by run thread: model.out is not there\n",
        said + KILLED,
    )
    manager = TaskInfo.from_wire(
        {
            "id": "manager",
            "state": "completed",
            "executionInfo": {"exitCode": 1, "result": "failure", "retryCount": 0},
        }
    )
    output = endings.of_manager(manager, ["worker-001"]).output
    assert said.strip() in output
    assert "too little memory" not in output
