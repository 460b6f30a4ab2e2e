"""Launchers of MPI that this machine has not, or has of another implementation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.launch import connect
from runfleet.launch.checks import check_launcher
from runfleet.study import Study, StudyError

WriteStudy = Callable[..., Study]

OPEN_MPI = "mpirun (Open MPI) 4.1.4"
HYDRA = "HYDRA build details:"
INTEL = "Intel(R) MPI Library for Linux* OS, Version 2021.13"
OTHERWISE = ", or name the package that brings it under `packages`, or its path as `launcher`"


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put_launcher(folder: Path, says: str, name: str = "mpirun") -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n[ $1 = --version ] && echo '{says}'\n")
    program.chmod(0o755)


def mpi_study(write_study: WriteStudy, mpi: str = "") -> Study:
    return write_study(f"model:\n  command: ./flood\n  mpi: {{nodes: 2{mpi}}}\n")


@pytest.mark.parametrize(
    ("mpi", "launcher", "way"),
    [
        ("", "mpirun", "install MPICH, as by `sudo apt-get install mpich`"),
        (
            ", implementation: openmpi",
            "mpirun",
            "install Open MPI, as by `sudo apt-get install openmpi-bin`",
        ),
        (
            ", implementation: intel",
            "mpirun",
            "load Intel MPI, as by `. /opt/intel/oneapi/setvars.sh`",
        ),
        (", launcher: srun", "srun", "put its folder there"),
    ],
)
def test_without_its_launcher_a_study_is_refused(
    bin_folder: Path, write_study: WriteStudy, mpi: str, launcher: str, way: str
) -> None:
    with pytest.raises(StudyError) as caught:
        check_launcher(mpi_study(write_study, mpi), str(bin_folder))
    assert caught.value.what == (
        f"`model.mpi`: the account `local` starts processes by `{launcher}`, which is not on the "
        "PATH here"
    )
    assert caught.value.hint == way + OTHERWISE
    assert caught.value.line == 3


def test_what_only_the_emulator_lacks_is_told_as_that(
    bin_folder: Path, write_study: WriteStudy
) -> None:
    """As where MPI was loaded into the shell when the emulator ran already."""
    put_launcher(bin_folder, HYDRA)
    with pytest.raises(StudyError) as caught:
        check_launcher(mpi_study(write_study), "/nowhere")
    assert caught.value.what.endswith("not on the PATH with which the emulator was started")
    assert caught.value.hint == (
        "end it by `runfleet emulator stop`: the next one has the PATH of your shell"
    )


@pytest.mark.parametrize(
    "text",
    [
        "model: {command: ./flood}",
        "model: {command: ./flood, mpi: {nodes: 2}, packages: [mpich]}",
        "model: {command: ./flood, mpi: {nodes: 2}, environment: {PATH: '/opt/mpi/bin:/bin'}}",
        "model: {command: ./flood, mpi: {nodes: 2}}\npool: {id: with-start-task}",
        "model: {command: ./flood, mpi: {nodes: 2, launcher: /opt/mpi/bin/mpirun}}",
        "model: {command: ./flood, mpi: {nodes: 2, launcher: ./mpirun}}",
        "model: {command: ./flood, mpi: {nodes: 2, launcher: exec mpirun}}",
        "model: {command: ./flood, mpi: {nodes: 2, launcher: $MPI_HOME/bin/mpirun}}",
    ],
)
def test_what_the_study_may_bring_itself_is_not_missed(
    bin_folder: Path, write_study: WriteStudy, text: str
) -> None:
    check_launcher(write_study(text), str(bin_folder))


def test_where_nobody_knows_the_path_nothing_is_missed(
    bin_folder: Path, write_study: WriteStudy
) -> None:
    check_launcher(mpi_study(write_study), None)


@pytest.mark.parametrize(
    ("asked", "says", "hint"),
    [
        (
            "mpich",
            OPEN_MPI,
            (
                "write `implementation: openmpi` if the model is linked with that, or name the "
                "program of MPICH: `launcher: mpirun.mpich`"
            ),
        ),
        (
            "openmpi",
            HYDRA,
            (
                "write `implementation: mpich` if the model is linked with that, or name the "
                "program of Open MPI: `launcher: mpirun.openmpi`"
            ),
        ),
        ("intel", OPEN_MPI, None),
        ("openmpi", INTEL, None),
    ],
)
def test_a_launcher_that_does_not_understand_its_line_is_refused(
    bin_folder: Path, write_study: WriteStudy, asked: str, says: str, hint: str | None
) -> None:
    """Each of the two kinds stops at the options of the other."""
    put_launcher(bin_folder, says)
    with pytest.raises(StudyError, match="does not understand the line for") as caught:
        check_launcher(mpi_study(write_study, f", implementation: {asked}"), str(bin_folder))
    assert hint in (None, caught.value.hint)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("mpich", HYDRA),
        ("openmpi", OPEN_MPI),
        ("intel", INTEL),
        ("mpich", INTEL),
        ("mpich", "somebody's own"),
        ("openmpi", "somebody's own"),
    ],
)
def test_a_launcher_that_may_understand_its_line_is_taken(
    bin_folder: Path, write_study: WriteStudy, asked: str, says: str
) -> None:
    put_launcher(bin_folder, says)
    check_launcher(mpi_study(write_study, f", implementation: {asked}"), str(bin_folder))


def test_a_launcher_that_does_not_start_is_left_to_the_runs(
    bin_folder: Path, write_study: WriteStudy
) -> None:
    (bin_folder / "mpirun").touch(mode=0o755)
    check_launcher(mpi_study(write_study), str(bin_folder))


def test_nothing_is_made_for_a_study_that_is_refused(
    home: Path, bin_folder: Path, write_study: WriteStudy
) -> None:
    with connect(home=home) as account:
        assert account.batch, "one that is still starting could not be ended"
        with pytest.raises(StudyError, match="which is not on the PATH here"):
            account.submit(mpi_study(write_study))
    assert not [*(home / "storage").glob("study-*")]
