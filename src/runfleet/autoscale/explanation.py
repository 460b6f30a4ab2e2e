"""Errors shown in the text of their formula."""

from __future__ import annotations

from runfleet.autoscale.errors import FormulaError


def explain(error: FormulaError, text: str) -> str:
    """
    Say what is wrong, show the line with the place underlined, and how to mend it.

    Parameters
    ----------
    error
        What `parse` raised, or what an evaluation holds.
    text
        The formula.
    """
    hint = f"\nhint: {error.hint}" if error.hint else ""
    return underline(error, text) + hint


def underline(error: FormulaError, text: str) -> str:
    """Say what is wrong and show the line with the place underlined, without the hint."""
    return "\n".join([error.message, *_underlined(error, text)])


def _underlined(error: FormulaError, text: str) -> list[str]:
    place = error.underline
    line = text.split("\n")[place.line - 1].rstrip()
    before = line[: place.column - 1].ljust(place.column - 1)
    # Tabs stay, so that the mark stands below its place however wide they are shown.
    margin = "".join(character if character == "\t" else " " for character in before)
    return [f"    {line}", f"    {margin}{'~' * place.width}"]
