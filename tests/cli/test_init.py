"""`runfleet init`."""

from __future__ import annotations

import json
import shlex
import subprocess
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
    assert ended.err == (
        "`my model.sh` is a script for `sh`.\n"
        "Wrote `study.yaml`. Complete it: command, inputs, outputs. Then:\n"
        "    runfleet plan study.yaml\n"
        "    runfleet run study.yaml\n"
    )
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


def test_a_study_file_that_cannot_be_written_is_told(runfleet, folder: Path, model: Path):
    output = f"{model.name}/in/study.yaml"
    refused = runfleet("init", model.name, "-o", output)
    assert (refused.code, refused.err) == (
        1,
        (
            f"error: the study file `{output}` cannot be written: Not a directory\n"
            "hint: name one elsewhere with `--output`\n"
        ),
    )


def test_a_program_on_path_needs_no_file(runfleet, folder: Path):
    """It is said where a program has to come from that is nowhere to be found."""
    assert runfleet("init", "no-such-model", "-o", "two.yaml").err == (
        "warning: `no-such-model` is neither a file here nor a program on PATH: the study file "
        "starts it all the same, and has to name the application package under `packages` that "
        "brings it\n"
        "Wrote `two.yaml`. Edit it, then try `runfleet plan two.yaml`.\n"
    )
    assert runfleet("init", "sh", "-o", "three.yaml").err.startswith("Wrote")
    assert Study.load(folder / "three.yaml").model.inputs == ()


def test_files_that_a_program_on_path_is_told_are_inputs(runfleet, folder: Path, tmp_path: Path):
    (folder / "plain.sh").write_text("cat $1\n")
    (folder / "data.inp").write_text("5\n")
    elsewhere = tmp_path.parent / "elsewhere.inp"
    elsewhere.write_text("")
    written = runfleet("init", "-o", "told.yaml", "sh", "plain.sh", "data.inp", elsewhere)
    assert f"warning: `{elsewhere}` is outside the study file's folder" in written.err
    model = Study.load(folder / "told.yaml").model
    assert model.command == f"sh plain.sh data.inp {elsewhere}"
    assert [str(shared.path) for shared in model.inputs] == ["data.inp", "plain.sh"]


def test_a_file_that_is_not_there_is_refused(runfleet, folder: Path):
    ended = runfleet("init", "nosuch.exe")
    assert ended.code == 1
    assert ended.err == (
        "error: there is no file `nosuch.exe` here, nor a program of that name on PATH\n"
        "hint: check the name, or give the path to the file\n"
    )
    assert not (folder / "study.yaml").exists()


@pytest.mark.parametrize("typed", ["modle", "model", "Modle.sh"])
def test_a_file_that_is_mistyped_is_refused(runfleet, folder: Path, typed: str):
    """Nobody means a program of a package who has a file of nearly that name."""
    for name in ("model.sh", "modle.txt"):
        (folder / name).touch()
    ended = runfleet("init", typed)
    assert ended.code == 1
    assert ended.err == (
        f"error: there is no file `{typed}` here, nor a program of that name on PATH\n"
        "hint: did you mean `model.sh`?\n"
    )


def test_what_is_no_program_is_refused(runfleet, folder: Path):
    (folder / "notes.txt").write_text("some notes")
    ended = runfleet("init", "notes.txt")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: `notes.txt` is a text, and neither its first line nor")
    assert runfleet("init", "./absent.exe").err.startswith("error: there is no file `absent.exe`")
    assert not (folder / "study.yaml").exists()


@pytest.mark.needs("gcc")
def test_a_linux_program_is_wrapped_as_it_is_told(local, folder: Path):
    """What `init` advises is all there is to do: the library beside the program is found, too."""
    compile_program(folder, "gcc", "model-3.1", "libbasin.so")
    ended = local("init", "model-3.1", "--json")
    facts = json.loads(ended.out)
    assert facts["package"] == {"id": "model", "version": "3.1"}
    assert facts["package_files"] == ["model-3.1", "libbasin.so"]
    assert facts["image"].startswith("ubuntu-")
    assert [library["whereabouts"] for library in facts["libraries"]] == ["beside", "system"]
    carry_out(local, facts["next"])
    (written,) = folder.glob("results/*/runs/*/stdout.txt")
    assert written.read_text() == "42 mm\n"


@pytest.mark.needs("wine", "x86_64-w64-mingw32-gcc")
@pytest.mark.flaky(reruns=2)
def test_a_windows_program_is_wrapped_as_it_is_told(local, folder: Path):
    compile_program(folder, "x86_64-w64-mingw32-gcc", "basin model.exe", "basin.dll")
    ended = local("init", "basin model.exe", "--output", "studies/basin.yaml")
    assert ended.code == 0
    lines = ended.err.splitlines()
    assert (
        lines[0] == "`basin model.exe` is a program of Windows, 64 bit (x86-64), for the console."
    )
    assert lines[2].split() == ["basin.dll", "found", "with", "it"]
    study = Study.load(folder / "studies/basin.yaml")
    assert (study.model.command, study.pool.image) == ('"basin model.exe"', "windows-2022")
    carry_out(local, [line.strip() for line in lines if line.startswith("    ")])
    (written,) = folder.glob("studies/results/*/runs/*/stdout.txt")
    assert written.read_text().split() == ["42", "mm"]


@pytest.mark.needs("x86_64-w64-mingw32-gcc")
def test_what_a_program_lacks_is_told(runfleet, folder: Path):
    compile_program(folder, "x86_64-w64-mingw32-gcc", "model.exe", "libgfortran-5.dll")
    (folder / "libgfortran-5.dll").unlink()
    ended = runfleet("init", "model.exe")
    assert ended.code == 0
    assert (
        "warning: `libgfortran-5.dll` is missing, which `model.exe` needs: put it beside the "
        "program; it comes with MinGW"
    ) in ended.err


PROGRAM = """\
#include <stdio.h>
int rain(void);
int main(void) { printf("%d mm\\n", rain()); return 0; }
"""


def compile_program(folder: Path, compiler: str, program: str, library: str) -> None:
    (folder / "model.c").write_text(PROGRAM)
    (folder / "rain.c").write_text("int rain(void) { return 42; }\n")
    for arguments in (
        ["-shared", "-fPIC", "rain.c", "-o", library],
        ["model.c", library, "-Wl,-rpath-link,.", "-o", program],
    ):
        subprocess.run([compiler, *arguments], cwd=folder, check=True)


def carry_out(runfleet, lines: list[str]) -> None:
    """Type what was advised."""
    assert [line.split()[1] for line in lines] == ["package", "plan", "run"]
    for line in lines:
        ended = runfleet(*shlex.split(line)[1:])
        assert ended.code == 0, ended.err
