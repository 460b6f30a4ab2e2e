"""Tasks: what the SDKs send is understood, and what is answered reads back in them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from azure.batch import models

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Failure, Task
from runfleet.batch.specs import (
    ApplicationPackageReference,
    CommandSpec,
    JobSpec,
    OutputFile,
    PreparationTaskSpec,
    ReleaseTaskSpec,
    ResourceFile,
    TaskSpec,
)
from runfleet.batch.states import ErrorCategory, TaskResult, TaskState, UploadCondition
from runfleet.wire import tasks
from runfleet.wire.conditions import etag
from runfleet.wire.errors import WireError

NOW = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
BASE = "http://batch.example"
JOB = JobSpec("j", "p")
PREPARED = replace(
    JOB,
    preparation=PreparationTaskSpec("jobpreparation", CommandSpec("x")),
    release=ReleaseTaskSpec("jobrelease", CommandSpec("x")),
)
MINIMAL = {"id": "t", "commandLine": "run"}
OUTPUT = {
    "filePattern": "*",
    "destination": {"container": {"containerUrl": "http://a/c"}},
    "uploadOptions": {"uploadCondition": "TaskCompletion"},
}

FULL = models.BatchTaskCreateOptions(
    id="Run-00001",
    command_line="run it",
    resource_files=[
        models.ResourceFile(http_url="http://a/b", file_path="in/b", file_mode="0755"),
        models.ResourceFile(storage_container_url="http://a/c", blob_prefix="x/", file_path="in"),
        models.ResourceFile(auto_storage_container_name="c"),
    ],
    output_files=[
        models.OutputFile(
            file_pattern="../std*.txt",
            destination=models.OutputFileDestination(
                container=models.OutputFileBlobContainerDestination(
                    container_url="http://a/out",
                    path="runs/1",
                    upload_headers=[models.OutputFileUploadHeader(name="x-ms-meta-a", value="1")],
                )
            ),
            upload_options=models.OutputFileUploadConfiguration(upload_condition="taskfailure"),
        )
    ],
    environment_settings=[
        models.EnvironmentSetting(name="A", value="1"),
        models.EnvironmentSetting(name="B"),
        models.EnvironmentSetting(name="A", value="2"),
    ],
    affinity_info=models.BatchAffinityInfo(affinity_id="TVM:n"),
    constraints=models.BatchTaskConstraints(
        max_wall_clock_time=timedelta(minutes=5),
        retention_time=timedelta(days=1),
        max_task_retry_count=2,
    ),
    required_slots=2,
    application_package_references=[
        models.BatchApplicationPackageReference(application_id="epanet")
    ],
)


def parse(job=JOB, **members):
    return tasks.parse_create(orjson.dumps(MINIMAL | members), job)


def refusal(job=JOB, **members):
    with pytest.raises(BatchRuleError) as caught:
        parse(job, **members)
    return caught.value


def record(**members):
    return replace(Task("j", "t", 1, NOW, NOW, NOW), **members)


def test_what_sdk_15_asks_for_is_understood(sent):
    parsed = tasks.parse_create(sent(lambda client: client.create_task("j", FULL)).body, JOB)
    packages = (ApplicationPackageReference("epanet"),)
    assert parsed.head == tasks.TaskHead(
        "Run-00001",
        2,
        2,
        packages=packages,
        preferred_node="n",
        retention_time=timedelta(days=1),
    )
    assert tasks.spec_from_body(parsed.body) == TaskSpec(
        task_id="Run-00001",
        command=CommandSpec(
            "run it",
            (
                ResourceFile(http_url="http://a/b", file_path="in/b", file_mode="0755"),
                ResourceFile(storage_container_url="http://a/c", blob_prefix="x/", file_path="in"),
                ResourceFile(auto_storage_container_name="c"),
            ),
            {"A": "2", "B": ""},
        ),
        output_files=(
            OutputFile(
                "../std*.txt",
                "http://a/out",
                "runs/1",
                UploadCondition.TASK_FAILURE,
                {"x-ms-meta-a": "1"},
            ),
        ),
        packages=(ApplicationPackageReference("epanet"),),
        max_wall_clock_time=timedelta(minutes=5),
        retention_time=timedelta(days=1),
        max_task_retry_count=2,
        required_slots=2,
    )


def test_what_sdk_14_asked_for_is_understood(sent_by_sdk_14):
    [parsed] = tasks.parse_collection(sent_by_sdk_14["create tasks"].body, JOB)
    spec = tasks.spec_from_body(parsed.body)
    assert spec.max_wall_clock_time == timedelta(minutes=5)
    assert spec.output_files[0].upload_condition is UploadCondition.TASK_COMPLETION


def test_a_task_may_say_no_more_than_its_command():
    parsed = parse()
    assert parsed.head == tasks.TaskHead("t")
    assert tasks.spec_from_body(parsed.body) == TaskSpec("t", CommandSpec("run"))


def test_the_collection_of_sdk_15_is_understood(sent):
    group = models.BatchTaskGroup(
        task_values=[
            models.BatchTaskCreateOptions(id=f"t{number}", command_line="run")
            for number in range(100)
        ]
    )
    request = sent(lambda client: client.create_task_collection("j", group))
    parsed = tasks.parse_collection(request.body, JOB)
    assert [task.head.task_id for task in parsed] == [f"t{number}" for number in range(100)]


def test_a_bad_task_of_a_collection_is_refused_alone():
    items = [
        MINIMAL,
        {"id": "bad"},
        {"commandLine": "x"},
        3,
        MINIMAL | {"containerSettings": {"imageName": "x"}},
    ]
    results = tasks.parse_collection(orjson.dumps({"value": items}), JOB)
    assert isinstance(results[0], tasks.ParsedTask)
    assert [(result.task_id, result.error.code) for result in results[1:]] == [
        ("bad", "MissingRequiredProperty"),
        ("", "MissingRequiredProperty"),
        ("", "InvalidRequestBody"),
        ("t", "NotImplemented"),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "InvalidRequestBody"),
        (b"[]", "MissingRequiredProperty"),
        (b"{}", "MissingRequiredProperty"),
        (b'{"value": []}', "InvalidPropertyValue"),
        (orjson.dumps({"value": [MINIMAL] * 101}), "InvalidPropertyValue"),
    ],
)
def test_what_is_no_collection_of_up_to_100_is_refused_whole(body, code):
    with pytest.raises(WireError) as caught:
        tasks.parse_collection(body, JOB)
    assert (caught.value.status, caught.value.code) == (400, code)


@pytest.mark.parametrize(
    ("member", "value", "name"),
    [
        ("id", "a b", "id"),
        ("requiredSlots", 0, "requiredSlots"),
        ("constraints", {"maxTaskRetryCount": -2}, "maxTaskRetryCount"),
        ("constraints", {"retentionTime": "a while"}, "retentionTime"),
        ("resourceFiles", [{"filePath": "a"}], "resourceFiles"),
        ("resourceFiles", [{"httpUrl": "a", "storageContainerUrl": "b"}], "resourceFiles"),
        ("resourceFiles", [{"httpUrl": "a", "filePath": "a", "blobPrefix": "b"}], "blobPrefix"),
        ("outputFiles", [OUTPUT | {"uploadOptions": {"uploadCondition": "x"}}], "uploadCondition"),
        ("environmentSettings", {"A": "1"}, "environmentSettings"),
        ("userIdentity", {"username": "u", "autoUser": {"scope": "task"}}, "userIdentity"),
    ],
)
def test_a_value_that_cannot_be_is_named(member, value, name):
    error = refusal(**{member: value})
    assert (error.status, error.code) == (400, "InvalidPropertyValue")
    assert error.details["PropertyName"] == name


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({"resourceFiles": [{"httpUrl": "a"}]}, "filePath"),
        ({"outputFiles": [OUTPUT | {"destination": {}}]}, "container"),
        ({"environmentSettings": [{"value": "a"}]}, "name"),
    ],
)
def test_a_member_that_must_be_there_is_named(members, name):
    error = refusal(**members)
    assert error.code == "MissingRequiredProperty"
    assert error.details == {"PropertyName": name}


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("containerSettings", {"imageName": "i"}),
        ("authenticationTokenSettings", {"access": ["job"]}),
    ],
)
def test_what_is_not_built_says_so(member, value):
    error = refusal(**{member: value})
    assert (error.status, error.code) == (501, "NotImplemented")
    assert f"(`{member}`) are not supported" in error.details["Reason"]


def test_a_task_may_not_take_the_name_of_preparation_or_release():
    assert refusal(PREPARED, id="JobPreparation").code == "TaskIdSameAsJobPreparationTask"
    assert refusal(PREPARED, id="jobrelease").code == "TaskIdSameAsJobReleaseTask"
    assert parse(id="jobrelease").head.task_id == "jobrelease"


def test_a_new_task_is_answered_with_its_defaults():
    answer = tasks.task_json(record(max_task_retry_count=3), parse().body, base=BASE)
    assert answer == {
        "id": "t",
        "url": "http://batch.example/jobs/j/tasks/t",
        "eTag": etag(NOW),
        "creationTime": "2026-01-02T03:04:05.6Z",
        "lastModified": "2026-01-02T03:04:05.6Z",
        "state": "active",
        "stateTransitionTime": "2026-01-02T03:04:05.6Z",
        "commandLine": "run",
        "userIdentity": {"autoUser": {"scope": "pool", "elevationLevel": "nonadmin"}},
        "constraints": {
            "maxWallClockTime": "P10675199DT2H48M5.4775807S",
            "retentionTime": "P7D",
            "maxTaskRetryCount": 3,
        },
        "requiredSlots": 1,
        "executionInfo": {"retryCount": 0, "requeueCount": 0},
    }


OF_POOL, NON_ADMIN, ADMIN = (
    {"scope": "pool"},
    {"elevationLevel": "nonadmin"},
    {"elevationLevel": "admin"},
)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({"autoUser": {"scope": "task"}}, {"autoUser": {"scope": "task", **NON_ADMIN}}),
        ({"autoUser": {"elevationLevel": "admin"}}, {"autoUser": {**OF_POOL, **ADMIN}}),
        ({"autoUser": {}}, {"autoUser": {**OF_POOL, **NON_ADMIN}}),
        ({"autoUser": None}, {"autoUser": {**OF_POOL, **NON_ADMIN}}),
        ({"username": "u"}, {"username": "u"}),
    ],
)
def test_the_user_of_a_task_is_answered_with_the_defaults_that_the_sdk_names(asked, shown):
    answer = tasks.task_json(record(), parse(userIdentity=asked).body, base=BASE)
    assert answer["userIdentity"] == shown


def test_a_task_of_several_instances_has_one_by_default():
    settings = {"coordinationCommandLine": "true"}
    answer = tasks.task_json(record(), parse(multiInstanceSettings=settings).body, base=BASE)
    assert answer["multiInstanceSettings"] == {**settings, "numberOfInstances": 1}


def test_sdk_15_reads_a_task_that_has_failed(sent):
    parsed = tasks.parse_create(sent(lambda client: client.create_task("j", FULL)).body, JOB)
    details = {"Message": "The task process exited with an unexpected exit code"}
    task = record(
        task_id="Run-00001",
        state=TaskState.COMPLETED,
        previous_state=TaskState.RUNNING,
        previous_state_time=NOW,
        start_time=NOW,
        end_time=NOW,
        exit_code=5,
        result=TaskResult.FAILURE,
        failure=Failure(ErrorCategory.USER_ERROR, "FailureExitCode", "It failed.", details),
        retry_count=2,
        last_retry_time=NOW,
        requeue_count=1,
        last_requeue_time=NOW,
        pool_id="p",
        node_id="n",
    )
    read = models.BatchTask(tasks.task_json(task, parsed.body, base=BASE))
    assert read.state == models.BatchTaskState.COMPLETED
    assert read.previous_state == models.BatchTaskState.RUNNING
    assert read.execution_info.exit_code == 5
    assert read.execution_info.result == models.BatchTaskExecutionResult.FAILURE
    assert read.execution_info.failure_info.category == models.BatchErrorSourceCategory.USER_ERROR
    assert read.execution_info.failure_info.details[0].name == "Message"
    assert (read.execution_info.retry_count, read.execution_info.requeue_count) == (2, 1)
    assert read.node_info.affinity_id == "TVM:n"
    assert read.node_info.task_root_directory == "workitems/j/job-1/Run-00001"
    assert read.node_info.task_root_directory_url == (
        "http://batch.example/pools/p/nodes/n/files/workitems/j/job-1/Run-00001"
    )
    assert read.resource_files[0].file_mode == "0755"
    assert read.output_files[0].upload_options.upload_condition == "taskfailure"
    assert read.constraints.max_wall_clock_time == timedelta(minutes=5)
    assert read.creation_time == NOW


def test_without_its_body_a_task_still_tells_where_it_stands():
    task = record(state=TaskState.RUNNING, pool_id="p", node_id="n")
    whole = tasks.task_json(task, parse().body, base=BASE)
    part = tasks.task_json(task, None, base=BASE)
    assert part.items() <= whole.items()
    assert not tasks.needs_body(part)
    assert all(tasks.needs_body([name]) for name in whole.keys() - part.keys())


def test_a_task_that_was_requeued_is_on_no_node():
    task = record(state=TaskState.ACTIVE, pool_id="p", node_id="n")
    assert "nodeInfo" not in tasks.task_json(task, None, base=BASE)


def test_a_task_of_a_schedules_job_lies_in_the_schedules_folder():
    task = record(job_id="s:job-3", state=TaskState.RUNNING, pool_id="p", node_id="n")
    answer = tasks.task_json(task, None, base=BASE)
    assert answer["url"] == "http://batch.example/jobs/s:job-3/tasks/t"
    assert answer["nodeInfo"]["taskRootDirectory"] == "workitems/s/job-3/t"


def test_words_are_answered_as_the_service_spells_them():
    body = parse(outputFiles=[OUTPUT], constraints={"maxWallClockTime": "PT05M00S"}).body
    answer = tasks.task_json(record(), body, base=BASE)
    assert answer["outputFiles"][0]["uploadOptions"]["uploadCondition"] == "taskcompletion"
    assert answer["constraints"]["maxWallClockTime"] == "PT5M"


def test_replaced_constraints_reset_what_is_left_out(sent, sent_by_sdk_14):
    body = parse(constraints={"maxTaskRetryCount": 1, "retentionTime": "P1D"}).body
    task = models.BatchTask(constraints=models.BatchTaskConstraints(max_task_retry_count=3))
    for request in (
        sent(lambda client: client.replace_task("j", "t", task)),
        sent_by_sdk_14["update task"],
    ):
        changed = tasks.replace_constraints(body, request.body)
        assert changed.max_task_retry_count == 3
        assert tasks.spec_from_body(changed.body).retention_time == timedelta(days=7)
    assert tasks.replace_constraints(body, b"{}").max_task_retry_count is None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"constraints": {"maxTaskRetryCount": -2}}'])
def test_bad_constraints_are_refused(body):
    with pytest.raises(WireError):
        tasks.replace_constraints(parse().body, body)


def test_sdk_15_reads_the_results_of_a_collection():
    refused = tasks.RefusedTask("b", BatchRuleError("TaskExists", {"Reason": "twice"}))
    added = tasks.added_json(BASE, "j", "a", NOW)
    answer = tasks.collection_json(BASE, [added, tasks.refused_json(refused)])
    read = models.BatchCreateTaskCollectionResult(answer)
    assert read.result_values[0].task_id == "a"
    assert read.result_values[0].location == "http://batch.example/jobs/j/tasks/a"
    assert read.result_values[0].last_modified == NOW
    failed = read.result_values[1]
    assert failed.status == models.BatchTaskAddStatus.CLIENT_ERROR
    assert failed.error.code == "TaskExists"
    assert failed.error.message.value == "The specified task already exists."


def test_a_task_may_keep_its_files_for_no_time_at_all():
    body = parse(constraints={"retentionTime": "PT0S"}).body
    assert tasks.spec_from_body(body).retention_time == timedelta(0)


def test_a_task_that_runs_for_ever_and_keeps_its_files_stays_in_the_calendar():
    unlimited = "P10675199DT2H48M5.4775807S"
    parsed = parse(constraints={"maxWallClockTime": unlimited, "retentionTime": unlimited})
    spec = tasks.spec_from_body(parsed.body)
    assert spec.max_wall_clock_time is None
    assert NOW + spec.retention_time > NOW
