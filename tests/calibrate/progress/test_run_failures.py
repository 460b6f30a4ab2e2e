"""Workers tell why a model run failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from runfleet.calibrate.progress.run_failures import read_run_failures

BEOPEST = (
    "\x1b[?25l Running model ....\r\n\r\n"
    " Problem encountered:-\r\n"
    " ------------------------------------------------------------------------------\r\n"
    "\x1b[?25h\x1b[?25l Cannot open model output file\r\n model.out.\r\n"
    " ------------------------------------------------------------------------------\r\n"
)

# The programs that all tests share take half a minute, and longer on a busy machine.
pytestmark = pytest.mark.timeout(300)


def test_beopest() -> None:
    """What stands between dashes, as one line; the same reason once."""
    assert read_run_failures(BEOPEST * 2) == ("Cannot open model output file model.out.",)


def test_an_instruction_that_finds_something_else() -> None:
    """PEST++ names the files, the lines, and what stands there."""
    reason = (
        "InstructionFile error in file 'hanoi.ins' on instruction file line: 4, on output file "
        "line: 22 : error converting '.73' to double"
    )
    text = (
        "exception raised by run thread:  thread processing instruction file raised an exception: "
        f"{reason}\n\n11/22/26 05:30:45->exception raised by run thread: \n {reason}\n"
    )
    assert read_run_failures(text) == (reason,)
    other = text.replace(".73", ".29 64.").replace("line: 22", "line: 20")
    assert len(read_run_failures(text + other)) == 1


def test_a_model_that_gives_up(calibrated: Mapping[str, Any]) -> None:
    """A real worker of PEST++, whose model has ended with an exit code."""
    told = {reason for text in calibrated["ies"].workers for reason in read_run_failures(text)}
    assert told == {"GetExitCodeProcess() returned error status for command: model.exe"}


def test_no_reason_is_told_where_nothing_failed(calibrated: Mapping[str, Any]) -> None:
    """Workers that have done all their runs, with all that a console shows."""
    whole = [text for text in calibrated["beopest"].workers if "Problem encountered" not in text]
    assert whole
    for text in whole:
        assert read_run_failures(text) == ()


def test_what_beopest_forgives_in_a_jacobian() -> None:
    text = "\r\n Running model ....\r\n *** File model.out not written by model ***\r\n"
    assert read_run_failures(text) == ("File model.out not written by model",)
