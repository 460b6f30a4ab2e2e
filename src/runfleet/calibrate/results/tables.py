"""Tables of parameters, residuals, phi and realizations, from what a program has left behind."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from runfleet.calibrate.family import Family
from runfleet.calibrate.progress.progress import read_progress
from runfleet.calibrate.results import outputs
from runfleet.calibrate.results.bounds import bounds_reached
from runfleet.calibrate.results.history import HISTORY_COLUMNS, best_values
from runfleet.calibrate.results.leftovers import Leftovers
from runfleet.launch import names

PHI_COLUMNS = ("iteration", "model_runs", "phi", "std", "minimum", "maximum")
REALIZATION_COLUMNS = ("iteration", "realization", "phi", "state")
RESIDUAL_COLUMNS = (
    *("observation", "group", "measured", "modelled", "residual", "weight", "phi"),
    *("mean", "std"),
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
    best = best_values(left)
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
        table["residual"] = _measured_less_modelled(table)
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
        read_progress(left.control.case, family, {names.STDOUT: text}).phi_by_iteration
        for family in Family
    )
    return next((phi for phi in told if phi), {})


def _measured_less_modelled(table: pd.DataFrame) -> pd.Series[float]:
    """Turn residuals that are the other way about, as PEST++ has those of prior information."""
    # Their digits are kept: measured and modelled values are rounded more.
    residual = table["residual"]
    is_turned = residual * (table["measured"] - table["modelled"]) < 0
    return residual.where(~is_turned, -residual)


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
