"""Jobs: what the SDKs send is understood, and what is answered reads back in them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from azure.batch import models

from runfleet.batch.records import AuxiliaryTaskInfo, Failure, Job, JobNode, TaskCounts
from runfleet.batch.specs import CommandSpec, JobSpec, PreparationTaskSpec, ReleaseTaskSpec
from runfleet.batch.states import (
    AuxiliaryTaskState,
    DisableJobOption,
    ErrorCategory,
    JobState,
    OnAllTasksComplete,
    OnTaskFailure,
    TaskResult,
)
from runfleet.wire import jobs
from runfleet.wire.conditions import etag
from runfleet.wire.errors import WireError

NOW = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
BASE = "http://batch.example"
TWO_USERS = {"username": "u", "autoUser": {"scope": "pool"}}
MINIMAL = {"id": "j", "poolInfo": {"poolId": "p"}}
PREPARED = MINIMAL | {
    "jobPreparationTask": {"commandLine": "prepare"},
    "jobReleaseTask": {"commandLine": "release"},
}
UNLIMITED = "P10675199DT2H48M5.4775807S"
DEFAULT_USER = {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}}

FULL = models.BatchJobCreateOptions(
    id="Job-1",
    priority=100,
    max_parallel_tasks=2,
    constraints=models.BatchJobConstraints(
        max_wall_clock_time=timedelta(hours=1), max_task_retry_count=2
    ),
    pool_info=models.BatchPoolInfo(pool_id="p"),
    all_tasks_complete_mode="terminatejob",
    task_failure_mode="performexitoptionsjobaction",
    common_environment_settings=[models.EnvironmentSetting(name="A", value="1")],
    job_preparation_task=models.BatchJobPreparationTask(
        command_line="prepare",
        constraints=models.BatchTaskConstraints(max_wall_clock_time=timedelta(minutes=5)),
        wait_for_success=False,
    ),
    job_release_task=models.BatchJobReleaseTask(
        id="cleanup", command_line="release", max_wall_clock_time=timedelta(minutes=2)
    ),
    metadata=[models.BatchMetadataItem(name="a", value="b")],
)


def parse(**members):
    return jobs.parse_create(orjson.dumps(MINIMAL | members))


def refusal(**members):
    with pytest.raises(WireError) as caught:
        parse(**members)
    return caught.value


def job_of(parsed, **members):
    return replace(Job(parsed.spec, parsed.body, NOW, NOW, JobState.ACTIVE, NOW), **members)


def test_what_sdk_15_asks_for_is_understood(sent):
    assert jobs.parse_create(sent(lambda client: client.create_job(FULL)).body).spec == JobSpec(
        job_id="Job-1",
        pool_id="p",
        priority=100,
        max_parallel_tasks=2,
        max_wall_clock_time=timedelta(hours=1),
        max_task_retry_count=2,
        on_all_tasks_complete=OnAllTasksComplete.TERMINATE_JOB,
        on_task_failure=OnTaskFailure.PERFORM_EXIT_OPTIONS_JOB_ACTION,
        preparation=PreparationTaskSpec(
            "jobpreparation",
            CommandSpec("prepare"),
            max_wall_clock_time=timedelta(minutes=5),
            wait_for_success=False,
        ),
        release=ReleaseTaskSpec("cleanup", CommandSpec("release"), timedelta(minutes=2)),
        common_environment={"A": "1"},
    )


def test_what_sdk_14_asked_for_is_understood(sent_by_sdk_14):
    spec = jobs.parse_create(sent_by_sdk_14["create job"].body).spec
    assert spec.max_wall_clock_time == timedelta(hours=1)
    assert spec.max_parallel_tasks == -1
    assert spec.preparation.command == CommandSpec("prepare")
    assert spec.release.max_wall_clock_time == timedelta(minutes=15)


def test_a_job_remembers_itself_by_its_body(sent):
    parsed = jobs.parse_create(sent(lambda client: client.create_job(FULL)).body)
    assert jobs.patch(job_of(parsed), b"{}") == parsed


def test_defaults_are_answered():
    answer = jobs.job_json(job_of(jobs.parse_create(orjson.dumps(PREPARED))), base=BASE)
    assert answer == {
        "id": "j",
        "url": "http://batch.example/jobs/j",
        "eTag": etag(NOW),
        "lastModified": "2026-01-02T03:04:05.6Z",
        "creationTime": "2026-01-02T03:04:05.6Z",
        "state": "active",
        "stateTransitionTime": "2026-01-02T03:04:05.6Z",
        "priority": 0,
        "maxParallelTasks": -1,
        "allowTaskPreemption": False,
        "usesTaskDependencies": False,
        "onAllTasksComplete": "noaction",
        "onTaskFailure": "noaction",
        "constraints": {"maxWallClockTime": UNLIMITED, "maxTaskRetryCount": 0},
        "poolInfo": {"poolId": "p"},
        "jobPreparationTask": {
            "id": "jobpreparation",
            "commandLine": "prepare",
            "userIdentity": DEFAULT_USER,
            "waitForSuccess": True,
            "rerunOnNodeRebootAfterSuccess": True,
            "constraints": {
                "maxWallClockTime": UNLIMITED,
                "retentionTime": "P7D",
                "maxTaskRetryCount": 0,
            },
        },
        "jobReleaseTask": {
            "id": "jobrelease",
            "commandLine": "release",
            "userIdentity": DEFAULT_USER,
            "maxWallClockTime": "PT15M",
            "retentionTime": "P7D",
        },
        "executionInfo": {"startTime": "2026-01-02T03:04:05.6Z", "poolId": "p"},
    }


def test_sdk_15_reads_a_job_that_has_ended(sent):
    parsed = jobs.parse_create(sent(lambda client: client.create_job(FULL)).body)
    job = job_of(
        parsed,
        state=JobState.COMPLETED,
        previous_state=JobState.TERMINATING,
        previous_state_time=NOW,
        end_time=NOW,
        terminate_reason="AllTasksComplete",
    )
    read = models.BatchJob(jobs.job_json(job, base=BASE))
    assert read.state == models.BatchJobState.COMPLETED
    assert read.previous_state == models.BatchJobState.TERMINATING
    assert read.execution_info.end_time == NOW
    assert read.execution_info.termination_reason == "AllTasksComplete"
    assert read.all_tasks_complete_mode == models.BatchAllTasksCompleteMode.TERMINATE_JOB
    assert read.constraints.max_wall_clock_time == timedelta(hours=1)
    assert read.job_release_task.max_wall_clock_time == timedelta(minutes=2)
    assert read.metadata[0].name == "a"


def test_why_a_job_ends_is_told_when_it_has():
    job = job_of(parse(), state=JobState.TERMINATING, terminate_reason="UserTerminate")
    assert "terminateReason" not in jobs.job_json(job, base=BASE)["executionInfo"]
    job.end_time = NOW
    assert jobs.job_json(job, base=BASE)["executionInfo"]["terminateReason"] == "UserTerminate"


@pytest.mark.parametrize("member", ["id", "poolInfo"])
def test_what_a_job_cannot_do_without_is_named(member):
    body = {name: value for name, value in MINIMAL.items() if name != member}
    with pytest.raises(WireError) as caught:
        jobs.parse_create(orjson.dumps(body))
    assert caught.value.code == "MissingRequiredProperty"
    assert caught.value.details == {"PropertyName": member}


def test_a_job_needs_a_pool():
    assert refusal(poolInfo={}).details == {"PropertyName": "poolId"}


def test_a_priority_out_of_range_has_a_code_of_its_own():
    assert refusal(priority=1001).code == "OutOfRangePriority"
    assert parse(priority=-1000).spec.priority == -1000


@pytest.mark.parametrize(
    ("member", "value", "name"),
    [
        ("id", "a/b", "id"),
        ("maxParallelTasks", 0, "maxParallelTasks"),
        ("constraints", {"maxTaskRetryCount": -2}, "maxTaskRetryCount"),
        ("constraints", {"maxWallClockTime": "long"}, "maxWallClockTime"),
        ("onAllTasksComplete", "explode", "onAllTasksComplete"),
        ("jobReleaseTask", {"commandLine": "x"}, "jobReleaseTask"),
        ("jobPreparationTask", {"commandLine": "x", "id": "a b"}, "id"),
        ("jobPreparationTask", {"commandLine": "x", "userIdentity": TWO_USERS}, "userIdentity"),
    ],
)
def test_a_value_that_cannot_be_is_named(member, value, name):
    error = refusal(**{member: value})
    assert (error.status, error.code) == (400, "InvalidPropertyValue")
    assert error.details["PropertyName"] == name


@pytest.mark.parametrize("most", [0, -2, 2**31])
def test_how_many_tasks_may_run_at_once(most):
    assert parse(maxParallelTasks=-1).spec.max_parallel_tasks == -1
    assert parse(maxParallelTasks=2**31 - 1).spec.max_parallel_tasks == 2**31 - 1
    assert refusal(maxParallelTasks=most).details == {
        "PropertyName": "maxParallelTasks",
        "PropertyValue": str(most),
        "Reason": "must be between 1 and 2147483647, or -1 for no limit",
    }


@pytest.mark.parametrize("ids", [("Same", "same"), (None, "jobPreparation"), ("jobrelease", None)])
def test_a_release_task_is_not_called_as_the_preparation_task_is(ids):
    """Each has a folder of its own on a node."""
    tasks = [{"id": one, "commandLine": "x"} for one in ids]
    error = refusal(jobPreparationTask=tasks[0], jobReleaseTask=tasks[1])
    assert (error.code, error.details["PropertyName"]) == ("InvalidPropertyValue", "id")


@pytest.mark.parametrize("limit", ["PT16M", UNLIMITED])
def test_a_release_task_has_15_minutes_at_most(limit):
    release = {"commandLine": "x", "maxWallClockTime": limit}
    error = refusal(jobPreparationTask={"commandLine": "x"}, jobReleaseTask=release)
    assert error.details["PropertyName"] == "maxWallClockTime"


@pytest.mark.parametrize(
    ("member", "value", "reason"),
    [
        (
            "jobPreparationTask",
            {"commandLine": "x", "containerSettings": {"imageName": "i"}},
            "containers (`containerSettings`)",
        ),
    ],
)
def test_what_is_not_built_says_so(member, value, reason):
    error = refusal(**{member: value})
    assert (error.status, error.code) == (501, "NotImplemented")
    assert f"{reason} are not supported" in error.details["Reason"]


def test_a_patch_keeps_what_it_leaves_out(sent, sent_by_sdk_14):
    current = job_of(parse(priority=5, metadata=[{"name": "a", "value": "b"}]))
    options = models.BatchJobUpdateOptions(max_parallel_tasks=3)
    changed = jobs.patch(current, sent(lambda client: client.update_job("j", options)).body)
    assert (changed.spec.priority, changed.spec.max_parallel_tasks) == (5, 3)
    changed = jobs.patch(job_of(changed), sent_by_sdk_14["update job"].body)
    assert (changed.spec.priority, changed.spec.max_parallel_tasks) == (7, 3)
    assert changed.spec.on_all_tasks_complete is OnAllTasksComplete.TERMINATE_JOB
    assert orjson.loads(changed.body)["metadata"] == [{"name": "a", "value": "b"}]


def test_replacing_a_job_resets_what_is_left_out(sent):
    parsed = jobs.parse_create(sent(lambda client: client.create_job(FULL)).body)
    job = models.BatchJob(jobs.job_json(job_of(parsed), base=BASE))
    job.priority = job.constraints = job.metadata = None
    current = job_of(parsed)
    replaced = jobs.replace(current, sent(lambda client: client.replace_job("j", job)).body)
    assert replaced.spec.priority == 0
    assert replaced.spec.max_task_retry_count == 0
    assert replaced.spec.preparation == parsed.spec.preparation
    assert "metadata" not in orjson.loads(replaced.body)
    with pytest.raises(WireError):
        jobs.replace(current, b"{}")


def test_a_job_that_ends_with_its_tasks_cannot_be_told_to_go_on():
    """Nor can it by leaving that out of what replaces it."""
    current = job_of(parse(onAllTasksComplete="terminatejob"))
    back = orjson.dumps(MINIMAL | {"onAllTasksComplete": "noaction"})
    without = orjson.dumps(MINIMAL)
    for change, body in ((jobs.patch, back), (jobs.replace, back), (jobs.replace, without)):
        with pytest.raises(WireError) as caught:
            change(current, body)
        assert caught.value.code == "InvalidPropertyValue"
        assert caught.value.details["PropertyName"] == "onAllTasksComplete"
    assert jobs.patch(current, without).spec == current.spec


def test_disabling_says_what_becomes_of_tasks(sent):
    options = models.BatchJobDisableOptions(disable_tasks="wait")
    request = sent(lambda client: client.begin_disable_job("j", options))
    assert jobs.parse_disable(request.body) is DisableJobOption.WAIT
    with pytest.raises(WireError):
        jobs.parse_disable(b"{}")


def test_terminating_may_give_a_reason(sent, sent_by_sdk_14):
    request = sent(lambda client: client.begin_terminate_job("j", {"terminateReason": "enough"}))
    assert jobs.parse_terminate(request.body) == "enough"
    assert jobs.parse_terminate(sent_by_sdk_14["terminate job with reason"].body) == "enough"
    assert jobs.parse_terminate(sent_by_sdk_14["terminate job"].body) == "UserTerminate"
    assert jobs.parse_terminate(b"{}") == "UserTerminate"


def test_sdk_15_reads_what_preparation_and_release_did():
    spec = jobs.parse_create(orjson.dumps(PREPARED)).spec
    failure = Failure(ErrorCategory.USER_ERROR, "FailureExitCode", "It failed.", {"Message": "no"})
    node = JobNode(
        "j",
        "p",
        "n",
        AuxiliaryTaskInfo(
            AuxiliaryTaskState.COMPLETED, NOW, NOW, 3, failure, TaskResult.FAILURE, 1, NOW
        ),
        AuxiliaryTaskInfo(AuxiliaryTaskState.RUNNING, NOW),
    )
    answer = jobs.preparation_release_json(node, spec, base=BASE)
    read = models.BatchJobPreparationAndReleaseTaskStatus(answer)
    assert (read.pool_id, read.node_id) == ("p", "n")
    assert read.node_url == "http://batch.example/pools/p/nodes/n"
    preparation = read.job_preparation_task_execution_info
    assert preparation.exit_code == 3
    assert preparation.failure_info.details[0].value == "no"
    assert preparation.task_root_directory == "workitems/j/job-1/jobpreparation"
    assert "retryCount" not in answer["jobReleaseTaskExecutionInfo"]
    assert read.job_release_task_execution_info.task_root_directory_url == (
        "http://batch.example/pools/p/nodes/n/files/workitems/j/job-1/jobrelease"
    )


def test_sdk_15_reads_task_counts():
    job = job_of(parse(), counts=TaskCounts(1, 2, 3, 4), slot_counts=TaskCounts(5, 6, 7, 8))
    read = models.BatchTaskCountsResult(jobs.task_counts_json(job, "2025-06-01"))
    assert (read.task_counts.active, read.task_counts.running) == (1, 2)
    assert (read.task_counts.completed, read.task_counts.failed) == (7, 4)
    assert read.task_slot_counts.completed == 15


def test_task_counts_were_flat_before_nodes_had_slots():
    job = job_of(parse(), counts=TaskCounts(1, 2, 3, 4))
    old = {"active": 1, "running": 2, "completed": 7, "succeeded": 3, "failed": 4}
    assert jobs.task_counts_json(job, "2020-03-01.11.0") == old
    assert jobs.task_counts_json(job, "2020-09-01.12.0")["taskCounts"] == old
