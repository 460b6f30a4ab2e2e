"""The journal of what has ended."""

import pytest

from runfleet.agent.journal import Journal, clear_journal, read_journal, shorten_journal
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
    assert list(read_journal(path)) == [ended(1), ended(2), ended(3)]


def test_a_journal_that_is_not_there_is_empty(path):
    assert list(read_journal(path)) == []
    clear_journal(path)


@pytest.mark.parametrize("length", range(0, 120, 7))
def test_a_torn_line_is_passed_over(path, length):
    torn = encode(ended(2))[: -1 - length]
    path.write_bytes(encode(ended(1)) + torn)
    complete = [ended(2)] if length == 0 else []
    assert list(read_journal(path)) == [ended(1), *complete]
    path.write_bytes(torn + b"\n" + encode(ended(3)))
    assert list(read_journal(path)) == [*complete, ended(3)]


def test_other_messages_are_passed_over(path):
    path.write_bytes(encode(Ready(1)) + b"[]\n1\n{}\n" + encode(ended(1)))
    assert list(read_journal(path)) == [ended(1)]


def test_a_cleared_journal_takes_more(path):
    journal = Journal(path)
    journal.append(encode(ended(1)))
    clear_journal(path)
    journal.append(encode(ended(2)))
    assert list(read_journal(path)) == [ended(2)]


def test_a_journal_of_which_all_is_known_stays_short(path):
    """Whatever still runs; what nobody has heard of yet is kept."""
    journal = Journal(path)
    for number in range(1, 3_000):
        journal.append(encode(ended(number)))
        shorten_journal(path, {0, number}.copy)
    left = [one.execution for one in read_journal(path)]
    assert left == list(range(left[0], 3_000))
    assert len(left) < 1_000
    assert sum(one.stat().st_size for one in path.parent.iterdir()) < 200_000


def test_what_nobody_has_heard_of_is_kept_however_much_it_is(path):
    journal = Journal(path)
    for number in range(1, 2_000):
        journal.append(encode(ended(number)))
        shorten_journal(path, {1}.copy)
    assert [one.execution for one in read_journal(path)] == list(range(1, 2_000))
    clear_journal(path)
    assert list(read_journal(path)) == []


def test_what_is_written_is_told_though_another_file_cannot_be_begun(path):
    in_the_way = path.with_name(f"{path.name}.fresh")
    in_the_way.mkdir()
    journal = Journal(path)
    for number in range(1, 1_000):
        journal.append(encode(ended(number)))
    in_the_way.rmdir()
    journal.append(encode(ended(1_000)))
    shorten_journal(path, set[int])
    journal.append(encode(ended(1_001)))
    assert list(read_journal(path)) == [ended(1_001)]


def test_the_first_end_that_another_agent_notes_is_not_lost_behind_a_torn_line(path):
    path.write_bytes(encode(ended(1))[:50])
    Journal(path).append(encode(ended(2)))
    assert list(read_journal(path)) == [ended(2)]


def test_the_agent_has_journalled_what_it_tells(own_agent, state):
    told = [own_agent.run(own_agent.task("true")) for _ in range(3)]
    assert list(read_journal(state / "agent.journal")) == told
