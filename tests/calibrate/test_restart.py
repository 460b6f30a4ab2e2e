"""What of a calibration is used again that has not come to its end."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runfleet.calibrate.control_files.control import read_control
from runfleet.calibrate.programs import Program
from runfleet.calibrate.restart import LeftFiles, Restart, plan_restart, restart_switches
from runfleet.storage import DirectoryStorage

INPUTS = {"case.pst", "case.tpl", "model.exe"}


@pytest.fixture
def storage(tmp_path: Path) -> DirectoryStorage:
    storage = DirectoryStorage(tmp_path / "storage")
    storage.create_container("study")
    return storage


def left(storage: DirectoryStorage, *names: str, place: str = "runs/job/manager") -> LeftFiles:
    """Files of a manager."""
    for name in names:
        storage.put_bytes("study", f"{place}/{name}", name.encode())
    return LeftFiles(storage, "study", "job", PurePosixPath(), INPUTS)


def plan(case: Path, program: str, files: LeftFiles) -> Restart:
    return plan_restart(Program.named(program), read_control(case), files)


@pytest.mark.parametrize("program", ["beopest64", "pestpp-glm"])
@pytest.mark.parametrize("place", ["runs/job/manager", "copies/job", "calibration/job/restart"])
def test_a_switch_goes_on(case: Path, storage: DirectoryStorage, program: str, place: str) -> None:
    """From what was uploaded, was copied meanwhile, or was given to one that was lost at once."""
    files = left(storage, "case.rst", "case.jco", "case.pst", "case.rmr", "stdout.txt", place=place)
    restart = plan(case, program, files)
    assert restart.switches == "/r"
    assert set(restart.files) == {"case.rst", "case.jco"}
    restart.store(storage, "study", "job-2")
    assert restart_switches(storage, "study", "job-2") == "/r"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_runs_that_try_upgrades_are_begun_anew(
    case: Path, storage: DirectoryStorage, end: str
) -> None:
    """As pestpp-glm does not know their upgrades any more; of a later Jacobian nothing is lost."""
    before = f"start_iteration 2  2  svd_base_par{end}jacobian_model_runs_built{end}"
    upgrade = f"{before}upgrade_model_runs_built{end}"
    later = f"{upgrade}start_iteration 3  3  svd_base_par{end}"
    files = left(storage, "case.rst", "case.rnj")
    for content, kept in ((before, before), (upgrade, before), (later, later)):
        storage.put_bytes("study", "runs/job/manager/case.rst", content.encode())
        assert plan(case, "pestpp-glm", files).files["case.rst"] == kept.encode()


def test_what_a_manager_begins_with_is_nothing_to_go_on_from(
    case: Path, storage: DirectoryStorage
) -> None:
    """One that was started before does nothing, and leaves inputs that are called as the case."""
    left(storage, "case.rst", "case.jco", "case.tpl", place="copies/job")
    restart = plan(case, "beopest64", left(storage, *INPUTS))
    assert set(restart.files) == {"case.rst", "case.jco"}


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


@pytest.mark.parametrize(
    ("program", "option", "names"),
    [
        ("pestpp-ies", "ies_restart_par_en", ("0.par.csv", "0.obs.csv", "obs+noise.csv")),
        ("pestpp-opt", "hotstart_resfile", ("1.jcb",)),
    ],
)
def test_what_it_once_began_with_is_not_used_again(
    case: Path, storage: DirectoryStorage, program: str, option: str, names: tuple[str, ...]
) -> None:
    """The user's own restart files belong to other values than those that it goes on with."""
    case.write_text(f"{case.read_text()}++{option}(prior.csv)\n")
    restart = plan(case, program, left(storage, *(f"case.{name}" for name in names)))
    assert option not in restart.files["case.pst"].decode()


def test_a_second_loss_loses_no_more(case: Path, storage: DirectoryStorage) -> None:
    """A manager that went on and was lost before it had anything new: the same is used again."""
    names = ["case.2.par.csv", "case.2.obs.csv", "case.obs+noise.csv"]
    first = plan(case, "pestpp-ies", left(storage, *names))
    first.store(storage, "study", "job-2")
    storage.put_bytes("study", "runs/job-2/manager/case.rec", b"")
    storage.put_bytes("study", "runs/job-2/manager/case.pst", first.files["case.pst"])
    second = plan(case, "pestpp-ies", LeftFiles(storage, "study", "job-2", PurePosixPath(), INPUTS))
    assert second.files == first.files
    for name in ("case.1.par.csv", "case.1.obs.csv", "case.obs+noise.csv"):
        storage.put_bytes("study", f"runs/job-2/manager/{name}", b"")
    third = plan(case, "pestpp-ies", LeftFiles(storage, "study", "job-2", PurePosixPath(), INPUTS))
    assert third.says[0].startswith("the ensembles after iteration 1 are the initial ones")
    assert third.says[0].endswith("iterations left: 5")


def test_a_jacobian_comes_with_its_values(case: Path, storage: DirectoryStorage) -> None:
    """That of the third iteration belongs to what was found by the second one."""
    files = left(storage, "case.1.jcb", "case.3.jcb", "case.2.par")
    found = b"single point\n  START  2.5  1.0 0.0\n  decay 3.0e-1 1.0 0.0\n"
    storage.put_bytes("study", "runs/job/manager/case.2.par", found)
    restart = plan(case, "pestpp-opt", files)
    control = restart.files["case.pst"].decode().replace("\r", "")
    assert "\nstart log factor 2.5 0.1 10.0 rates" in control
    assert "\ndecay log factor 3.0e-1 1.0e-2 2.0 rates" in control
    assert "\n6 0.005 4 4 0.005 4" in control
    assert control.endswith("++base_jacobian(restart.case.3.jcb)\n")
    assert restart.files["restart.case.3.jcb"] == b"case.3.jcb"
    (says,) = restart.says
    assert says == (
        "it begins with the values after iteration 2 and the Jacobian that was worked out from "
        "them; iterations left: 6"
    )


def test_a_jacobian_without_its_values_is_not_used(case: Path, storage: DirectoryStorage) -> None:
    restart = plan(case, "pestpp-opt", left(storage, "case.1.jcb", "case.3.jcb"))
    assert set(restart.files) == {"case.pst", "restart.case.1.jcb"}
