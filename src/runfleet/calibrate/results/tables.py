"""The tables of a calibration, from whichever files its program has left behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.found_files import find_file
from runfleet.calibrate.family import Family
from runfleet.calibrate.progress.progress import read_progress
from runfleet.calibrate.results import outputs
from runfleet.calibrate.results.bounds import bounds_reached

BASE = "base"
"""What pestpp-ies calls the realization without noise."""

HISTORY_COLUMNS = ("iteration", "parameter", "value", "mean", "std", "minimum", "maximum")
PHI_COLUMNS = ("iteration", "model_runs", "phi", "std", "minimum", "maximum")
SENSITIVITY_COLUMNS = ("method", "iteration", "parameter", "sensitivity", "mean", "std")
REALIZATION_COLUMNS = ("iteration", "realization", "phi", "state")
RESIDUAL_COLUMNS = (
    *("observation", "group", "measured", "modelled", "residual", "weight", "phi"),
    *("mean", "std"),
)


@dataclass(frozen=True, slots=True)
class Leftovers:
    """
    The files of a manager.

    Parameters
    ----------
    folder
        Where they are.
    control
        What was asked for.
    """

    folder: Path
    control: Control

    def find(self, *endings: str) -> Path | None:
        """Find the first that is there of some files of the case, by what follows its name."""
        named = (find_file(self.folder, self.control.case + ending) for ending in endings)
        return next((path for path in named if path is not None), None)

    def numbered(self, *endings: str) -> list[tuple[int, Path]]:
        """Find files by iteration; `#` stands for its number in what follows the case's name."""
        for ending in endings:
            pattern = r"(\d+)".join(map(re.escape, (self.control.case + ending).split("#")))
            if found := list(outputs.numbered_files(self.folder, pattern)):
                return found
        return []


def parameter_history(left: Leftovers) -> pd.DataFrame:
    """Tabulate the values of all parameters after each iteration; 0 is what they began with."""
    readers = (
        _history_of_ensembles,
        _history_of_a_table,
        _history_of_files,
        _history_of_sensitivities,
    )
    histories = (reader(left) for reader in readers)
    found = next((history for history in histories if not history.empty), pd.DataFrame())
    # A program that goes on tells again of the iteration that it was in.
    return found.reindex(columns=HISTORY_COLUMNS).drop_duplicates(
        ["iteration", "parameter"], keep="last"
    )


def parameters(left: Leftovers, history: pd.DataFrame, *, is_tried: bool) -> pd.DataFrame:
    """
    Tabulate the parameters with their bounds and the best values that were found.

    Parameters
    ----------
    left
        The files of the manager.
    history
        What `parameter_history` makes of them.
    is_tried
        Whether any values were tried; else those that there are were not found.
    """
    table = pd.DataFrame(
        {
            "parameter": parameter.name,
            "group": parameter.group,
            "transform": parameter.transform,
            "initial": parameter.initial,
            "lower": parameter.lower,
            "upper": parameter.upper,
        }
        for parameter in left.control.parameters
    )
    last = history[history["iteration"] == history["iteration"].max()].set_index("parameter")
    best = _best_values(left)
    known = last["value"] if best is None else best
    table["value"] = table["parameter"].map(known if is_tried else pd.Series(dtype=float))
    spread = {name: table["parameter"].map(last[name]) for name in HISTORY_COLUMNS[3:]}
    return table.assign(at_bound=bounds_reached(table), **spread)


def residuals(left: Leftovers) -> pd.DataFrame:
    """Tabulate measured against modelled values, for the best parameters."""
    path = left.find(".res", ".base.rei", ".rei")
    ensembles = left.numbered(".#.obs.csv", ".#.obs.jcb")
    if path is not None:
        found = outputs.read_residuals(path)
        table = found.rename(columns={"name": "observation"})
    else:
        table = _observations(left)
    if ensembles:
        ensemble = outputs.read_ensemble(ensembles[-1][1])
        table["mean"] = table["observation"].map(ensemble.mean())
        table["std"] = table["observation"].map(ensemble.std())
    if path is None:
        table["modelled"] = table.get("mean", pd.Series(dtype=float))
        table["residual"] = table["measured"] - table["modelled"]
    table["phi"] = (table["residual"] * table["weight"]) ** 2
    table.loc[_is_fulfilled(table), "phi"] = 0.0
    return table.dropna(subset=["modelled"]).reindex(columns=RESIDUAL_COLUMNS)


