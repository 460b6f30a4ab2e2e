"""Values with `%` are told where Wine's `cmd` would change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from runfleet.launch.checks import find_oddities
from runfleet.launch.checks.wine_percents import find_percents
from runfleet.launch.pool import plan_local_pool
from runfleet.study import Study
from runfleet.study.pool import PoolRequest

WriteStudy = Callable[..., Study]

UNDER_WINE = plan_local_pool(PoolRequest(image="windows-2022"), cores=2)
ON_AZURE = replace(UNDER_WINE, under_wine=False)
ON_LINUX = plan_local_pool(PoolRequest(image="ubuntu-22.04"), cores=2)

LISTED = "parameters: {SHARE: ['5', 'x%y', '50%'], K: '1%'}"
IN_TABLE = "design: {list: [{SHARE: 1, K: 2}, {SHARE: 'x%y', K: 3}, {SHARE: '50%', K: 4}]}"


@pytest.mark.parametrize("values", [LISTED, IN_TABLE])
@pytest.mark.parametrize(
    "command",
    ["a.exe %SHARE%", "echo %share%\necho b", "echo %SHARE% && echo b", "a.exe\nb.exe %SHARE%"],
)
def test_a_value_that_wine_would_change_is_told(
    write_study: WriteStudy, command: str, values: str
) -> None:
    """Once for a parameter, with its first value; real nodes leave it as it is."""
    study = write_study(f"model: {{command: {command!r}}}\n{values}".replace("'", '"'))
    written = "share" if "share" in command else "SHARE"
    told = (
        f"`%{written}%` in the command is `x%y` in a run, and Wine's `cmd`, which reads it on this "
        "machine, takes a `%` there for that of a variable: have the program read `SHARE` from its "
        "environment, or from an input that a template makes"
    )
    assert list(find_percents(study, UNDER_WINE)) == [told]
    assert told in find_oddities(study, UNDER_WINE)
    assert list(find_percents(study, ON_AZURE)) == []
    assert list(find_percents(study, ON_LINUX)) == []


@pytest.mark.parametrize("command", ["echo %SHARE%", "a.exe", "echo a\necho %OTHER% %%SHARE"])
def test_a_value_that_stays_as_it_is_is_not_told(write_study: WriteStudy, command: str) -> None:
    study = write_study(f"model: {{command: {command!r}}}\n{LISTED}".replace("'", '"'))
    assert list(find_percents(study, UNDER_WINE)) == []
