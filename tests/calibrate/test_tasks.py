"""What the tasks of calibrations keep of their files."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from runfleet.calibrate.control_files.control import read_control
from runfleet.calibrate.tasks import sweep_output
from runfleet.study import Pest, WorkerRange


def test_a_sweep_has_a_table_that_is_not_named_after_its_case(case: Path) -> None:
    """And reads one, which options name or not."""
    (case.parent / "Sweep_In.csv").write_text("")
    control = read_control(case)
    assert control.files[-1].name == "Sweep_In.csv"
    programs = ("pestpp-swp", "pestpp-ies", "beopest64")
    pests = [Pest(PurePosixPath("case.pst"), name, WorkerRange(2, 2)) for name in programs]
    assert [sweep_output(pest, control) for pest in pests] == ["sweep_out.csv", "", ""]


@pytest.mark.parametrize("option", ["sweep_output_csv_file", "SWEEP_OBS_CSV", "sweep_output_file"])
def test_options_name_the_table_of_a_sweep(case: Path, option: str) -> None:
    case.write_text(f"{case.read_text()}++{option}(found.csv)\n")
    pest = Pest(PurePosixPath("case.pst"), "pestpp-swp", WorkerRange(2, 2))
    assert sweep_output(pest, read_control(case)) == "found.csv"
