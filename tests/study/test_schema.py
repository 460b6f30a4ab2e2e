"""The published JSON Schema describes every key."""

from __future__ import annotations

import json
import re

import pytest

from runfleet.documents.form import Form
from runfleet.study import forms, json_schema


def described(schema, place=""):
    """List the properties that have no description."""
    for name, inner in schema.get("properties", {}).items():
        if "description" not in inner:
            yield f"{place}.{name}"


def test_every_key_is_described():
    schema = json_schema()
    forms = [schema]
    for form in schema["$defs"].values():
        forms += [form, *form.get("anyOf", [])]
    assert [key for form in forms for key in described(form)] == []
    assert list(schema["properties"]) == [
        "study", "model", "parameters", "design", "run_name", "results", "pest", "pool",
    ]  # fmt: skip
    assert schema["required"] == ["model"]


def test_unknown_keys_are_refused_by_the_schema_too():
    assert json_schema()["additionalProperties"] is False
    assert "internal" not in json.dumps(json_schema())


def test_what_others_call_keys_is_translated_into_keys():
    held = (kind for kind in vars(forms).values() if isinstance(kind, type))
    ours = [kind for kind in held if issubclass(kind, Form)]
    assert sum(len(form.synonyms) for form in ours) > 30
    for form in ours:
        assert form.fields_by_key().keys() >= set(form.synonyms.values())


def test_short_spellings_are_in_the_schema():
    forms = json_schema()["$defs"]
    kinds = [form.get("type") for form in forms["ParameterForm"]["anyOf"]]
    assert kinds == ["string", "boolean", "integer", "number", "array", "object"]
    words = [form.get("enum", [None])[0] for form in forms["DesignForm"]["anyOf"]]
    assert words == ["grid", "zip", None]


def test_one_distribution_and_one_design_are_in_the_schema():
    forms = json_schema()["$defs"]
    *_, parameter = forms["ParameterForm"]["anyOf"]
    assert {"required": ["uniform"]} in parameter["oneOf"]
    assert parameter["dependentRequired"] == {"min": ["normal"], "max": ["normal"]}
    *_, workers = forms["WorkersForm"]["anyOf"]
    assert workers["dependentRequired"] == {"min": ["max"], "idle": ["max"]}
    *_, design = forms["DesignForm"]["anyOf"]
    assert {"type": "null"} not in design["properties"]["csv"]["anyOf"]


@pytest.mark.parametrize(
    ("key", "names", "others"),
    [
        ("parameters", ["A", "k_1"], ["A B", "1A", "Größe"]),
        ("results", ["q", "mean flow", "Abfluß"], ["1q", "q/x", " q", "q ", ""]),
    ],
)
def test_names_are_in_the_schema(key: str, names: list[str], others: list[str]):
    pattern = re.compile(json_schema()["properties"][key]["propertyNames"]["pattern"])
    assert all(map(pattern.search, names))
    assert not any(map(pattern.search, others))


def test_a_calibration_and_a_study_of_runs_do_not_mix_in_the_schema():
    calibration, of_runs = json_schema()["anyOf"]
    assert {"required": ["design"]} in calibration["not"]["anyOf"]
    assert of_runs["not"] == {"anyOf": [{"required": ["pest"]}]}
