"""Names of studies and runs are within what Batch allows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runfleet.documents.errors import InvalidValueError
from runfleet.study.names import (
    NamePattern,
    check_study_name,
    default_pattern,
    study_name_from,
)

ALLOWED = re.compile(r"[A-Za-z0-9_-]{1,64}")


@given(st.text())
def test_any_file_stem_makes_a_name(stem):
    assert check_study_name(study_name_from(stem))


def test_letters_with_accents_are_spelled_without():
    """Composed or not, as file systems have them."""
    assert (
        study_name_from("Flüße São Å") == study_name_from("Flu\u0308ße São Å") == "Fluesse-Sao-Aa"
    )


@pytest.mark.parametrize(("name", "better"), [("-n", "n"), ("--", "study")])
def test_no_study_is_called_as_options_are(name, better):
    """Every command would take its name for one."""
    with pytest.raises(InvalidValueError) as refused:
        check_study_name(name)
    assert str(refused.value) == f"the name `{name}` begins with `-`, as options of commands do"
    assert refused.value.hint == f"begin it with a letter or a digit, as in `{better}`"


@pytest.mark.parametrize(
    ("count", "name"), [(3, "run-00003"), (99_999, "run-99999"), (1_000_000, "run-1000000")]
)
def test_default_names_sort_as_their_numbers_do(count, name):
    assert default_pattern(count).name(count, {}) == name
    assert len(default_pattern(count).name(1, {})) == len(name)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", ".3f", ".2e", "g"]))
def test_any_number_makes_a_name_or_is_too_long(number, form):
    pattern = NamePattern.parse(f"r{{A:{form}}}", ["A"])
    if len(format(number, form)) < 60:
        assert ALLOWED.fullmatch(pattern.name(1, {"A": number}))
    elif len(format(number, form)) > 66:
        with pytest.raises(InvalidValueError, match="a run's may have 64"):
            pattern.name(1, {"A": number})


@given(st.text(max_size=30), st.text(max_size=10))
def test_any_pattern_is_refused_or_makes_allowed_names(text, value):
    try:
        name = NamePattern.parse(text, ["A"]).name(1, {"A": value})
    except InvalidValueError:
        return
    assert ALLOWED.fullmatch(name)


@pytest.mark.parametrize("text", ["{A.real}", "{A[0]}", "{A!r}", "{A:{A}}", "{}", "{0}"])
def test_fields_are_names_of_parameters_only(text):
    with pytest.raises(InvalidValueError):
        NamePattern.parse(text, ["A"])
