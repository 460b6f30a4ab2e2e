"""Texts of programs, whole and in pieces."""

from __future__ import annotations

import pytest

from runfleet.program_text import GrowingText, decoded


@pytest.mark.parametrize(
    "content",
    [
        "Zürich → Δh €\n𝄞\n".encode(),
        "Zürich\r\nGenève\r\n".encode("cp1252"),
        "Zürich → 𝄞\n".encode("utf-16"),
        b"\xfe\xff" + "Zürich\n".encode("utf-16-be"),
    ],
)
@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_a_text_is_the_same_in_pieces(content: bytes, length: int) -> None:
    """Wherever one ends, in the midst of a letter, too."""
    text = GrowingText()
    pieces = (content[start : start + length] for start in range(0, len(content), length))
    assert "".join(map(text.feed, pieces)) == decoded(content)
