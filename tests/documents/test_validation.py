"""Files are checked against forms, each of which knows what its own keys are called elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field

from runfleet.documents.document import parse_document
from runfleet.documents.errors import DocumentError
from runfleet.documents.form import Form
from runfleet.documents.validation import check


class Well(Form):
    """Something with a form of its own."""

    synonyms: ClassVar[Mapping[str, str]] = {"bottom": "depth"}

    depth: float = Field(0, description="In metres.")
    name: str = Field("", description="What it is called.")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("Bottom: 5", "did you mean `depth`?"),
        ("nam: A", "did you mean `name`?"),
        ("lhs: 5", "the keys here are `depth` and `name`"),
    ],
)
def test_an_unknown_key_is_told_with_the_one_that_was_meant(text: str, hint: str):
    assert mistake(text).hint == hint


@pytest.mark.parametrize(
    "text", ["name: !x a", "name: a\n---\nname: b", "[Well]\nname = a", "[" * 5000]
)
def test_a_file_is_not_taken_for_one_of_another_kind(text: str):
    error = mistake(text)
    assert "stud" not in f"{error.message}{error.hint}"


def test_who_reads_a_file_says_what_to_do_where_it_is_large():
    text = f"[{'1, ' * 100_000}]"
    with pytest.raises(DocumentError, match="more than 100,000 values") as caught:
        parse_document(text, Path("well.yaml"), when_large="dig no more")
    assert caught.value.hint == "dig no more"


def mistake(text: str) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        check(Well, parse_document(text, Path("well.yaml")))
    return caught.value
