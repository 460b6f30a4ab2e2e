"""Every example runs, and its results say something."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
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
    """A new example gets a test here, and a README."""
    studies = {"single-run", "environment-sweep", "epanet-net1", "net1-morris", "mpi-diffusion"}
    studies |= {"epanet-windows", "epanet-calibration"}
    examples = {path.parent.name for path in EXAMPLES.glob("*/README.md")}
    assert examples == studies | {"step-by-step", "command-line"}
    assert {path.parent.name for path in EXAMPLES.glob("*/study.yaml")} == studies


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


def test_net1_morris(runfleet: RunCommand, example: Callable[[str], Path], epanet: Path) -> None:
    """A screening: decay does nothing to pressure, and demand more than any pipe."""
    assert runfleet("package", "add", "epanet", "2.3.5", epanet).returncode == 0
    results = run_study(runfleet, example("net1-morris"))
    table = pandas.read_csv(results / "sensitivities.csv").set_index(["result", "parameter"])
    assert len(table) == 30
    assert (table["used"] == 20).all()
    pressure, chlorine = table.loc["pressure_at_32"], table.loc["chlorine_at_32"]
    assert pressure["mu_star"].idxmax() == "DEMAND"
    assert (pressure.loc[["BULK_DECAY", "WALL_DECAY"], "mu_star"] == 0).all()
    assert pressure.loc["C_121", "mu_star"] > 10 * pressure.loc["C_22", "mu_star"]
    assert chlorine["mu_star"].idxmax() == "WALL_DECAY"
    assert len(list((results / "plots" / "sensitivities").glob("*.png"))) == 2


@pytest.mark.needs("wine")
def test_epanet_windows(
    runfleet: RunCommand, example: Callable[[str], Path], epanet: Path, epanet_windows: Path
) -> None:
    """The Windows program has the results of the Linux one; three lines of the study differ."""
    runfleet("package", "add", "epanet", "2.3.5", epanet)
    runfleet("package", "add", "epanet-windows", "2.3.5", epanet_windows)
    folder = example("epanet-windows")
    text = (folder / "study.yaml").read_text()
    tables = [pandas.read_csv(run_study(runfleet, folder) / "runs.csv")]
    for windows, linux in (
        ("study: towns", "study: same-towns"),
        ("epanet2.exe %NETWORK%", "runepanet $NETWORK"),
        ("epanet-windows==2.3.5", "epanet==2.3.5"),
        ("windows-2022", "ubuntu-22.04"),
    ):
        assert windows in text
        text = text.replace(windows, linux)
    (folder / "study.yaml").write_text(text)
    assert runfleet("run", "study.yaml", folder=folder).returncode == 0
    tables.append(pandas.read_csv(folder / "results" / "same-towns" / "runs.csv"))
    times = ["start_time", "end_time", "seconds"]
    pandas.testing.assert_frame_equal(*(table.drop(columns=times) for table in tables))
    assert (tables[0]["state"] == "succeeded").all()
    by_demand = tables[0].groupby(["NETWORK", "DEMAND"])["lowest_pressure"].mean()
    assert (by_demand.xs(0.8, level="DEMAND") > by_demand.xs(1.2, level="DEMAND")).all()


def test_mpi_diffusion(mpich: str, runfleet: RunCommand, example: Callable[[str], Path]) -> None:
    """Four processes on two nodes: no mass is lost between them, and more is spread."""
    results = run_study(runfleet, example("mpi-diffusion"))
    table = pandas.read_csv(results / "runs.csv").sort_values("DIFFUSIVITY")
    assert table["mass"].tolist() == pytest.approx([10.0] * 3)
    assert table["peak"].is_monotonic_decreasing
    assert (table["processes"] == 4).all()
    assert (table["nodes"] == 2).all()


def test_step_by_step(runfleet: RunCommand, example: Callable[[str], Path], tmp_path: Path) -> None:
    """The way in Python, twice: the second time the pool and the inputs are there."""
    folder = example("step-by-step")
    added = runfleet("package", "add", "runoff", "1.0", folder / "program")
    assert added.returncode == 0, added.stderr
    for _ in range(2):
        done = carry_out([sys.executable, "workflow.py"], folder, tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout == printed_in(folder / "README.md", "4 of 4 tasks")


def test_command_line(
    mpich: str, runfleet: RunCommand, example: Callable[[str], Path], tmp_path: Path
) -> None:
    """The way by commands, twice: the repository is cloned on each node, processes run on two."""
    folder = example("command-line")
    # A name with a quote would need more care than the example takes.
    solver = Path(shutil.copytree(folder / "solver", tmp_path / "solver"))
    for words in ("init --quiet", "add .", "-c user.name=me -c user.email=a@b commit -q -m solver"):
        subprocess.run(["git", "-C", solver, *words.split()], check=True)
    for _ in range(2):
        done = carry_out(["./workflow.sh", str(solver)], folder, tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "4 processes: 3.141592654"
    kept = list((tmp_path / "home" / "storage").glob("*/runs/quadrature-*/pi/pi.txt"))
    assert [path.read_text() for path in kept] == ["3.141592654\n"] * 2


def carry_out(command: list[str], folder: Path, tmp_path: Path) -> CompletedProcess[str]:
    """Carry out what an example is, where `runfleet` is found and has the test's home."""
    path = f"{os.environ['PATH']}{os.pathsep}{Path(sys.executable).parent}"
    environment = {**os.environ, "PATH": path, "RUNFLEET_HOME": str(tmp_path / "home")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def printed_in(page: Path, first: str) -> str:
    """The block of a page that begins so."""
    blocks = page.read_text(encoding="utf-8").split("\n\n")
    block = next(block for block in blocks if block.startswith(f"    {first}"))
    return textwrap.dedent(block) + "\n"
