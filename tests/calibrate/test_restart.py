"""What of a calibration is used again that has not come to its end."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runfleet.calibrate.control_files.control import read_control
from runfleet.calibrate.programs import Program
from runfleet.calibrate.restart import LeftFiles, Restart, plan_restart, restart_switches
from runfleet.storage import DirectoryStorage


@pytest.fixture
def storage(tmp_path: Path) -> DirectoryStorage:
    storage = DirectoryStorage(tmp_path / "storage")
    storage.create_container("study")
    return storage


def left(storage: DirectoryStorage, *names: str, place: str = "runs/job/manager") -> LeftFiles:
    """Files of a manager."""
    for name in names:
        storage.put_bytes("study", f"{place}/{name}", name.encode())
    return LeftFiles(storage, "study", "job", PurePosixPath())


def plan(case: Path, program: str, files: LeftFiles) -> Restart:
    return plan_restart(Program.named(program), read_control(case), files)


@pytest.mark.parametrize("program", ["beopest64", "pestpp-glm"])
@pytest.mark.parametrize("place", ["runs/job/manager", "copies/job", "calibration/job/restart"])
def test_a_switch_goes_on(case: Path, storage: DirectoryStorage, program: str, place: str) -> None:
    """From what was uploaded, was copied meanwhile, or was given to one that was lost at once."""
    files = left(storage, "case.rst", "case.jco", "case.pst", "stdout.txt", place=place)
    restart = plan(case, program, files)
    assert restart.switches == "/r"
    assert set(restart.files) == {"case.rst", "case.jco"}
    restart.store(storage, "study", "job-2")
    assert restart_switches(storage, "study", "job-2") == "/r"


@pytest.mark.parametrize("program", ["beopest64", "pestpp-glm", "pestpp-ies", "pestpp-sen"])
def test_nothing_left_means_anew(case: Path, storage: DirectoryStorage, program: str) -> None:
    restart = plan(case, program, left(storage, "case.rec", "case.par"))
    assert not restart.switches
    assert not restart.files
    assert "begins anew" in restart.says[0]


def test_ensembles_are_gone_on_with(case: Path, storage: DirectoryStorage) -> None:
    """By options that win over those of the control file, and for the iterations that are left."""
    names = [f"case.{n}.{kind}.csv" for n in (0, 1, 2) for kind in ("par", "obs")]
    restart = plan(case, "pestpp-ies", left(storage, *names, "case.obs+noise.csv"))
    control = restart.files["case.pst"].decode()
    assert "++ies_parameter_ensemble(restart.case.2.par.csv)" in control
    assert "++ies_restart_observation_ensemble(restart.case.2.obs.csv)" in control
    assert "prior.csv" not in control
    assert "\n6 0.005 4 4 0.005 4" in control.replace("\r", "")
    assert "after iteration 2" in restart.says[0]
    assert "restart.case.2.par.csv" in restart.files
