"""Tables and plots are made from what the real programs leave behind."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runfleet.calibrate.control_files.problems import ControlError
from runfleet.calibrate.results.collecting import Results, collect_results

# The programs that all tests share take half a minute, and longer on a busy machine.
pytestmark = pytest.mark.timeout(300)

START, DECAY = 3.0, 0.25


def collect(run: Any, to: Path) -> Results:
    """The results of a calibration."""
    return collect_results(run.folder, run.case, to)


def read(results: Results, name: str) -> pd.DataFrame:
    """One of its tables, which is the same as CSV and as Parquet."""
    table = pd.read_csv(results.folder / f"{name}.csv", dtype={"realization": str})
    parquet = pd.read_parquet(results.folder / f"{name}.parquet")
    pd.testing.assert_frame_equal(table, parquet, check_dtype=False)
    return table


def test_beopest(calibrated: Mapping[str, Any], tmp_path: Path) -> None:
    """A calibration by BeoPEST finds the values that the observations were made with."""
    results = collect(calibrated["beopest"], tmp_path)
    assert {path.name for path in results.tables} == {
        *("parameters.csv", "residuals.csv", "phi.csv", "sensitivities.csv"),
        "parameter_history.csv",
    }
    assert {path.stem for path in results.plots} == {
        *("phi", "residuals", "parameters", "parameter_history", "sensitivities"),
    }
    start, decay = results.parameters
    assert (start.name, start.initial, start.at_bound) == ("start", 1.0, "")
    assert (start.value, decay.value) == pytest.approx((START, DECAY), rel=0.01)
    residuals = read(results, "residuals")
    assert residuals["phi"].sum() < 1e-3
    assert list(residuals["observation"]) == [f"y{number}" for number in range(6)]
    history = read(results, "parameter_history")
    assert list(history["iteration"].unique()) == list(results.phi_by_iteration)
    assert history["value"].iloc[:2].tolist() == [1.0, 0.05]
    # Of one set of parameters there is no spread, and no column for it.
    assert list(history.columns) == ["iteration", "parameter", "value"]
    assert list(read(results, "phi").columns) == ["iteration", "phi"]
    assert list(residuals.columns)[-2:] == ["weight", "phi"]
    assert results.notes == ()


def test_pestpp_glm(calibrated: Mapping[str, Any], tmp_path: Path) -> None:
    """The same tables from the files of pestpp-glm."""
    results = collect(calibrated["glm"], tmp_path)
    phi = read(results, "phi")
    assert list(phi["iteration"]) == [0, 1]
    assert phi["model_runs"].iloc[-1] > 0
    assert list(phi.columns) == ["iteration", "model_runs", "phi"]
    sensitivities = read(results, "sensitivities")
    assert set(sensitivities["method"]) == {"composite"}
    assert set(sensitivities["parameter"]) == {"start", "decay"}
    assert list(read(results, "parameter_history")["iteration"].unique()) == [0, 1]


def test_pestpp_ies(calibrated: Mapping[str, Any], tmp_path: Path) -> None:
    """An ensemble has means and spreads, and members that fail."""
    results = collect(calibrated["ies"], tmp_path)
    realizations = read(results, "realizations")
    failed = realizations[realizations["state"] == "failed"]
    assert set(failed["realization"]) == set(results.failed_realizations)
    assert len(results.failed_realizations) == 2
    assert failed["phi"].isna().all()
    assert len(realizations) == 2 * 6
    assert all(parameter.std is not None for parameter in results.parameters)
    assert read(results, "residuals")["std"].notna().all()
    history = read(results, "parameter_history")
    assert (history["minimum"] <= history["mean"]).all()


def test_pestpp_sen(calibrated: Mapping[str, Any], tmp_path: Path) -> None:
    """A sensitivity analysis has sensitivities, and no best parameters."""
    results = collect(calibrated["sen"], tmp_path)
    table = read(results, "sensitivities")
    assert set(table["method"]) == {"morris"}
    assert (table["sensitivity"] > 0).all()
    assert (results.parameters, results.phi_by_iteration) == ((), {})
    assert [path.stem for path in results.plots] == ["sensitivities"]


def test_a_parameter_at_its_bound_is_marked(calibrated: Mapping[str, Any], tmp_path: Path) -> None:
    """It says that the calibration wanted more than it was allowed."""
    folder = shutil.copytree(calibrated["beopest"].folder, tmp_path / "manager")
    control = (folder / "case.pst").read_text()
    (folder / "case.pst").write_text(
        control.replace("start log factor 1.0 0.1 10.0", "start log factor 1.0 0.1 3.0")
    )
    (folder / "case.par").write_text("double point\n start 3.0 1.0 0.0\n decay 0.01 1.0 0.0\n")
    results = collect_results(folder, "case", tmp_path / "results")
    assert [parameter.at_bound for parameter in results.parameters] == ["upper", "lower"]


def test_sensitivities_from_a_jacobian_alone(calibrated: Mapping[str, Any], tmp_path: Path) -> None:
    """Where no sensitivities are told, they are worked out, and are the same."""
    folder = shutil.copytree(calibrated["beopest"].folder, tmp_path / "manager")
    told = read(collect_results(folder, "case", tmp_path / "told"), "sensitivities")
    (folder / "case.sen").unlink()
    found = read(collect_results(folder, "case", tmp_path / "found"), "sensitivities")
    last = told[told["iteration"] == told["iteration"].max()]
    expected = last.set_index("parameter")["sensitivity"]
    assert found.set_index("parameter")["sensitivity"].to_dict() == pytest.approx(
        expected.to_dict(), rel=0.05
    )


def test_what_an_interrupted_calibration_has(calibrated: Mapping[str, Any], tmp_path: Path) -> None:
    """Before the first iteration has ended there is little, and that is no error."""
    folder = tmp_path / "manager"
    folder.mkdir()
    for name in ("case.pst", "case.rec"):
        shutil.copy(calibrated["beopest"].folder / name, folder)
    results = collect_results(folder, "case", tmp_path / "results")
    assert [path.name for path in results.tables] == ["parameters.csv", "phi.csv"]
    assert results.parameters == ()
    with pytest.raises(ControlError, match="cannot be read"):
        collect_results(folder, "other", tmp_path / "results")


def test_values_that_nobody_has_tried_are_not_found(case: Path, tmp_path: Path) -> None:
    """PEST writes its initial values where the best ones should be, when no model run succeeds."""
    (case.parent / "case.par").write_text("double point\n start 1.0 1 0\n decay 0.05 1 0\n")
    results = collect_results(case.parent, "case", tmp_path / "results")
    assert results.parameters == ()
    table = pd.read_csv(tmp_path / "results" / "parameters.csv")
    assert table["initial"].tolist() == [1.0, 0.05]
    assert table["value"].isna().all()


def test_sensitivities_are_those_of_parameters(case: Path, tmp_path: Path) -> None:
    """Those of super parameters, which later iterations have, are nobody's."""
    (case.parent / "case.sen").write_text(
        " PARAMETER SENSITIVITIES: CASE case\n\n"
        " OPTIMISATION ITERATION NO. 1 ----->\n start rates 1.0 2.5\n decay rates 0.05 0.5\n"
        " OPTIMISATION ITERATION NO. 2 ----->\n sup_1 svd 1.0 7.5\n"
    )
    results = collect_results(case.parent, "case", tmp_path / "results")
    table = read(results, "sensitivities")
    assert table[["iteration", "parameter", "sensitivity"]].to_numpy().tolist() == [
        [1, "start", 2.5],
        [1, "decay", 0.5],
    ]
    assert [path.stem for path in results.plots] == ["sensitivities"]


