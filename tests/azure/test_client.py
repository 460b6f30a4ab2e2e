"""`AzureBatch` against the emulator: pools, jobs, tasks and files as a user of it has them."""

import itertools
import subprocess
import sys
from datetime import timedelta
from threading import Timer

import pytest
from azure.core.credentials import AzureNamedKeyCredential

from runfleet.azure import (
    AddedTasks,
    AllTasksComplete,
    AuthenticationError,
    AzureBatch,
    ConflictError,
    ImageNotFoundError,
    JobSettings,
    NotFoundError,
    OperatingSystem,
    PoolFailedError,
    PoolSettings,
    PreparationTask,
    ReleaseTask,
    StartTask,
    TaskCounts,
    TaskSettings,
    WaitTimeoutError,
    quoted,
    shell_command,
)

SOON = timedelta(seconds=60)
NUMBERS = itertools.count()


def sh(line):
    return shell_command(line, OperatingSystem.LINUX)


@pytest.fixture
def batch(emulator):
    credential = AzureNamedKeyCredential(emulator.account, emulator.key)
    with AzureBatch(emulator.url, credential) as client:
        yield client


@pytest.fixture
def pool_id(batch):
    """A pool of this test's own, deleted in the end."""
    unused = f"pool-{next(NUMBERS)}"
    yield unused
    batch.delete_pool(unused)


@pytest.fixture
def job_id():
    return f"job-{next(NUMBERS)}"


@pytest.fixture
def make_pool(batch, pool_id):
    image = batch.pick_image("ubuntu-22.04")

    def make(**more):
        settings = PoolSettings(pool_id, image, "standard_f2s_v2", **{"dedicated": 1, **more})
        return batch.create_pool(settings)

    return make


@pytest.fixture
def job(batch, make_pool, pool_id, job_id):
    """The id of a job whose pool has a node with two slots."""
    make_pool(slots=2)
    batch.create_job(JobSettings(job_id, pool_id))
    return job_id


def test_a_pool_is_made_once_resized_and_deleted(batch, make_pool, pool_id):
    assert make_pool(slots=3, metadata={"owner": "me"}) is True
    assert make_pool() is False
    assert batch.wait_for_nodes(pool_id, 1, timeout=SOON).ready == 1
    pool = batch.get_pool(pool_id)
    assert (pool.state, pool.allocation_state, pool.slots) == ("active", "steady", 3)
    assert (pool.target, pool.metadata, pool.is_windows) == (1, {"owner": "me"}, False)
    batch.resize_pool(pool_id, dedicated=2)
    assert batch.wait_for_nodes(pool_id, 2, timeout=SOON).ready == 2
    assert [node.state for node in batch.list_nodes(pool_id)] == ["idle", "idle"]
    assert list(batch.list_nodes(pool_id, states=["offline", "unusable"])) == []
    assert pool_id in [pool.id for pool in batch.list_pools()]
    assert batch.delete_pool(pool_id) is True
    assert batch.delete_pool("no-such-pool") is False


def test_waiting_for_nodes_tells_its_progress(batch, make_pool, pool_id):
    make_pool(dedicated=2)
    seen = []
    counts = batch.wait_for_nodes(pool_id, 2, on_progress=seen.append, timeout=SOON)
    assert seen[-1] == counts
    assert counts.total == 2


def test_a_failed_start_task_ends_the_wait_with_what_it_said(batch, make_pool, pool_id):
    make_pool(start_task=StartTask(sh("echo no licence >&2; exit 3")))
    with pytest.raises(PoolFailedError) as caught:
        batch.wait_for_nodes(pool_id, 1, timeout=SOON)
    (node,) = batch.list_nodes(pool_id)
    assert str(caught.value) == (
        f"the start task of pool `{pool_id}` failed on node {node.id}: exit code 3\nno licence"
    )
    assert caught.value.output == "no licence"


def test_waiting_for_more_nodes_than_there_will_be_is_an_error(batch, make_pool, pool_id):
    make_pool()
    with pytest.raises(PoolFailedError, match="is to have 1 nodes, and 2 are waited for"):
        batch.wait_for_nodes(pool_id, 2, timeout=SOON)


def test_waiting_for_nodes_of_no_pool_is_an_error(batch, pool_id):
    with pytest.raises(NotFoundError, match=f"there is no pool `{pool_id}`"):
        batch.wait_for_nodes(pool_id, 1, timeout=SOON)


