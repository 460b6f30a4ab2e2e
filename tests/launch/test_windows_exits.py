"""Exit codes by which Windows has ended a program."""

from __future__ import annotations

import pytest

from runfleet.azure import TaskInfo
from runfleet.launch.failures import batch_message
from runfleet.launch.run_files import failure_message


def ended(exit_code: int) -> TaskInfo:
    info = {"exitCode": exit_code, "result": "failure"}
    return TaskInfo.from_wire({"id": "r1", "state": "completed", "executionInfo": info})


@pytest.mark.parametrize(
    ("exit_code", "message"),
    [
        (-1073741819, "exit code -1073741819: access violation (0xC0000005)"),
        (-1073741571, "exit code -1073741571: stack overflow (0xC00000FD)"),
        (-529697949, "exit code -529697949: a C++ exception that nobody caught (0xE06D7363)"),
        (-2, "exit code -2"),
        (157, "exit code 157"),
    ],
)
def test_batch_codes_are_explained(exit_code, message):
    assert batch_message(ended(exit_code)) == message


def test_a_crash_stands_before_what_the_program_said():
    """Neither the last line nor the address helps as much as the kind of crash."""
    said = "reading grid\r\nUnhandled page fault on write access to 0000 at address 0001\r\n"
    assert failure_message(ended(-1073741819), said, "") == "access violation (0xC0000005)"
    assert (
        failure_message(ended(-1073741819), said, "ERROR: no grid.dat\r\n")
        == "access violation (0xC0000005): ERROR: no grid.dat"
    )


def test_a_missing_library_is_named():
    stderr = "DLL not found: libgfortran-5.dll, which my model.exe needs\r\n"
    assert failure_message(ended(-1073741515), stderr, "") == (
        "a DLL is missing (0xC0000135): `libgfortran-5.dll`: put it beside `my model.exe`, in its "
        "package or among the inputs; it comes with MinGW: look in the `bin` folder of the "
        "compiler, or link the program with `-static`"
    )
    assert failure_message(ended(-1073741515), "", "") == "a DLL is missing (0xC0000135)"