def test_tables_and_plots_of_an_earlier_calibration_go(case: Path, tmp_path: Path) -> None:
    """What this one does not tell was not found by it; files of the user's own stay."""
    record, to = case.parent / "case.sen", tmp_path / "results"
    record.write_text(" OPTIMISATION ITERATION NO. 1 ----->\n start rates 1.0 2.5\n")
    assert collect_results(case.parent, "case", to).plots
    (to / "plots" / "own.png").touch()
    (to / "own.csv").touch()
    record.unlink()
    assert collect_results(case.parent, "case", to).plots == ()
    assert {path.name for path in to.iterdir()} == {
        *("parameters.csv", "parameters.parquet", "own.csv", "plots")
    }
    assert [path.name for path in (to / "plots").iterdir()] == ["own.png"]


def test_numbers_are_read_as_fortran_writes_them(case: Path, tmp_path: Path) -> None:
    """Where an exponent has three digits, there is no letter before it."""
    (case.parent / "case.sen").write_text(
        " OPTIMISATION ITERATION NO. 1 ----->\n ---- ---- ---- ----\n"
        " start rates 1.0 2.5-101\n decay rates 5.0-102 0.5\n"
    )
    (case.parent / "case.par").write_text("double point\n start 2.0-101 1 0\n decay 0.05 1 0\n")
    results = collect_results(case.parent, "case", tmp_path / "results")
    assert results.notes == ()
    assert read(results, "sensitivities")["sensitivity"].tolist() == [2.5e-101, 0.5]
    last = read(results, "parameter_history").groupby("parameter")["value"].last()
    assert last.to_dict() == {"start": 2.0e-101, "decay": 0.05}


