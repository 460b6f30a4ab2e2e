"""What managers and workers are told, and how a manager's host is read."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from runfleet.azure import OperatingSystem
from runfleet.calibrate import CalibrationError
from runfleet.calibrate.programs import Program
from runfleet.calibrate.scripts import host_name, manager_command, worker_command
from runfleet.study import Pest, WorkerRange

STATE = PurePosixPath("calibration/job")


def pest(program: str, control: str = "case.pst") -> Pest:
    """A calibration by a program."""
    return Pest(PurePosixPath(control), program, WorkerRange(2, 2), port=4010)


@pytest.mark.parametrize("system", list(OperatingSystem))
def test_each_family_has_a_switch_of_its_own(system: OperatingSystem) -> None:
    """BeoPEST takes the case and `/H`, PEST++ the file and `/h`."""
    beopest = manager_command(pest("beopest64"), [], STATE, "/r", system).splitlines()
    assert beopest[-1] == "beopest64 case /H :4010 /r"
    assert "/started" in "".join(beopest).replace("\\", "/")
    glm = manager_command(pest("pestpp-glm"), [], STATE, "", system).splitlines()
    assert glm[-1] == "pestpp-glm case.pst /h :4010"
    (*_, blank) = manager_command(
        pest("pestpp-ies", "my case.pst"), [], STATE, "", system
    ).splitlines()
    assert blank == 'pestpp-ies "my case.pst" /h :4010'


def test_workers_read_the_host_from_their_environment() -> None:
    ies = pest("pestpp-ies", "pest/a.pst")
    linux = worker_command(ies, [PurePosixPath("in/b c")], OperatingSystem.LINUX).splitlines()
    assert linux[:2] == ["cd pest || exit 213", "mkdir -p 'in/b c'"]
    assert linux[-1] == "pestpp-ies a.pst /h $PEST_MANAGER_HOST:4010"
    windows = worker_command(
        pest("beopest64", "pest/a.pst"), [PurePosixPath("in/b c")], OperatingSystem.WINDOWS
    )
    assert windows.endswith("beopest64 a /H %PEST_MANAGER_HOST%:4010")


@pytest.mark.parametrize(
    ("system", "makes"),
    [
        (OperatingSystem.LINUX, "mkdir -p 'in/b c'"),
        (OperatingSystem.WINDOWS, 'if not exist "in\\b c\\" mkdir "in\\b c"'),
    ],
)
def test_folders_of_the_models_files_are_made(system: OperatingSystem, makes: str) -> None:
    """For the manager, too: that of pestpp-sen tries whether it can write the files."""
    sen, folders = pest("pestpp-sen", "pest/a.pst"), [PurePosixPath("in/b c")]
    assert makes in manager_command(sen, folders, STATE, "", system).splitlines()
    assert makes in worker_command(sen, folders, system).splitlines()


def test_other_programs_are_refused() -> None:
    with pytest.raises(CalibrationError, match="hands out model runs"):
        Program.named("notepad")


def test_mistyped_programs_are_refused() -> None:
    """Builds of one's own may be called as one likes."""
    with pytest.raises(CalibrationError, match="no program of PEST") as refused:
        Program.named("pestpp-gml")
    assert refused.value.hint == "did you mean `pestpp-glm`?"
    for name in ("pestpp-ies.exe", "pestpp-glm-5.2", "pestpp", "pestpp-ours", "beopest64"):
        assert Program.named(name).name == name


def test_the_first_line_is_the_host() -> None:
    assert host_name("") is None
    assert host_name("node-") is None
    assert host_name("node-17\r\nPEST++ ...") == "node-17"
    with pytest.raises(ValueError, match="Welcome to the cluster"):
        host_name("Welcome to the cluster\nnode-17\n")
