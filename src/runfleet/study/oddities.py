"""What a study file may say and probably does not mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from runfleet.documents.document import Document
from runfleet.study.designs import Design, Drawn, FromCsv, Listed, powers_around
from runfleet.study.distributions import Choice, Fixed, Normal
from runfleet.study.loader import Parts
from runfleet.study.narrow_fields import find_narrow_fields
from runfleet.study.odd_conditions import find_odd_conditions
from runfleet.study.parameters import Parameter
from runfleet.study.result_files import as_pattern, near_patterns
from runfleet.study.sensitivity import Morris, Saltelli, SensitivityDesign
from runfleet.study.values import Sample, Value, as_text

_ALMOST_NUMBERS = (
    (
        re.compile(r"[+-]?\d+,\d+|[+-]?\d[\d.eE+-]*(\s+[A-Za-z°%µ]\S{0,7}|%)"),
        "numbers have a decimal point and no unit",
    ),
    (
        re.compile(r"[+-]?\d{1,3}(\.\d{3}){2,}|[+-]?\d{1,3}(_\d{3})+"),
        "numbers have nothing between thousands",
    ),
    (
        re.compile(r"[+-]?\d[\d.,]*\s*;\s*[+-]?\d[\d.,]*"),
        "values stand between commas, and decimal numbers have a point",
    ),
)
"""Texts that are nearly numbers, and what these are like."""

_FEWEST_TRAJECTORIES = 10
_FEWEST_BASE_SAMPLES = 256
_FIRST_SAMPLES = 20
_MOST_COMPARED = 10_000


def find_oddities(parts: Parts, samples: Callable[[], Iterable[Sample]]) -> Iterator[str]:
    """
    Say what is allowed but probably not meant.

    Parameters
    ----------
    parts
        The parts of the study.
    samples
        Generates its samples.
    """
    yield from _sobol_oddity(parts.design)
    yield from _few_oddity(parts.design)
    if isinstance(parts.design, Morris):
        yield from _tail_oddities(parts.design, parts.parameters)
    if isinstance(parts.design, Morris | Saltelli):
        yield from _lone_oddities(parts.design, parts.parameters)
    for parameter in parts.parameters:
        if isinstance(parameter.distribution, Choice | Fixed):
            yield from _value_oddities(parameter.name, parameter.distribution.levels())
    if isinstance(parts.design, Listed | FromCsv):
        yield from _row_oddities(list(islice(samples(), _FIRST_SAMPLES)))
        yield from _same_rows(islice(samples(), _MOST_COMPARED))
    yield from _twin_results(result.name for result in parts.results)
    yield from _slips(parts.unnamed_files, [output.pattern for output in parts.model.outputs])
    yield from find_narrow_fields(parts.model.overlays, islice(samples(), _FIRST_SAMPLES))
    yield from find_odd_conditions(parts.model.overlays, islice(samples(), _FIRST_SAMPLES))


def find_cut_command(command: str, document: Document) -> Iterator[str]:
    """
    Say where YAML takes the end of a command for a comment: of `model #1` it reads `model`.

    Nobody is told of comments that have a blank behind their `#`.

    Parameters
    ----------
    command
        As it was read; empty if there is none.
    document
        The study file.
    """
    line = document.text.split("\n")[document.line(("model", "command")) - 1]
    if command and (cut := re.search(rf"{re.escape(command)}\s+(#\S.*)", line)):
        yield (
            f"the command ends before `{cut[1].strip()}`, as ` #` begins a comment: put it in "
            "quotes if this belongs to it"
        )


def _sobol_oddity(design: Design) -> Iterator[str]:
    if not (isinstance(design, Drawn) and design.method == "sobol"):
        return
    if powers := powers_around(design.count):
        yield (
            f"a Sobol sequence is balanced only if its length is a power of two: "
            f"{powers[0]} or {powers[1]} runs rather than {design.count}"
        )


def _few_oddity(design: Design) -> Iterator[str]:
    if isinstance(design, Morris) and design.trajectories < _FEWEST_TRAJECTORIES:
        yield (
            f"`morris: {design.trajectories}` is few: {_FEWEST_TRAJECTORIES} to 50 trajectories "
            "are usual, and with fewer chance has a part in the ranking"
        )
    if isinstance(design, Saltelli) and design.base_samples < _FEWEST_BASE_SAMPLES:
        yield (
            f"`saltelli: {design.base_samples}` is few: {_FEWEST_BASE_SAMPLES} base samples and "
            "more are usual, and with fewer an index may be off by its own size"
        )


def _tail_oddities(design: Morris, parameters: Iterable[Parameter]) -> Iterator[str]:
    varying = (parameter for parameter in parameters if not parameter.is_fixed)
    for parameter, used in zip(varying, design.distributions, strict=True):
        if isinstance(used, Normal) and used != parameter.distribution:
            yield (
                f"`{parameter.name}` lacks a bound, and `morris` goes from end to end: from "
                f"{used.low:.6g} to {used.high:.6g}, its 0.5 % and 99.5 % quantiles "
                "where `min` and `max` do not say otherwise"
            )


def _lone_oddities(design: SensitivityDesign, parameters: Iterable[Parameter]) -> Iterator[str]:
    """Find lists of one value: no result depends on them, and runs are spent on that."""
    for parameter in parameters:
        values = parameter.distribution
        if isinstance(values, Choice) and len(set(map(as_text, values.values))) == 1:
            text = as_text(values.values[0])
            yield (
                f"`{parameter.name}` has one value only, and takes "
                f"{design.count - _count_without_one(design):,} of the runs all the same; fixed, "
                f"as `{parameter.name}: {text}`, it takes none"
            )


def _count_without_one(design: SensitivityDesign) -> int:
    return replace(design, distributions=design.distributions[1:]).count


def _value_oddities(name: str, values: Sequence[Value]) -> Iterator[str]:
    texts = Counter(as_text(value) for value in values)
    for text, count in texts.items():
        if count > 1:
            yield f"`{text}` is one of the values of `{name}` {count} times"
        if what := _no_number(name, text):
            yield what


def _row_oddities(samples: Sequence[Sample]) -> Iterator[str]:
    """Look at the first rows of a table: what is wrong there is wrong in all others."""
    for name in samples[0]:
        texts = (as_text(sample[name]) for sample in samples)
        told = (_no_number(name, text) for text in texts)
        if what := next(filter(None, told), None):
            yield what


def _same_rows(samples: Iterable[Sample]) -> Iterator[str]:
    """Find the first run that does what another has done."""
    first: dict[tuple[str, ...], int] = {}
    for number, sample in enumerate(samples, start=1):
        earlier = first.setdefault(tuple(map(as_text, sample.values())), number)
        if earlier != number:
            yield f"runs {earlier} and {number} have the same values of all parameters"
            return


def _twin_results(names: Iterable[str]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(name.lower(), name)
        if twin != name:
            yield (
                f"the results `{twin}` and `{name}` differ in case only: on Windows and macOS the "
                "plots of one take the place of the other's"
            )


def _no_number(name: str, text: str) -> str | None:
    """Say what numbers are like, of a text that is nearly one."""
    found = (what for pattern, what in _ALMOST_NUMBERS if pattern.fullmatch(text))
    what = next(found, None)
    return what and f"`{text}`, a value of `{name}`, is a text: {what}"


def _slips(unnamed: Sequence[str], outputs: Iterable[str]) -> Iterator[str]:
    own = set(map(as_pattern, unnamed))
    named = [pattern for pattern in outputs if pattern not in own]
    for file, meant in near_patterns(unnamed, named):
        yield (
            f"results are read from `{file}`, which `outputs` do not name; did you mean `{meant}`?"
        )
