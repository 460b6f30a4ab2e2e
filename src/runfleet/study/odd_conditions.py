"""Conditions of templates that take a text for a truth value, or the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from runfleet.study.overlays import Overlay
from runfleet.study.pest_template import PestTemplate
from runfleet.study.values import Sample, Value

if TYPE_CHECKING:
    from runfleet.study.jinja_template import Question

_TRUTHS = frozenset({"true", "false"})
_MEANT_FOR_TRUTH = _TRUTHS | {"yes", "no", "on", "off"}


def find_odd_conditions(overlays: Iterable[Overlay], samples: Iterable[Sample]) -> Iterator[str]:
    """
    Say which conditions do not depend on the sample, as they ask for another kind of value.

    Parameters
    ----------
    overlays
        The templates; only those of Jinja2 have conditions.
    samples
        Some of those that the study has.
    """
    questions = list(_questions(overlays))
    for sample in samples if questions else ():
        for file, question in [*questions]:
            if odd := _oddity(question, sample.get(question.name)):
                questions.remove((file, question))
                yield f"{file}:{question.line}: {odd}"


def _questions(overlays: Iterable[Overlay]) -> Iterator[tuple[Path, Question]]:
    for template in (item.template for item in overlays):
        for question in () if isinstance(template, PestTemplate) else template.questions:
            yield template.file, question


def _oddity(question: Question, value: Value | None) -> str | None:
    name, text = question.name, question.text
    if text is None and isinstance(value, str) and value.lower() in _MEANT_FOR_TRUTH:
        return (
            f"`{value}`, a value of `{name}`, is a text, and every text is true to a template: "
            "write `true` or `false` in its place"
        )
    if text is not None and isinstance(value, bool) and text.lower() in _TRUTHS:
        return f"`{name}` is never the text `{text}`: ask for it as in `{{% if {name} %}}`"
    return None
