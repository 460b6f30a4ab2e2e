"""Fault files: what they mean, and what is said of mistakes in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runfleet.documents.errors import DocumentError
from runfleet.faults import Fault, FaultKind, Faults, When
from runfleet.faults.fault import Occasion
from runfleet.faults.file import read_fault_file
from runfleet.faults.form import json_schema

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
COMMON_KEYS = {"operations", "pools", "probability", "nth", "times"}

MISTAKES = {
    "faults: [{fault: bussy}]": "faults.yaml:1: `faults[0].fault` should not be the text `bussy`",
    "seed: 1": "faults.yaml:1: the key `faults` is missing",
    "[busy]": "faults.yaml: these are no faults",
    "faults:\n- slow\n- {fault: slow, status: 500}": "faults.yaml:3: `faults[1]`: "
    "`status` means nothing to the fault `slow`",
    "faults:\n- {fault: error, status: 404}": "faults.yaml:2: `faults[0]`: "
    "`error` does not answer 404",
    "faults:\n- fault: drop\n  operations: [create_tsk]": "faults.yaml:3: `faults[0].operations`: "
    "`create_tsk` is no operation of the service",
    "faults: [{fault: busy, nth: [1], probability: 0.1}]": "faults.yaml:1: `faults[0]`: "
    "`nth` and `probability` exclude each other",
    "faults: [{fault: busy, probability: 2}]": "faults.yaml:1: `faults[0].probability` "
    "should be at most 1.0, not 2",
    "faults: [{fault: node_lost, seconds: -3}]": "faults.yaml:1: `faults[0]`: "
    "the `seconds` of `node_lost` should be at least 0, not -3",
    "faults: [{fault: expired_sas, files: outputs, of: start_tasks}]": "faults.yaml:1: `faults[0]`"
    ": the start tasks have no outputs",
    "faults: [{fault: clock_skew, seconds: 1.0e+15}]": "faults.yaml:1: `faults[0].seconds` "
    "should be at most 315,360,000.0, not 1000000000000000.0",
    "faults: [{fault: clock_skew, seconds: -1.0e+15}]": "faults.yaml:1: `faults[0].seconds` "
    "should be at least -315,360,000.0, not -1000000000000000.0",
    "faults: [{fault: busy, operations: []}]": "faults.yaml:1: `faults[0].operations` is empty",
    "faults: [{fault: node_lost, pools: []}]": "faults.yaml:1: `faults[0].pools` is empty",
    "faults: [busy": "faults.yaml:1: a bracket is opened here and never closed",
}


def read(folder: Path, text: str) -> Faults:
    file = folder / "faults.yaml"
    file.write_text(text)
    return read_fault_file(file)


def test_a_file_says_what_goes_wrong(tmp_path: Path) -> None:
    """What is not said is as it usually is; a bare name is a fault that always happens."""
    text = """\
    seed: 7
    faults:
    - busy
    - {fault: drop, when: after, operations: [create_task_collection], probability: 0.5, times: 3}
    - {fault: node_lost, pools: [local*], nth: [2, 9], recovers: false}
    """
    drop = Fault(
        FaultKind.DROP,
        operations=("create_task_collection",),
        probability=0.5,
        times=3,
        when=When.AFTER,
    )
    lost = Fault(FaultKind.NODE_LOST, pools=("local*",), nth=(2, 9), recovers=False)
    assert read(tmp_path, text) == Faults((Fault(FaultKind.BUSY), drop, lost), seed=7)


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes_are_told_with_their_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read(tmp_path, text)
    assert refused.value.message.removeprefix(f"{tmp_path}/") == MISTAKES[text]
    assert refused.value.hint


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        read_fault_file(tmp_path / "none.yaml")


def keys_of(folder: Path, kind: FaultKind) -> set[str]:
    """The keys of a fault, as the complaint about one that it has not lists them."""
    key = "pools" if kind.occasion is Occasion.REQUEST else "operations"
    with pytest.raises(DocumentError, match=f"`{key}` means nothing") as refused:
        read(folder, f"faults: [{{fault: {kind}, {key}: ['*']}}]")
    _, _, keys = refused.value.hint.partition(" are ")
    return set(re.findall(r"`(\w+)`", keys))


def test_the_page_has_every_fault_with_its_keys(tmp_path: Path) -> None:
    """A row a fault, with the keys that only some faults have."""
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\|(.*)\|$", PAGE.read_text(), re.MULTILINE))
    for kind in FaultKind:
        named = set(re.findall(r"`(\w+)`", rows[kind]))
        assert keys_of(tmp_path, kind) - COMMON_KEYS <= named, kind


def test_every_key_is_described_by_the_schema() -> None:
    schema = json_schema()
    (form,) = (one for one in schema["$defs"].values() if "anyOf" in one)
    described = form["anyOf"][-1]["properties"]
    assert all("description" in one for one in described.values())
