"""Whether prior information is written as PEST reads it, and about parameters that move."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.parts import ADJUSTABLE_HINT, PriorInformation
from runfleet.calibrate.control_files.problems import Problem
from runfleet.calibrate.control_files.suggestions import Suggestions
from runfleet.calibrate.fortran_numbers import as_number

_TERM = re.compile(r"\*\s*(log\s*\()?\s*([^\s()*+=]+)", re.IGNORECASE)
_FORM = "`pi1 1.0 * log(a) + 2.0 * b = 0.5 1.0 prior`"


def check_prior(control: Control, *, is_pestpp: bool) -> Iterator[Problem]:
    """Find equations that cannot be read, or that are about parameters that are not adjustable."""
    transforms = {parameter.name: parameter.transform for parameter in control.adjustable}
    suggestions = Suggestions(sorted(transforms), "adjustable are", ADJUSTABLE_HINT)
    find = _misplaced_in_pestpp if is_pestpp else _misplaced_in_pest
    for prior in control.prior:
        misplaced = find(prior.words)
        if misplaced is not None:
            word, wanted = misplaced
            what = f"`{word[:40]}` stands where prior information `{prior.name}` should have"
            hint = f"write it as in {_FORM}, with blanks between"
            yield Problem.at(prior.place, f"{what} {wanted}", hint)
            continue
        for log, name in _TERM.findall(" ".join(prior.words).partition("=")[0]):
            if name.lower() not in transforms:
                what = f"`{name}` in the prior information `{prior.name}` is not adjustable"
                yield Problem.at(prior.place, what, suggestions.hint(name))
            elif not is_pestpp:
                yield from _check_logarithm(prior, name, transforms, is_log=bool(log))


def _check_logarithm(
    prior: PriorInformation, name: str, transforms: Mapping[str, str], *, is_log: bool
) -> Iterator[Problem]:
    """PEST++ takes either spelling; PEST stops."""
    owner = f"`{name}` in the prior information `{prior.name}`"
    if is_log and transforms[name.lower()] != "log":
        what = f"{owner} is not log-transformed"
        yield Problem.at(prior.place, what, f"write `{name}` for `log({name})`")
    elif not is_log and transforms[name.lower()] == "log":
        what = f"{owner} is log-transformed"
        yield Problem.at(prior.place, what, f"write `log({name})` for `{name}`")


def _misplaced_in_pest(words: tuple[str, ...]) -> tuple[str, str] | None:
    """PEST reads word by word: a factor, a star, a parameter, a sign, and so on."""
    for index, word in enumerate(words):
        turn = index % 4
        if turn == 0 and as_number(word) is None:
            return word, "the factor of a parameter"
        if turn == 1 and word != "*":
            return word, "`*`"
        if turn == 3 and word == "=":
            return _misplaced_behind(words[index + 1 :])
        if turn == 3 and word not in ("+", "-"):
            return word, "`+`, `-` or `=`"
    return words[-1], "`=`, its value and its weight"


def _misplaced_behind(words: tuple[str, ...]) -> tuple[str, str] | None:
    for word, wanted in zip(words, ("its value", "its weight"), strict=False):
        if as_number(word) is None:
            return word, wanted
    return None


def _misplaced_in_pestpp(words: tuple[str, ...]) -> tuple[str, str] | None:
    """PEST++ forgives some blanks that are missing; numbers it wants alone."""
    if as_number(words[0]) is None:
        return words[0], "the factor of a parameter"
    return _misplaced_behind(words[-3:-1])
