"""The journal of what has ended."""

import pytest

from runfleet.agent.journal import Journal, clear_journal, read_journal
from runfleet.agent.messages import Ended, Ready, Subject, SubjectKind, encode
from runfleet.batch.states import EndedBy


def ended(number):
    subject = Subject(SubjectKind.TASK, "pool", "node", "job", f"task-{number}")
    return Ended(number, subject, 1.5, 2.5, EndedBy.EXIT, exit_code=0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "agent.journal"


def test_what_was_appended_is_read(path):
    journal = Journal(path)
    journal.append(encode(ended(1)) + encode(ended(2)))
    Journal(path).append(encode(ended(3)))
    assert read_journal(path) == [ended(1), ended(2), ended(3)]


def test_a_journal_that_is_not_there_is_empty(path):
    assert read_journal(path) == []
    clear_journal(path)


@pytest.mark.parametrize("length", range(0, 120, 7))
def test_a_torn_line_is_passed_over(path, length):
    torn = encode(ended(2))[: -1 - length]
    path.write_bytes(encode(ended(1)) + torn)
    complete = [ended(2)] if length == 0 else []
    assert read_journal(path) == [ended(1), *complete]
    path.write_bytes(torn + b"\n" + encode(ended(3)))
    assert read_journal(path) == [*complete, ended(3)]


def test_other_messages_are_passed_over(path):
    path.write_bytes(encode(Ready(1)) + b"[]\n1\n{}\n" + encode(ended(1)))
    assert read_journal(path) == [ended(1)]


def test_a_cleared_journal_takes_more(path):
    journal = Journal(path)
    journal.append(encode(ended(1)))
    clear_journal(path)
    journal.append(encode(ended(2)))
    assert read_journal(path) == [ended(2)]


def test_the_agent_has_journalled_what_it_tells(own_agent, state):
    told = [own_agent.run(own_agent.task("true")) for _ in range(3)]
    assert read_journal(state / "agent.journal") == told