def phi(left: Leftovers) -> pd.DataFrame:
    """Tabulate the objective function after each iteration; of an ensemble, its mean."""
    if path := left.find(".phi.actual.csv"):
        table = outputs.read_columns(path)
        names = dict(zip(table.columns[:6], PHI_COLUMNS, strict=False))
        return table.rename(columns=names).reindex(columns=PHI_COLUMNS)
    if path := left.find(".iobj"):
        table = outputs.read_columns(path)
        names = {"model_runs_completed": "model_runs", "total_phi": "phi"}
        return table.rename(columns=names).reindex(columns=PHI_COLUMNS)
    rows = _phi_of_record(left).items()
    return pd.DataFrame(rows, columns=["iteration", "phi"]).reindex(columns=PHI_COLUMNS)


def sensitivities(left: Leftovers) -> pd.DataFrame:
    """Tabulate how much parameters matter, by the method that the program has."""
    readers: tuple[tuple[str, Callable[[Path], pd.DataFrame]], ...] = (
        (".msn", _morris),
        (".sbl", _sobol),
        (".sen", _composite),
    )
    names = [parameter.name for parameter in left.control.parameters]
    for ending, reader in readers:
        if path := left.find(ending):
            table = reader(path)
            # pestpp-glm has super parameters, too, which mean nothing to anybody.
            table = table[table["parameter"].isin(names)]
            if not table.empty:
                return table.reindex(columns=SENSITIVITY_COLUMNS)
    if path := left.find(".jco", ".jcb"):
        return _from_jacobian(left, path).reindex(columns=SENSITIVITY_COLUMNS)
    return pd.DataFrame(columns=SENSITIVITY_COLUMNS)


def realizations(left: Leftovers) -> pd.DataFrame:
    """Tabulate phi of each realization after each iteration, and which have failed."""
    path = left.find(".phi.actual.csv")
    if path is None:
        return pd.DataFrame(columns=REALIZATION_COLUMNS)
    wide = outputs.read_columns(path)
    long = wide.melt("iteration", list(wide.columns[6:]), "realization", "phi")
    long["state"] = np.where(long["phi"].isna(), "failed", "active")
    return long.sort_values(["iteration"], kind="stable").reindex(columns=REALIZATION_COLUMNS)


def _phi_of_record(left: Leftovers) -> Mapping[int, float]:
    """Read phi from CASE.rec, where each program repeats what it has told on its console."""
    path = left.find(".rec")
    text = path.read_text(encoding="latin-1") if path else ""
    told = (
        read_progress(left.control.case, family, {"stdout.txt": text}).phi_by_iteration
        for family in Family
    )
    return next((phi for phi in told if phi), {})


def _history_of_ensembles(left: Leftovers) -> pd.DataFrame:
    files = left.numbered(".#.par.csv", ".#.par.jcb")
    return _joined(_ensemble_values(number, path) for number, path in files)


def _ensemble_values(iteration: int, path: Path) -> pd.DataFrame:
    ensemble = outputs.read_ensemble(path)
    mean = ensemble.mean()
    return pd.DataFrame(
        {
            "iteration": iteration,
            "parameter": ensemble.columns,
            "value": (ensemble.loc[BASE] if BASE in ensemble.index else mean).to_numpy(),
            "mean": mean.to_numpy(),
            "std": ensemble.std().to_numpy(),
            "minimum": ensemble.min().to_numpy(),
            "maximum": ensemble.max().to_numpy(),
        }
    )


def _history_of_a_table(left: Leftovers) -> pd.DataFrame:
    path = left.find(".ipar")
    if path is None:
        return pd.DataFrame()
    return outputs.read_columns(path).melt("iteration", var_name="parameter")


