"""Variables of a command that no parameter fills in are told before anything runs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from runfleet.azure import OperatingSystem
from runfleet.launch.checks.mistyped_variables import find_lost_variables, find_mistyped_variables
from runfleet.study import Study

LINUX, WINDOWS = OperatingSystem.LINUX, OperatingSystem.WINDOWS
STUDY = """
model: {{command: {}, environment: {{DEMAND_UNIT: m}}}}
parameters: {{DEMAND: 2, K1: 1, K2: 2, q: 3, Y: 4, tmp1: 5}}
"""


@pytest.fixture
def told(write_study: Callable[[str], Study]) -> Callable[[OperatingSystem, str], list[str]]:
    def look(system: OperatingSystem, command: str) -> list[str]:
        study = write_study(STUDY.format(json.dumps(command)))
        return list(find_mistyped_variables(study, system))

    return look


@pytest.mark.parametrize(
    ("system", "command", "warning"),
    [
        (
            LINUX,
            "./model $DEMND",
            "`$DEMND` in the command is no parameter; did you mean `$DEMAND`?",
        ),
        (
            LINUX,
            "./model {{ run_name }}.out",
            (
                "`{{ run_name }}` in the command stays as it is, for it is no template; write "
                "`$RUNFLEET_RUN`"
            ),
        ),
        (LINUX, "./model ${Q}.inp", "`$Q` in the command is no parameter; did you mean `$q`?"),
        (
            WINDOWS,
            "model %DEMADN%",
            "`%DEMADN%` in the command is no parameter; did you mean `%DEMAND%`?",
        ),
        (
            LINUX,
            "./model %K1%",
            "`%K1%` in the command stays as it is on nodes of Linux; write `$K1`",
        ),
        (
            WINDOWS,
            "model ${K1}",
            "`$K1` in the command stays as it is on nodes of Windows; write `%K1%`",
        ),
        (
            LINUX,
            "./model {{ DEMAND }}",
            "`{{ DEMAND }}` in the command stays as it is, for it is no template; write `$DEMAND`",
        ),
        (
            WINDOWS,
            "model.exe {K1}",
            "`{K1}` in the command stays as it is, for it is no template; write `%K1%`",
        ),
    ],
)
def test_the_parameter_that_was_meant_is_told(
    told, system: OperatingSystem, command: str, warning: str
):
    assert told(system, command) == [warning]


@pytest.mark.parametrize(
    ("system", "command"),
    [
        (LINUX, "./model $DEMAND ${K1} $q $HOME $TMP $AZ_BATCH_TASK_ID $DEMAND_UNIT $1 $other"),
        (LINUX, "./model {{ other }} {other} ${K1} K{q}; awk '{ print $1 }'; echo {K1,K2}"),
        (LINUX, "DEMANDS=3; echo $DEMANDS"),
        (LINUX, "for K in 1 2; do echo $K > $K.txt; done"),
        (LINUX, r"date +%Y%m%d; printf '%s\n' \$Q"),
        (LINUX, "./model $DEMAND $DEMANDS"),
        (LINUX, "perl -e '$demand = $ENV{DEMAND}; print $demand'"),
        (WINDOWS, "model %demand% %Q% %other%"),
        (WINDOWS, "set DEMANDS=3 & model %DEMANDS%"),
    ],
)
def test_other_variables_are_left_alone(told, system: OperatingSystem, command: str):
    assert told(system, command) == []


@pytest.mark.parametrize(("system", "command"), [(LINUX, "echo $P1"), (WINDOWS, "echo %p1%")])
def test_a_parameter_is_not_taken_for_another_one_that_is_left_out(
    write_study: Callable[[str], Study], system: OperatingSystem, command: str
):
    """The other one may be for a template, or of no effect on purpose."""
    text = f"{{model: {{command: '{command}'}}, parameters: {{P1: 1, P14: 2}}}}"
    assert list(find_mistyped_variables(write_study(text), system)) == []


@pytest.fixture
def lost(write_study: Callable[[str], Study]) -> Callable[[OperatingSystem, str], list[str]]:
    """Tell what is lost of what is exported, or has been set by the system."""
    names = (
        "MYDATA",
        "HOME",
        "TZ",
        "PWD",
        "SHLVL",
        "USERNAME",
        "DEMAND",
        "DEMAND_UNIT",
        "RUNFLEET_RUN",
    )
    environment = dict.fromkeys(names, "set")

    def look(system: OperatingSystem, command: str) -> list[str]:
        study = write_study(STUDY.format(json.dumps(command)))
        return list(find_lost_variables(study, system, environment))

    return look


@pytest.mark.parametrize(
    ("system", "command", "written"),
    [
        (LINUX, 'cat "$MYDATA/table.txt"', "$MYDATA"),
        (LINUX, "cat ${MYDATA:-.}/table.txt $MYDATA", "$MYDATA"),
        (WINDOWS, r"type %MYDATA%\table.txt", "%MYDATA%"),
    ],
)
def test_a_variable_that_only_the_shell_has_is_told(
    lost, system: OperatingSystem, command: str, written: str
):
    (told,) = lost(system, command)
    what = f"`{written}` in the command is set here, and runs do not have it"
    assert told == f"{what}: give it under `environment`"


@pytest.mark.parametrize(
    ("system", "command"),
    [
        (LINUX, "cat $DEMAND $DEMAND_UNIT $HOME $TZ $PWD $SHLVL $RUNFLEET_RUN $other"),
        (LINUX, "MYDATA=/data; cat $MYDATA/table.txt"),
        (LINUX, "for MYDATA in a b; do cat $MYDATA; done"),
        (WINDOWS, "echo %USERNAME% %demand% %Home%"),
        (WINDOWS, "set MYDATA=a & type %MYDATA%"),
    ],
)
def test_variables_that_runs_have_are_left_alone(lost, system: OperatingSystem, command: str):
    assert lost(system, command) == []
