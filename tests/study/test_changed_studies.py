"""A study that a program has changed is checked as one in a file is."""

from __future__ import annotations

from dataclasses import replace
from itertools import starmap
from typing import Any

import pytest

from runfleet.study import Model, NamePattern, Parameter, StudyError
from runfleet.study.distributions import Choice, Distribution, Fixed, Normal, Uniform

STUDY = "model: {{command: m}}\nparameters: {{{}}}\ndesign: {}\n"
LEVELS = "A: [1, 2], B: [3, 4]"
RANGES = "A: {uniform: [0, 1]}, B: {normal: [0, 1]}"


@pytest.mark.parametrize(
    ("changes", "what", "hint"),
    [
        ({"name": ""}, "the name of a study is empty", "use letters, digits, `-` and `_` only"),
        (
            {"name": "Ä b/.."},
            "the name `Ä b/..` holds `Ä`, which Batch refuses",
            "use letters, digits, `-` and `_` only, as in `Ae-b`",
        ),
        (
            {"name": "y" * 60},
            f"the name `{'y' * 60}` has 60 characters, a study's may have 59",
            "shorten it",
        ),
        (
            {"model": Model(" ")},
            "the command is empty",
            "write what you would type into a terminal",
        ),
        (
            {"run_name": NamePattern.parse("{C}", ["C"])},
            "`{C}` names no parameter of this study",
            "the fields are `A`, `B` and `number`",
        ),
    ],
)
def test_what_could_not_run_is_refused(load, changes: dict[str, Any], what: str, hint: str):
    study = load(STUDY.format(LEVELS, "grid"))
    with pytest.raises(StudyError) as caught:
        replace(study, **changes)
    assert (caught.value.message, caught.value.hint) == (f"study.yaml: {what}", hint)


ONE_TWO, THREE_FOUR = Choice((1, 2)), Choice((3, 4))


@pytest.mark.parametrize(
    ("design", "parameters", "others"),
    [
        ("grid", LEVELS, {"A": ONE_TWO}),
        ("grid", LEVELS, {"A": ONE_TWO, "B": Choice((3, 5))}),
        ("grid", LEVELS, {"A": ONE_TWO, "B": Uniform(3, 4)}),
        ("grid", LEVELS, {"A": ONE_TWO, "B": None}),
        ("grid", LEVELS, {"A": ONE_TWO, "B": Fixed(3)}),
        ("zip", LEVELS, {"B": THREE_FOUR, "A": ONE_TWO}),
        ("{random: 3}", RANGES, {"A": Uniform(0, 1), "B": Normal(0, 2)}),
        ("{sobol: 4}", RANGES, {"A": Uniform(0, 1), "B": Normal(0, 1), "C": Uniform(0, 1)}),
        ("{saltelli: 4}", RANGES, {"B": Normal(0, 1), "A": Uniform(0, 1)}),
        ("{morris: 4}", RANGES, {"A": Uniform(0, 1), "B": Normal(0, 2)}),
        ("{morris: 4}", RANGES, {"A": Uniform(0, 1), "B": None}),
        ("{list: [{A: 1, B: 3}]}", LEVELS, {"B": THREE_FOUR, "A": ONE_TWO}),
        ("{csv: table.csv}", LEVELS, {"A": ONE_TWO, "C": None}),
    ],
)
def test_a_design_of_other_parameters_is_refused(
    load, design: str, parameters: str, others: dict[str, Distribution | None]
):
    """Its runs would have the values of the parameters as they were, or those of one another."""
    study = load(STUDY.format(parameters, design), table_dot_csv="A,B\n1,3\n")
    with pytest.raises(StudyError) as caught:
        replace(study, parameters=tuple(starmap(Parameter, others.items())))
    assert caught.value.message == "study.yaml: the design was made for other parameters"
    assert caught.value.hint == "change them in the study file, and load it again"


@pytest.mark.parametrize(
    ("design", "parameters"),
    [
        ("grid", LEVELS),
        ("grid", "A: 1"),
        ("zip", LEVELS),
        ("{random: 3}", RANGES),
        ("{saltelli: 4}", RANGES),
        ("{morris: 4}", RANGES),
        ("{morris: 4}", "A: {integers: [1, 9]}, B: {normal: [0, 1], min: -1}"),
        ("{list: [{A: 1, B: 3}]}", LEVELS),
        ("{csv: table.csv}", ""),
    ],
)
def test_what_does_not_change_the_samples_may_be_changed(load, design: str, parameters: str):
    study = load(STUDY.format(parameters, design), table_dot_csv="A,B\n1,3\n")
    constant = load(STUDY.format("K: 7", "grid")).parameters
    units = tuple(replace(parameter, unit="m") for parameter in study.parameters)
    changed = replace(study, name="other", parameters=(*units, *constant), results=())
    samples = [sample | {"K": 7} for sample in study.samples()]
    assert list(changed.samples()) == samples
