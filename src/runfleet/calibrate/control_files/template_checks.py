"""Whether template files agree with the parameters of a control file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from io import StringIO

from runfleet.calibrate.control_files.control import Control
from runfleet.calibrate.control_files.found_files import as_posix, find_file
from runfleet.calibrate.control_files.parts import FilePair, PestParameter
from runfleet.calibrate.control_files.problems import ControlError, Problem
from runfleet.calibrate.control_files.suggestions import Suggestions
from runfleet.documents.errors import InvalidValueError
from runfleet.study.errors import StudyError
from runfleet.study.narrow_fields import ENOUGH_DIGITS
from runfleet.study.pest_template import Field, PestTemplate, fit, kept_digits
from runfleet.study.text_files import read_text

_NO_TEXT = "save the template as text"


def check_templates(control: Control, *, is_pestpp: bool) -> Iterator[Problem]:
    """Find templates that PEST cannot read or fill in, and parameters that no template uses."""
    parameters = {parameter.name: parameter for parameter in control.parameters}
    suggestions = Suggestions(parameters, "the control file has", "add it to `* parameter data`")
    used: set[str] = set()
    all_read = True
    for pair in control.templates:
        try:
            template = _read(control, pair, is_pestpp=is_pestpp)
        except StudyError as error:
            yield Problem(error.file, error.line, error.what, error.hint or _NO_TEXT)
            all_read = False
            continue
        if template is None:  # missing, which is said elsewhere
            all_read = False
            continue
        used |= {field.name.lower() for field in template.fields}
        yield from _check_fields(template, parameters, suggestions)
    if all_read:
        yield from _unused(control, used, is_pestpp=is_pestpp)


def _read(control: Control, pair: FilePair, *, is_pestpp: bool) -> PestTemplate | None:
    path = find_file(control.folder, pair.pest_file)
    if path is None:
        return None
    shown = control.folder / as_posix(pair.pest_file)
    text, _ = read_text(path, shown=shown, what="the template", otherwise=_NO_TEXT)
    template = PestTemplate.parse(shown, text or "\n")
    if is_pestpp:
        return template
    if text[3:5] == "  ":
        what = "PEST takes the second blank of the first line for the marker"
        hint = f"write `{text[:3]} {template.marker}`, with one blank"
        raise ControlError(what, file=shown, line=1, hint=hint)
    for number, line in enumerate(StringIO(text, newline=""), start=1):
        if any("\t" in field for field in line.split(template.marker)[1::2]):
            what = "PEST takes a tab between the markers of a field for a part of the name"
            raise ControlError(what, file=shown, line=number, hint="write blanks for it")
    return template


def _check_fields(
    template: PestTemplate, parameters: Mapping[str, PestParameter], suggestions: Suggestions
) -> Iterator[Problem]:
    seen: set[tuple[str, int]] = set()
    for field in template.fields:
        if (field.name.lower(), field.width) in seen:
            continue
        seen.add((field.name.lower(), field.width))
        parameter = parameters.get(field.name.lower())
        if parameter is None:
            what = f"`{field.name}` is no parameter of the control file"
            yield Problem(template.file, field.line, what, suggestions.hint(field.name))
        else:
            yield from _check_width(template, field, parameter)


def _check_width(
    template: PestTemplate, field: Field, parameter: PestParameter
) -> Iterator[Problem]:
    values = (parameter.initial, parameter.lower, parameter.upper)
    try:
        for value in values if parameter.is_adjustable else values[:1]:
            fit(_as_model_sees(parameter, value), field.width)
    except InvalidValueError as error:
        what = f"{error.message}, and `{parameter.name}` may take that value"
        yield Problem(template.file, field.line, what, error.hint or _NO_TEXT)
        return
    if parameter.is_adjustable:
        yield from _check_digits(template, field, parameter)


def _check_digits(
    template: PestTemplate, field: Field, parameter: PestParameter
) -> Iterator[Problem]:
    # A logarithm is as exact everywhere; where that is not taken, what is near 0 matters little.
    bounds = (parameter.lower, parameter.upper) if parameter.transform == "log" else ()
    seen = [_as_model_sees(parameter, value) for value in (parameter.initial, *bounds)]
    kept, value = min((kept_digits(value, field.width), value) for value in seen)
    if kept < ENOUGH_DIGITS and value:
        digits = "1 digit" if kept == 1 else f"{kept} digits"
        what = (
            f"a field of {field.width} characters keeps only {digits} of `{parameter.name}` where "
            f"that is about {value:g}, and small changes are lost"
        )
        hint = "set the markers of the field further apart"
        yield Problem(template.file, field.line, what, hint, is_error=False)


def _as_model_sees(parameter: PestParameter, value: float) -> float:
    seen = value * parameter.scale + parameter.offset
    if not math.isfinite(seen):
        raise InvalidValueError("value * scale + offset is too large", hint="mend the scale")
    return seen


def _unused(control: Control, used: set[str], *, is_pestpp: bool) -> Iterator[Problem]:
    # PEST wants fixed and tied parameters in a template, too.
    for parameter in control.adjustable if is_pestpp else control.parameters:
        if parameter.name not in used and not (
            is_pestpp and _is_followed(control, parameter, used)
        ):
            what = f"parameter `{parameter.name}` is in no template, so the model never sees it"
            mend = "make it `fixed`, or remove it" if is_pestpp else "or remove it"
            yield Problem.at(parameter.place, what, f"write it into a template, {mend}")


def _is_followed(control: Control, leader: PestParameter, used: set[str]) -> bool:
    return any(
        parameter.tied_to == leader.name and parameter.name in used
        for parameter in control.parameters
    )
