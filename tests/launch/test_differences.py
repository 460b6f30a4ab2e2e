"""What has changed in a study, in words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.launch.comparison import Comparison, compare
from runfleet.launch.definition import Definition, define, fingerprints, with_more_outputs
from runfleet.launch.differences import describe_changes
from runfleet.study import Study

STUDY = """
model:
  command: cat net.inp
  inputs: [net.inp]
  outputs: [a.txt]
  environment: {OMP_NUM_THREADS: "1"}
  retries: 1
parameters:
  X: {values: [1, 2]}
"""

Edit = Callable[[str], Study]


@pytest.fixture
def edit(tmp_path: Path) -> Edit:
    """Write the study file, with other inputs beside it where the text names them."""

    def write(text: str, *, net: str = "[PIPES]") -> Study:
        (tmp_path / "net.inp").write_text(net)
        (tmp_path / "other.inp").write_text("x")
        (tmp_path / "study.yaml").write_text(text)
        return Study.load(tmp_path / "study.yaml")

    return write


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def defined(study: Study) -> tuple[Definition, dict[str, str]]:
    definition = define(study, digest)
    return definition, dict(fingerprints(study, definition))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cat net.inp", "cat *", "the command changed from `cat net.inp` to `cat *`"),
        ("[net.inp]", "[net.inp, other.inp]", "input `other.inp` was added"),
        ("[a.txt]", "[a.txt, b.txt]", "output `b.txt` was added"),
        ("[a.txt]", "[{pattern: a.txt, required: false}]", "output `a.txt (optional)` was added"),
        ('"1"', '"2"', "environment variable `OMP_NUM_THREADS` changed"),
        ("retries: 1", "retries: 2", "retries changed from `1` to `2`"),
        ("retries: 1", "time_limit: 90s", "time limit changed from `none` to `1m30s`"),
        ("X: {values: [1, 2]}", "Y: {values: [1, 2]}", "parameter `X` was removed"),
        ("[1, 2]", "[1, 3]", "parameter `X` changed"),
        (
            "parameters:",
            "design: zip\nparameters:",
            "the design or the names of the runs changed",
        ),
        (
            "parameters:",
            "run_name: 'x{X}'\nparameters:",
            "the design or the names of the runs changed",
        ),
        (
            "parameters:",
            "pool: {image: ubuntu-24.04}\nparameters:",
            "the image changed from `ubuntu-22.04` to `ubuntu-24.04`",
        ),
        (
            "parameters:",
            "pool: {image: windows-2022}\nparameters:",
            "the runs are to be done on Windows",
        ),
    ],
)
def test_an_edit_is_named(edit: Edit, old: str, new: str, words: str) -> None:
    """Each kind of edit in its own words."""
    before = define(edit(STUDY), digest)
    after = define(edit(STUDY.replace(old, new)), digest)
    assert words in describe_changes(before, after, Comparison({}, {}))


@pytest.mark.parametrize(
    "text",
    [
        f"# A comment.\n{STUDY}",
        f"{STUDY}results: {{x: {{file: a.txt, pattern: '(.*)'}}}}\n",
        f"{STUDY}pool: {{nodes: {{max: 3}}}}\n",
    ],
)
def test_what_runs_do_not_depend_on_is_no_change(edit: Edit, text: str) -> None:
    """Comments, results and the pool."""
    assert defined(edit(STUDY)) == defined(edit(text))


@pytest.mark.parametrize(
    ("outputs", "wanted", "suffice"),
    [
        ("[a.txt, b.txt]", "[a.txt]", True),
        ("[a.txt, b.txt]", "[b.txt, a.txt]", True),
        ("[a.txt]", "[{pattern: a.txt, required: false}]", True),
        ("[{pattern: a.txt, required: false}]", "[a.txt]", False),
        ("[a.txt]", "[a.txt, b.txt]", False),
        ("[a.txt, b.txt]", "[a.txt, c.txt]", False),
        ("['*.txt']", "[a.txt]", False),
        ("[a.txt]", "[a.txt]", False),
    ],
)
def test_more_outputs_suffice(edit: Edit, outputs: str, wanted: str, suffice: bool) -> None:
    """All that are wanted have to be among them, and required where they are."""
    before, marks = defined(edit(STUDY.replace("[a.txt]", outputs)))
    study = edit(STUDY.replace("[a.txt]", wanted))
    now, _ = defined(study)
    found = list(with_more_outputs(now, [before.model["outputs"]]))
    assert [dict(fingerprints(study, one)) for one in found] == ([marks] if suffice else [])


@pytest.mark.parametrize("edited", ["retries: 3", "time_limit: 5s", "retries: 1"])
def test_limits_make_no_run_another(edit: Edit, edited: str) -> None:
    """A finished run need not be repeated because it might have had more time."""
    text = STUDY.replace("retries: 1", edited)
    assert defined(edit(STUDY))[1] == defined(edit(text))[1]


def test_another_operating_system_makes_all_runs_others(edit: Edit) -> None:
    """What a model for Linux has computed is not the result of one for Windows."""
    text = f"{STUDY}pool: {{image: windows-2022}}\n"
    assert not set(defined(edit(STUDY))[1].items()) & set(defined(edit(text))[1].items())
    newer = f"{STUDY}pool: {{image: ubuntu-24.04}}\n"
    assert defined(edit(STUDY))[1] == defined(edit(newer))[1]


def test_truth_values_make_other_runs_than_texts_where_templates_can_tell(edit: Edit) -> None:
    """In the environment they are the same."""
    values = '[{W: "true", X: 1}, {W: low, X: 2}]'
    for overlays, changed in (("", []), ("overlays: {net: net.inp}, ", ["run-00001"])):
        text = f"model: {{{overlays}command: 'x $W $X'}}\ndesign: {{list: {values}}}\n"
        _, before = defined(edit(text, net="{{ W }}"))  # type: ignore[call-arg]
        _, now = defined(edit(text.replace('"true"', "true"), net="{{ W }}"))  # type: ignore[call-arg]
        assert [name for name in now if now[name] != before[name]] == changed


def test_an_empty_folder_counts(edit: Edit, tmp_path: Path) -> None:
    """And nothing does where there is none: studies from before are the same."""
    text = STUDY.replace("[net.inp]", "[net.inp, work]")
    (tmp_path / "work" / "data").mkdir(parents=True)
    (tmp_path / "work" / "data" / "a").write_text("x")
    before, ids = defined(edit(text))
    assert "folders" not in before.model
    (tmp_path / "work" / "heads").mkdir()
    after, edited = defined(edit(text))
    assert ids != edited
    told = "folder `work/heads` was"
    assert describe_changes(before, after, Comparison({}, {})) == (f"{told} added",)
    assert describe_changes(after, before, Comparison({}, {})) == (f"{told} removed",)


def test_an_input_counts_by_its_content(edit: Edit) -> None:
    """Not by its time."""
    _, before = defined(edit(STUDY))
    assert defined(edit(STUDY, net="[PIPES]"))[1] == before  # type: ignore[call-arg]
    assert defined(edit(STUDY, net="[TANKS]"))[1] != before  # type: ignore[call-arg]


def test_runs_are_counted_with_examples() -> None:
    """Three of them at most."""
    definition = Definition({}, {}, {}, "")
    comparison = compare(dict.fromkeys("abcd", "1"), [])
    assert describe_changes(definition, definition, comparison) == ("4 runs added (a, b, c, ...)",)
