"""Parents and exit conditions: what SDK 15 asks for is understood."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from azure.batch import models

from runfleet.batch.specs import (
    ExitCodeOptions,
    ExitConditions,
    ExitOptions,
    IdRange,
    JobSpec,
    TaskDependencies,
)
from runfleet.batch.states import DependencyAction, JobAction, OnTaskFailure
from runfleet.wire import tasks
from runfleet.wire.errors import WireError

PLAIN = JobSpec("j", "p")
JOB = replace(
    PLAIN,
    uses_task_dependencies=True,
    on_task_failure=OnTaskFailure.PERFORM_EXIT_OPTIONS_JOB_ACTION,
)


def head(job=JOB, **members):
    body = orjson.dumps({"id": "t", "commandLine": "run", **members})
    return tasks.parse_create(body, job).head


def options(job_action=None, dependency_action=None):
    return models.ExitOptions(job_action=job_action, dependency_action=dependency_action)


def test_what_sdk_15_asks_for_is_understood(sent):
    task = models.BatchTaskCreateOptions(
        id="t",
        command_line="run",
        depends_on=models.BatchTaskDependencies(
            task_ids=["A", "b"], task_id_ranges=[models.BatchTaskIdRange(start=1, end=9)]
        ),
        exit_conditions=models.ExitConditions(
            exit_code_ranges=[
                models.ExitCodeRangeMapping(start=2, end=4, exit_options=options("disable"))
            ],
            exit_codes=[models.ExitCodeMapping(code=3, exit_options=options("none", "satisfy"))],
            pre_processing_error=options(dependency_action="satisfy"),
            file_upload_error=options(),
            default=options("terminate", "block"),
        ),
    )
    body = sent(lambda client: client.create_task("j", task)).body
    parsed = tasks.parse_create(body, JOB).head
    assert parsed.dependencies == TaskDependencies(("A", "b"), (IdRange(1, 9),))
    assert parsed.exit_conditions == ExitConditions(
        (
            ExitCodeOptions(3, 3, ExitOptions(JobAction.NONE, DependencyAction.SATISFY)),
            ExitCodeOptions(2, 4, ExitOptions(JobAction.DISABLE)),
        ),
        ExitOptions(dependency_action=DependencyAction.SATISFY),
        ExitOptions(),
        ExitOptions(JobAction.TERMINATE, DependencyAction.BLOCK),
    )


def test_a_task_without_them_has_none():
    assert (head().dependencies, head().exit_conditions) == (None, None)
    assert head(PLAIN, exitConditions={"default": {}}).exit_conditions is not None


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"dependsOn": {}}, "TaskDependenciesNotSpecifiedOnJob"),
        ({"exitConditions": {"default": {"jobAction": "none"}}}, "InvalidPropertyValue"),
        (
            {"exitConditions": {"fileUploadError": {"dependencyAction": "block"}}},
            "InvalidPropertyValue",
        ),
    ],
)
def test_what_the_job_would_take_no_notice_of_is_refused(members, code):
    with pytest.raises(WireError) as caught:
        head(PLAIN, **members)
    assert (caught.value.status, caught.value.code) == (400, code)
