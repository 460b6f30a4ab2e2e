"""The study file that a user begins with loads as it is written."""

from __future__ import annotations

import re

import pytest

from runfleet.documents.errors import InvalidValueError
from runfleet.study import Output, starter_text


@pytest.mark.parametrize(
    "command", ["./model", 'sh -c "echo \\"$P\\" > out.txt"', "cmd /c 50% {x}"]
)
def test_a_starter_loads(load, command):
    study = load(starter_text(command, name="first"))
    assert (study.name, study.model.command, study.run_count()) == ("first", command, 1)


def test_a_starter_names_inputs_and_outputs(load):
    study = load(
        starter_text("./model", inputs=["a b.inp"], outputs=["*.rpt", "log.txt"]),
        **{"a b_dot_inp": "x"},
    )
    assert [str(item.path) for item in study.model.inputs] == ["a b.inp"]
    assert study.model.outputs == (Output("*.rpt"), Output("log.txt"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("x: y.sh", "`x: y.sh` begins as paths on the drive `x:` of Windows do"),
        ("b\udcff.sh", r"the name of `b\xff.sh` is not UTF-8"),
        ("d/../b.sh", "`d/../b.sh` goes up by `..`"),
    ],
)
def test_a_starter_names_no_input_that_would_be_refused(name: str, message: str):
    with pytest.raises(InvalidValueError) as caught:
        starter_text("./model", inputs=["a.inp", name])
    assert caught.value.message == message
    assert caught.value.hint


def test_the_examples_in_a_starter_hold(load):
    """Every comment line that is an example can be used by removing its `#`."""
    example = re.compile(r"^( *)# (?=[a-z_]+: [\[{0-9\"]|[a-z_]+:$|  [A-Za-z_]+: \{)", re.MULTILINE)
    text = example.sub(r"\1", starter_text("./model"))
    study = load(
        text,
        network_dot_inp="x",
        network_dot_inp_dot_j2="{{ ROUGHNESS }} {{ DEMAND }}",
    )
    assert (study.run_count(), study.model.retries, len(study.results)) == (200, 2, 1)
    assert study.pool.nodes.max == 5
