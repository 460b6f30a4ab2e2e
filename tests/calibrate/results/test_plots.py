"""Plots of calibrations, from tables such as PEST leaves."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from runfleet.calibrate.results.plots import draw_plots


def test_names_with_dollars_are_drawn_as_they_are(tmp_path: Path) -> None:
    """PEST allows them; between two of them matplotlib would look for a formula."""
    name = "k$1^$"
    sensitivities = pd.DataFrame(
        {"parameter": [name], "sensitivity": [1.0], "method": ["composite"], "iteration": [1]}
    )
    residuals = pd.DataFrame(
        {"group": [name, "b"], "measured": [1.0, 2], "modelled": [1.5, 2], "weight": [1.0, 1]}
    )
    plots = draw_plots(tmp_path, {"sensitivities": sensitivities, "residuals": residuals})
    assert [plot.path.stem for plot in plots] == ["residuals", "sensitivities"]
