"""
Each of the 150 statements of the fidelity checklist is shown by a test that names its number.

A test names numbers in its docstring, as in "(item 12)", "Items 13 and 14." or "(items 13, 14)".
Who builds what a number of `UNBUILT` speaks of takes the number out of it and names it in a test.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
ITEMS = frozenset(range(1, 151))

UNBUILT = frozenset[int]()

_NAMED = re.compile(r"\b[Ii]tems? (\d+(?:(?:, | and |, and )\d+)*)")


def named_numbers() -> frozenset[int]:
    """The numbers in the docstrings of all tests."""
    found = (_NAMED.findall(text) for path in TESTS.rglob("test_*.py") for text in docstrings(path))
    return frozenset(
        int(number) for lists in found for text in lists for number in re.findall(r"\d+", text)
    )


def docstrings(path: Path) -> Iterator[str]:
    """The docstrings of the tests of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield ast.get_docstring(node) or ""


def test_every_item_is_named_by_a_test_or_not_built() -> None:
    assert sorted(ITEMS - named_numbers() - UNBUILT) == [], "no test names these"


def test_what_a_test_names_is_built() -> None:
    assert sorted(UNBUILT & named_numbers()) == [], "take these out of UNBUILT"
    assert sorted(named_numbers() - ITEMS) == [], "the checklist has no such numbers"
