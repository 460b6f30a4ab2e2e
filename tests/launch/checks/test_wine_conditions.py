"""Where Wine's `cmd` would go on after a step that failed, a study is refused or told so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runfleet.launch.checks.wine_conditions import check_conditions, find_conditions
from runfleet.launch.errors import LaunchError
from runfleet.launch.pool import plan_local_pool
from runfleet.study import Study
from runfleet.study.model import Model
from runfleet.study.pool import PoolRequest

UNDER_WINE = plan_local_pool(PoolRequest(image="windows-2022"), cores=2)
ON_AZURE = replace(UNDER_WINE, under_wine=False)
ON_LINUX = plan_local_pool(PoolRequest(image="ubuntu-22.04"), cores=2)


@pytest.mark.parametrize(
    "command",
    [
        "a.exe || b.exe",
        "a.exe && b.exe || c.exe",
        "(a.exe && b.exe)",
        "a.exe & b.exe && c.exe",
        "if exist x a.exe && b.exe",
        "for %i in (1 2) do a.exe %i && b.exe",
        'a.exe "x y" ^& && b.exe',
        'cmd /c "a.exe && b.exe"',
        "a.exe\nb.exe || exit 1",
        "if exist x (\na.exe && b.exe\n)",
    ],
)
def test_a_command_that_wine_would_carry_out_otherwise_is_refused(command: str) -> None:
    """A run whose step has failed would be told as succeeded; real nodes take it."""
    with pytest.raises(LaunchError):
        check_conditions(Model(command), UNDER_WINE)
    check_conditions(Model(command), ON_AZURE)
    check_conditions(Model(command), ON_LINUX)


def test_the_refusal_says_what_to_write() -> None:
    with pytest.raises(LaunchError) as caught:
        check_conditions(Model("a.exe\nb.exe || exit 1"), UNDER_WINE)
    assert caught.value.message == (
        "Wine's `cmd`, which reads the command on this machine, goes on after `&&` and `||` "
        "whatever came before: `b.exe || exit 1`"
    )
    assert caught.value.hint == (
        "write each step on a line of its own, and below it "
        "`if %ERRORLEVEL% neq 0 exit %ERRORLEVEL%`; only a plain `A && B` may stay"
    )


@pytest.mark.parametrize(
    "command",
    [
        "a.exe && b.exe > out.txt 2>&1 && c.bat",
        "a.exe\nb.exe && c.exe",
        'a.exe "x && y" & b.exe',
        "a.exe ^&^& b",
        "rem a && b\n:: a || b\na.exe",
        "a.exe | b.exe",
    ],
)
def test_what_means_the_same_everywhere_is_not(command: str) -> None:
    check_conditions(Model(command), UNDER_WINE)


def test_batch_files_are_told_with_the_line(as_inputs) -> None:
    """Comments, labels and texts in quotes are none of their steps."""
    inputs = as_inputs(
        {
            "bin/go.bat": b"@echo off\r\nrem a && b\r\nst.exe \xfc || exit /b 1\r\na && b\r\n",
            "Last.CMD": b"a.exe&&b.exe",
            "fine.bat": b':: a || b\r\n@rem a || b\r\n:on && on\r\necho "a && b" ^&^& c\r\n',
            "notes.txt": b"a && b\n",
        }
    )
    model = Model("go.bat", inputs=inputs)
    first, second = find_conditions(model, UNDER_WINE)
    assert first == (
        "`bin/go.bat`, line 3: Wine's `cmd`, which reads it on this machine, goes on after `&&` "
        "and `||` whatever came before: write `if %ERRORLEVEL% neq 0 exit /b %ERRORLEVEL%`, or "
        "the like, on the next line instead"
    )
    assert second.startswith("`Last.CMD`, line 1: ")
    assert not list(find_conditions(model, ON_AZURE))


def test_overlays_may_be_batch_files(tmp_path) -> None:
    """Their templates are looked at."""
    (tmp_path / "go.j2").write_text("model.exe {{ A }} && post.exe\n")
    (tmp_path / "study.yaml").write_text(
        "model: {command: go.bat, overlays: {go.bat: go.j2}}\nparameters: {A: 1}\n"
    )
    model = Study.load(tmp_path / "study.yaml").model
    (told,) = find_conditions(model, UNDER_WINE)
    assert told.startswith("`go.bat`, line 1: ")
