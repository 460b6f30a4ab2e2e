"""Numbers as Fortran writes them."""

from __future__ import annotations

import pytest

from runfleet.calibrate.fortran_numbers import as_number, plain_number


@pytest.mark.parametrize(
    ("text", "plain"),
    [("1.0-7", "1.0e-7"), ("2.5-101", "2.5e-101"), ("5.D0", "5.e0"), ("-.1q+2", "-.1e+2")],
)
def test_exponents_have_other_letters_or_none(text: str, plain: str) -> None:
    assert plain_number(text) == plain
    assert as_number(text) == float(plain)


@pytest.mark.parametrize("text", ["", "-", "---", "1e", "d5", "1 2", "nan", "1_0", "****"])
def test_what_is_no_number(text: str) -> None:
    assert as_number(text) is None
