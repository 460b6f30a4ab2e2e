"""Results are numbers taken from the text of an output file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.study import ResultError
from runfleet.study.results import (
    ColumnSource,
    JsonSource,
    PatternSource,
    Result,
    Take,
    as_number,
)

REPORT = """\
head
  minimum pressure   12.5 m
  minimum pressure   -3.25 m
  other 7
minimum pressure 8
"""


def extract(source, text, take=Take.LAST):
    return Result("x", "x.txt", source, take).extract(text)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_pattern_fits_the_lines_of_windows_too(end):
    source = PatternSource.parse(r"^ +minimum pressure +(\S+) m$")
    assert extract(source, REPORT.replace("\n", end), Take.FIRST) == 12.5


@pytest.mark.parametrize(
    ("take", "number"),
    [("first", 12.5), ("last", 8), ("min", -3.25), ("max", 12.5), ("sum", 17.25), ("mean", 5.75)],
)
def test_a_pattern_takes_one_of_its_matches(take, number):
    source = PatternSource.parse(r"minimum pressure\s+(\S+)")
    assert extract(source, REPORT, Take(take)) == number


@pytest.mark.parametrize(("take", "number"), [("sum", 1.5), ("mean", 0.375)])
def test_numbers_are_added_exactly(take, number):
    text = json.dumps([1e16, 1.0, 0.5, -1e16])
    assert extract(JsonSource.parse("$"), text, Take(take)) == number


@pytest.mark.parametrize("take", ["sum", "mean"])
def test_numbers_that_cannot_be_added_are_told(take):
    for numbers, reason in [([1e308] * 9, "too large to be added"), ([], "an empty list")]:
        with pytest.raises(ResultError, match=reason):
            extract(JsonSource.parse("$"), json.dumps(numbers), Take(take))


def test_a_match_of_nothing_is_passed_over():
    """But not the number of one that only looks ahead."""
    assert extract(PatternSource.parse(r"(?=x(\d+))"), "x12") == 12
    assert extract(PatternSource.parse("(.*)"), "1\n\n2\n") == 2


def test_anchors_match_at_each_line():
    assert extract(PatternSource.parse(r"^minimum pressure (\S+)$"), REPORT) == 8


@pytest.mark.parametrize(
    ("text", "column", "number"),
    [
        ("t,Q\n1,2.5\n2,3.5\n", "Q", 3.5),
        ("\ufefft;Q\r\n1;2.5\r\n\r\n2;3.5\r\n", "Q", 3.5),
        ('"t","Q [m3/s]"\n1,"2.5"\n', "Q [m3/s]", 2.5),
        ("t\tQ\n1\t2.5D+01\n", "Q", 25.0),
        ("  t     Q\n  1   2.5\n  2   3.5\n", "Q", 3.5),
        ("t Q\n1 2.5\n", 2, 2.5),
        ("1 2.5\n", 2, 2.5),
        ("5\n6\n", 1, 6.0),
        ("# of run 1, with A\n# t Q\nt,Q\n1,2.5\n", "Q", 2.5),
        ("# t,Q\n1,2.5\n2,3.5\n", "Q", 3.5),
        ("# t,Q\n1,2.5\n2,3.5\n", 2, 3.5),
        ("#\n# Q\n5\n", "Q", 5.0),
        ("#t Q\n1 2.5\n", "#t", 1.0),
    ],
)
def test_a_column_is_found_by_name_or_number_whatever_separates_it(text, column, number):
    assert extract(ColumnSource(column), text) == number


@pytest.mark.parametrize(
    "below",
    [
        "s,m3/s",
        "5s,15n",
        "(s),",
        "----,====\n[s],[m3/s]",
        "--------",
        "# s m",
        "d,mm\n=======",
        "degC,kg/m^3",
        ",m3*s-1",
    ],
)
@pytest.mark.parametrize("column", ["t", 1])
def test_units_and_dashes_below_the_names_are_no_numbers(column, below):
    assert extract(ColumnSource(column), f"t,Q\n{below}\n4,2.5\n5,3.5\n", Take.FIRST) == 4


@pytest.mark.parametrize(
    ("column", "row"),
    [
        ("t", "2020-01-01,failed"),
        ("Q", "2020-01-01,<0.5"),
        ("t", "01.01.2020,dry"),
        ("t", "north,5 mm"),
        ("t", "-,-"),
        ("t", "--,x"),
        ("t", "n/a,n/a"),
        ("t", "4,****"),
        ("t", "NaN,****"),
        ("Q", "n/a,NA"),
        ("t", "4,failed"),
        ("Q", "failed,-9999"),
    ],
)
def test_what_is_no_number_in_a_row_of_data_is_told(column, row):
    """A minimum over what is left would be of other steps than the user believes."""
    with pytest.raises(ResultError, match="is not a "):
        extract(ColumnSource(column), f"Q,t\n{row}\n1,2\n", Take.MIN)


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("a.b[1].c", 4.5),
        ("$.a.b[-1].c", 4.5),
        ("a['odd key.']", 6),
        ('a["odd key."]', 6),
        ("list", 3),
        ("a.text", 1.5),
    ],
)
def test_a_json_path_leads_to_a_number(path, number):
    data = {"a": {"b": [{}, {"c": 4.5}], "odd key.": 6, "text": "1.5"}, "list": [1, 2, 3]}
    assert extract(JsonSource.parse(path), json.dumps(data)) == number


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (PatternSource.parse("^q=(.+)"), "\ufeffq=1"),
        (ColumnSource("q"), "\ufeffq,t\n1,2\n"),
        (JsonSource.parse("q"), '\ufeff{"q": 1}'),
    ],
)
def test_a_byte_order_mark_is_no_part_of_a_file(source, text):
    """Programs for Windows write it."""
    assert extract(source, text) == 1


@pytest.mark.parametrize(
    ("source", "first", "rest"),
    [
        (ColumnSource("Q"), "t Q\n 1 2.5\n", " 2 ******\n 3 4.\n"),
        (ColumnSource(2), "t Q\n 1 2.5\n", " 2 NaN\n 3 4.\n"),
        (PatternSource.parse(r"Q = *(\S+)"), "Q = 2.5\n", "Q =*****\nQ = 4.\n"),
        (JsonSource.parse("a"), '{"a": [2.5', ', "*****", 4.0]}'),
    ],
)
def test_only_what_is_taken_has_to_be_a_number(source, first, rest):
    """Models write asterisks where a number is too large for its field."""
    assert Result("x", "f", source).extract(first + rest) == 4.0
    assert Result("x", "f", source, Take.FIRST).extract(first + rest) == 2.5
    for take in set(Take) - {Take.FIRST, Take.LAST}:
        with pytest.raises(ResultError, match="is not a "):
            Result("x", "f", source, take).extract(first + rest)


@pytest.mark.parametrize(
    ("source", "text", "reason"),
    [
        (PatternSource.parse("x(.)"), "abc", "nothing matches `x(.)`"),
        (PatternSource.parse("x(.*)"), "x*****", "`*****` is not a number"),
        (PatternSource.parse("x(.*)"), "x12_3", "`12_3` is not a number"),
        (PatternSource.parse("x(.*)"), "xNaN", "`NaN` is not a finite number"),
        (PatternSource.parse("x(.*)"), "x1e999", "`1e999` is not a finite number"),
        (ColumnSource("Q"), "t,q\n1,2\n", "the file has no column `Q`; did you mean `q`?"),
        (
            ColumnSource("flow"),
            "t,q\n",
            "the file has no column `flow`; the columns are `t` and `q`",
        ),
        (
            ColumnSource("q"),
            "q,t,q\n1,2,3\n",
            "the file has several columns `q`: give the number, `1` and `3`",
        ),
        (ColumnSource("q"), "t,q\n", "column `q` is empty"),
        (ColumnSource("q"), "t,q\n1\n", "a row has 1 cell only"),
        (
            ColumnSource("q"),
            "t,q\n1,2\n# end\n",
            "a row below the names is a comment, `# end`; give a `pattern` in place of `column`",
        ),
        (ColumnSource(2), "t,q\n1,2\n# end\n", "a row has 1 cell only, a comment: `# end`"),
        (ColumnSource("q"), "t,q\n1,\n", "an empty text is not a number"),
        (ColumnSource(3), "", "column `3` is empty"),
        (ColumnSource("q"), "q\nfailed\n", "`failed` is not a number"),
        (ColumnSource("q"), "# q\n", "column `q` is empty"),
        (
            ColumnSource("q"),
            "t,q\n1," + "x" * 200_000,
            "the file is not a table: field larger than field limit (131072)",
        ),
        (
            JsonSource.parse("a.b"),
            "{",
            (
                "the file is not JSON: Expecting property name enclosed in double quotes: "
                "line 1 column 2 (char 1)"
            ),
        ),
        (
            JsonSource.parse("a.b"),
            '{"a": {}}',
            "the file has no `a.b`: `b` is not there; there is none",
        ),
        (
            JsonSource.parse("a.flwo"),
            '{"a": {"flow": 1, "head": 2}}',
            "the file has no `a.flwo`: `flwo` is not there; did you mean `flow`?",
        ),
        (
            JsonSource.parse("a.b"),
            '{"a": {"flow": 1, "head": 2}}',
            "the file has no `a.b`: `b` is not there; there is `flow` and `head`",
        ),
        (
            JsonSource.parse("a.b.c"),
            '{"a": {"b.c": 1}}',
            'the file has no `a.b.c`: `b` is not there; write `["b.c"]` for a name with dots',
        ),
        (
            JsonSource.parse("a[3]"),
            '{"a": [1]}',
            "the file has no `a[3]`: `3` is not there, in a list of 1",
        ),
        (
            JsonSource.parse("a.b"),
            '{"a": [{"b": 1}, {"b": 2}]}',
            "the file has no `a.b`: `b` is not there, in a list of 2; write `[0].b`",
        ),
        (JsonSource.parse("a.b"), '{"a": 1}', "the file has no `a.b`: `b` is not there"),
        (JsonSource.parse("a"), '{"a": true}', "`a` is `true`, which is not a number"),
        (JsonSource.parse("a"), '{"a": [1, {"b": 2}]}', '`a` is `{"b": 2}`, which is not a number'),
        (JsonSource.parse("a"), '{"a": NaN}', "`nan` is not a finite number"),
        (JsonSource.parse("a"), '{"a": []}', "`a` is an empty list"),
    ],
)
def test_the_reason_is_told_if_there_is_no_number(source, text, reason):
    with pytest.raises(ResultError) as caught:
        extract(source, text)
    assert caught.value.message == reason


def test_a_deeply_nested_json_file_is_no_catastrophe():
    with pytest.raises(ResultError, match="the file is not JSON"):
        extract(JsonSource.parse("a"), "[" * 200_000)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_back_in_c_and_fortran_notation(number):
    assert as_number(repr(number)) == number
    assert as_number(f"{number:.17E}".replace("E", "D")) == number
    if len(f"{number:.17E}".split("E")[1]) == 4:
        assert as_number(f"{number:.17E}".replace("E", "")) == number


@pytest.mark.parametrize("text", ["2020-05", "3-5", "10-20", "100-200", "1.5-3", "1.5-2.5"])
def test_months_and_ranges_are_no_numbers(text):
    """Fortran leaves the letter of an exponent out only if that has three digits."""
    with pytest.raises(ResultError, match="is not a number"):
        as_number(text)


@given(st.text())
def test_any_text_is_a_finite_number_or_a_reason(text):
    for source in (PatternSource.parse("(.+)"), ColumnSource(1), JsonSource.parse("a")):
        try:
            number = extract(source, text, Take.SUM)
        except ResultError:
            continue
        assert abs(number) < float("inf")