def test_a_stream_of_tasks_is_added_counted_back_and_not_added_twice(batch, job_id):
    batch.create_job(JobSettings(job_id, "no-such-pool"))
    told = []
    tasks = [TaskSettings(f"run-{number:05}", "true") for number in range(1234)]
    assert batch.add_tasks(job_id, tasks, on_added=told.append) == AddedTasks(1234, 0)
    assert told[-1] == 1234
    assert batch.task_counts(job_id) == TaskCounts(active=1234)
    assert batch.add_tasks(job_id, tasks[-50:]) == AddedTasks(0, 50)
    assert sorted(task.id for task in batch.list_tasks(job_id, select=["state"])) == [
        task.id for task in tasks
    ]


def test_tasks_run_and_the_failed_ones_are_found_by_a_filter(batch, job):
    tasks = [
        TaskSettings("run-1", sh('echo "$P" | tr a-z A-Z'), environment={"P": "it's one"}),
        TaskSettings("run-2", sh("echo wrong >&2; exit 7")),
    ]
    batch.add_tasks(job, tasks)
    seen = []
    counts = batch.wait_for_tasks(job, on_progress=seen.append, timeout=SOON)
    assert counts == TaskCounts(completed=2, succeeded=1, failed=1)
    assert seen[-1] == counts
    (failed,) = batch.list_tasks(job, filter="executionInfo/result eq 'failure'")
    assert (failed.id, failed.exit_code, failed.result) == ("run-2", 7, "failure")
    assert failed.failure.code == "FailureExitCode"
    assert failed.started <= failed.ended
    assert batch.task_file(job, "run-1", "stdout.txt") == b"IT'S ONE\n"
    assert batch.task_file(job, "run-2", "stderr.txt") == b"wrong\n"
    assert batch.get_task(job, "run-1").environment == {"P": "it's one"}


def test_files_of_a_task_are_listed_and_read_in_parts(batch, job):
    line = "mkdir -p 'a folder' && printf 0123456789 > 'a folder/out 1.txt'"
    batch.add_tasks(job, [TaskSettings("run-1", sh(line))])
    batch.wait_for_tasks(job, timeout=SOON)
    names = {file.name: file for file in batch.list_task_files(job, "run-1", recursive=True)}
    file = names["wd/a folder/out 1.txt"]
    assert (file.size, file.is_directory) == (10, False)
    assert names["wd/a folder"].is_directory
    assert {file.name for file in batch.list_task_files(job, "run-1")} >= {"stdout.txt", "wd"}

    def read(**part):
        return batch.task_file(job, "run-1", "wd/a folder/out 1.txt", **part)

    assert read() == b"0123456789"
    assert read(offset=4) == b"456789"
    assert read(offset=4, length=3) == b"456"
    assert read(offset=10) == b""
    assert read(length=0) == b""
    with pytest.raises(NotFoundError):
        batch.task_file(job, "run-1", "wd/no-such-file")


def test_a_file_is_followed_while_it_grows(batch, job):
    line = "echo one; while [ ! -e ../go-on ]; do sleep 0.02; done; echo two"
    batch.add_tasks(job, [TaskSettings("run-1", sh(line))])
    parts = batch.follow_task_file(job, "run-1", "stdout.txt")
    assert next(parts) == b"one\n"
    other = sh(f'touch "$AZ_BATCH_NODE_ROOT_DIR/workitems/{job}/job-1/run-1/go-on"')
    batch.add_tasks(job, [TaskSettings("run-2", other)])
    assert b"".join(parts) == b"two\n"


def test_the_file_of_a_task_that_is_retried_is_followed_from_its_beginning(batch, job, tmp_path):
    """No attempt is read where another one ended, though it writes less."""
    task = f"""
        cd {tmp_path}; echo >> attempts; n=$(wc -l < attempts); seq 100 -$n 1; echo begin $n
        until [ -e go$n ]; do sleep 0.02; done; [ $n = 3 ]
    """
    batch.add_tasks(job, [TaskSettings("run-1", sh(task), max_retries=2)])
    begun, read = [], b""
    for part in batch.follow_task_file(job, "run-1", "stdout.txt", on_anew=lambda: begun.append(1)):
        read += part
        if part.splitlines()[-1].startswith(b"begin"):
            (tmp_path / f"go{part.split()[-1].decode()}").touch()
    for n in (1, 2, 3):
        attempt = [*map(str, range(100, 0, -n)), f"begin {n}"]
        assert read.decode().splitlines()[: len(attempt)] == attempt
        read = read.partition(b"begin %d\n" % n)[2]
    assert (read, len(begun)) == (b"", 2)


