"""Texts that may come from the names of files."""

import os

from hypothesis import given
from hypothesis import strategies as st

from runfleet.batch.texts import as_utf8


def test_what_is_no_utf8_is_replaced():
    assert as_utf8(os.fsdecode(b"f\xff-\xc3\xa4")) == "f?-ä"


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_every_other_text_stays(text):
    assert as_utf8(text) == text
