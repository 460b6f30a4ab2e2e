"""Tasks in the store, against plain Python."""

from __future__ import annotations

import contextlib
import operator
import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfleet.batch.filters import And, Comparison, Operator, Or, StartsWith
from runfleet.batch.records import Failure, Job, Subtask, Task
from runfleet.batch.specs import JobSpec
from runfleet.batch.states import ErrorCategory, JobState, SubtaskState, TaskResult, TaskState
from runfleet.store import Store, StoredTask, TaskTable

START = datetime(2026, 1, 1, tzinfo=UTC)

# To the microsecond, before 1970 too.
INSTANTS = st.timedeltas(timedelta(days=-40_000), timedelta(days=40_000)).map(START.__add__)
IDS = st.from_regex("[A-Za-z0-9_-]{1,5}", fullmatch=True)
FAILURES = st.builds(
    Failure,
    st.sampled_from(ErrorCategory),
    st.text(max_size=5),
    st.text(max_size=5),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)
TASKS = st.builds(
    Task,
    job_id=st.just("job"),
    task_id=IDS,
    sequence=st.just(0),
    creation_time=INSTANTS,
    last_modified=INSTANTS,
    state_time=INSTANTS,
    required_slots=st.integers(1, 256),
    instances=st.integers(0, 100),
    max_task_retry_count=st.integers(-1, 2**31 - 1),
    retention_time=st.timedeltas(timedelta(0), timedelta(days=36_500)),
    state=st.sampled_from(TaskState),
    previous_state=st.none() | st.sampled_from(TaskState),
    previous_state_time=st.none() | INSTANTS,
    start_time=st.none() | INSTANTS,
    end_time=st.none() | INSTANTS,
    exit_code=st.none() | st.integers(-3, 255),
    result=st.none() | st.sampled_from(TaskResult),
    failure=st.none() | FAILURES,
    retry_count=st.integers(0, 9),
    last_retry_time=st.none() | INSTANTS,
    requeue_count=st.integers(0, 9),
    last_requeue_time=st.none() | INSTANTS,
    pool_id=st.none() | IDS,
    node_id=st.none() | IDS,
    files_removed=st.booleans(),
)
FIELDS = {
    "state": (lambda task: task.state.value, st.sampled_from(TaskState).map(str)),
    "id": (lambda task: task.task_id, IDS),
    "creationTime": (lambda task: task.creation_time, INSTANTS),
    "executionInfo/startTime": (lambda task: task.start_time, INSTANTS),
    "executionInfo/endTime": (lambda task: task.end_time, INSTANTS),
    "executionInfo/exitCode": (lambda task: task.exit_code, st.integers(-3, 255)),
    "executionInfo/result": (
        lambda task: task.result and task.result.value,
        st.sampled_from(TaskResult).map(str),
    ),
}
COMPARISONS = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda name: st.builds(Comparison, st.just(name), st.sampled_from(Operator), FIELDS[name][1])
)
FILTERS = st.recursive(
    COMPARISONS | st.builds(StartsWith, st.just("id"), IDS),
    lambda inner: (
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=5,
)
COMPARED = {
    Operator.EQUAL: operator.eq,
    Operator.NOT_EQUAL: operator.ne,
    Operator.GREATER: operator.gt,
    Operator.GREATER_OR_EQUAL: operator.ge,
    Operator.LESS: operator.lt,
    Operator.LESS_OR_EQUAL: operator.le,
}
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def meets(condition, task):
    """What a filter means, in plain Python; what has no value meets nothing."""
    match condition:
        case And(terms):
            return all(meets(term, task) for term in terms)
        case Or(terms):
            return any(meets(term, task) for term in terms)
        case StartsWith(_, prefix):
            return task.task_id.lower().startswith(prefix.lower())
        case Comparison(name, compare, value):
            found = FIELDS[name][0](task)
            if found is None:
                return False
            return COMPARED[compare](*map(_folded, (found, value)))


def _folded(value):
    return value.lower() if isinstance(value, str) else value


def opened(path, *job_ids):
    store = Store(path)
    for job_id in job_ids:
        spec = JobSpec(job_id, "pool")
        store.save_job(Job(spec, "{}", START, START, JobState.ACTIVE, START))
    store.commit()
    return store


def filled(store, tasks, job_id="job"):
    """The tasks as they are stored, in order."""
    number = store.job_number(job_id)
    by_id = {task.task_id.lower(): task for task in tasks}
    for task in by_id.values():
        task.sequence = store.tasks.next_sequence()
    added = [StoredTask(task, task.task_id.encode()) for task in by_id.values()]
    store.tasks.add(number, added)
    return added


def steps(path, read):
    """How many steps SQLite takes to read something, to the hundred."""
    counted = []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tasks = TaskTable(connection, lambda: None)
        connection.set_progress_handler(lambda: counted.append(100), 100)
        read(tasks)
    return sum(counted)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


@SLOW
@given(tasks=st.lists(TASKS, max_size=5))
def test_a_task_comes_back_as_it_was_stored(tmp_path_factory, tasks):
    path = tmp_path_factory.mktemp("store") / "state.db"
    store = opened(path, "job")
    added = filled(store, tasks)
    store.close()
    again = Store(path)
    number = again.job_number("JOB")
    assert again.tasks.page(number, None, after=0, limit=10) == added
    for one in added:
        assert again.tasks.find(number, one.task.task_id.upper()) == one
        assert again.tasks.body(one.task.sequence) == one.body
    again.close()


@SLOW
@given(before=TASKS, after=TASKS)
def test_a_task_that_has_changed_comes_back_so(tmp_path_factory, before, after):
    """All but what never changes."""
    store = opened(tmp_path_factory.mktemp("store") / "state.db", "job")
    (stored,) = filled(store, [before])
    for name in ("task_id", "sequence", "creation_time", "required_slots", "instances"):
        setattr(after, name, getattr(before, name))
    store.tasks.save(after)
    assert store.tasks.find(store.job_number("job"), before.task_id) == StoredTask(
        after, stored.body
    )
    store.close()


@SLOW
@given(tasks=st.lists(TASKS, max_size=8), condition=FILTERS)
def test_filters_mean_what_they_mean_in_python(tmp_path_factory, tasks, condition):
    store = opened(tmp_path_factory.mktemp("store") / "state.db", "job", "other")
    added = filled(store, tasks)
    found = store.tasks.page(store.job_number("job"), condition, after=0, limit=10)
    assert found == [one for one in added if meets(condition, one.task)]
    assert store.tasks.page(store.job_number("other"), condition, after=0, limit=10) == []
    store.close()


@pytest.mark.parametrize("joint", [And, Or])
def test_a_filter_may_have_thousands_of_terms(tmp_path, joint):
    """As whoever asks for certain tasks by their ids writes them."""
    store = opened(tmp_path / "state.db", "job")
    filled(store, [Task("job", "t1", 0, START, START, START)])
    terms = tuple(Comparison("id", Operator.EQUAL, f"t{n % 2}") for n in range(2_500))
    found = store.tasks.page(store.job_number("job"), joint(terms), after=0, limit=10)
    assert len(found) == (joint is Or)
    store.close()


@SLOW
@given(tasks=st.lists(TASKS, max_size=8))
def test_counts_are_those_of_the_list(tmp_path_factory, tasks):
    store = opened(tmp_path_factory.mktemp("store") / "state.db", "job")
    added = [one.task for one in filled(store, tasks)]
    counts, slots = store.tasks.counts(store.job_number("job"))
    states = Counter(task.state for task in added)
    assert counts.active == states[TaskState.ACTIVE]
    assert counts.running == states[TaskState.RUNNING] + states[TaskState.PREPARING]
    assert counts.completed == states[TaskState.COMPLETED]
    assert slots.active + slots.running + slots.completed == sum(t.required_slots for t in added)
    store.close()


def plain(number, **more):
    return Task("job", f"t{number}", 0, START, START, START, **more)


def test_few_tasks_that_ended_since_a_moment_are_found_without_a_walk_over_all(path):
    store = opened(path, "job")
    number = store.job_number("job")
    minute = timedelta(minutes=1)
    done = TaskState.COMPLETED
    filled(store, [plain(n, state=done, end_time=START + n * minute) for n in range(10_000)])
    store.close()
    completed = Comparison("state", Operator.EQUAL, "completed")
    ended = Comparison("executionInfo/endTime", Operator.GREATER_OR_EQUAL, START + 9_998 * minute)
    found = []

    def read(tasks):
        found.extend(tasks.page(number, And((completed, ended)), after=0, limit=1_000))

    assert steps(path, read) < 2_000
    assert [one.task.task_id for one in found] == ["t9998", "t9999"]


@pytest.mark.parametrize("since", [0, 1, 1_999, 2_000])
def test_tasks_that_ended_since_a_moment_are_listed_in_order_however_many(path, since):
    store = opened(path, "job", "other")
    second = timedelta(seconds=1)
    backwards = [plain(n, end_time=START + (2_000 - n) * second) for n in range(2_000)]
    filled(store, backwards, "other")
    stored = filled(store, [replace(task) for task in backwards])
    ended = Comparison("executionInfo/endTime", Operator.GREATER, START + since * second)
    number, listed = store.job_number("job"), []
    while page := store.tasks.page(
        number, ended, after=listed[-1].task.sequence if listed else 0, limit=700
    ):
        listed += page
    assert listed == stored[: 2_000 - since]
    store.close()


def test_pages_and_windows_go_on_where_the_last_one_ended(path):
    store = opened(path, "job")
    states = [TaskState.ACTIVE, TaskState.COMPLETED]
    added = [one.task for one in filled(store, [plain(n, state=states[n % 2]) for n in range(10)])]
    number = store.job_number("job")
    after, pages = 0, []
    while page := store.tasks.page(number, None, after=after, limit=4, with_bodies=False):
        assert {one.body for one in page} == {None}
        pages += [one.task for one in page]
        after = page[-1].task.sequence
    assert pages == added
    first = store.tasks.waiting(number, after=0, limit=3)
    rest = store.tasks.waiting(number, after=first[-1].sequence, limit=3)
    assert first + rest == [task for task in added if task.state is TaskState.ACTIVE]
    store.close()


@SLOW
@given(st.lists(st.tuples(st.integers(0, 39), st.none() | st.binary(max_size=2)), max_size=40))
def test_a_body_is_what_was_saved_last(tmp_path_factory, steps):
    """Whichever have been read before, and in whichever order."""
    store = opened(tmp_path_factory.mktemp("store") / "state.db", "job")
    bodies = {one.task.sequence: one.body for one in filled(store, map(plain, range(40)))}
    sequences = list(bodies)
    for number, change in steps:
        sequence = sequences[number]
        if change is not None:
            bodies[sequence] = change
            store.tasks.save_body(sequence, change)
        assert store.tasks.body(sequence) == bodies[sequence]
    store.close()


def test_tasks_that_were_with_a_node_are_found(path):
    store = opened(path, "job", "other")
    filled(store, [plain(n, state=state) for n, state in enumerate(TaskState)])
    found = {task.state for task in store.tasks.interrupted([store.job_number("job")])}
    assert found == {TaskState.RUNNING, TaskState.PREPARING}
    assert list(store.tasks.interrupted([store.job_number("other")])) == []
    store.close()


def test_tasks_that_ended_on_a_node_since_its_moment_are_found_in_order(path):
    store = opened(path, "job")
    minute = timedelta(minutes=1)

    def ended(number, node, minutes):
        known = {"state_time": START + minutes * minute, "end_time": START}
        return replace(plain(number), node_id=node, **known)

    tasks = [ended(1, "n1", 3), ended(2, "n1", 2), ended(3, "n1", 1), ended(4, "n2", 3)]
    running = replace(plain(5), node_id="n1", state_time=START + 3 * minute)
    filled(store, [*tasks, running, ended(6, "n3", 3)])
    found = store.tasks.ended_on({"n1": START + minute, "n2": START, "none": START})
    assert [one.task_id for one in found] in (["t2", "t1", "t4"], ["t2", "t4", "t1"])
    assert store.tasks.ended_on({}) == []
    store.close()


def test_files_expire_after_their_retention(path):
    store = opened(path, "job")
    day = timedelta(days=1)
    ends = [None, START, START, START]
    tasks = [plain(n, end_time=end, retention_time=n * day) for n, end in enumerate(ends)]
    tasks[1].files_removed = True
    filled(store, tasks)
    assert store.tasks.next_expiry() == START + 2 * day
    assert [one.task_id for one in store.tasks.expired(START + 2 * day, 10)] == ["t2"]
    assert store.tasks.expired(START, 10) == []
    store.close()


def test_tasks_of_a_forgotten_job_are_purged_and_no_others(path):
    store = opened(path, "job", "other")
    filled(store, [plain(n) for n in range(2_500)])
    kept = filled(store, [plain(n) for n in range(3)], "other")
    dead = store.job_number("job")
    store.forget_job("job")
    rounds = 1
    while store.purge():
        rounds += 1
    assert rounds == 3
    assert store.tasks.page(dead, None, after=0, limit=1) == []
    assert store.tasks.page(store.job_number("other"), None, after=0, limit=10) == kept
    store.close()


def test_all_jobs_that_are_gone_are_purged(path):
    store = opened(path, "job", "other")
    gone = [store.job_number(job_id) for job_id in ("job", "other")]
    for job_id in ("job", "other"):
        filled(store, [plain(n) for n in range(3)], job_id)
        store.forget_job(job_id)
    while store.purge():
        pass
    assert not any(store.tasks.page(job, None, after=0, limit=1) for job in gone)
    store.close()


def test_the_tasks_of_jobs_that_live_are_not_walked_by_a_purge(path):
    store = opened(path, "job")
    filled(store, [plain(n) for n in range(10_000)])
    living = [store.job_number("job")]
    store.close()
    assert steps(path, lambda tasks: tasks.purge(living, 1_000)) < 1_000


def test_a_deleted_task_stays_away_when_it_is_saved(path):
    store = opened(path, "job")
    (one,) = filled(store, [plain(1)])
    store.tasks.forget(one.task)
    store.tasks.save(one.task)
    assert store.tasks.find(store.job_number("job"), "t1") is None
    assert store.tasks.existing(store.job_number("job"), ["T1", "t2"]) == set()
    store.close()


def test_sequences_grow_on_after_the_store_is_opened_again(path):
    store = opened(path, "job")
    added = filled(store, [plain(n) for n in range(3)])
    store.tasks.forget(added[1].task)
    store.close()
    again = Store(path)
    assert again.tasks.next_sequence() == added[2].task.sequence + 1
    again.close()


@pytest.mark.parametrize("goes", ["task", "job"])
def test_the_sequence_of_a_task_that_is_gone_is_not_used_again(path, goes):
    """Also where it was the last one: pages and children are told by it."""
    store = opened(path, "job")
    last = filled(store, [plain(n) for n in range(3)])[-1].task
    if goes == "task":
        store.tasks.forget(last)
    else:
        store.forget_job("job")
        while store.purge():
            pass
    store.close()
    for _ in range(2):
        again = Store(path)
        assert again.tasks.next_sequence() == last.sequence + 1
        again.close()


def test_subtasks_are_kept_with_their_task(path):
    """Until they are replaced, and no longer than the task; an ordinary one has none."""
    store = opened(path, "job")
    task, ordinary = plain(1, instances=3), plain(2)
    filled(store, [task, ordinary])
    subtasks = [
        Subtask(number, "pool", f"node-{number}", SubtaskState.RUNNING, START, start_time=START)
        for number in (1, 2)
    ]
    store.tasks.save_subtasks(task, subtasks)
    assert store.tasks.subtasks(task) == subtasks
    assert store.tasks.subtasks(ordinary) == []
    store.tasks.save_subtasks(task, subtasks[:1])
    assert store.tasks.subtasks(task) == subtasks[:1]
    store.tasks.forget(task)
    assert store.tasks.subtasks(task) == []
    store.close()
