"""The page about the Python API says what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runfleet.launch import Account

PAGE = Path(__file__).parents[2] / "docs/python-api.md"
BLOCK = re.compile(r"^```(\w+) *(.*)\n((?s:.*?))^```$", re.MULTILINE)


def test_the_programs_of_the_page_run(
    shared_home: Path,
    account: Account,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One after the other, as somebody would type them."""
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    monkeypatch.setenv("RUNFLEET_HOME", str(shared_home))
    monkeypatch.chdir(tmp_path)
    for language, file, text in blocks:
        if language == "yaml":
            Path(file).write_text(text)
    names: dict[str, object] = {}
    for language, _, text in blocks:
        if language == "python":
            exec(text, names)
    printed = capsys.readouterr().out
    assert "4 of 4 runs have succeeded" in printed
    assert "largest: 16" in printed
    assert "run-00001 {'X': 1}" in printed
    assert "3 files have gone, 0 the second time" in printed
    assert "inputs/grid/part-2.dat 5" in printed
    assert Path("results/runs.csv").exists()


def test_the_page_names_what_there_is(account: Account) -> None:
    """Every member in its tables exists."""
    from runfleet.launch import Submission

    text = PAGE.read_text(encoding="utf-8")
    owners = {"account": account, "submission": Submission}
    members = re.findall(r"^\| `(account|submission)\.(\w+)", text, re.MULTILINE)
    assert len(members) > 12
    assert [name for owner, name in members if not hasattr(owners[owner], name)] == []
