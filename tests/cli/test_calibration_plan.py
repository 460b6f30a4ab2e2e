"""`runfleet plan` of a calibration."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FILES = {
    "study.yaml": "pest: {control: fit.pst, program: pestpp-glm, workers: 2}\n"
    "model: {inputs: [model.sh]}\n",
    "model.sh": "#!/bin/sh\ncp in.txt out.txt\n",
    "in.tpl": "ptf ~\n~a           ~\n",
    "out.ins": "pif #\nl1 [head]1:20\n",
    "fit.pst": """\
pcf
* control data
restart estimation
1 1 1 0 1
1 1 single point 1 0 0
5.0 2.0 0.3 0.03 10
3.0 3.0 0.001
0.1
20 0.005 4 3 0.01 3
1 1 1
* parameter groups
p relative 0.01 0.0 switch 2.0 parabolic
* parameter data
a none relative 1.0 0.1 10 p 1.0 0.0 1
* observation groups
obs
* observation data
head 3.0 1.0 obs
* model command line
sh model.sh
* model input/output
in.tpl in.txt
out.ins out.txt
""",
}


@pytest.fixture(autouse=True)
def calibration(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).write_text(text)


def test_the_commands_of_manager_and_worker_are_shown(runfleet):
    """What nodes do before them, only on request."""
    planned = runfleet("plan", "study.yaml")
    assert planned.code == 0, planned.err
    facts, _, manager, _, worker, around = planned.out.split("\n\n")
    assert "Model         sh model.sh\n" in facts
    assert manager == "    pestpp-glm fit.pst /h :4004"
    assert worker == "    pestpp-glm fit.pst /h $PEST_MANAGER_HOST:4004"
    assert around.endswith("`--script` shows how.\n")
    script = runfleet("plan", "study.yaml", "--script").out
    assert "    hostname; " in script
    assert manager in script


def test_an_image_that_is_not_there_is_refused(runfleet, folder: Path):
    """As of a study of runs, before anything is asked."""
    (folder / "study.yaml").write_text(FILES["study.yaml"] + "pool: {image: ubuntu-22.4}\n")
    planned = runfleet("plan", "study.yaml")
    assert (planned.code, planned.out) == (1, "")
    assert planned.err.startswith(
        "error: study.yaml:3: `pool.image`: there is no verified image `ubuntu-22.4`\nhint: did you"
    )


def test_what_run_refuses_of_the_files_is_refused(runfleet, folder: Path):
    """With the same words, before anything is shown."""
    (folder / "out.ins").write_text("pif #\nl1 [level]1:20\n")
    planned, ran = runfleet("plan", "study.yaml"), runfleet("run", "study.yaml")
    assert (planned.code, planned.out, planned.err) == (1, "", ran.err)
    assert planned.err.startswith("error: out.ins:2: ")


def test_a_pool_without_a_place_for_a_worker_is_refused(runfleet, folder: Path):
    (folder / "study.yaml").write_text(FILES["study.yaml"] + "pool: {tasks_per_node: 1}\n")
    planned, ran = runfleet("plan", "study.yaml"), runfleet("run", "study.yaml")
    assert (planned.code, planned.out) == (1, "")
    assert "carries out one task at a time: with the manager there, no worker" in planned.err
    assert ran.err.endswith(planned.err)


@pytest.fixture
def without_pyemu(runfleet, tmp_path: Path) -> None:
    """As where runfleet was installed without its extra for calibrations."""
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking/pyemu.py").write_text("raise ImportError('pyemu')")
    found = [str(tmp_path / "lacking"), runfleet.environment.get("PYTHONPATH", "")]
    runfleet.environment["PYTHONPATH"] = os.pathsep.join(filter(None, found))


@pytest.mark.usefixtures("without_pyemu")
def test_without_pyemu_it_is_refused(runfleet):
    """As `run` does; `check` still looks at the files."""
    planned, ran = runfleet("plan", "study.yaml"), runfleet("run", "study.yaml")
    assert (planned.code, planned.out, planned.err) == (1, "", ran.err)
    assert planned.err == (
        "error: the results of calibrations are read with `pyemu`, which is not installed\n"
        "hint: `pip install 'runfleet[pest]'` installs it\n"
    )
    checked = runfleet("calibrate", "check", "study.yaml")
    assert checked.code == 0
    assert checked.err == (
        "warning: the results of calibrations are read with `pyemu`, which is not installed: "
        "`pip install 'runfleet[pest]'` installs it\n"
    )


def test_a_program_that_is_none_of_the_family_is_told_with_its_place(runfleet, folder: Path):
    text = FILES["study.yaml"].replace("pestpp-glm", "python3")
    (folder / "study.yaml").write_text(text)
    planned = runfleet("plan", "study.yaml")
    assert planned.code == 1
    assert planned.err.startswith(
        "error: study.yaml:1: `pest.program`: `python3` is no program that hands out model runs"
    )


@pytest.mark.parametrize(
    ("program", "is_told"), [("pestpp-xyz", True), ("pestpp-ies.exe", False), ("beopest64", False)]
)
def test_a_program_that_may_be_none_of_pestpp_is_told(runfleet, folder: Path, program, is_told):
    """Builds of one's own may be called as one likes."""
    (folder / "study.yaml").write_text(FILES["study.yaml"].replace("pestpp-glm", program))
    planned = runfleet("plan", "study.yaml")
    assert planned.code == 0
    warning = f"study.yaml:1: `pest.program`: `{program}` has the name of no program of PEST++"
    assert (warning in planned.err) is is_told