def test_the_history_has_tied_and_fixed_parameters(case: Path, tmp_path: Path) -> None:
    """BeoPEST tells of those alone that it adjusts; the others follow from them."""
    adjusted, others = "decay log factor 0.05", ("tail tied factor 0.1", "base fixed factor 7.0")
    text = case.read_text()
    line = next(line for line in text.splitlines() if line.startswith(adjusted))
    rest = line.removeprefix(adjusted)
    added = "".join(f"{other}{rest}\n" for other in others)
    text = text.replace(f"{line}\n", f"{line}\n{added}tail decay\n")
    numbers = next(line for line in text.splitlines() if line.startswith("2 "))
    case.write_text(text.replace(numbers, f"4 {numbers[2:]}"))
    (case.parent / "case.sen").write_text(
        " OPTIMISATION ITERATION NO. 1 ----->\n start rates 1.0 2.5\n decay rates 0.05 0.5\n"
        " OPTIMISATION ITERATION NO. 2 ----->\n start rates 2.0 2.5\n decay rates 0.02 0.5\n"
    )
    results = collect_results(case.parent, "case", tmp_path / "results")
    history = read(results, "parameter_history").pivot_table("value", "parameter", "iteration")
    assert history[0].to_dict() == {"start": 1.0, "decay": 0.05, "tail": 0.1, "base": 7.0}
    assert history[1].to_dict() == {"start": 2.0, "decay": 0.02, "tail": 0.04, "base": 7.0}


def test_a_group_with_a_covariance_matrix_is_drawn(case: Path, tmp_path: Path) -> None:
    """BeoPEST tells no weights of its members."""
    (case.parent / "case.res").write_text(
        " Name Group Measured Modelled Residual Weight\n"
        + "".join(f" {y} heads 3.0 1.0 2.0 {'Cov. Mat.':15}\n" for y in ("y0", "y1", "y2"))
    )
    results = collect_results(case.parent, "case", tmp_path / "results")
    assert [path.stem for path in results.plots] == ["residuals"]


def test_residuals_are_what_was_measured_less_what_is_modelled(case: Path, tmp_path: Path) -> None:
    """PEST++ writes those of prior information the other way about, and all with more digits."""
    (case.parent / "case.rei").write_text(
        " Name Group Measured Modelled Residual Weight\n"
        " y0 heads 3.0 2.999998 1.9999999985e-06 1.0\n"
        " y1 heads 3.0 3.000000 -4.0e-09 1.0\n"
        " y2 heads 3.0 5.0 -2.0 1.0\n"
        " pi1 prior 0.5 0.6989689 0.1989689543 1.0\n"
    )
    results = collect_results(case.parent, "case", tmp_path / "results")
    residuals = read(results, "residuals")["residual"].tolist()
    assert residuals == [1.9999999985e-06, -4.0e-09, -2.0, -0.1989689543]


def test_inequalities_that_hold_add_nothing_to_phi(case: Path, tmp_path: Path) -> None:
    """PEST++ tells inequalities by the names of their groups."""
    (case.parent / "case.rei").write_text(
        " Name Group Measured Modelled Residual Weight\n"
        " y0 less_than 3.0 1.0 2.0 1.0\n"
        " y1 greater_than 3.0 1.0 2.0 1.0\n"
        " y2 heads 3.0 1.0 2.0 1.0\n"
    )
    (case.parent / "case.rec").write_text("  ---  iteration 1 objective function value:  5  ---\n")
    results = collect_results(case.parent, "case", tmp_path / "results")
    assert read(results, "residuals")["phi"].tolist() == [0.0, 4.0, 4.0]
    assert results.phi_by_iteration == {1: 5.0}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.sampled_from(["beopest", "glm", "ies", "sen"]), part=st.floats(0, 1))
def test_files_that_are_cut_off(
    calibrated: Mapping[str, Any], tmp_path: Path, name: str, part: float
) -> None:
    """A manager killed while it wrote: what can be read is, and the rest is named."""
    folder = tmp_path / "manager"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in calibrated[name].folder.iterdir():
        content = path.read_bytes()
        whole = path.suffix in (".pst", ".exe")
        (folder / path.name).write_bytes(content if whole else content[: int(len(content) * part)])
    results = collect_results(folder, "case", tmp_path / "results")
    assert all(note.startswith("`") for note in results.notes)
    assert (results.folder / "parameters.csv").exists()


def test_an_ensemble_in_binary(calibrated: Mapping[str, Any], tmp_path: Path) -> None:
    """With `ies_save_binary` ensembles are matrices, `.jcb`."""
    import pyemu

    folder = shutil.copytree(calibrated["ies"].folder, tmp_path / "manager")
    before = read(collect_results(folder, "case", tmp_path / "before"), "parameter_history")
    for path in folder.glob("case.?.par.csv"):
        ensemble = pd.read_csv(path, index_col=0)
        ensemble.index = ensemble.index.astype(str)
        pyemu.Matrix.from_dataframe(ensemble).to_coo(str(path.with_suffix(".jcb")))
        path.unlink()
    after = read(collect_results(folder, "case", tmp_path / "after"), "parameter_history")
    pd.testing.assert_frame_equal(before, after)
