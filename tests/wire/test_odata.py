"""Filters: reading, printing, evaluating."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.batch.filters import And, Comparison, Operator, Or, StartsWith
from runfleet.wire import fields
from runfleet.wire.odata import (
    FilterSyntaxError,
    filter_text,
    matches,
    parse_filter,
    parse_select,
    select_members,
)

WHEN = datetime(2024, 1, 1, tzinfo=UTC)
AN_INSTANT = "an instant such as DateTime'2024-01-01T00:00:00Z'"
TASK = {
    "id": "Run-7",
    "state": "completed",
    "creationTime": "2023-12-31T23:00:00.5Z",
    "lastModified": "2024-01-01T00:00:00Z",
    "executionInfo": {"exitCode": 3, "result": "failure", "startTime": "2024-01-01T00:00:01Z"},
}

OPERATORS = st.sampled_from(Operator)
INSTANTS = st.timedeltas(timedelta(days=-300000), timedelta(days=2900000)).map(WHEN.__add__)
TERMS = st.one_of(
    st.builds(Comparison, st.just("id"), OPERATORS, st.text()),
    st.builds(StartsWith, st.just("id"), st.text()),
    st.builds(Comparison, st.just("executionInfo/exitCode"), OPERATORS, st.integers(-999, 999)),
    st.builds(Comparison, st.just("creationTime"), OPERATORS, INSTANTS),
    st.builds(
        Comparison,
        st.just("state"),
        st.sampled_from([Operator.EQUAL, Operator.NOT_EQUAL]),
        st.sampled_from(["active", "completed"]),
    ),
)
FILTERS = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(FILTERS)
def test_a_filter_reads_back_as_it_was_written(condition):
    assert parse_filter(filter_text(condition), fields.TASKS) == condition


@given(st.text(max_size=60))
def test_no_text_breaks_the_parser(text):
    with suppress(FilterSyntaxError):
        parse_filter(text, fields.TASKS)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("state eq 'completed'", Comparison("state", Operator.EQUAL, "completed")),
        ("STATE EQ 'Completed'", Comparison("state", Operator.EQUAL, "completed")),
        ("id eq 'it''s'", Comparison("id", Operator.EQUAL, "it's")),
        ("startswith(id,'a')", StartsWith("id", "a")),
        (" startswith ( id , 'a' ) ", StartsWith("id", "a")),
        (
            "executionInfo/exitCode ne -1",
            Comparison("executionInfo/exitCode", Operator.NOT_EQUAL, -1),
        ),
        (
            "creationTime lt DateTime'2024-01-01T00:00:00Z'",
            Comparison("creationTime", Operator.LESS, WHEN),
        ),
        ("creationTime lt datetime'2024-01-01'", Comparison("creationTime", Operator.LESS, WHEN)),
        ("creationTime lt '2024-01-01'", Comparison("creationTime", Operator.LESS, WHEN)),
        ("creationTime lt 2024-01-01T00:00:00Z", Comparison("creationTime", Operator.LESS, WHEN)),
        (
            "lastModifiedTime le 2024-01-01",
            Comparison("lastModified", Operator.LESS_OR_EQUAL, WHEN),
        ),
        (
            "id gt 'a' or id lt 'b' and state eq 'active'",
            Or(
                (
                    Comparison("id", Operator.GREATER, "a"),
                    And(
                        (
                            Comparison("id", Operator.LESS, "b"),
                            Comparison("state", Operator.EQUAL, "active"),
                        )
                    ),
                )
            ),
        ),
        (
            "(id gt 'a' or id lt 'b') and state eq 'active'",
            And(
                (
                    Or(
                        (
                            Comparison("id", Operator.GREATER, "a"),
                            Comparison("id", Operator.LESS, "b"),
                        )
                    ),
                    Comparison("state", Operator.EQUAL, "active"),
                )
            ),
        ),
    ],
)
def test_filters_are_read_as_the_service_reads_them(text, parsed):
    assert parse_filter(text, fields.TASKS) == parsed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("colour eq 'red'", "`colour` is not a field that this list is filtered by"),
        ("state gt 'active'", "`state` does not take `gt`"),
        ("startswith(state, 'a')", "`state` does not take `startswith`"),
        (
            "state eq active",
            "column 10: `state` is compared with a word in single quotes, not with `active`",
        ),
        (
            "executionInfo/exitCode eq '3'",
            "column 28: `executionInfo/exitCode` is compared with a whole number, not with `3`",
        ),
        (
            "creationTime lt 'soon'",
            f"column 18: `creationTime` is compared with {AN_INSTANT}, not with `soon`",
        ),
        ("state like 'a'", "column 7: an operator expected, not `like`"),
        ("state eq", "column 9: a value expected, not the end"),
        ("state eq 'a' id", "column 14: `and`, `or` or the end expected, not `id`"),
        ("(state eq 'a'", "column 14: `)` expected, not the end"),
        ("startswith(id, 3)", "column 16: a text in single quotes expected, not `3`"),
        ("state eq 'a", "column 9: ` 'a` has no meaning"),
        ("'a' eq state", "column 2: a field expected, not `a`"),
        ("", "column 1: a field expected, not the end"),
        ("(" * 51, "more than 50 parentheses inside each other"),
        ("x" * 40000, "a filter may have 32768 characters at most"),
    ],
)
def test_a_bad_filter_is_told_why_and_where(text, message):
    with pytest.raises(FilterSyntaxError) as caught:
        parse_filter(text, fields.TASKS)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("id eq 'run-7'", True),
        ("id ne 'run-7'", False),
        ("startswith(id, 'RUN')", True),
        ("startswith(id, 'x')", False),
        ("id gt 'run-6' and id lt 'run-8'", True),
        ("state eq 'completed' and executionInfo/exitCode ge 3", True),
        ("state eq 'active' or executionInfo/result eq 'failure'", True),
        ("executionInfo/exitCode gt 3", False),
        ("creationTime lt DateTime'2024-01-01T00:00:00Z'", True),
        ("lastModifiedTime eq 2024-01-01", True),
        ("executionInfo/startTime le 2024-01-01", False),
        # What is not there never matches.
        ("executionInfo/endTime gt 2020-01-01", False),
        ("executionInfo/endTime ne 2020-01-01", False),
    ],
)
def test_items_are_chosen_as_the_service_chooses_them(text, expected):
    assert matches(parse_filter(text, fields.TASKS), TASK) is expected


@pytest.mark.parametrize(
    ("table", "text"),
    [
        (fields.POOLS, "enableAutoScale eq false and vmSize eq 'STANDARD_D2_V3'"),
        (fields.NODES, "startTaskInfo/exitCode ne 0 and lastBootTime gt 2024-01-01"),
        (fields.JOBS, "startswith(executionInfo/poolId, 'p') and id eq 'a'"),
        (fields.PREPARATION_AND_RELEASE, "jobReleaseTaskExecutionInfo/result eq 'failure'"),
        (fields.FILES, "startswith(name, 'wd/')"),
        (fields.NODE_COUNTS, "poolId eq 'p'"),
        (fields.IMAGES, "osType eq 'linux' and verificationType eq 'verified'"),
    ],
)
def test_every_list_has_its_own_fields(table, text):
    assert parse_filter(text, table)


def test_booleans_are_told_from_texts():
    condition = parse_filter("enableAutoScale eq false", fields.POOLS)
    assert matches(condition, {"enableAutoScale": False})
    assert not matches(condition, {"enableAutoScale": True})


def test_a_file_is_chosen_by_its_prefix_only():
    with pytest.raises(FilterSyntaxError):
        parse_filter("name eq 'a'", fields.FILES)


@pytest.mark.parametrize(
    ("text", "names"),
    [(None, None), ("", None), ("id", ("id",)), ("id, state ,", ("id", "state"))],
)
def test_a_selection_is_a_list_of_names(text, names):
    assert parse_select(text) == names


def test_only_selected_members_are_left():
    assert select_members(TASK, ("state", "id", "colour")) == {"id": "Run-7", "state": "completed"}
