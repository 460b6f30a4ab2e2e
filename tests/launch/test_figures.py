"""Figures hold what users write, letter by letter."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from runfleet.launch.figures import (
    Drawn,
    NotDrawn,
    draw_figure,
    lay_out,
    new_figure,
    notes_on_missing,
    remove_figures,
    save_figure,
)


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


def figure_of(numbers: list[float], scale: str = "linear") -> Figure:
    figure = new_figure(6, 4)
    axes = figure.add_subplot()
    axes.scatter(range(len(numbers)), numbers)
    axes.set_yscale(scale)
    return figure


LARGEST = 1.7976931348623157e308


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize(
    "numbers",
    [[-LARGEST, LARGEST], [LARGEST, 1.0], [-8e307, 8e307], [1.5e308, 1.5000000000000002e308]],
)
def test_numbers_beyond_what_axes_reach_are_not_drawn(
    tmp_path: Path, numbers: list[float], scale: str
) -> None:
    path = tmp_path / "plot.png"
    assert isinstance(draw_figure(lambda: figure_of(numbers, scale), path), NotDrawn)
    assert not path.exists()


def test_what_matplotlib_refuses_is_not_drawn(tmp_path: Path) -> None:
    """But a mistake in a program is an error."""
    path = tmp_path / "plot.png"
    refused = draw_figure(lambda: new_figure(-1, 4), path)
    assert isinstance(refused, NotDrawn)
    assert "figure size must be" in refused.reason
    assert isinstance(draw_figure(lambda: figure_of([-1e307, 1e307]), path), Drawn)
    with pytest.raises(AttributeError):
        draw_figure(lambda: figure_of([1.0]).no_such_thing(), path)


def test_notes_name_the_figures_that_are_missing() -> None:
    figures = [NotDrawn(Path(f"plots/q-{number}.png"), "too large") for number in range(12)]
    other = NotDrawn(Path("plots/h.png"), "another reason")
    assert [*notes_on_missing([other, *figures[:2], Drawn(Path("x.png"), frozenset())])] == [
        "could not be drawn (another reason): `h.png`",
        "could not be drawn (too large): `q-0.png` and `q-1.png`",
    ]
    assert next(notes_on_missing(figures)).endswith("`q-9.png` and 2 more")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("side", [9_600, 15_000])
def test_a_picture_too_large_to_open_is_not_ours(tmp_path: Path, side: int) -> None:
    """Such as a map that a user keeps beside the plots, which stays."""
    ours = save_figure(figure_of([1, 2]), tmp_path / "plot.png").path
    Image.new("1", (side, side)).save(tmp_path / "map.png")
    remove_figures(tmp_path)
    assert ([*tmp_path.iterdir()], ours.exists()) == ([tmp_path / "map.png"], False)
