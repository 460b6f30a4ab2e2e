"""Every example runs, and its results say something."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pandas
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

RunCommand = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def example(tmp_path: Path) -> Callable[[str], Path]:
    """Copy an example to a folder with a name that needs quoting, without its results."""

    def copy(name: str) -> Path:
        folder = tmp_path / "it's a copy" / name
        shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("results"))
        return folder

    return copy


def run_study(runfleet: RunCommand, folder: Path) -> Path:
    """Run the study of a folder; where its results are."""
    done = runfleet("run", "study.yaml", folder=folder)
    assert done.returncode == 0, done.stderr
    return next((folder / "results").iterdir())


def test_every_example_is_tested() -> None:
    """A new example gets a test here, and a README beside its study."""
    studies = {path.parent.name for path in EXAMPLES.glob("*/study.yaml")}
    assert studies == {"single-run", "environment-sweep", "epanet-net1", "mpi-diffusion"}
    assert all((EXAMPLES / name / "README.md").exists() for name in studies)


def test_single_run(runfleet: RunCommand, example: Callable[[str], Path], epanet: Path) -> None:
    """One run of an application package, without parameters."""
    assert runfleet("package", "add", "epanet", "2.3.5", epanet).returncode == 0
    results = run_study(runfleet, example("single-run"))
    table = pandas.read_csv(results / "runs.csv")
    assert table["pressure_at_mill"].tolist() == [26.18]
    assert "Mill" in (results / "runs" / "run-00001" / "village.rpt").read_text()


def test_environment_sweep(runfleet: RunCommand, example: Callable[[str], Path]) -> None:
    """A grid over the environment: the flood is flatter and later with more storage."""
    results = run_study(runfleet, example("environment-sweep"))
    table = pandas.read_csv(results / "runs.csv")
    assert len(table) == 60
    catchment = table[table["RUNOFF_COEFFICIENT"] == 0.4].sort_values("STORAGE_CONSTANT")
    assert catchment["peak_discharge"].is_monotonic_decreasing
    assert catchment["hour_of_peak"].is_monotonic_increasing
    assert list((results / "plots").glob("*.png"))


def test_epanet_net1(runfleet: RunCommand, example: Callable[[str], Path], epanet: Path) -> None:
    """A Latin hypercube by overlay: rough pipes and high demand cost pressure."""
    assert runfleet("package", "add", "epanet", "2.3.5", epanet).returncode == 0
    results = run_study(runfleet, example("epanet-net1"))
    table = pandas.read_csv(results / "runs.csv")
    assert len(table) == 300
    assert table["lowest_pressure"].between(50, 115).all()
    assert table["lowest_pressure"].corr(table["DEMAND"]) < -0.5
    assert table["lowest_pressure"].corr(table["ROUGHNESS"]) > 0.2
    assert table["lowest_chlorine"].corr(table["DEMAND"]) > 0.5
    assert list((results / "plots").glob("*.png"))


def test_mpi_diffusion(mpich: str, runfleet: RunCommand, example: Callable[[str], Path]) -> None:
    """Four processes on two nodes: no mass is lost between them, and more is spread."""
    results = run_study(runfleet, example("mpi-diffusion"))
    table = pandas.read_csv(results / "runs.csv").sort_values("DIFFUSIVITY")
    assert table["mass"].tolist() == pytest.approx([10.0] * 3)
    assert table["peak"].is_monotonic_decreasing
    assert (table["processes"] == 4).all()
    assert (table["nodes"] == 2).all()
