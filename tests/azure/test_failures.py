"""Why something went wrong, in words."""

from __future__ import annotations

import pytest

from runfleet.azure.failures import ExecutionInfo, Failure, reason_of


def test_places_are_left_out_of_what_is_said_of_a_fault() -> None:
    """They are long, differ from run to run, and say little."""
    details = {"FilePattern": "*.rpt", "FilePath": "/mnt/a", "Destination": "https://a/?sig=***"}
    failure = Failure("FileUploadAccessDenied", "Access is denied", details)
    assert failure.brief == "FileUploadAccessDenied: Access is denied (FilePattern: *.rpt)"


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (ExecutionInfo("completed", "failure", 3, Failure("FailureExitCode")), "exit code 3"),
        (
            ExecutionInfo("completed", "failure", None, Failure("BlobNotFound", "It is not there")),
            "BlobNotFound: It is not there",
        ),
        (ExecutionInfo("completed", "failure"), "no reason is given"),
        (None, "no reason is given"),
    ],
)
def test_a_failed_task_of_a_node_has_a_reason(info: ExecutionInfo | None, reason: str) -> None:
    """The exit code says the most; else it is what the service tells."""
    assert reason_of(info) == reason
