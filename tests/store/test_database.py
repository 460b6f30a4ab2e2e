"""The store as a file: transactions, versions, and all records but the tasks."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from runfleet.batch.records import (
    Autoscale,
    AutoscaleError,
    AutoscaleRun,
    AuxiliaryTaskInfo,
    Emptying,
    Failure,
    Job,
    JobNode,
    JobSchedule,
    Node,
    Pool,
    RecentTask,
    ResizeError,
    Task,
)
from runfleet.batch.specs import (
    ApplicationPackageReference,
    AutoscaleSpec,
    CommandSpec,
    JobScheduleSpec,
    JobSpec,
    PoolSpec,
    PreparationTaskSpec,
    ReleaseTaskSpec,
    ResourceFile,
    StartTaskSpec,
    TaskDependencies,
)
from runfleet.batch.states import (
    AllocationState,
    AuxiliaryTaskState,
    ErrorCategory,
    JobScheduleState,
    JobState,
    NodeDeallocationOption,
    NodeFillType,
    NodeState,
    PoolState,
    Purpose,
    SchedulingState,
    TaskResult,
    TaskState,
)
from runfleet.store import Store, StoredTask, StoreError

START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
LATER = START + timedelta(seconds=1.5)
COMMAND = CommandSpec("a 'b'", (ResourceFile(http_url="http://x/y", file_path="z"),), {"ä": "ö"})
FAILURE = Failure(ErrorCategory.USER_ERROR, "Code", "message", {"a": "b"})
INFO = AuxiliaryTaskInfo(
    AuxiliaryTaskState.COMPLETED, START, LATER, 3, FAILURE, TaskResult.FAILURE, 2, LATER
)
POOL = Pool(
    spec=PoolSpec(
        "Pool",
        "standard_f2s_v2",
        task_slots_per_node=3,
        node_fill_type=NodeFillType.PACK,
        start_task=StartTaskSpec(COMMAND, 2, wait_for_success=False),
        packages=(ApplicationPackageReference("a", "1"), ApplicationPackageReference("b")),
    ),
    body='{"id": "Pool"}',
    creation_time=START,
    last_modified=LATER,
    state=PoolState.ACTIVE,
    state_time=START,
    allocation_state=AllocationState.RESIZING,
    allocation_time=LATER,
    target_dedicated=4,
    target_low_priority=1,
    resize_errors=[ResizeError("ResizeStopped", "text")],
    resize_deadline=LATER,
    nodes_made=7,
    autoscale=Autoscale(
        AutoscaleSpec("$a = 1;", timedelta(minutes=5)),
        LATER,
        AutoscaleRun(START, "$a=1", AutoscaleError("Code", "message", "Line 1, Col 1: why")),
    ),
    autoscale_enable_time=START,
)
NODE = Node(
    node_id="tvmps_1_d",
    pool_id="Pool",
    number=1,
    dedicated=True,
    allocation_time=START,
    state=NodeState.RUNNING,
    state_time=LATER,
    address="10.0.0.4",
    scheduling_state=SchedulingState.DISABLED,
    boot_time=START,
    start_task=INFO,
    errors=[FAILURE],
    total_tasks_run=9,
    recent_tasks=[RecentTask("job", "t", TaskState.COMPLETED, START, LATER, 0)],
    emptying=Emptying(Purpose.REBOOT, NodeDeallocationOption.TASK_COMPLETION),
)
JOB = Job(
    spec=JobSpec(
        "Job",
        "Pool",
        max_wall_clock_time=timedelta(hours=1),
        preparation=PreparationTaskSpec("p", COMMAND, max_wall_clock_time=timedelta(minutes=1)),
        release=ReleaseTaskSpec("r", COMMAND),
        common_environment={"A": "b"},
    ),
    body='{"id": "Job"}',
    creation_time=START,
    last_modified=LATER,
    state=JobState.DISABLED,
    state_time=LATER,
    previous_state=JobState.DISABLING,
    previous_state_time=LATER,
    terminate_reason="x",
)
SCHEDULE = JobSchedule(
    spec=JobScheduleSpec(
        "Schedule", JOB.spec, JOB.body, START, LATER, timedelta(minutes=5), timedelta(days=1)
    ),
    body='{"displayName": "x"}',
    creation_time=START,
    last_modified=LATER,
    state=JobScheduleState.DISABLED,
    state_time=LATER,
    last_occurrence=START,
    jobs_made=3,
)
JOB_NODE = JobNode(
    "Job",
    "Pool",
    "tvmps_1_d",
    preparation=INFO,
    release=None,
    boot_time=START,
    was_cut_short=True,
    was_prepared=True,
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a folder with 'quote'" / "state.db"


@pytest.fixture
def store(path):
    path.parent.mkdir()
    store = Store(path)
    yield store
    store.close()


@pytest.fixture
def full(store):
    store.save_pool(POOL)
    store.save_node(NODE)
    store.save_job(JOB)
    store.save_job_node(JOB_NODE)
    store.save_job_schedule(SCHEDULE)
    return store


def test_records_come_back_as_they_were_stored(full, path):
    full.commit()
    again = Store(path)
    assert again.pools() == [POOL]
    assert again.nodes() == [NODE]
    assert again.jobs() == [JOB]
    assert again.job_schedules() == [SCHEDULE]
    assert again.job_nodes() == again.job_nodes("JOB") == [JOB_NODE]
    assert again.job_number("job") == full.job_number("JOB")
    again.close()


def test_a_pool_of_before_there_was_autoscale_is_read(full, path):
    """Members that a record has got since then have their defaults."""
    full.commit()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE pools SET record ="
            " json_remove(record, '$.autoscale', '$.autoscale_enable_time')"
        )
        connection.commit()
    assert full.pools() == [replace(POOL, autoscale=None, autoscale_enable_time=None)]


def test_durations_in_hours_and_minutes_as_they_were_once_written_are_read(full, path):
    full.commit()
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        query = "UPDATE jobs SET record = replace(replace(record, 'PT3600S', 'PT1H'), ?, 'PT15M')"
        database.execute(query, ("PT900S",))
        ((record,),) = database.execute("SELECT record FROM jobs")
    assert "PT1H" in record
    assert "PT15M" in record
    assert Store(path).jobs() == [JOB]


def test_durations_in_years_as_they_were_once_written_are_read(full, path):
    """Wherever the newer reader does not know how an older version spelled something."""
    job = replace(JOB, spec=replace(JOB.spec, max_wall_clock_time=timedelta(days=400, hours=1)))
    full.save_job(job)
    full.commit()
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE jobs SET record = replace(record, 'P400DT3600S', 'P1Y35DT1H')")
        ((record,),) = database.execute("SELECT record FROM jobs")
    assert "P1Y35DT1H" in record
    assert Store(path).jobs() == [job]


def test_a_record_that_is_saved_again_replaces_the_one_before(full):
    full.save_pool(replace(POOL, target_dedicated=9))
    full.save_node(replace(NODE, state=NodeState.IDLE))
    full.save_job(replace(JOB, state=JobState.ACTIVE))
    full.save_job_node(replace(JOB_NODE, release=INFO))
    assert [pool.target_dedicated for pool in full.pools()] == [9]
    assert [node.state for node in full.nodes()] == [NodeState.IDLE]
    assert [job.state for job in full.jobs()] == [JobState.ACTIVE]
    assert [one.release for one in full.job_nodes()] == [INFO]


def test_what_is_forgotten_is_gone(full):
    full.forget_node(NODE.node_id)
    assert full.nodes() == []
    full.save_node(NODE)
    full.forget_pool("POOL")
    assert full.pools() == full.nodes() == []
    before = full.job_number("job")
    full.forget_job("JOB")
    assert full.jobs() == full.job_nodes() == []
    full.save_job(JOB)
    assert full.job_number("job") > before
    full.forget_job_schedule("SCHEDULE")
    assert full.job_schedules() == []


def test_only_what_was_committed_outlives_the_process(full, path, tmp_path):
    assert full.is_dirty
    full.commit()
    assert not full.is_dirty
    full.save_pool(replace(POOL, target_dedicated=9))
    left = shutil.copytree(path.parent, tmp_path / "left")
    other = Store(left / path.name)
    assert other.pools() == [POOL]
    other.close()
    assert full.pools()[0].target_dedicated == 9


def test_a_store_of_a_later_version_is_refused(path):
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreError) as error:
        Store(path)
    assert error.value.message == f"`{path}` was written by a later version of runfleet"
    assert error.value.hint == "use that version, or `runfleet emulator reset` to start over"


def test_a_damaged_store_is_refused(path):
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError) as error:
        Store(path)
    assert error.value.message == f"`{path}` cannot be read: file is not a database"
    assert error.value.hint == "`runfleet emulator reset` starts over with an empty one"


def test_what_the_system_denies_is_no_reason_to_start_over(tmp_path):
    """As where the size of files is limited: what is in the file may be as it should."""
    path = tmp_path / "state.db"
    Store(path).close()
    limited = "import sys; from pathlib import Path; from runfleet.store import Store, StoreError\n"
    limited += "try: Store(Path(sys.argv[1]))\nexcept StoreError as error: print(error, error.hint)"
    command = ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", sys.executable, "-c", limited, path]
    told = subprocess.run(command, capture_output=True, text=True).stdout
    assert told.startswith(f"`{path}` cannot be used: ")
    assert "see to it that there is space on the disk" in told
    assert "reset" not in told


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path):
    """Its tasks wait for nobody, and can be added to."""
    path = tmp_path / "store"
    store = Store(path)
    store.save_job(JOB)
    first = Task(JOB.spec.job_id, "first", 1, START, START, START)
    number = store.job_number(JOB.spec.job_id)
    store.tasks.add(number, [StoredTask(first, b"{}")])
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "DROP INDEX waiting_tasks; ALTER TABLE tasks DROP COLUMN unmet;"
            " ALTER TABLE tasks DROP COLUMN exit_conditions; DROP TABLE dependencies;"
            " PRAGMA user_version = 1;"
        )
    store = Store(path)
    child = Task(JOB.spec.job_id, "child", 2, START, START, START)
    store.tasks.add(number, [StoredTask(child, b"{}")])
    assert store.dependencies.add(number, 2, TaskDependencies(("first",)))
    assert store.tasks.waiting(number, after=0, limit=9) == [first]


def test_a_store_that_somebody_else_has_locked_is_waited_for(tmp_path):
    """Longer than Python waits, and also where something was written meanwhile."""
    store, path = Store(tmp_path / "state.db"), tmp_path / "state.db"
    store.save_job(JOB)
    store.commit()
    locked = threading.Event()

    def lock():
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("CREATE TABLE elsewhere (x)")
            locked.set()
            time.sleep(5.5)
            other.execute("COMMIT")

    locking = threading.Thread(target=lock)
    locking.start()
    assert locked.wait(60)
    store.save_pool(POOL)
    store.commit()
    locking.join()
    assert store.pools() == [POOL]
    store.close()


def test_what_was_not_committed_may_be_abandoned(tmp_path):
    store = Store(tmp_path / "state.db")
    store.save_pool(POOL)
    store.commit()
    store.save_job(JOB)
    store.abandon()
    again = Store(tmp_path / "state.db")
    assert (again.pools(), again.jobs()) == ([POOL], [])
    again.close()
