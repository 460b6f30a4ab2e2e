"""How much parameters matter, from what a program has left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from runfleet.calibrate.results import outputs
from runfleet.calibrate.results.leftovers import Leftovers

SENSITIVITY_COLUMNS = ("method", "iteration", "parameter", "sensitivity", "mean", "std")


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
