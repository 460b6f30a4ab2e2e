"""YAML becomes plain data that remembers its lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.documents.document import Reader, parse_document
from runfleet.documents.errors import DocumentError


def test_lines_are_remembered():
    text = "a: 1\nb:\n  c: [x,\n    y]\n  d: {e: 2}\n"
    document = parse_document(text, Path("s.yaml"))
    assert document.data == {"a": 1, "b": {"c": ["x", "y"], "d": {"e": 2}}}
    places = [(), ("a",), ("b",), ("b", "c", 1), ("b", "d", "e"), ("b", "d", "nowhere")]
    assert [document.line(place) for place in places] == [1, 1, 2, 4, 5, 5]


def test_digits_after_a_zero_stay_as_they_are():
    """They name a gauge or a time; what is written as a number is one, as YAML 1.2 has it."""
    text = "[0012, 08, 00, 0, 10, -012, 0.5, 0o14, 0x1F]"
    read_as = ["0012", "08", "00", 0, 10, -12, 0.5, 12, 31]
    assert parse_document(text, Path("s.yaml")).data == read_as


def test_what_yaml_1_2_has_no_number_for_is_a_text():
    """It was a number in YAML 1.1; `2020_01` is a month, and `1_1` a name."""
    written = ["2020_01", "1_1", "1__2", "1_", "-1_0", "1_000.5", "1e1_0", "0b11", "-0x10", "+0o17"]
    text = f"[{', '.join(written)}]"
    assert parse_document(text, Path("s.yaml")).data == written


@pytest.mark.filterwarnings("error")
def test_an_alias_means_the_last_anchor_of_its_name():
    document = parse_document("a: &x 1\nb: *x\nc: &x 2\nd: *x\n", Path("s.yaml"))
    assert document.data == {"a": 1, "b": 1, "c": 2, "d": 2}


@given(st.text())
def test_any_text_is_data_or_an_error_with_a_hint(text):
    try:
        parse_document(text, Path("s.yaml"))
    except DocumentError as caught:
        error = caught
    else:
        return
    assert error.message.startswith("s.yaml")
    assert error.hint


FRAGMENTS = [
    *("a", "b: ", ": ", "- ", "[", "]", "{", "}", ", ", "\n", "\n  ", "# c", "'", '"', "\t", "\\"),
    *("|", "> ", "&a ", "&a:", "*a", "!t ", "<<: ", "? ", "---\n", "...\n", "%", "\u2028", "\x85"),
    *("0o17", "017", "1_000", "1e3", ".5", ".inf", "~", "yes", "true", "1:20", "2020-01-01", "é"),
]


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=20).map("".join))
def test_both_parsers_read_the_same(text):
    with pytest.MonkeyPatch.context() as patch:
        quick = read(text)
        patch.setattr(Reader, "compose", Reader.compose_slowly)
        assert quick == read(text)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_collections_may_not_be_nested_for_ever(opening):
    with pytest.raises(DocumentError, match="nested too deeply"):
        parse_document(opening * 100_000, Path("s.yaml"))


def read(text: str) -> tuple[object, ...]:
    try:
        document = parse_document(text, Path("s.yaml"))
    except DocumentError as error:
        return (str(error),)
    return repr(document.data), document.lines  # not a number is not equal to itself


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc :#-'\"\\\n", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", min_size=1), plain))
def test_json_is_read_as_what_it_is(data):
    assert parse_document(json.dumps(data), Path("s.yaml")).data == data
