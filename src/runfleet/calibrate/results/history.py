"""The values of parameters from iteration to iteration, from what a program has left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from runfleet.calibrate.results import outputs
from runfleet.calibrate.results.leftovers import Leftovers

_BASE = "base"
"""What pestpp-ies calls the realization without noise."""

HISTORY_COLUMNS = ("iteration", "parameter", "value", "mean", "std", "minimum", "maximum")


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


def best_values(left: Leftovers) -> pd.Series[float] | None:
    """Read the best values of the parameters; None where none were written."""
    path = left.find(".par", ".base.par", ".bpa")
    return outputs.read_parameter_values(path) if path else None


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
            "value": (ensemble.loc[_BASE] if _BASE in ensemble.index else mean).to_numpy(),
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
    path, final = left.find(".sen"), best_values(left)
    if path is None and final is None:
        return pd.DataFrame()
    blocks = [_initial_values(left)]
    last = 0
    if path is not None:
        record = outputs.read_sensitivity_record(path)
        later = record[record["iteration"] > 1]
        last = int(record["iteration"].max()) if not record.empty else 0
        told = later.assign(iteration=later["iteration"] - 1)[[*HISTORY_COLUMNS[:3]]]
        blocks += [told, *_unadjusted(left, told)]
    if final is not None:
        blocks.append(_values(max(last, 1), final))
    return _joined(blocks).sort_values("iteration", kind="stable", ignore_index=True)


def _unadjusted(left: Leftovers, adjusted: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Work out the other parameters: fixed ones stay, tied ones keep their ratio to another."""
    initial = {parameter.name: parameter.initial for parameter in left.control.parameters}
    iterations = adjusted[["iteration"]].drop_duplicates()
    for parameter in left.control.parameters:
        name, leader = parameter.name, parameter.tied_to
        if parameter.transform == "fixed":
            yield iterations.assign(parameter=name, value=parameter.initial)
        elif initial.get(leader or ""):
            followed = adjusted[adjusted["parameter"] == leader]
            ratio = parameter.initial / initial[leader or ""]
            yield followed.assign(parameter=name, value=followed["value"] * ratio)


def _initial_values(left: Leftovers) -> pd.DataFrame:
    values = {parameter.name: parameter.initial for parameter in left.control.parameters}
    return _values(0, pd.Series(values))


def _values(iteration: int, values: pd.Series[float]) -> pd.DataFrame:
    return pd.DataFrame(
        {"iteration": iteration, "parameter": values.index, "value": values.to_numpy()}
    )


def _joined(blocks: Iterator[pd.DataFrame] | list[pd.DataFrame]) -> pd.DataFrame:
    kept = [block for block in blocks if not block.empty]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame()
