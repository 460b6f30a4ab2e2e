"""What a study file becomes, and the runs it makes."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import tracemalloc
from collections import deque
from datetime import timedelta
from itertools import islice
from pathlib import Path, PurePosixPath

import pytest

from runfleet.study import (
    NodeRange,
    Output,
    PackageReference,
    PoolRequest,
    SharedInput,
    Study,
)

FULL = """\
study: net1-roughness
model:
  command: runepanet net1.inp net1.rpt
  packages: [epanet==2.3.5, tools]
  inputs: [net1.inp, {path: "data/*.csv", link: true}, more]
  overlays: {net1.inp: net1.inp.j2}
  outputs: ["*.rpt", {pattern: "log/**", required: false}]
  environment: {OMP_NUM_THREADS: 1}
  retries: 2
  time_limit: 1h30m
parameters:
  ROUGHNESS: {uniform: [80, 140], unit: "-"}
  DEMAND: {values: [0.8, 1.0, 1.2]}
  CASE: base
design: {latin_hypercube: 20, seed: 3}
results:
  lowest: {file: net1.rpt, pattern: 'minimum pressure\\s+(\\S+)', take: min, unit: m}
  flow: {file: flow.csv, column: Q}
pool: {vm_size: standard_f4s_v2, nodes: {max: 5, spot: true}, tasks_per_node: 4}
"""


@pytest.fixture
def full(load, folder: Path) -> Study:
    for name in ("data/b.csv", "data/a.csv", "data/x.txt", "more/deep/y.bin"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    template = "{{ '%.1f' | format(ROUGHNESS) }} {{ DEMAND }} {{ CASE }} {{ run_name }}\n"
    return load(FULL, net1_dot_inp_dot_j2=template)


def test_a_study_holds_what_its_file_says(full: Study, folder: Path):
    model = full.model
    assert full.name == "net1-roughness"
    assert full.folder == folder
    assert full.source == FULL
    assert model.command == "runepanet net1.inp net1.rpt"
    assert model.packages == (PackageReference("epanet", "2.3.5"), PackageReference("tools", None))
    assert model.environment == {"OMP_NUM_THREADS": "1"}
    assert (model.retries, model.time_limit) == (2, timedelta(minutes=90))
    assert [parameter.unit for parameter in full.parameters] == ["-", "", ""]
    assert full.pool == PoolRequest(
        None, "ubuntu-22.04", "standard_f4s_v2", NodeRange(0, 5, spot=True), tasks_per_node=4
    )


def test_inputs_are_expanded_without_overlaid_files(full: Study, folder: Path):
    paths = [("data/a.csv", True), ("data/b.csv", True), ("more/deep/y.bin", False)]
    assert full.model.inputs == tuple(
        SharedInput(PurePosixPath(path), folder / path, link) for path, link in paths
    )


def test_files_that_results_are_read_from_are_kept(full: Study):
    assert full.model.outputs == (
        Output("*.rpt"),
        Output("log/**", required=False),
        Output("flow.csv"),
    )


def test_logs_are_kept_anyhow(load):
    study = load("model: {command: x}\nresults: {x: {file: stdout.txt, pattern: '(.)'}}\n")
    assert study.model.outputs == ()


def test_a_name_may_begin_with_a_tilde(load, folder: Path):
    (folder / "~model.inp").write_text("x")
    study = load("model: {command: x, inputs: [~model.inp]}\n")
    assert [str(item.path) for item in study.model.inputs] == ["~model.inp"]


def test_a_folder_leaves_out_results_and_the_study_file(load, folder: Path):
    (folder / "results" / "study").mkdir(parents=True)
    (folder / "results" / "study" / "runs.csv").write_text("x")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    (folder / "model.inp").write_text("x")
    for pattern, paths in {"*": ["model.inp"], ".": ["model.inp"], ".git": [".git/config"]}.items():
        study = load(f"model: {{command: x, inputs: ['{pattern}']}}\n")
        assert [str(item.path) for item in study.model.inputs] == paths


@pytest.mark.parametrize(
    ("inputs", "folders"),
    [
        ("[work]", ["work/data", "work/heads/deep"]),
        ("['work/**']", ["work/data", "work/heads/deep"]),
        ("[wor*]", ["work/data", "work/heads/deep"]),
        ("[.]", ["work/data", "work/heads/deep"]),
        ("[work/heads]", ["work/heads/deep"]),
        ("[work, work/data/.k*]", ["work/heads/deep"]),
        ("['work/*.inp']", []),
        ("[]", []),
    ],
)
def test_folders_that_no_input_is_in_are_known(load, folder: Path, inputs: str, folders: list[str]):
    """Old programs write to them and make none; a `.keep` that is left out does not fill one."""
    for name in ("work/data", "work/heads/deep", "results/x", ".git/refs", "work/.hidden"):
        (folder / name).mkdir(parents=True)
    for name in ("a.j2", "work/net.inp", "work/data/.keep"):
        (folder / name).write_text("x")
    (folder / "work" / "made").mkdir()
    study = load(f"model: {{command: x, inputs: {inputs}, overlays: {{work/made/a: a.j2}}}}\n")
    assert [str(path) for path in study.model.folders] == folders


def test_runs_carry_their_values_in_the_environment_and_the_overlays(full: Study):
    runs = list(full.runs())
    assert len(runs) == full.run_count() == 20
    run = runs[6]
    assert (run.number, run.name) == (7, "run-00007")
    assert list(run.sample) == ["ROUGHNESS", "DEMAND", "CASE"]
    roughness, demand = run.sample["ROUGHNESS"], run.sample["DEMAND"]
    assert run.environment == {
        "OMP_NUM_THREADS": "1",
        "ROUGHNESS": repr(roughness),
        "DEMAND": repr(demand),
        "CASE": "base",
    }
    [overlay] = full.model.overlays
    rendered = f"{roughness:.1f} {demand} base run-00007\n"
    assert overlay.render(run.sample, run.name) == rendered.encode()


def test_runs_are_the_same_every_time(full: Study):
    assert list(full.runs()) == list(full.runs())
    assert list(Study.load("study.yaml").samples()) == [dict(run.sample) for run in full.runs()]


def test_the_smallest_study_is_one_run(load):
    study = load("model: {command: hostname}\n")
    [run] = study.runs()
    assert (study.name, run.name, run.sample, run.environment) == ("study", "run-00001", {}, {})
    assert study.pool == PoolRequest()


def test_the_command_true_needs_no_quotes(load):
    assert load("model: {command: true}\n").model.command == "true"


def test_a_study_takes_its_name_from_its_file(folder: Path):
    path = folder / "Übung 3 (neu).yaml"
    path.write_text("model: {command: x}\n", encoding="utf-8")
    assert Study.load(path).name == "Uebung-3--neu"


def test_empty_sections_are_as_good_as_none(load):
    text = "model:\n  command: x\n  inputs:\nparameters:\nresults:\ndesign:\npool:\n"
    assert load(text).run_count() == 1


def test_anchors_and_merge_keys_are_understood(load):
    study = load(
        "model: {command: x}\n"
        "parameters:\n  A: &a {uniform: [0, 1], unit: m}\n  B: {<<: *a, unit: s}\n"
        "design: {random: 2}\n"
    )
    assert [parameter.unit for parameter in study.parameters] == ["m", "s"]
    assert study.parameters[0].distribution == study.parameters[1].distribution


def test_values_keep_their_types(load):
    study = load(
        "model: {command: x}\n"
        "parameters: {I: 80, F: 80.0, E: 1e-3, S: '007', D: 2020-01-01, T: true, N: no}\n"
    )
    [run] = study.runs()
    assert dict(run.environment) == {
        "I": "80", "F": "80.0", "E": "0.001", "S": "007", "D": "2020-01-01", "T": "true", "N": "no",
    }  # fmt: skip


def test_an_unused_parameter_may_be_for_the_environment(load):
    parameters = "parameters: {A: 1, B: 2, C: 3, D: {value: 4, environment_only: true}}\n"
    text = 'model: {command: run $B, overlays: {x: t}, environment: {Z: "$C"}}\n' + parameters
    assert load(text, t="{{ A }}").run_count() == 1


def test_run_names_follow_a_pattern(load):
    study = load(
        "model: {command: x}\nparameters: {R: [80.4, -1.5], D: [0.8, 1e20]}\n"
        "run_name: 'r{R:.0f}-d{D}'\n"
    )
    assert [run.name for run in study.runs()] == ["r80-d0_8", "r80-d1e20", "r-2-d0_8", "r-2-d1e20"]


def test_a_sobol_sequence_of_odd_length_is_warned_of(load):
    text = "model: {command: x}\nparameters: {A: {uniform: [0, 1]}}\n"
    assert load(text + "design: {sobol: 128}\n").warnings == ()
    [warning] = load(text + "design: {sobol: 200}\n").warnings
    assert warning == (
        "a Sobol sequence is balanced only if its length is a power of two: "
        "128 or 256 runs rather than 200"
    )


@pytest.mark.parametrize(
    ("design", "parameters"),
    [
        ("grid", "{A: {integers: [1, 1000]}, B: {integers: [1, 1000]}}"),
        ("grid", "{A: {integers: [1, 1000000]}}"),
        ("{random: 1000000}", "{A: {normal: [0, 1]}}"),
        ("{halton: 1000000}", "{A: {uniform: [0, 1]}}"),
        ("{sobol: 1048576}", "{A: {uniform: [0, 1]}}"),
    ],
)
def test_a_million_runs_are_planned_in_constant_memory(load, design, parameters):
    study = load(f"model: {{command: x}}\nparameters: {parameters}\ndesign: {design}\n")
    assert study.run_count() >= 1_000_000
    runs = study.runs()
    deque(islice(runs, 5_000), maxlen=0)
    tracemalloc.start()
    try:
        deque(islice(runs, 20_000), maxlen=0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000


ODDITIES = {
    "parameters:\n  A: 1,5": (
        "`1,5`, a value of `A`, is a text: numbers have a decimal point and no unit"
    ),
    "parameters: {A: [10%]}": (
        "`10%`, a value of `A`, is a text: numbers have a decimal point and no unit"
    ),
    "parameters: {A: [1.000.000]}": (
        "`1.000.000`, a value of `A`, is a text: numbers have nothing between thousands"
    ),
    "parameters: {A: [1_000]}": (
        "`1_000`, a value of `A`, is a text: numbers have nothing between thousands"
    ),
    "parameters: {A: [0,5; 1,6]}": (
        "`5; 1`, a value of `A`, is a text: values stand between commas, and decimal numbers "
        "have a point"
    ),
    "parameters: {A: [80 m]}": (
        "`80 m`, a value of `A`, is a text: numbers have a decimal point and no unit"
    ),
    "parameters: {A: {categorical: [a, b, a]}}": "`a` is one of the values of `A` 2 times",
}


@pytest.mark.parametrize(("parameters", "warning"), ODDITIES.items())
def test_values_that_are_probably_not_meant_are_warned_of(load, parameters: str, warning: str):
    assert load(f"model: {{command: x}}\n{parameters}\n").warnings == (warning,)


@pytest.mark.parametrize(
    ("command", "read"),
    [
        ("sh m.sh # the model", "sh m.sh"),
        ('"sh m.sh #1 -x"', "sh m.sh #1 -x"),
        ("sh m.sh a#1", "sh m.sh a#1"),
        ("|\n    sh m.sh #1", "sh m.sh #1"),
    ],
)
def test_a_comment_and_a_whole_command_are_taken(load, command: str, read: str):
    study = load(f"model:\n  command: {command}\n")
    assert (study.model.command.strip(), study.warnings) == (read, ())


def test_a_command_whose_end_is_taken_for_a_comment_is_warned_of(load):
    study = load("model:\n  command: sh m.sh #1 -x\n")
    assert study.model.command == "sh m.sh"
    [warning] = study.warnings
    assert warning == (
        "the command ends before `#1 -x`, as ` #` begins a comment: put it in quotes if this "
        "belongs to it"
    )


def test_the_first_rows_of_a_table_are_looked_at(load):
    """Where a comma stands in one number, it stands in all."""
    text = "model: {command: x}\ndesign: {csv: s.csv}\n"
    [warning] = load(text, **{"s.csv": 'A,B\n1,"0,5"\n1,"1,5"\n'}).warnings
    assert warning == "`0,5`, a value of `B`, is a text: numbers have a decimal point and no unit"


CONDITIONS = {
    "{% if not (A > 1 and WET) %}x{% endif %}": (
        "in.j2:2: `False`, a value of `WET`, is a text, and every text is true to a template: "
        "write `true` or `false` in its place"
    ),
    "{{ 'x' if DRY == 'true' else 'y' }}": (
        "in.j2:2: `DRY` is never the text `true`: ask for it as in `{% if DRY %}`"
    ),
    "{% if WET == 'True' %}x{% elif DRY %}y{% endif %} {{ WET | lower }}": None,
}


@pytest.mark.parametrize(("condition", "warning"), CONDITIONS.items())
def test_conditions_that_are_always_the_same_are_told(load, condition: str, warning: str | None):
    """Python writes `True` and `False`, which are texts."""
    study = load(
        "model: {command: 'x $A $WET $DRY', overlays: {in: in.j2}}\ndesign: {csv: s.csv}\n",
        **{"s.csv": "A,WET,DRY\n1,False,true\n2,True,false\n", "in.j2": f"\n{condition}\n"},
    )
    assert study.warnings == (() if warning is None else (warning,))


@pytest.mark.parametrize(
    ("outputs", "file", "meant"),
    [
        ("[wb.out]", "wb.ot", "wb.out"),
        ("[wb.txt, Wb.out]", "wb.out", "Wb.out"),
        ("[flow1.csv, ./flow.csv]", "flow2.csv", "flow.csv"),
        ("[flow1.csv, 'out/*.csv', './*.cvs']", "flow2.csv", None),
        ("[out.txt]", "stdout.txt", None),
        ("['*.csv', flow.csv]", "flows.csv", None),
        ("[]", "flow.csv", None),
    ],
)
def test_files_of_results_that_are_nearly_an_output_are_told(load, outputs, file, meant):
    """Each run would fail for an output that nobody writes."""
    study = load(
        f"model: {{command: x, outputs: {outputs}}}\n"
        f"results: {{a: {{file: {file}, column: 1}}, b: {{file: {file}, column: 2}}}}\n"
    )
    told = f"results are read from `{file}`, which `outputs` do not name; did you mean `{meant}`?"
    assert study.warnings == ((told,) if meant else ())


def test_labels_are_not_taken_for_mistaken_numbers(load):
    values = "[2020-01-01, 2020-01-01 12:00, 1:30, 007, 3D, 10x, a b]"
    assert load(f"model: {{command: x}}\nparameters: {{A: {values}}}\n").warnings == ()


def test_a_plain_study_imports_neither_numpy_nor_scipy_nor_pandas(load):
    load("model: {command: x}\nparameters: {A: [1, 2]}\n")
    code = (
        "import sys; from runfleet.study import Study; "
        "runs = list(Study.load('study.yaml').runs()); "
        "print(len(runs), [name for name in ('numpy', 'scipy', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "2 []\n"


def test_a_parameter_may_be_called_as_a_key_where_it_is_not_taken_for_one(load):
    text = """\
    model: {command: x}
    parameters:
      range: [0, 1]
      levels: 3
      unit: [1, 2]
      pool: 5
      seed: {value: 7}
      design: {values: [grid, zip]}
    """
    study = load(textwrap.dedent(text))
    assert study.run_count() == 8
    assert next(study.samples()) == {
        "range": 0, "levels": 3, "unit": 1, "pool": 5, "seed": 7, "design": "grid",
    }  # fmt: skip


def test_the_columns_of_a_table_may_be_called_as_keys(load):
    text = "model: {command: x}\nparameters: {pool: {}, seed: }\ndesign: {csv: s.csv}\n"
    study = load(text, s_dot_csv="seed,pool\n1,2\n")
    assert list(study.samples()) == [{"pool": 2, "seed": 1}]


def test_runs_that_do_the_same_and_results_of_nearly_one_name_are_told(load):
    text = """\
    model: {command: x}
    design: {list: [{A: 1}, {A: 2}, {A: 1}]}
    results: {q: {file: a, column: 1}, Q: {file: a, column: 2}}
    """
    assert load(textwrap.dedent(text)).warnings == (
        "runs 1 and 3 have the same values of all parameters",
        (
            "the results `q` and `Q` differ in case only: on Windows and macOS the plots of one "
            "take the place of the other's"
        ),
    )
