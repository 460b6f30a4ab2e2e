"""Files that results are read from, and the outputs that they may be."""

from __future__ import annotations

import pytest

from runfleet.study.result_files import near_patterns, unnamed_files


@pytest.mark.parametrize(
    ("files", "patterns", "unnamed"),
    [
        (["a.csv", "b.csv", "a.csv"], ["b.csv"], ["a.csv"]),
        (["out/a.csv", "out/x/a.csv"], ["out/*.csv"], ["out/x/a.csv"]),
        (["a.csv", "out/x/a.csv", "out/b"], ["**/*.csv"], ["out/b"]),
        (["a[1].csv", "a1.csv"], ["a[[]1].csv"], ["a1.csv"]),
        (["A.csv", "a.csv"], [], ["A.csv", "a.csv"]),
    ],
)
def test_files_that_no_pattern_fits_are_unnamed(files, patterns, unnamed):
    assert list(unnamed_files(files, patterns, ignores_case=False)) == unnamed


def test_windows_takes_letters_for_the_same():
    files = ["A.csv", "a.csv", "B.TXT", "c.txt"]
    assert list(unnamed_files(files, ["*.txt"], ignores_case=True)) == ["A.csv"]


@pytest.mark.timeout(20)
def test_thousands_of_files_are_gone_through_in_no_time():
    files = [f"{number}/result" for number in range(20_000)]
    outputs = [f"{number}/output" for number in range(20_000)]
    assert list(unnamed_files(files, outputs, ignores_case=False)) == files
    assert not list(near_patterns(files, outputs))
    assert list(near_patterns(files, [*outputs, "19999/RESULT"])) == [(files[-1], "19999/RESULT")]