def _history_of_files(left: Leftovers) -> pd.DataFrame:
    files = left.numbered(".par.#", ".#.par")
    return _joined(
        [
            _initial_values(left),
            *(_values(number, outputs.read_parameter_values(path)) for number, path in files),
        ]
        if files
        else []
    )


def _history_of_sensitivities(left: Leftovers) -> pd.DataFrame:
    """BeoPEST tells the values at the beginning of each iteration beside its sensitivities."""
    path, final = left.find(".sen"), _best_values(left)
    if path is None and final is None:
        return pd.DataFrame()
    blocks = [_initial_values(left)]
    last = 0
    if path is not None:
        record = outputs.read_sensitivity_record(path)
        later = record[record["iteration"] > 1]
        last = int(record["iteration"].max()) if not record.empty else 0
        blocks.append(later.assign(iteration=later["iteration"] - 1)[[*HISTORY_COLUMNS[:3]]])
    if final is not None:
        blocks.append(_values(max(last, 1), final))
    return _joined(blocks)


def _initial_values(left: Leftovers) -> pd.DataFrame:
    values = {parameter.name: parameter.initial for parameter in left.control.parameters}
    return _values(0, pd.Series(values))


def _values(iteration: int, values: pd.Series[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"iteration": iteration, "parameter": values.index, "value": values.to_numpy()}
    )


def _best_values(left: Leftovers) -> pd.Series[float] | None:
    path = left.find(".par", ".base.par", ".bpa")
    return outputs.read_parameter_values(path) if path else None


def _is_fulfilled(table: pd.DataFrame) -> pd.Series[bool]:
    """Tell which rows are inequalities, as PEST++ tells them by their groups, that hold."""
    group = table["group"].astype(str).str.lower()
    is_upper = group.str.startswith(("l_", "less", "<@"))
    is_lower = group.str.startswith(("g_", "greater", ">@"))
    above = table["modelled"] > table["measured"]
    return (is_upper & ~above) | (is_lower & above)


def _observations(left: Leftovers) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "observation": observation.name,
            "group": observation.group,
            "measured": observation.value,
            "weight": observation.weight,
        }
        for observation in left.control.observations
    )


def _composite(path: Path) -> pd.DataFrame:
    return outputs.read_sensitivity_record(path).assign(method="composite").drop(columns="value")


def _morris(path: Path) -> pd.DataFrame:
    table = outputs.read_columns(path)
    return pd.DataFrame(
        {
            "method": "morris",
            "parameter": table["parameter_name"].str.lower(),
            "sensitivity": table["sen_mean_abs"],
            "mean": table["sen_mean"],
            "std": table["sen_std_dev"],
        }
    )


def _sobol(path: Path) -> pd.DataFrame:
    """Read the total indices of phi; `mean` is what a parameter does by itself."""
    table = pd.read_csv(path, skiprows=1, skipinitialspace=True)
    indices = pd.DataFrame(
        {
            "method": "sobol",
            "parameter": table["parameter_name"].astype(str).str.lower(),
            "sensitivity": pd.to_numeric(table["st_i"], errors="coerce"),
            "mean": pd.to_numeric(table["s_i"], errors="coerce"),
        }
    )
    # Those of single observations follow in the same file; phi comes first.
    return indices.dropna(subset=["sensitivity"]).drop_duplicates("parameter")


def _from_jacobian(left: Leftovers, path: Path) -> pd.DataFrame:
    """
    Work composite sensitivities out as PEST does.

    References
    ----------
    Doherty (2018), PEST User Manual Part I, equation 5.3.1.
    """
    jacobian = outputs.read_jacobian(path)
    weights = {item.name: item.weight for item in left.control.observations}
    weight = pd.Series(weights).reindex(jacobian.index).fillna(0.0)
    weighted = jacobian.mul(weight, axis=0)
    composite = np.sqrt((weighted**2).sum()) / max(int((weight > 0).sum()), 1)
    return pd.DataFrame(
        {"method": "composite", "parameter": composite.index, "sensitivity": composite.to_numpy()}
    )


def _joined(blocks: Iterator[pd.DataFrame] | list[pd.DataFrame]) -> pd.DataFrame:
    kept = [block for block in blocks if not block.empty]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame()
