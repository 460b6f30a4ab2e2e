"""Texts that may come from the names of files."""

from __future__ import annotations


def as_utf8(text: str) -> str:
    """Replace what comes from a file name that is no UTF-8: JSON has no place for it."""
    return text.encode(errors="replace").decode()
