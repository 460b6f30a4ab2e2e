"""Tables as models write them, with titles, units and dashes about their numbers."""

from __future__ import annotations

import csv
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runfleet.study import ResultError
from runfleet.study.numerals import as_number
from runfleet.study.results import PatternSource
from runfleet.study.tables import column_cells

REPORT = """\
TWO RESERVOIR MODEL OUTPUT
  DAY  QTOTAL   S
    d    m3/s  mm
  --- ------- ---
    1     2.5  30
    2     3.5  40
"""


def numbers(text: str, column: str | int = "Q") -> list[float]:
    return list(map(as_number, column_cells(text, column)))


@pytest.mark.parametrize(
    "above",
    [
        "TWO RESERVOIR MODEL OUTPUT",
        "Model, version 3.2\nrun of 1 January 2020\n",
        "=====\nQ\n=====",
        "Q of run 3",
        "The flow Q of it\nand more of it",
        "# Q is the flow; t is in days",
        "gauge,12\narea,45.5\nstart,2020-01-01",
        "12,5.5",
        "t,H\n- -\n",
        "a b c",
    ],
)
@pytest.mark.parametrize(
    "table", ["t,Q\nd,mm\n1,2.5\n2,3.5\n", "t Q\n- --\n 1 2.5\n 2 3.5\n", "# t Q\n1 2.5\n2 3.5\n"]
)
def test_the_names_are_the_line_above_the_numbers(above: str, table: str) -> None:
    """Titles and what else stands above it is passed over."""
    assert numbers(f"{above}\n{table}") == [2.5, 3.5]


def test_comments_may_stand_below_the_names() -> None:
    assert numbers("# t Q\n# d mm\n#\n# of run 1\n#\n1 2.5\n") == [2.5]
    assert numbers("# t Q (m3/s)\n1 2.5\n") == [2.5]


def test_a_name_that_was_meant_is_looked_for_below_titles() -> None:
    assert numbers(REPORT, "QTOTAL") == [2.5, 3.5]
    with pytest.raises(ResultError, match="no column `QTOT`; did you mean `QTOTAL`"):
        numbers(REPORT, "QTOT")
    with pytest.raises(ResultError, match="the columns are `t`, `H` and `S`"):
        numbers("Model\nt;H;S\n-;m;°C\n1;2;3\n")


@pytest.mark.parametrize(
    "text",
    [
        "t,H\n1,2\n2,3\nt,Q\n1,5\n",
        "station,H\nQ,1.5\nN2,2.5\n",
        "t,H\n1,2.5\n2,3.5\ntotal Q\n12 13\n",
    ],
)
def test_names_do_not_stand_among_the_numbers(text: str) -> None:
    """A cell or another table that is called so is not what was asked for."""
    with pytest.raises(ResultError, match="no column `Q`"):
        numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        "t,Q\n1,failed\nt,Q\n2,3\n",
        "run 1\nt,Q\n1,failed\nt,Q\n2,3\n",
        "t,Q\nnorth,dry\nt,Q\n2,3\n",
    ],
)
def test_names_that_come_again_do_not_hide_rows_above_them(text: str) -> None:
    with pytest.raises(ResultError, match="is not a number"):
        numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        "Time Q Level\n2024-01-01 00:00 2.5 99\n2024-01-02 00:00 3.5 98\n",
        "Time,Q,Level\n01.02.2024,6:00:00,2.5,99\n02.02.2024,6:00:00,3.5,98\n",
        "station t Q\nN1 1-Jan-2024 00:00Z 2.5\nN1 2-Jan-2024 00:00Z 3.5\n",
        "date time Q\n2024-01-01 00:00 2.5\n2024-01-02 00:00 3.5\n",
        "month;Q\n;m3/s\n2024-01;2.5\n2024-02;3.5\n",
        "layer Q\nm m3/s\n10-20 2.5\n20-30 3.5\n",
        "time (h)  Q (m3/s)  S (m a.s.l.)\n1 2.5 9\n2 3.5 10\n",
        "# time [d] Q [m3/s]\n1 2.5\n2 3.5\n",
        "t Q\n1 2.5 # of a dry day\n2 3.5\n",
        "t,Q\n1,2.5,\n2,3.5,,\n",
        "t,Q,S\n1,2.5\n2,3.5,1\n",
        "t,Q,\n1,2.5\n2,3.5\n",
    ],
)
def test_cells_are_found_below_their_names(text: str) -> None:
    """Though there are fewer or more of them than there are names."""
    assert numbers(text) == [2.5, 3.5]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("Q R\n1 5 9\n2 6 10\n", "3 cells below 2 names"),
        ("RCH MON Q\nREACH 2 0 1\n", "4 cells below 3 names"),
        ("t,Q\n1,000,2.5\n", "3 cells below 2 names"),
        ("Q R\n1 5 NaN\n", "3 cells below 2 names"),
        ("Day Q Water Level\n1 2.5 99\n", "3 cells below 4 names"),
        ("R Q\nend\n", "1 cell below 2 names"),
        ("t Q\n2000-01-01 00:00 2.5\nend\n", "1 cell below 2 names"),
    ],
)
def test_a_row_that_does_not_go_with_the_names_is_told(text: str, counts: str) -> None:
    """The number below the name may be another column's."""
    with pytest.raises(ResultError, match=f"a row has {counts}; .* by its number"):
        numbers(text)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("0,5;1,5\n0,7;1,9\n", 1),
        ("1,5;0,5\n1;0.7\n", 2),
        ("0,5\t1,5\n", 1),
        ("1\t2,5\t0,5\n", 3),
        (" 0,5  1,5\n", 1),
        ("12 0,5e-3\n13 1\n", 2),
        ("7\n0,5;1\n", 1),
        ("t;Q\n1;0,5\n", "Q"),
    ],
)
def test_half_of_a_number_with_a_decimal_comma_is_no_number(text: str, column: str | int) -> None:
    with pytest.raises(ResultError, match=r"`0,5\S*` is not a number"):
        numbers(text, column)


