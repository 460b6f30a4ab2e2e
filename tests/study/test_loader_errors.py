"""Each mistake in a study file is told with its file, its line, what it is and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runfleet.study import Study, StudyError

MODEL = "model: {command: echo}\n"

MISTAKES = {
    "unknown key": (
        "model:\n  command: echo\n  comand: echo\n",
        "study.yaml:3: `model`: unknown key `comand`",
        "did you mean `command`?",
    ),
    "unknown key at the top": (
        "modle: {command: echo}\n",
        "study.yaml:1: unknown key `modle`",
        "did you mean `model`?",
    ),
    "unknown key near nothing": (
        MODEL + "pool:\n  zzz: 1\n",
        "study.yaml:3: `pool`: unknown key `zzz`",
        "the keys here are `id`, `image`, `vm_size`, `nodes` and `tasks_per_node`",
    ),
    "missing model": (
        "study: x\n",
        "study.yaml:1: the key `model` is missing",
        "add `model:`, the executable, and what it reads and writes",
    ),
    "missing command": (
        "model:\n  retries: 1\n",
        "study.yaml:1: `model`: the key `command` is missing",
        "add `command:`, the command line of a run, as you would type it into a terminal",
    ),
    "empty command": (
        "model: {command: ' '}\n",
        "study.yaml:1: `model.command`: the command is empty",
        "write what you would type into a terminal",
    ),
    "number as text": (
        "model:\n  command: 5\n",
        "study.yaml:2: `model.command` should be a text, not the number 5",
        'put it in quotes: "5"',
    ),
    "text as number": (
        'model:\n  command: echo\n  retries: "2"\n',
        "study.yaml:3: `model.retries` should be a whole number, not the text `2`",
        "write digits only, without quotes",
    ),
    "negative retries": (
        "model: {command: echo, retries: -1}\n",
        "study.yaml:1: `model.retries` should be at least 0, not -1",
        "give a number of at least 0",
    ),
    "text as list": (
        "model: {command: echo, packages: epanet}\n",
        "study.yaml:1: `model.packages` should be a list, not the text `epanet`",
        "write `[first, second]`, or one item a line after `- `",
    ),
    "list as mapping": (
        MODEL + "parameters: [A]\n",
        "study.yaml:2: `parameters` should be a mapping, not a list",
        "write `{key: value}`, or one `key: value` a line",
    ),
    "top is a list": (
        "- model\n",
        "study.yaml:1: the study file should be a mapping, not a list",
        "write `{key: value}`, or one `key: value` a line",
    ),
    "truth value in the environment": (
        "model: {command: echo, environment: {DEBUG: true}}\n",
        (
            "study.yaml:1: `model.environment.DEBUG`: an environment variable should be a text, "
            "not true"
        ),
        'put it in quotes: "true"',
    ),
    "time limit without unit": (
        "model: {command: echo, time_limit: 10}\n",
        (
            "study.yaml:1: `model.time_limit`: a duration should be a text with a unit, "
            "not the number 10"
        ),
        "write one like `90s`, `10m` or `1h30m`",
    ),
    "time limit of nothing": (
        "model: {command: echo, time_limit: soon}\n",
        "study.yaml:1: `model.time_limit`: `soon` is not a duration",
        "write one like `90s`, `10m` or `1h30m`",
    ),
    "package": (
        "model:\n  command: echo\n  packages:\n  - epanet=2.3\n",
        "study.yaml:4: `model.packages[0]`: `epanet=2.3` is not a package",
        "write its name and version: `epanet==2.3.5`",
    ),
    "study name": (
        "study: my study\n" + MODEL,
        "study.yaml:1: `study`: the name `my study` holds a blank, which Batch refuses",
        "use letters, digits, `-` and `_` only, as in `my-study`",
    ),
    "long study name": (
        f"study: {'x' * 65}\n" + MODEL,
        f"study.yaml:1: `study`: the name `{'x' * 65}` has 65 characters, a study's may have 59",
        "shorten it",
    ),
    "missing input": (
        "model:\n  command: echo\n  inputs:\n  - here.txt\n  - hre.txt\n",
        "study.yaml:5: `model.inputs[1]`: there is no file `hre.txt`",
        "did you mean `here.txt`?",
    ),
    "pattern without match": (
        "model: {command: echo, inputs: ['*.inp']}\n",
        "study.yaml:1: `model.inputs[0]`: `*.inp` stands for no file",
        "check it, or add the files",
    ),
    "escaping input": (
        "model: {command: echo, inputs: [../secret]}\n",
        "study.yaml:1: `model.inputs[0]`: `../secret` leads out of its folder",
        "put the file into the folder of the study file, or below",
    ),
    "absolute input": (
        "model: {command: echo, inputs: [/etc/passwd]}\n",
        "study.yaml:1: `model.inputs[0]`: `/etc/passwd` is an absolute path",
        "give a path relative to the study file, and put the file there",
    ),
    "windows path": (
        "model: {command: echo, inputs: ['data\\x.txt']}\n",
        "study.yaml:1: `model.inputs[0]`: `data\\x.txt` is spelled with `\\`",
        "write `/`, on Windows too",
    ),
    "drive": (
        "model: {command: echo, inputs: ['C:/x.txt']}\n",
        "study.yaml:1: `model.inputs[0]`: `C:/x.txt` is an absolute path",
        "give a path relative to the study file, and put the file there",
    ),
    "escaping output": (
        "model:\n  command: echo\n  outputs: [a/../../x]\n",
        "study.yaml:3: `model.outputs[0]`: `a/../../x` leads out of its folder",
        "put the file into the folder of the study file, or below",
    ),
    "escaping overlay": (
        "model:\n  command: echo\n  overlays:\n    ../x: here.txt\n",
        "study.yaml:4: `model.overlays.../x`: `../x` leads out of its folder",
        "put the file into the folder of the study file, or below",
    ),
    "missing template": (
        "model:\n  command: echo\n  overlays:\n    x: here.j2\n",
        "study.yaml:4: `model.overlays.x`: there is no file `here.j2`",
        "did you mean `here.txt`?",
    ),
    "escaping result": (
        MODEL + "results: {x: {file: ../x, pattern: (x)}}\n",
        "study.yaml:2: `results.x.file`: `../x` leads out of its folder",
        "put the file into the folder of the study file, or below",
    ),
    "two designs": (
        MODEL + "parameters: {A: [1]}\ndesign: {random: 5, sobol: 4}\n",
        "study.yaml:3: `design`: a study has one design, not `random` and `sobol`",
        (
            "use one of `grid`, `zip`, `list`, `csv`, `random`, `latin_hypercube`, `halton` "
            "and `sobol`"
        ),
    ),
    "unknown design": (
        MODEL + "design: latin\n",
        "study.yaml:2: `design`: there is no design `latin`",
        (
            "designs are `grid`, `zip`, `list`, `csv`, `random`, `latin_hypercube`, `halton` "
            "and `sobol`"
        ),
    ),
    "design without its number": (
        MODEL + "design: sobol\n",
        "study.yaml:2: `design`: the design `sobol` needs more",
        "write `{sobol: ...}`",
    ),
    "seed of a grid": (
        MODEL + "design:\n  grid: true\n  seed: 1\n",
        "study.yaml:4: `design`: `seed` means nothing to `grid`, which draws nothing",
        "remove it",
    ),
    "no draws": (
        MODEL + "parameters: {A: [1]}\ndesign: {random: 0}\n",
        "study.yaml:3: `design.random` should be at least 1, not 0",
        "give a number of at least 1",
    ),
    "nothing to vary": (
        MODEL + "parameters: {A: 1}\ndesign: {random: 5}\n",
        "study.yaml:3: the design is empty: there is no parameter for `random` to vary",
        "give a parameter values, or remove the design to have a single run",
    ),
    "no values": (
        MODEL + "parameters: {A: []}\n",
        "study.yaml:2: `parameters.A.values` is empty",
        "give at least one",
    ),
    "empty list": (
        MODEL + "design: {list: []}\n",
        "study.yaml:2: `design.list` is empty",
        "give at least one",
    ),
    "NaN": (
        MODEL + "parameters:\n  A: [1, .nan]\n",
        "study.yaml:3: `parameters.A.values[1]`: `nan` is not a number a model can be run with",
        "give a finite number, or a text in quotes",
    ),
    "infinite bound": (
        MODEL + "parameters:\n  A: {uniform: [0, .inf]}\n",
        "study.yaml:3: `parameters.A.uniform[1]` should be a finite number, not the number inf",
        "give a number that is neither NaN nor infinite",
    ),
    "one bound": (
        MODEL + "parameters:\n  A: {uniform: [80]}\n",
        "study.yaml:3: `parameters.A.uniform` should have 2 items, not 1",
        "write `[lowest, highest]`",
    ),
    "bounds swapped": (
        MODEL + "parameters:\n  A:\n    uniform: [140, 80]\n",
        (
            "study.yaml:4: `parameters.A`: `uniform`: the upper bound 80.0 does not exceed the "
            "lower bound 140.0"
        ),
        "write the lower bound first",
    ),
    "two distributions": (
        MODEL + "parameters: {A: {uniform: [1, 2], normal: [1, 2]}}\n",
        (
            "study.yaml:2: `parameters.A`: a parameter has one source of values, "
            "not `uniform` and `normal`"
        ),
        "remove all but one of them",
    ),
    "unknown distribution": (
        MODEL + "parameters: {A: {unifrom: [1, 2]}}\n",
        "study.yaml:2: `parameters.A`: unknown key `unifrom`",
        "did you mean `uniform`?",
    ),
    "parameter name": (
        MODEL + "parameters:\n  A B: 1\n",
        "study.yaml:3: `parameters.A B`: `A B` cannot be the name of a parameter",
        "use letters, digits and `_`, beginning with a letter",
    ),
    "parameter twins": (
        MODEL + "parameters:\n  Ks: 1\n  KS: 1\n",
        "study.yaml:4: `parameters`: `KS` and `Ks` differ in case only",
        "rename one of them: on Windows they are the same environment variable",
    ),
    "parameter in the environment": (
        "model: {command: echo, environment: {a: x}}\nparameters: {A: 1}\n",
        "study.yaml:1: `a` is also a parameter, which sets the same environment variable",
        "rename one of them",
    ),
    "grid over a continuum": (
        MODEL + "parameters:\n  A: {uniform: [0, 1]}\n",
        (
            "study.yaml:3: `parameters.A`: `grid` needs values one by one, and there is a "
            "continuum of them here"
        ),
        "list them: `{values: [1, 2, 3]}`; or draw samples: `design: {latin_hypercube: 100}`",
    ),
    "grid over nothing": (
        MODEL + "parameters:\n  A: {unit: m}\n",
        "study.yaml:3: `parameters.A`: `grid` finds no values here",
        "give some, as in `{values: [1, 2, 3]}` or `{uniform: [0, 1]}`",
    ),
    "unequal zip": (
        MODEL + "parameters:\n  A: [1, 2]\n  B: [1, 2, 3]\ndesign: zip\n",
        "study.yaml:4: `parameters.B`: 3 values cannot be zipped with the 2 of `A`",
        "give each parameter as many values, or use `design: grid`",
    ),
    "list lacks a value": (
        MODEL + "design:\n  list:\n  - {A: 1, B: 2}\n  - {A: 1}\n",
        "study.yaml:5: `design.list[1]`: there is no value for `B`",
        "add one",
    ),
    "list has another": (
        MODEL + "parameters: {ALPHA: {}}\ndesign:\n  list:\n  - {ALHPA: 1}\n",
        "study.yaml:5: `design.list[0].ALHPA`: `ALHPA` is no parameter of this study",
        "did you mean `ALPHA`?",
    ),
    "list out of bounds": (
        MODEL + "parameters: {A: {uniform: [0, 1]}}\ndesign:\n  list:\n  - {A: 2}\n",
        "study.yaml:5: `A` cannot be `2`, as its parameter is declared",
        "change the value, or what `parameters.A` allows",
    ),
    "fixed and listed": (
        MODEL + "parameters: {A: 1, B: {}}\ndesign: {list: [{A: 1, B: 2}]}\n",
        "study.yaml:3: `design.list[0]`: `A` has values here, but is fixed under `parameters`",
        "write `A: {}` there, or remove the values here",
    ),
    "regular expression": (
        MODEL + "results: {x: {file: x, pattern: '(a'}}\n",
        (
            "study.yaml:2: `results.x`: `(a` is not a regular expression: missing ), unterminated "
            "subpattern at position 0"
        ),
        "put a backslash before characters that stand for themselves, as in `\\(`",
    ),
    "no group": (
        MODEL + "results:\n  x:\n    file: x\n    pattern: abc\n",
        "study.yaml:5: `results.x`: the regular expression has no groups, it needs one",
        "put the number in brackets, as in `pressure (\\S+)`, and write other groups as `(?:...)`",
    ),
    "result without place": (
        MODEL + "results: {x: {file: x}}\n",
        "study.yaml:2: `results.x`: a result has one place in its file, not none",
        "use one of `pattern`, `column` and `json`",
    ),
    "take": (
        MODEL + "results: {x: {file: x, column: a, take: median}}\n",
        "study.yaml:2: `results.x.take` should not be the text `median`",
        "use 'first', 'last', 'min', 'max', 'mean' or 'sum'",
    ),
    "json path": (
        MODEL + "results: {x: {file: x, json: 'a[b'}}\n",
        "study.yaml:2: `results.x`: `a[b` is not a JSON path",
        "write one like `summary.flow[0]`",
    ),
    "run name of nothing": (
        MODEL + "parameters: {ALPHA: [1]}\nrun_name: 'r{ALPA}'\n",
        "study.yaml:3: `run_name`: `{ALPA}` names no parameter of this study",
        "did you mean `ALPHA`?",
    ),
    "run name with a blank": (
        MODEL + "run_name: 'run {number}'\n",
        (
            "study.yaml:2: `run_name`: the text `run ` in the pattern holds a blank, which Batch "
            "refuses"
        ),
        "use letters, digits, `-` and `_` only",
    ),
    "run name is no pattern": (
        MODEL + "run_name: 'r{number'\n",
        "study.yaml:2: `run_name`: `r{number` is not a pattern: expected '}' before end of string",
        "write fields as `{PARAMETER:.2f}`",
    ),
    "run name of a value": (
        MODEL + "parameters: {SOIL: [loam, 'sand/clay']}\nrun_name: '{SOIL}'\n",
        (
            "study.yaml:3: run 2: the value `sand/clay` of `SOIL` in its name holds `/`, "
            "which Batch refuses"
        ),
        "use letters, digits, `-` and `_` only in the value, or name the runs by `{number}`",
    ),
    "run name with a wrong format": (
        MODEL + "parameters: {SOIL: [loam]}\nrun_name: '{SOIL:.2f}'\n",
        "study.yaml:3: run 1: `loam` cannot be written as `{SOIL:.2f}`",
        "write `{SOIL}` without a format",
    ),
    "long run name": (
        MODEL + f"run_name: '{'x' * 61}{{number:05d}}'\n",
        f"study.yaml:2: run 1: the name `{'x' * 61}00001` has 66 characters, a run's may have 64",
        "shorten it",
    ),
    "same run name": (
        MODEL + "parameters: {A: [1.0, 2.0, 2.04]}\nrun_name: 'r{A:.1f}'\n",
        "study.yaml:3: runs 2 and 3 would both be called `r2_0`",
        "add `-{number}` to the pattern, or more digits: `{PARAMETER:.6f}`",
    ),
    "same run name but for case": (
        MODEL + "parameters: {A: [x, X]}\nrun_name: '{A}'\n",
        "study.yaml:3: runs 1 and 2 would both be called `x`",
        "add `-{number}` to the pattern, or more digits: `{PARAMETER:.6f}`",
    ),
    "fewer nodes than the least": (
        MODEL + "pool: {nodes: {min: 3, max: 2}}\n",
        "study.yaml:2: `pool.nodes`: `min` is 3 and `max` only 2",
        "raise `max` or lower `min`",
    ),
    "pool id": (
        MODEL + "pool: {id: a b}\n",
        "study.yaml:2: `pool.id` holds characters that Batch refuses, or too many",
        "use up to 64 letters, digits, `-` and `_`",
    ),
    "key twice": (
        "model:\n  command: a\n  command: b\n",
        "study.yaml:3: the key `command` stands here again",
        "the first is on line 2",
    ),
    "tab": (
        "model:\n\tcommand: a\n",
        "study.yaml:2: this is not YAML: found character '\\t' that cannot start any token",
        "indent with blanks, YAML allows no tabs",
    ),
    "open bracket": (
        "model: {command: a\n",
        "study.yaml:2: this is not YAML: expected ',' or '}', but got '<stream end>'",
        "check quotes, brackets and indentation on this line and the one before",
    ),
    "escape": (
        'model: {command: "a\\s"}\n',
        "study.yaml:1: this is not YAML: found unknown escape character 's'",
        "put texts with backslashes in single quotes: '\\s+'",
    ),
    "tag": (
        "model: {command: !run x}\n",
        "study.yaml:1: the tag `!run` means nothing in a study file",
        "remove it; put a text that begins with `!` in quotes",
    ),
    "endless": (
        "model: &m\n  command: *m\n",
        "study.yaml:1: an anchored value holds itself",
        "remove the alias in it",
    ),
    "empty file": ("", "study.yaml: the file is empty", "`runfleet init` writes a first one"),
}


@pytest.mark.parametrize(("text", "message", "hint"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_with_place_and_remedy(folder: Path, text, message, hint):
    (folder / "here.txt").write_text("here")
    (folder / "study.yaml").write_text(text)
    with pytest.raises(StudyError) as caught:
        Study.load("study.yaml")
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_the_first_mistake_of_several_is_told(load):
    with pytest.raises(StudyError, match=r"^study\.yaml:2: "):
        load("model:\n  command: 5\n  retries: x\npool: 7\n")


def test_missing_folder_and_undecodable_study_files(folder: Path):
    (folder / "latin.yaml").write_bytes(b"model:\n  command: \xe4\n")
    messages = []
    for name in ("none.yaml", ".", "latin.yaml"):
        with pytest.raises(StudyError) as caught:
            Study.load(name)
        messages.append(caught.value.message)
    assert messages == [
        "none.yaml: there is no such file",
        ".: this is a folder",
        "latin.yaml:2: this is not UTF-8",
    ]


CSV_MISTAKES = {
    "lacks a column": (
        "A,C\n1,2\n",
        "samples.csv:1: there is no column `B`",
        "the columns are `A` and `C`",
    ),
    "empty": ("", "samples.csv: the file is empty", "begin with a line of column names"),
    "no rows": (
        "A,B\n",
        "study.yaml:3: `design.csv`: `samples.csv` has no row below its header",
        "add a row for each run",
    ),
    "short row": (
        "A,B\n1,2\n3\n",
        "samples.csv:3: the row has 1 cells, the header 2",
        "separate cells by commas, and put a text that holds one in double quotes",
    ),
    "empty cell": (
        "A,B\n1,\n",
        "samples.csv:2: column `B`: an empty cell",
        "give every run a value for every parameter",
    ),
    "NaN": (
        "A,B\n1,2\n\n1,NaN\n",
        "samples.csv:4: column `B`: `nan` is not a number a model can be run with",
        "give a finite number, or a text in quotes",
    ),
    "out of bounds": (
        "A,B\n1,2\n1,7\n",
        "samples.csv:3: `B` cannot be `7`, as its parameter is declared",
        "change the value, or what `parameters.B` allows",
    ),
    "semicolons": (
        "A;B\n1;2\n",
        "samples.csv:1: the cells are not separated by commas",
        "save with commas",
    ),
    "column twice": (
        "A,B,A\n1,2,3\n",
        "samples.csv:1: the column `A` stands there twice",
        "rename or remove one of them",
    ),
}


@pytest.mark.parametrize(("csv", "message", "hint"), CSV_MISTAKES.values(), ids=CSV_MISTAKES.keys())
def test_a_mistake_in_a_csv_file_is_told_with_its_line(load, csv, message, hint):
    text = MODEL + "parameters: {A: {}, B: {integers: [0, 5]}}\ndesign: {csv: samples.csv}\n"
    with pytest.raises(StudyError) as caught:
        load(text, samples_dot_csv=csv)
    assert (caught.value.message, caught.value.hint) == (message, hint)


TEMPLATE_MISTAKES = {
    "undefined": (
        "x\n{{ ALPHAA }} {{ ALPHA }}\n",
        "x.j2:2: `ALPHAA` is no parameter of this study",
        "did you mean `ALPHA`?",
    ),
    "unused": (
        "nothing\n",
        "study.yaml:2: no template uses the parameter `ALPHA`",
        (
            "use it as `{{ ALPHA }}`, remove it, or, if the model reads the environment variable, "
            "add `environment_only: true`"
        ),
    ),
    "syntax": (
        "\n{% if ALPHA %}\n",
        (
            "x.j2:2: the template's syntax is wrong: Unexpected end of template. Jinja was "
            "looking for the following tags: 'elif' or 'else' or 'endif'. The innermost block that "
            "needs to be closed is 'if'."
        ),
        (
            "see https://jinja.palletsprojects.com/templates; wrap text that is no template in "
            "`{% raw %}` and `{% endraw %}`"
        ),
    ),
    "include": (
        "{{ ALPHA }}\n{% include 'y' %}\n",
        "x.j2:2: a template cannot include another file",
        "write its text into this template",
    ),
    "failure": (
        "\n\n{{ 1 / (ALPHA - 1) }}\n",
        "x.j2:3: the template fails for run `run-00001`: division by zero",
        "change the template, or the values that parameters can take",
    ),
    "ptf undefined": (
        "ptf ~\n~ beta ~\n",
        "x.j2:2: `beta` is no parameter of this study",
        "templates may use `ALPHA` and `run_name`",
    ),
    "ptf marker": (
        "ptf\n~ ALPHA ~\n",
        "x.j2:1: the first line lacks a marker",
        "begin the file with `ptf` and one marker, as in `ptf ~`",
    ),
    "ptf letter": (
        "ptf a\na ALPHA a\n",
        "x.j2:1: `a` cannot be a marker",
        (
            "begin the file with `ptf` and one marker, as in `ptf ~`; a marker is neither a letter "
            "nor a digit"
        ),
    ),
    "ptf open field": (
        "ptf ~\n\n~ ALPHA\n",
        "x.j2:3: a field is not closed by a second `~`",
        (
            "fields cannot go over the end of a line; choose another marker if the text itself "
            "holds this one"
        ),
    ),
    "ptf nameless field": (
        "ptf ~\n~ ALPHA ~  ~   ~\n",
        "x.j2:2: a field holds `   `, which names no parameter",
        "write one parameter's name between two markers",
    ),
    "ptf too narrow": (
        "ptf ~\n~ALPHA~ \n~BIG~\n",
        "x.j2:3: `BIG` of run `run-00001`: `123456` does not fit into a field of 5 characters",
        "set the markers of the field further apart",
    ),
}


@pytest.mark.parametrize(
    ("template", "message", "hint"), TEMPLATE_MISTAKES.values(), ids=TEMPLATE_MISTAKES.keys()
)
def test_a_mistake_in_a_template_is_told_with_its_line(load, template, message, hint):
    parameters = "{ALPHA: [1, 2], BIG: 123456}" if "BIG" in template else "{ALPHA: [1, 2]}"
    text = f"model: {{command: x, overlays: {{x: x.j2}}}}\nparameters: {parameters}\n"
    with pytest.raises(StudyError) as caught:
        load(text, x_dot_j2=template)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_column_that_no_template_uses_is_told(load):
    text = "model: {command: x, overlays: {x: t}}\ndesign: {csv: samples.csv}\n"
    with pytest.raises(StudyError) as caught:
        load(text, t="{{ A }}", samples_dot_csv="id,A\n1,2\n")
    assert caught.value.message == "study.yaml:2: no template uses the parameter `id`"
    assert caught.value.hint == "list the columns to take under `parameters`"
