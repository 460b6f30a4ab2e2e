"""The calibration of a water network finds the roughness with which its data were made."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "epanet-calibration"
TRUTH = {"c_main": 120, "c_west": 90, "c_mid": 105, "c_east": 75}

RunCommand = Callable[..., "CompletedProcess[str]"]
Calibrate = Callable[..., "pandas.Series[float]"]

pytestmark = [pytest.mark.needs("wine"), pytest.mark.timeout(180)]


@pytest.fixture
def calibrate(
    runfleet: RunCommand, tmp_path: Path, pest_programs: Path, epanet_windows: Path
) -> Calibrate:
    """Run one of the example's studies, and read the best parameters from its results."""
    runfleet("package", "add", "pest", "16.1", pest_programs.parent)
    runfleet("package", "add", "epanet-windows", "2.3.5", epanet_windows)
    folder = tmp_path / "it's a copy"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("results"))

    def run(study: str, **changes: tuple[str, str]) -> pandas.Series[float]:
        text = (folder / "net1.pst").read_text()
        for old, new in changes.values():
            assert old in text
            text = text.replace(old, new)
        (folder / "net1.pst").write_text(text)
        with socket.socket() as probe:
            probe.bind(("", 0))
            port = f"  port: {probe.getsockname()[1]}\npool:"
        (folder / study).write_text((folder / study).read_text().replace("pool:", port))
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


def test_pestpp_glm_comes_close(calibrate: Calibrate) -> None:
    """After one iteration, as PEST++ takes two seconds a run under Wine."""
    found = calibrate("glm.yaml", noptmax=ONCE)
    assert found.to_dict() == pytest.approx(TRUTH, rel=0.1)


def test_pestpp_ies_comes_close(calibrate: Calibrate) -> None:
    """An ensemble of five after one iteration: where the data say something, it knows it."""
    reals = ("num_reals(10)", "num_reals(5)")
    found = calibrate("ies.yaml", noptmax=ONCE, reals=reals)
    assert found["c_main"] == pytest.approx(TRUTH["c_main"], rel=0.2)
