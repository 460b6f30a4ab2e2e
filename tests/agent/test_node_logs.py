"""The log of a node holds what the agent did there, and stays within bounds."""

import pytest

from runfleet.agent.messages import Ended, Execute, ExecutionFailure, Subject, SubjectKind
from runfleet.agent.node_logs import EARLIER_LOG_FILE, LOG_FILE, NodeLogs
from runfleet.batch.states import EndedBy

TASK = Subject(SubjectKind.TASK, "p", "n", "j", "t")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "volatile").mkdir()
    return tmp_path


def execute(root, number=1, subject=TASK):
    return Execute(number, subject, str(root), "workitems/j/job-1/t", "true", {})


def ended(number=1, subject=TASK, **more):
    return Ended(number, subject, 10.0, 12.5, EndedBy.EXIT, **more)


def test_a_log_tells_what_began_and_ended(root):
    logs = NodeLogs()
    logs.note_begin(execute(root), 10.0)
    logs.note_end(ended(exit_code=3))
    start_task = Subject(SubjectKind.START_TASK, "p", "n")
    logs.note_begin(execute(root, 2, start_task), 10.0)
    logs.note_end(ended(2, start_task, failure=ExecutionFailure("usererror", "DiskFull", "full")))
    logs.write()
    assert (root / LOG_FILE).read_text().splitlines() == [
        "1970-01-01T00:00:10.000+00:00 INFO task j/t begins as execution 1",
        "1970-01-01T00:00:12.500+00:00 INFO task j/t ends after 2.500 s by exit: code 3",
        "1970-01-01T00:00:10.000+00:00 INFO starttask begins as execution 2",
        "1970-01-01T00:00:12.500+00:00 WARNING starttask ends after 2.500 s by exit: DiskFull",
    ]


def test_it_is_written_a_moment_later(root):
    logs = NodeLogs()
    assert logs.seconds_to_wait(10.0) is None
    logs.note_begin(execute(root), 10.0)
    logs.write_due(10.01)
    assert not (root / LOG_FILE).exists()
    logs.write_due(11.0)
    assert (root / LOG_FILE).exists()
    assert logs.seconds_to_wait(11.0) is None


def test_a_full_log_is_set_aside(root):
    logs = NodeLogs(largest=300)
    for number in range(19):
        logs.note_begin(execute(root, number), 10.0)
        logs.write()
    sizes = [(root / name).stat().st_size for name in (LOG_FILE, EARLIER_LOG_FILE)]
    assert 0 < sizes[0] <= 300 < sizes[1] < 400


def test_a_node_that_is_gone_has_no_log(tmp_path):
    logs = NodeLogs()
    logs.note_begin(execute(tmp_path / "gone"), 10.0)
    logs.write()
    assert not (tmp_path / "gone").exists()
