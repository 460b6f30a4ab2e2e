"""`runfleet init`."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfleet.study import Study


@pytest.fixture
def model(folder: Path) -> Path:
    model = folder / "my model.sh"
    model.write_text("#!/bin/sh\necho done\n")
    return model


def test_the_study_runs_the_executable_once(runfleet, folder: Path, model: Path):
    """The executable is an input, and the file loads as it stands."""
    ended = runfleet("init", "./my model.sh")
    assert ended.code == 0
    assert ended.out == "study.yaml\n"
    assert ended.err == "Wrote `study.yaml`. Edit it, then try `runfleet plan study.yaml`.\n"
    study = Study.load(folder / "study.yaml")
    assert study.model.command == "./'my model.sh'"
    assert [shared.source for shared in study.model.inputs] == [model]
    assert (study.name, study.run_count()) == ("my-model", 1)


def test_a_python_script_is_started_by_python(runfleet, folder: Path):
    """A script need not be executable."""
    (folder / "models").mkdir()
    (folder / "models/reservoir.py").touch()
    assert runfleet("init", "models/reservoir.py").code == 0
    assert Study.load(folder / "study.yaml").model.command == "python3 models/reservoir.py"


def test_a_study_file_is_replaced_only_when_that_is_asked(runfleet, folder: Path, model: Path):
    (folder / "study.yaml").write_text("mine")
    refused = runfleet("init", model.name)
    assert (refused.code, refused.out, refused.err) == (
        1,
        "",
        (
            "error: the study file `study.yaml` is there already\n"
            "hint: name another one with `--output`, or replace it with `--force`\n"
        ),
    )
    assert (folder / "study.yaml").read_text() == "mine"
    assert runfleet("init", model.name, "--force").code == 0
    assert Study.load(folder / "study.yaml").run_count() == 1


def test_a_program_elsewhere_is_no_input(runfleet, folder: Path):
    """It is said where such a program has to come from."""
    assert "application package" in runfleet("init", "/bin/sh", "-o", "a/one.yaml").err
    assert "application package" in runfleet("init", "no-such-model", "-o", "two.yaml").err
    assert runfleet("init", "sh", "-o", "three.yaml").err.startswith("Wrote")
    assert Study.load(folder / "a/one.yaml").model.inputs == ()