@pytest.mark.parametrize(
    "text",
    [
        "5,2.5,1\t\n6,3.5,1\t\n",
        "2020-01-01 00:00,2.5\n2020-01-02 00:00,3.5\n",
        "5, 2.5, a;b\n6, 3.5, c\n",
        "1, 2.5, 9\n2, 3.5, 9\n",
        "t,Q,[m;s]\n1,2.5,9\n2,3.5,9\n",
    ],
)
def test_commas_separate_cells_beside_other_marks(text: str) -> None:
    assert numbers(text, 2) == [2.5, 3.5]


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a", "\n\x1a\x1a\n", "\n  \x1a", "\n" + "\0" * 9])
@pytest.mark.parametrize("column", ["Q", 2])
@pytest.mark.parametrize("table", [" t  Q\r\n 1. 2.5\r\n 2. 3.5", "t,Q\n1,2.5\n2,3.5"])
def test_the_mark_of_dos_for_the_end_of_a_file_is_no_row(
    table: str, end: str, column: str | int
) -> None:
    """Nor is what fills a record up."""
    assert numbers(table + end, column) == [2.5, 3.5]


@pytest.mark.parametrize(
    ("table", "column", "numbers_there"),
    [
        (" t  Q\n 1. 2.5\n 2. 3.5\n", "Q", [2.5, 3.5]),
        (" t  Q\n 1. 2.5\n 2. 3.5\n", "t", [1, 2]),
        ("TITLE OF IT\n t  H  Q  S\n - m m3/s -\n 1. 5 -2.5 A\n 2. 6 .5E3 B\n", "Q", [-2.5, 500]),
    ],
)
@pytest.mark.parametrize(
    "end", ["TOTAL CPU TIME   0.3 SEC", "END OF RUN 5 OF 12", "\n=======\nSUM  6.\n", "END"]
)
def test_what_stands_below_a_table_is_told_with_a_pattern_that_leaves_it_out(
    table: str, column: str, numbers_there: list[float], end: str
) -> None:
    """It can be copied into the study file as it stands."""
    with pytest.raises(ResultError, match=" below ") as caught:
        numbers(table + end, column)
    row = " ".join(end.split("\n")[1 if end[0] == "\n" else 0].split())
    assert f": `{row}`; if the table ends above it, " in caught.value.message
    pattern = caught.value.message.split("'")[1]
    found = PatternSource.parse(pattern).values((table + end).replace("\n", "\r\n"))
    assert list(map(as_number, found)) == numbers_there


UNITS = [
    *["m³/s", "m³", "W/m²", "kg/m³", "1/d", "m3 s-1", "MGD", "hm3", "L", "m a.s.l.", "month", "mm"],
    *["M3/S", "m·s⁻¹", "kg m-2 s-1", "l/s/ha", "m^3/s", "m**3/s", "deg C", "° C", "µg/L", "ac-ft"],
    *["[m a.s.l.]", "(1/d)", "[1]", "[0-1]", "(-)", "%"],
]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("row", ["d,{},mm", "-,{},mm", "-,{},-", ",{},", "\N{EN DASH},{},°C"])
def test_units_are_known_and_a_dash_is_none(unit: str, row: str) -> None:
    units = row.format(unit)
    assert numbers(f"t,Q,S\n{units}\n4,2.5,7\n5,3.5,7\n") == [2.5, 3.5]
    spaced = f"t Q S\n{units.replace(',', '  ')}\n---\n4 2.5 7\n5 3.5 7\n"
    assert numbers(spaced) == [2.5, 3.5]


@pytest.mark.parametrize(
    "row",
    [
        *[
            "-,F,K",
            ",F,",
            "-,-,-",
            "-,n/a,m",
            "M,m,m",
            "(12.5),(3.5),(1.5)",
            "-,(5),-",
            "(NaN),m,m",
        ],
        *["n/d,n/d,n/d", "N/A,m,m", "1.5*,m,m", "2.5-3.5-4.5,m,m", "1/2/2020,m,m", "[<5],m,m"],
    ],
)
def test_flags_and_missing_numbers_are_no_units(row: str) -> None:
    """A minimum over what is left would be of other steps than the user believes."""
    with pytest.raises(ResultError, match="is not a "):
        numbers(f"Q,a,b\n{row}\n2.5,G,H\n3.5,G,H\n")


