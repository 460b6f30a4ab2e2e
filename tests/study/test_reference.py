"""The examples in the reference of the study file are study files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runfleet.study import Study, json_schema

REFERENCE = Path(__file__).parents[2] / "docs" / "study-file.md"
BLOCK = re.compile(r"^```(yaml|text (\S+))\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEXT = REFERENCE.read_text(encoding="utf-8")
EXAMPLES = [body for kind, _, body in BLOCK.findall(TEXT) if kind == "yaml"]
FILES = {name: body for _, name, body in BLOCK.findall(TEXT) if name}
INPUTS = ["patterns.txt", "run.sh", "forcing/a.csv", "terrain.bin", "decay.pst"]
COUNTS = [200, 1, 1, 50, 2, 40, 6, 1, 1, 1]


@pytest.mark.parametrize(("text", "count"), list(zip(EXAMPLES, COUNTS, strict=True)))
def test_an_example_loads_and_renders(folder: Path, text: str, count: int):
    for name, body in FILES.items() | {(name, "x") for name in INPUTS}:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(body)
    (folder / "study.yaml").write_text(text)
    study = Study.load("study.yaml")
    runs = list(study.runs())
    assert len(runs) == study.run_count() == count
    for overlay in study.model.overlays:
        assert {overlay.render(run.sample, run.name) for run in runs}


def test_the_study_of_the_page_on_sensitivity_loads(folder: Path):
    page = (REFERENCE.parent / "sensitivity.md").read_text(encoding="utf-8")
    (text,) = (body for kind, _, body in BLOCK.findall(page) if kind == "yaml")
    names = ("ROUGHNESS", "DEMAND", "LEAKAGE", "PUMPS")
    (folder / "village.inp.j2").write_text(" ".join(f"{{{{ {name} }}}}" for name in names))
    (folder / "study.yaml").write_text(text)
    study = Study.load("study.yaml")
    assert study.run_count() == 100
    assert f"`{study.design.summary}`" in page


def test_the_reference_names_every_key():
    schema = json_schema()
    forms = [schema]
    for form in schema["$defs"].values():
        forms += [form, *form.get("anyOf", [])]
    keys = {key for form in forms for key in form.get("properties", {})}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", TEXT)] == []
