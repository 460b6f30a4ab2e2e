"""Jinja2 as templates of input files need it: numbers are numbers, and everything has an end."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, nodes
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment, safe_range

from runfleet.study.values import as_text

MOST_CHARACTERS = 100_000_000
"""How long a rendered text may be."""

_MOST_ROUNDS = 10_000_000
# What Python does not write in decimal digits any more.
_MOST_BITS = 14_000
_LINE_END = re.compile(r"\r\n|\r|\n")


class TemplateEnvironment(SandboxedEnvironment):
    """
    Renders templates that reach no further than their values.

    Parameters
    ----------
    text
        The template.
    """

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**"})

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            newline_sequence="\r\n" if "\r\n" in text else "\n",
            finalize=_spelled,
            autoescape=False,
        )

    def compiled(self) -> Template:
        """Compile the template, each line of which keeps its own end."""
        tree = self.parse(self.text)
        ends = _LINE_END.findall(self.text)
        for piece in tree.find_all(nodes.TemplateData):
            # Jinja2 has given all lines the same end.
            first, *others = piece.data.split(self.newline_sequence)
            own = ends[piece.lineno - 1 : piece.lineno - 1 + len(others)]
            piece.data = first + "".join(map("".join, zip(own, others, strict=True)))
        return self.from_string(tree)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """
        Calculate, but nothing that is no number for a model or takes all memory.

        Raises
        ------
        ArithmeticError
            If the result is infinite, complex or not a number, or is too long.
        """
        if _is_too_long(operator, left, right):
            raise ArithmeticError(f"`{operator}` makes a value that is too long")
        result = super().call_binop(context, operator, left, right)
        if _is_for_a_model(result) or not (_is_for_a_model(left) and _is_for_a_model(right)):
            return result
        raise ArithmeticError(f"`{operator}` of {left} and {right} is {_no_number(result)}")


def bounded_functions() -> Mapping[str, Callable[..., range]]:
    """Make the functions that a template may call, for one rendering."""
    rounds = 0

    def bounded_range(*limits: int) -> range:
        nonlocal rounds
        numbers = safe_range(*limits)
        rounds += len(numbers)
        if rounds > _MOST_ROUNDS:
            raise ArithmeticError(f"its loops go round more than {_MOST_ROUNDS:,} times")
        return numbers

    return {"range": bounded_range}


def _is_too_long(operator: str, left: Any, right: Any) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        return False
    if operator == "*":
        return _is_too_often(left, right) or _is_too_often(right, left)
    are_whole = isinstance(left, int) and isinstance(right, int)
    return operator == "**" and are_whole and left.bit_length() * right > _MOST_BITS


def _is_too_often(text: Any, times: Any) -> bool:
    return isinstance(text, str | list | tuple) and len(text) * times > MOST_CHARACTERS


def _is_for_a_model(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, complex)


def _no_number(value: object) -> str:
    return f"`{value}`, which is not a number a model can be run with"


def _spelled(value: object) -> object:
    if not _is_for_a_model(value):
        raise ArithmeticError(f"a value is {_no_number(value)}")
    return as_text(value) if isinstance(value, bool) else value