def test_columns_may_be_counted_below_their_names() -> None:
    assert numbers("t Q S\n(1) (2) (3)\n4 2.5 7\n") == [2.5]


@pytest.mark.parametrize("column", [1, 2])
@pytest.mark.parametrize(
    "first",
    [
        *["nan,3", "******,3", "Infinity,3", "NA,3", ",3", "-,3", "-nan(ind),3", "1.#QNAN,3"],
        *["nan,nan", "NA,NA", "-,-", "n/a,None", "north,NaN", "2020-01-01,failed", "failed,3"],
        *["2020-01-01T00:00,****", "<0.5,3", "3.5*,7.1*", "1-Jan-2020,NA"],
    ],
)
@pytest.mark.parametrize("separator", [",", ", ", ";", "\t", "  "])
def test_a_first_row_with_a_number_or_in_place_of_one_is_no_heading(
    first: str, separator: str, column: int
) -> None:
    """A sum over the rows below it would be of other steps than the user believes."""
    if separator == "  " and first == ",3":
        return
    text = "\n".join(row.replace(",", separator) for row in (first, "1.5,4", "2,5"))
    cell = first.split(",")[column - 1]
    assert next(column_cells(text, column)) == cell
    assert len(list(column_cells(f"{text}\n", column))) == 3
    assert list(column_cells(first.replace(",", separator), column)) == [cell]


@pytest.mark.parametrize("first", ["nan", "*****", "NA", "-Infinity", "1.#INF", "<0.5"])
def test_nor_is_it_in_a_table_of_one_column(first: str) -> None:
    with pytest.raises(ResultError, match=f"`{re.escape(first)}` is not a "):
        numbers(f"{first}\n1\n2\n", 1)


@pytest.mark.parametrize(
    "heading",
    [
        *["t Q", "Ca Na", "a.b c", "date 10m", "流量 水位", "Time Zone 1", "Zone 1 Zone 2", "t"],
        *["Zone 1 Zone 2\n- m", "t Q\nd mm\n---", "--- ---", "d m3/s", "t Q # of run 3", "t 2 m"],
    ],
)
@pytest.mark.parametrize("column", [1, 2])
def test_a_heading_is_no_row_of_any_column_by_number(heading: str, column: int) -> None:
    """Though names have blanks, and numbers behind them."""
    assert numbers(f"{heading}\n1 4\n2 5\n", column) == [[1, 2], [4, 5]][column - 1]


FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.one_of(
    FINITE.map(repr),
    FINITE.map(lambda number: f"{number:.17E}".replace("E", "D")),
    st.integers(-9999, 9999).map(str),
    st.sampled_from(["1.", ".5", "+3", "-0", "1d0", "1.5-103", "10d", "-9999."]),
)
OTHERS = st.sampled_from([*UNITS, "-", "", "--", "F", "NA", "2020-01-01", "15s", "(2)"])


@given(
    first=NUMBERS,
    others=st.lists(st.one_of(NUMBERS, OTHERS), min_size=2, max_size=2),
    rows=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=4),
    delimiter=st.sampled_from(",;\t"),
)
@example(first="10d", others=["m", "m"], rows=[("1", "2", "3")], delimiter=",")
def test_a_row_with_a_number_is_always_data(
    first: str, others: list[str], rows: list[tuple[str, str, str]], delimiter: str
) -> None:
    """Whatever else stands in it: but for formats of gauges' files, `10d` beside `15s`."""
    if first == "10d" and "15s" in others:
        return
    table = [("Q", "a", "b"), (first, *others), *rows]
    text = "\n".join(delimiter.join(row) for row in table)
    assert len(numbers(text)) == len(rows) + 1
    assert len(numbers(f"OUTPUT OF THE MODEL\n{text}")) == len(rows) + 1


@given(
    missing=st.lists(
        st.sampled_from(["-", "", "NaN", "n/a", "NA", "****", "M", "nan", "None", "(NaN)"]),
        min_size=3,
        max_size=3,
    ).filter(any),
    rows=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=4),
)
def test_a_row_of_missing_numbers_is_told(
    missing: list[str], rows: list[tuple[str, str, str]]
) -> None:
    text = "\n".join(",".join(row) for row in [("Q", "a", "b"), missing, *rows])
    with pytest.raises(ResultError, match="is not a "):
        numbers(text)


@given(st.text(st.sampled_from('Q1m-#[]",; \t\n')), st.sampled_from(["Q", 1]))
@example('# "t",Q,"S\n1,2.5,3\n', "Q")
def test_any_text_is_a_table_or_told(text: str, column: str | int) -> None:
    try:
        assert all(isinstance(number, float) for number in numbers(text, column))
    except (ResultError, csv.Error):
        return
