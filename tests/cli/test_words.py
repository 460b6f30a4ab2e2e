"""Sizes, times and counts, as people read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runfleet.cli.words import count_text, duration_text, sentence, size_text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (99_960, "100 kB"),
        (999_600, "1.0 MB"),
        (5_400_000_000_000_000, "5400 TB"),
    ],
)
def test_sizes_have_at_most_three_figures(size: int, text: str):
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3599.6, "1 h 00 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_have_at_most_two_units(seconds: float, text: str):
    assert duration_text(timedelta(seconds=seconds)) == text


def test_counts_agree_with_their_noun():
    texts = [count_text(count, "run") for count in (0, 1, 2000)]
    assert texts == ["0 runs", "1 run", "2,000 runs"]


@pytest.mark.parametrize(
    ("text", "told"),
    [("a run waits", "A run waits."), ("it is so.", "It is so."), ("is it `q`?", "Is it `q`?")],
)
def test_sentences_begin_with_a_capital_and_end_once(text: str, told: str):
    assert sentence(text) == told
