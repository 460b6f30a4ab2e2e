"""What is told of the tasks of a calibration, from what they have left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import cast

import pytest

from runfleet.azure import AzureBatch, FileInfo, NotFoundError, TaskInfo
from runfleet.calibrate.endings import Endings
from runfleet.calibrate.logs import Logs
from runfleet.calibrate.reading import ManagerReading
from runfleet.launch.names import run_prefix
from runfleet.launch.run_files import StoredFiles
from runfleet.storage import DirectoryStorage
from runfleet.study import Pest, WorkerRange

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


def test_a_calibration_that_took_too_long_needs_more_time(
    storage: DirectoryStorage, endings: Endings
) -> None:
    leave(storage, "manager", "iteration 3\n")
    failure = {
        "category": "usererror",
        "code": "TaskEnded",
        "message": "Task was ended by user request",
        "details": [{"name": "Message", "value": "The maximum execution time was exceeded"}],
    }
    manager = TaskInfo.from_wire(
        {
            "id": "manager",
            "state": "completed",
            "executionInfo": {"result": "failure", "retryCount": 0, "failureInfo": failure},
        }
    )
    error = endings.of_manager(manager)
    assert error.message.startswith("the manager has ended: the time limit was exceeded\n")
    assert (error.hint or "").startswith("write a longer `time_limit` under `model`; then ")


@dataclass
class Node:
    """A node with files of tasks, which grow."""

    files: dict[str, bytes] = field(default_factory=dict)
    longest: int = 0
    is_gone: bool = False

    def task_file(
        self, _job: str, task: str, path: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        if self.is_gone or f"{task}/{path}" not in self.files:
            raise NotFoundError("there is no such file", status=404)
        end = None if length is None else offset + length
        content = self.files[f"{task}/{path}"][offset:end]
        self.longest = max(self.longest, len(content))
        return content

    def list_task_files(self, _job: str, task: str) -> Iterator[FileInfo]:
        for name, content in self.files.items():
            if not self.is_gone and name.startswith(f"{task}/"):
                yield FileInfo(name.removeprefix(f"{task}/"), False, len(content), None)


@pytest.fixture
def node() -> Node:
    return Node()


@pytest.fixture
def logs(node: Node, storage: DirectoryStorage) -> Logs:
    return Logs(cast("AzureBatch", node), StoredFiles(storage, "study-x"), "x")


def test_a_manager_that_writes_very_much_is_followed_all_the_same(node: Node, logs: Logs) -> None:
    """In pieces, so that memory does not grow with its files."""
    node.files["manager/wd/x.rec"] = b"iteration 7: a line for each run of the model\n" * 800_000
    followed = sum(map(len, logs.read_on("manager", "wd/x.rec")))
    assert followed == len(node.files["manager/wd/x.rec"]) > 32 << 20
    node.files["manager/wd/x.rec"] += b"OPTIMISATION ITERATION NO. 8\n"
    assert "".join(logs.read_on("manager", "wd/x.rec")) == "OPTIMISATION ITERATION NO. 8\n"
    assert "".join(logs.read_on("manager", "wd/x.rec")) == ""
    assert node.longest < 8 << 20


def test_what_a_manager_complains_of_on_stderr_is_told(node: Node, logs: Logs) -> None:
    """PEST++ says there that it does not understand its control file."""
    pest = Pest(PurePosixPath("deep/x.pst"), "pestpp-ies", WorkerRange(1, 1))
    node.files["manager/stderr.txt"] = b"Error: unrecognized option `ies_nothing`\n"
    progress = ManagerReading(logs, pest).progress()
    assert progress.errors == ("Error: unrecognized option `ies_nothing`",)


def test_a_letter_may_come_in_two_parts(node: Node, logs: Logs) -> None:
    node.files["manager/stdout.txt"] = "Zürich".encode()[:2]
    first = "".join(logs.read_on("manager", "stdout.txt"))
    node.files["manager/stdout.txt"] = "Zürich\n".encode()
    assert first + "".join(logs.read_on("manager", "stdout.txt")) == "Zürich\n"


def test_what_a_manager_wrote_last_is_read_from_what_it_has_left(
    node: Node, logs: Logs, storage: DirectoryStorage
) -> None:
    """Behind what was followed while it ran."""
    node.files["manager/wd/x.rec"] = b"iteration 1\n"
    assert "".join(logs.read_on("manager", "wd/x.rec")) == "iteration 1\n"
    node.is_gone = True
    storage.put_bytes("study-x", f"{run_prefix('x', 'manager')}x.rec", b"iteration 1\nbye\n")
    assert "".join(logs.read_rest("manager", "wd/x.rec")) == "bye\n"
    assert "".join(logs.read_rest("manager", "wd/x.rec")) == ""


def test_of_a_running_task_the_end_of_its_log_is_read(node: Node, logs: Logs) -> None:
    node.files["worker-001/stdout.txt"] = b"begun\n" + b"x" * (1 << 20) + b"\nthe end\n"
    assert logs.last_lines("worker-001").endswith("\nthe end")
    assert node.longest < 1 << 20


def test_what_was_followed_last_outlives_the_node(node: Node, logs: Logs) -> None:
    node.files["manager/stdout.txt"] = b"calculating\n"
    list(logs.read_on("manager", "stdout.txt"))
    node.is_gone = True
    assert logs.last_lines("manager") == "calculating"
