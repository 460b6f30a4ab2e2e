"""Why runs failed, and which of them say the same."""

from __future__ import annotations

from typing import Any

import pytest

from runfleet.azure import TaskInfo
from runfleet.launch.failures import (
    FailedRun,
    FailureGroup,
    FailureKind,
    could_not_start,
    group_failures,
    kind_of,
    was_cancelled,
    was_lost,
)
from runfleet.storage import InvalidNameError, check_blob_name


def task(**execution: Any) -> TaskInfo:
    wire = {"id": "run-00001", "state": "completed", "executionInfo": execution}
    return TaskInfo.from_wire(wire)


def refusal(name: str) -> str:
    """What is told of a file whose name no storage takes."""
    with pytest.raises(InvalidNameError) as refused:
        check_blob_name(name)
    return refused.value.message


def failure(code: str, category: str = "usererror", message: str = "") -> dict[str, str]:
    return {"code": code, "category": category, "message": message}


def test_groups_are_counted_and_the_largest_comes_first() -> None:
    """Each shows what its first run said, and what all have in common."""
    failed = [
        FailedRun(f"run-{n}", FailureKind.MODEL, f"node {n} is dry", code)
        for n, code in enumerate((139, 2, 139))
    ]
    failed += [FailedRun("run-9", FailureKind.DELIVERY, "2 files")]
    groups = group_failures(failed, examples=2)
    assert groups == [
        FailureGroup(
            "node 0 is dry",
            FailureKind.MODEL,
            3,
            ("run-0", "run-1"),
            pattern="node # is dry",
            is_same=False,
            exit_codes=(2, 139),
        ),
        FailureGroup(
            "2 files", FailureKind.DELIVERY, 1, ("run-9",), pattern="# files", is_same=True
        ),
    ]


@pytest.mark.parametrize(
    ("execution", "kind"),
    [
        ({"exitCode": 1, "failureInfo": failure("FailureExitCode")}, FailureKind.MODEL),
        ({"exitCode": 0, "failureInfo": failure("FileUploadMiscError")}, FailureKind.DELIVERY),
        ({"failureInfo": failure("BlobNotFound")}, FailureKind.DELIVERY),
        ({"exitCode": 213, "failureInfo": failure("FailureExitCode")}, FailureKind.MODEL),
        ({"failureInfo": failure("DiskFull", "servererror")}, FailureKind.MACHINE),
        ({"failureInfo": failure("CommandProgramNotFound")}, FailureKind.MODEL),
    ],
)
def test_failed_means_three_things(execution: dict[str, Any], kind: FailureKind) -> None:
    """The model, the machine, or the delivery of files."""
    assert kind_of(task(**execution)) is kind


@pytest.mark.parametrize(
    ("execution", "is_told"),
    [
        ({"failureInfo": failure("BlobNotFound")}, True),
        ({"failureInfo": failure("ApplicationPackageError")}, True),
        ({"failureInfo": failure("CommandProgramNotFound")}, True),
        ({"failureInfo": failure("TaskEnded")}, False),
        ({"failureInfo": failure("DiskFull", "servererror")}, False),
        ({"exitCode": 0, "failureInfo": failure("FileUploadMiscError")}, False),
        ({"exitCode": 1, "failureInfo": failure("FailureExitCode")}, False),
        ({"exitCode": 0}, False),
    ],
)
def test_a_task_that_could_not_start_is_told(execution: dict[str, Any], is_told: bool) -> None:
    """From those that may have written something before they failed."""
    assert could_not_start(task(**execution)) is is_told


@pytest.mark.parametrize(
    ("message", "lost"),
    [
        ("there is no such container", True),
        (refusal("a\nb"), False),
        (refusal("a/" * 600), False),
        ("its name is no UTF-8: `a?.csv`", False),
    ],
)
def test_a_name_that_no_storage_takes_is_the_model_s_own(message: str, lost: bool) -> None:
    """Done again, it would be the same again."""
    failed = failure("FileUploadMiscError") | {"details": [{"name": "Message", "value": message}]}
    assert was_lost(task(exitCode=0, failureInfo=failed)) is lost


def test_a_time_limit_is_not_a_cancellation() -> None:
    """Batch has the same code for both."""
    ended = failure("TaskEnded", message="Task Was Ended by User Request")
    limit = [{"name": "Message", "value": "The maximum execution time was exceeded"}]
    assert was_cancelled(task(failureInfo=ended))
    assert not was_cancelled(task(failureInfo={**ended, "details": limit}))