def test_a_file_of_a_task_that_will_never_begin_is_followed_to_the_end_of_its_job(batch, job_id):
    """The task itself stays as it is."""
    batch.create_job(JobSettings(job_id, "no-such-pool"))
    batch.add_tasks(job_id, [TaskSettings("run-1", "true")])
    ending = Timer(0.5, batch.terminate_job, [job_id])
    ending.start()
    assert list(batch.follow_task_file(job_id, "run-1", "stdout.txt")) == []
    ending.join()
    assert batch.get_task(job_id, "run-1").state == "active"


def test_a_job_is_made_once_changed_and_found_by_prefix(batch, pool_id, job_id):
    settings = JobSettings(job_id, pool_id, priority=3, metadata={"runfleet-study": "net1"})
    assert batch.create_job(settings) is True
    assert batch.create_job(settings) is False
    batch.create_job(JobSettings(f"{job_id}--2", pool_id))
    job = batch.get_job(job_id)
    assert (job.state, job.pool_id, job.priority) == ("active", pool_id, 3)
    assert job.metadata == {"runfleet-study": "net1"}
    assert sorted(job.id for job in batch.list_jobs(job_id)) == [job_id, f"{job_id}--2"]
    assert {job_id, f"{job_id}--2"} <= {job.id for job in batch.list_jobs()}
    batch.update_job(job_id, priority=5, metadata={"a": "b"})
    job = batch.get_job(job_id)
    assert (job.priority, job.metadata, job.on_all_tasks_complete) == (5, {"a": "b"}, "noaction")


def test_a_job_ends_by_itself_once_its_tasks_have(batch, job):
    batch.add_tasks(job, [TaskSettings("run-1", "true")])
    batch.finish_when_done(job)
    assert batch.get_job(job).on_all_tasks_complete == AllTasksComplete.TERMINATE_JOB
    assert wait_for_state(batch, job, "completed").terminate_reason == "AllTasksComplete"
    batch.finish_when_done(job)
    with pytest.raises(ConflictError) as caught:
        batch.add_tasks(job, [TaskSettings("run-2", "true")])
    assert caught.value.code in ("JobCompleted", "JobBeingTerminated")


def test_terminating_a_job_ends_its_tasks(batch, job):
    batch.add_tasks(job, [TaskSettings("run-1", sh("sleep 600"))])
    wait_for_task(batch, job, "run-1", "running")
    batch.terminate_job(job, "Cancelled")
    batch.terminate_job(job)
    assert wait_for_state(batch, job, "completed").terminate_reason == "Cancelled"
    (task,) = batch.list_tasks(job)
    assert (task.state, task.result, task.failure.code) == ("completed", "failure", "TaskEnded")
    assert batch.delete_job(job) is True
    assert batch.delete_job("no-such-job") is False


def test_why_a_job_was_ended_is_waited_for(batch, make_pool, pool_id, job_id):
    """The service does not tell it while the job is being terminated, which takes a while here."""
    make_pool()
    preparation, release = PreparationTask(sh("true")), ReleaseTask(sh("sleep 1"))
    batch.create_job(JobSettings(job_id, pool_id, preparation=preparation, release=release))
    assert batch.why_ended(job_id) is None
    batch.add_tasks(job_id, [TaskSettings("run-1", "true")])
    batch.wait_for_tasks(job_id, timeout=SOON)
    batch.terminate_job(job_id, "Cancelled")
    assert batch.why_ended(job_id, timeout=timedelta()) is None
    assert batch.why_ended(job_id) == "Cancelled"
    assert batch.why_ended("no-such-job") is None


def test_a_disabled_job_waits(batch, job):
    batch.disable_job(job)
    wait_for_state(batch, job, "disabled")
    batch.add_tasks(job, [TaskSettings("run-1", "true")])
    with pytest.raises(WaitTimeoutError, match=f"in vain for the tasks of job `{job}`"):
        batch.wait_for_tasks(job, timeout=timedelta(seconds=0.3))
    batch.enable_job(job)
    assert batch.wait_for_tasks(job, timeout=SOON).succeeded == 1


