"""Errors as a user sees them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runfleet.autoscale import Context, explain, run

NOW = datetime(2016, 10, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        (
            "$TargetDedicatedNodes = $PendingTask.GetSample(1);",
            (
                "unknown variable `$PendingTask` (line 1, column 25)\n"
                "    $TargetDedicatedNodes = $PendingTask.GetSample(1);\n"
                "                            ~~~~~~~~~~~~\n"
                "hint: did you mean `$PendingTasks`?"
            ),
        ),
        (
            "$TargetDedicatedNodes = $ActiveTasks.GetSample(1);",
            (
                "`$TargetDedicatedNodes` is a double, not a doubleVec (line 1, column 25)\n"
                "    $TargetDedicatedNodes = $ActiveTasks.GetSample(1);\n"
                "                            ~~~~~~~~~~~~~~~~~~~~~~\n"
                "hint: take one number of the doubleVec, as in `max(0, v)` or `avg(v)`"
            ),
        ),
        (
            "// at most ten\n\tx =\tmaximum(1, 10);",
            (
                "unknown function `maximum` (line 2, column 6)\n"
                "    \tx =\tmaximum(1, 10);\n"
                "    \t   \t~~~~~~~"
            ),
        ),
        (
            "myLimit = 5; x = mylimit;",
            (
                "unknown variable `mylimit` (line 1, column 18)\n"
                "    myLimit = 5; x = mylimit;\n"
                "                     ~~~~~~~\n"
                "hint: did you mean `myLimit`?"
            ),
        ),
        (
            "x = $CPUPercent.GetSample(TimeInterval_Minute, 50);",
            (
                "insufficient data from data set: $CPUPercent wanted 50%, received 0%"
                " (line 1, column 26)\n"
                "    x = $CPUPercent.GetSample(TimeInterval_Minute, 50);\n"
                "        ~~~~~~~~~~~~~~~~~~~~~\n"
                "hint: ask `GetSamplePercent` first, and go on without samples where there are few"
            ),
        ),
        (
            "x = time() - TimeInterval_Hour;",
            (
                "`-` does not go between timestamp and timeinterval (line 1, column 12)\n"
                "    x = time() - TimeInterval_Hour;\n"
                "               ~\n"
                "hint: add a negative timeinterval, as in `time() + (-1 * TimeInterval_Hour)`"
            ),
        ),
        (
            "x = $RunningTasks.GetSample(5) > 0 ? 1 : 2;",
            (
                "`>` does not go between doubleVec and double (line 1, column 32)\n"
                "    x = $RunningTasks.GetSample(5) > 0 ? 1 : 2;\n"
                "                                   ~\n"
                "hint: take one number of the doubleVec, as in `avg(v)` or `val(v, 0)`"
            ),
        ),
        (
            "$NodeDeallocationOption = taskCompletion;",
            (
                "unknown variable `taskCompletion` (line 1, column 27)\n"
                "    $NodeDeallocationOption = taskCompletion;\n"
                "                              ~~~~~~~~~~~~~~\n"
                "hint: did you mean `taskcompletion`?"
            ),
        ),
    ],
)
def test_the_place_is_underlined(context: Context, text: str, explanation: str) -> None:
    """What, where, the line, and how to mend it."""
    error = run(text, context, NOW).error
    assert error is not None
    assert explain(error, text) == explanation
