"""How command lines of Windows get through Wine."""

from __future__ import annotations

import pytest

from runfleet.agent.wine import as_arguments


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        (r"bin\model.exe a.inp  out\b.rpt", [r"bin\model.exe", "a.inp", r"out\b.rpt"]),
        ("cmd /c echo %X% & exit 3", ["cmd", "/c", "echo", "%X%", "&", "exit", "3"]),
        ('cmd /s /c "echo a  b & exit 3"', ["cmd", "/s", "/c", "echo a  b & exit 3"]),
        (r'"my models\a.exe" /X:"b c" ""', [r"my models\a.exe", "/X:b c", ""]),
    ],
)
def test_plain_lines_are_told_as_arguments(line, arguments):
    assert as_arguments(line) == (arguments, {})


@pytest.mark.parametrize(
    "line",
    [
        'cmd /s /c "set "PATH=%A%;%PATH%" & model"',
        'cmd /c "my.bat" "a b"',
        'cmd /c "cd D:\\"',
        'C:\\Windows\\System32\\cmd.exe /c "a b" "c"',
        r'model "say \"yes\""',
    ],
)
def test_lines_with_quotes_that_matter_are_handed_over_as_they_stand(line):
    arguments, variables = as_arguments(line)
    assert arguments == ["cmd", "/s", "/c", "%RUNFLEET_COMMAND_LINE%"]
    assert variables == {"RUNFLEET_COMMAND_LINE": line}