def test_tasks_are_terminated_reactivated_and_deleted(batch, job):
    batch.add_tasks(job, [TaskSettings("run-1", sh("test -e ../again || sleep 600"))])
    wait_for_task(batch, job, "run-1", "running")
    batch.terminate_task(job, "run-1")
    wait_for_task(batch, job, "run-1", "completed")
    batch.terminate_task(job, "run-1")

    def runs_again():
        # The first one of these may come while its processes are still being ended.
        batch.reactivate_task(job, "run-1")
        return batch.get_task(job, "run-1").state == "running"

    wait_for(runs_again)
    assert batch.delete_task(job, "run-1") is True
    assert batch.delete_task(job, "run-1") is False
    assert batch.get_task(job, "run-1") is None


def test_preparation_and_release_are_told_by_node(batch, make_pool, pool_id, job_id):
    make_pool()
    preparation = PreparationTask(sh("echo ready > shared.txt"))
    release = ReleaseTask(sh("true"))
    batch.create_job(JobSettings(job_id, pool_id, preparation=preparation, release=release))
    line = sh('cat "$AZ_BATCH_JOB_PREP_WORKING_DIR/shared.txt"')
    batch.add_tasks(job_id, [TaskSettings("run-1", line)])
    batch.wait_for_tasks(job_id, timeout=SOON)
    assert batch.task_file(job_id, "run-1", "stdout.txt") == b"ready\n"
    batch.terminate_job(job_id)
    wait_for_state(batch, job_id, "completed")
    (node,) = batch.list_preparations(job_id)
    assert (node.preparation.result, node.release.result) == ("success", "success")
    assert list(batch.list_preparations(job_id, failed_only=True)) == []


def test_a_failed_preparation_is_found_with_what_it_said(batch, make_pool, pool_id, job_id):
    make_pool()
    preparation = PreparationTask(sh("echo no input >&2; exit 4"))
    batch.create_job(JobSettings(job_id, pool_id, preparation=preparation))
    batch.add_tasks(job_id, [TaskSettings("run-1", "true")])
    node = wait_for(lambda: next(batch.list_preparations(job_id, failed_only=True), None))
    assert (node.preparation.result, node.preparation.exit_code) == ("failure", 4)
    path = f"{node.preparation.directory}/stderr.txt"
    assert batch.read_node_file(pool_id, node.node_id, path) == b"no input\n"


def test_a_job_without_preparation_has_none(batch, job):
    assert list(batch.list_preparations(job)) == []


def test_images_are_picked_by_name(batch):
    image = batch.pick_image("ubuntu-22.04")
    assert image.node_agent == "batch.node.ubuntu 22.04"
    with pytest.raises(ImageNotFoundError, match="no verified image `beos-5`"):
        batch.pick_image("beos-5")


def test_ids_with_quotes_do_not_break_a_filter(batch, job):
    batch.add_tasks(job, [TaskSettings("run-1", "true")])
    assert list(batch.list_tasks(job, filter=f"id eq {quoted(chr(39))}")) == []


def test_a_wrong_key_is_told(emulator, pool_id):
    credential = AzureNamedKeyCredential(emulator.account, "d3Jvbmc=")
    with pytest.raises(AuthenticationError) as caught:
        AzureBatch(emulator.url, credential).get_pool(pool_id)
    assert caught.value.hint == "check the account's name and key, and this machine's clock"
    assert "d3Jvbmc" not in str(caught.value)


def test_importing_the_client_does_not_import_the_sdk():
    """It takes longer than all the rest of a command that asks no account."""
    program = "import sys, runfleet.azure; print([n for n in sys.modules if n.startswith('azure')])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "[]\n"


def wait_for(ask):
    from runfleet.azure.waiting import turns_until

    for _ in turns_until("a condition of the test", SOON):
        if answer := ask():
            return answer
    raise AssertionError


def wait_for_state(batch, job_id, state):
    wait_for(lambda: batch.get_job(job_id).state == state)
    return batch.get_job(job_id)


def wait_for_task(batch, job_id, task_id, state):
    wait_for(lambda: batch.get_task(job_id, task_id).state == state)
