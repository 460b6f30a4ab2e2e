"""The calibration of a water network finds the roughness with which its data were made."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas
import pyemu
import pytest

from runfleet.storage.packages import PackageFolder

EXAMPLE = Path(__file__).parents[2] / "examples" / "epanet-calibration"
TRUTH = {"c_main": 120, "c_west": 90, "c_mid": 105, "c_east": 75}

RunCommand = Callable[..., "CompletedProcess[str]"]
Calibrate = Callable[..., "pandas.Series[float]"]

pytestmark = [pytest.mark.needs("wine"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def runfleet_home(
    tmp_path_factory: pytest.TempPathFactory, pest_programs: Path, epanet_windows: Path
) -> Path:
    """A home with the programs, for all tests: Wine is made ready for its nodes but once."""
    home = tmp_path_factory.mktemp("home")
    packages = PackageFolder(home / "emulator" / "packages")
    packages.add("pest", "16.1", pest_programs.parent)
    packages.add("epanet-windows", "2.3.5", epanet_windows)
    return home


@pytest.fixture
def calibrate(runfleet: RunCommand, tmp_path: Path) -> Calibrate:
    """Run one of the example's studies, and read the best parameters from its results."""
    folder = tmp_path / "it's a copy"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("results"))

    def run(
        study: str, place: str = "", version: int = 1, **changes: tuple[str, str]
    ) -> pandas.Series[float]:
        (folder / place).mkdir(exist_ok=True)
        for file in folder.glob("net1.*"):
            file.rename(folder / place / file.name)
        control = folder / place / "net1.pst"
        text = control.read_text()
        for old, new in changes.values():
            assert old in text
            text = text.replace(old, new)
        control.write_text(text)
        if version == 2:
            pyemu.Pst(str(control)).write(str(control), version=2)
        with socket.socket() as probe:
            probe.bind(("", 0))
            port = f"  port: {probe.getsockname()[1]}\npool:"
        placed = (folder / study).read_text().replace("control: ", f"control: {place}")
        (folder / study).write_text(placed.replace("pool:", port))
        done = runfleet("run", study, folder=folder)
        assert done.returncode == 0, done.stderr
        results = next((folder / "results").iterdir())
        assert list((results / "plots").glob("*.png"))
        table = pandas.read_csv(results / "parameters.csv")
        return table.set_index("parameter")["value"]

    return run


def test_beopest_recovers_known_values(calibrate: Calibrate) -> None:
    """All four roughnesses, to one in two hundred, by four workers."""
    assert calibrate("study.yaml").to_dict() == pytest.approx(TRUTH, rel=0.005)


ONCE = ("\n8 0.001", "\n1 0.001")

# Otherwise PEST++ tries many steps in an iteration, and takes two seconds for a run under Wine.
FEW_STEPS = (
    "++par_sigma",
    "++lambdas(0.1) ies_lambda_mults(1.0) lambda_scale_fac(1.0)\n++par_sigma",
)


def test_pestpp_glm_comes_close(calibrate: Calibrate) -> None:
    """
    After one iteration with one step.

    The control file is of the second version, with tables in files of their own. It is in a folder,
    with its templates and instructions, and the files of the model are in another one.
    """
    files = ("net1.inp net1.rpt net1.out", "io\\net1.inp io\\net1.rpt io\\net1.out")
    found = calibrate(
        "glm.yaml",
        "pest/",
        version=2,
        noptmax=ONCE,
        steps=FEW_STEPS,
        command=files,
        input=("net1.tpl net1.inp", "net1.tpl io\\net1.inp"),
        output=("net1.ins net1.rpt", "net1.ins io\\net1.rpt"),
    )
    assert found.to_dict() == pytest.approx(TRUTH, rel=0.1)


def test_pestpp_ies_comes_close(calibrate: Calibrate) -> None:
    """An ensemble of five after one iteration: where the data say something, it knows it."""
    reals = ("num_reals(10)", "num_reals(5)")
    found = calibrate("ies.yaml", noptmax=ONCE, steps=FEW_STEPS, reals=reals)
    assert found["c_main"] == pytest.approx(TRUTH["c_main"], rel=0.2)
