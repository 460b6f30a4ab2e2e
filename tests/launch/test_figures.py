"""Figures hold what users write, letter by letter."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from runfleet.launch.figures import lay_out, new_figure, save_figure


def figure_with(text: str) -> Figure:
    """Write a text wherever one can stand."""
    figure = new_figure(6, 4)
    figure.suptitle(text)
    axes = figure.add_subplot()
    axes.plot([1, 2], [1, 1e9], label=text)
    axes.set(title=text, xlabel=text, ylabel=text, yscale="log")
    axes.set_xticks([1, 2], [text, "other"])
    axes.legend(title=text)
    axes.annotate(text, (1, 10))
    return figure


@pytest.mark.parametrize("text", ["$/m3, $ of 2020", "$ a^ $", "$\\frac$", r"\$ a $ b", "50 % $"])
def test_between_two_dollars_is_no_formula(tmp_path: Path, text: str) -> None:
    figure = figure_with(text)
    path = save_figure(figure, tmp_path / "plot.png").path
    assert path.read_bytes().startswith(b"\x89PNG")
    texts = [one for one in figure.findobj(Text) if one.get_text() == text]
    assert len(texts) > 7
    assert not any(one.get_parse_math() for one in texts)
    lay_out(figure_with(text))


def test_powers_of_ten_are_written_as_such(tmp_path: Path) -> None:
    figure = figure_with("$ a $")
    save_figure(figure, tmp_path / "plot.png")
    labels = [one for one in figure.axes[0].get_yticklabels() if "10^" in one.get_text()]
    assert labels
    assert all(label.get_parse_math() for label in labels)
