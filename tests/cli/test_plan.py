"""`runfleet plan`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from runfleet.launch.scripts import NOT_STAGED
from runfleet.storage.packages import PackageFolder

STUDY = """\
study: sweep
model:
  command: sh model.sh
  packages: [epanet==2.3.5]
  inputs: [model.sh]
  overlays: {input.txt: input.txt.j2}
  outputs: [out.txt, {pattern: "*.log", required: false}]
  environment: {OMP_NUM_THREADS: "1"}
  retries: 2
  time_limit: 90s
parameters:
  ROUGHNESS: {values: [80, 100.5, 140], unit: "-"}
  DEMAND: {values: [0.8, 1.0, 1.2], unit: l/s}
design: grid
results:
  pressure: {file: out.txt, pattern: '(\\S+) m'}
pool: {nodes: {max: 5}, tasks_per_node: 4}
"""

PLAN = """\
Study        sweep, 9 runs
Command      sh model.sh
Packages     epanet==2.3.5
Environment  OMP_NUM_THREADS=1
Retries      2 for each run
Time limit   1 min 30 s for each run
Inputs       1 file, 18 B, staged once on each node
Overlays     input.txt; 7 B for each run
Outputs      out.txt, *.log (if there)
Results      pressure from out.txt
"""

RUNS = """\
run        ROUGHNESS  DEMAND [l/s]
run-00001  80         0.8
run-00002  80         1
run-00003  80         1.2
run-00004  100.5      0.8
run-00005  100.5      1
...
run-00008  140        1
run-00009  140        1.2
"""


@pytest.fixture(autouse=True)
def study(folder: Path) -> Path:
    study = folder / "study.yaml"
    study.write_text(STUDY)
    (folder / "model.sh").write_text("cat in > out.txt\n\n")
    (folder / "input.txt.j2").write_text("{{ ROUGHNESS }} {{ DEMAND }}\n")
    return study


@pytest.fixture(autouse=True)
def package(runfleet, study: Path) -> Path:
    """The package of the study, in a home that has no emulator."""
    packages = runfleet.home / "emulator/packages"
    PackageFolder(packages).add("epanet", "2.3.5", study.parent / "model.sh")
    return packages


def test_the_plan_shows_files_pool_runs_and_commands(runfleet):
    """Data goes to stdout, what to do next to stderr."""
    ended = runfleet("plan", "study.yaml")
    assert ended.code == 0
    assert ended.err == "\nNothing was started; `runfleet run study.yaml` runs it.\n"
    facts, runs, _, start, around = ended.out.split("\n\n")
    assert facts.startswith(PLAN)
    assert runs + "\n" == RUNS
    assert start == "    OMP_NUM_THREADS=1\n    ROUGHNESS=80\n    DEMAND=0.8\n    sh model.sh"
    assert around == (
        "The node brings inputs, overlays and packages before it and looks for outputs after it; "
        "`--script` shows how.\n"
    )


def test_truth_values_are_shown_as_runs_get_them(runfleet, study: Path):
    """Numbers may be shorter."""
    study.write_text("model: {command: x $WET}\nparameters: {WET: [true, false, 1.0]}\n")
    ended = runfleet("plan", "study.yaml")
    runs = ["run-00001  true", "run-00002  false", "run-00003  1"]
    assert "\n".join(["run        WET", *runs]) in ended.out


def test_a_terminal_shows_the_parameters_that_fit_whole(runfleet, study: Path):
    """And says where the others are; a file has all of them."""
    names = [f"PARAMETER_{number}" for number in range(1, 15)]
    ranges = "".join(f"  {name}: {{uniform: [0, 1]}}\n" for name in names)
    study.write_text(f"model: {{command: ls}}\ndesign: {{random: 2}}\nparameters:\n{ranges}")
    code, shown = runfleet.on_terminal("plan", "study.yaml", NO_COLOR="1", TERM="dumb")
    head, *_, left_out = shown.partition("\nHow ")[0].rpartition("\nrun ")[2].strip().splitlines()
    assert (code, head.split()) == (0, names[:5])
    assert left_out == (
        "There is no room for 9 more parameters: `runfleet plan study.yaml > plan.txt` writes all "
        "of them."
    )
    runfleet.line("runfleet plan study.yaml > plan.txt")
    assert f"run        {'  '.join(names)}\n" in (study.parent / "plan.txt").read_text()


def test_whoever_reads_only_the_beginning_of_a_plan_gets_no_complaint(runfleet, study: Path):
    study.write_text(
        "model: {command: ls}\nparameters: {N: {uniform: [0, 1]}}\ndesign: {random: 100000}\n"
    )
    ended = runfleet.line("runfleet plan study.yaml --json | head -n 1")
    assert (ended.out, ended.err) == ("{\n", "")


def test_empty_folders_of_the_inputs_are_named(runfleet, study):
    """Runs get them, too."""
    (study.parent / "work" / "heads").mkdir(parents=True)
    study.write_text("model: {command: ls, inputs: [work]}\n")
    assert "Empty folders  work/heads\n" in runfleet("plan", "study.yaml").out


def test_the_whole_script_of_a_run_is_shown_on_request(runfleet):
    """As the shell of its node gets it."""
    *_, script = runfleet("plan", "study.yaml", "--script").out.split("\n\n")
    lines = script.splitlines()
    copying = '    cp -R "$AZ_BATCH_JOB_PREP_WORKING_DIR"/copied/. . || '
    assert f'{copying}{{ echo "{NOT_STAGED}" >&2; exit 213; }}' in lines
    assert lines[-1] == "    sh model.sh"


def test_nothing_is_started(runfleet, package: Path):
    """No emulator either: nothing but the packages is in its folder afterwards."""
    runfleet("plan", "study.yaml")
    assert [*package.parent.iterdir()] == [package]


REFUSED = {
    "image": (
        "pool: {image: ubuntu-22.4}",
        "`pool.image`: there is no verified image `ubuntu-22.4`",
    ),
    "package": (
        "  packages: [epanet==2.2]",
        "`model.packages[0]`: the account lacks the application package `epanet==2.2`",
    ),
    "size": (
        "pool: {tasks_per_node: 50}",
        (
            "`pool.tasks_per_node`: `tasks_per_node` is 50, and a node of size `standard_f2s_v2` "
            "has 8 task slots at most"
        ),
    ),
    "program": (
        "  command: model.bat",
        (
            "`model.command`: `model.bat` is a program of Windows, and the nodes of `ubuntu-22.04` "
            "run Linux"
        ),
    ),
}


@pytest.mark.parametrize("closed", ["rain.csv", "sweep.sh"])
def test_an_input_that_may_not_be_read_is_refused(
    runfleet, write_study, folder: Path, without_rights, closed: str
):
    """Also where it is the program itself, and by `plan` as by `run`."""
    study = write_study("sweep", "true")
    text = (folder / study).read_text()
    (folder / study).write_text(text.replace("[sweep.sh]", "[sweep.sh, rain.csv]"))
    (folder / "rain.csv").touch()
    (folder / closed).chmod(0)
    index = 1 if closed == "rain.csv" else 0
    for command in ("plan", "run"):
        assert runfleet.line(f"{without_rights} runfleet {command} {study}").err == (
            f"error: sweep.yaml:4: `model.inputs[{index}]`: the file `{closed}` cannot be read: "
            "Permission denied\nhint: check its permissions\n"
        )


@pytest.mark.parametrize(("line", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_what_run_refuses_is_refused_with_the_same_words(
    runfleet, study: Path, line: str, error: str
):
    """With the line, whether or not the emulator runs; and what was refused is not remembered."""
    key = line.partition(":")[0]
    number = next(at for at, text in enumerate(STUDY.splitlines(), 1) if text.startswith(key))
    study.write_text(re.sub(f"^{key}:.*$", lambda _: line, STUDY, flags=re.MULTILINE))
    planned = runfleet("plan", "study.yaml")
    assert (planned.code, planned.out) == (1, "")
    assert planned.err.startswith(f"error: study.yaml:{number}: {error}\nhint: ")
    ran = runfleet("run", "study.yaml")
    assert ran.err.endswith(planned.err)
    assert runfleet("plan", "study.yaml") == planned
    assert "has no study `sweep`" in runfleet("status", "sweep").err


def test_a_launcher_of_mpi_that_is_not_here_is_told(runfleet, study: Path):
    """Before anything is made; the doctor tells it, too."""
    study.write_text("model: {command: ./model.sh, mpi: {nodes: 2}, inputs: [model.sh]}\n")
    runfleet.environment["PATH"] = "/nowhere"
    what = (
        "`model.mpi`: the account `local` starts processes by `mpirun`, which is not on the PATH "
        "here"
    )
    hint = (
        "install MPICH, as by `sudo apt-get install mpich`, or name the package that brings it "
        "under `packages`, or its path as `launcher`"
    )
    for command in ("plan", "run"):
        ended = runfleet(command, "study.yaml")
        assert (ended.code, ended.out) == (1, "")
        assert ended.err == f"error: study.yaml:1: {what}\nhint: {hint}\n"
    assert runfleet("status").err.startswith("There are no studies")
    examined = runfleet("doctor", "study.yaml").out
    assert f"error    pool      study.yaml:1: {what}\n         Remedy: {hint}\n" in examined


def test_what_only_the_account_knows_is_not_asked(runfleet):
    """That would need a login; who does ask is named."""
    azure = ("--endpoint", "a.westeurope.batch.azure.com", "--storage", "a.blob.core.windows.net")
    assert runfleet("account", "add", "azure", *azure).code == 0
    planned = runfleet("plan", "study.yaml", "--on", "azure")
    assert planned.code == 0
    assert planned.err.endswith(
        "Whether the account has image, packages and quota: runfleet doctor study.yaml --on azure\n"
    )


def test_what_lasts_longer_than_its_urls_is_refused_without_a_login(runfleet, study: Path):
    """As `run` does; by the key of the storage account they last."""
    study.write_text(STUDY.replace("time_limit: 90s", "time_limit: 10d"))
    azure = ("--endpoint", "a.westeurope.batch.azure.com", "--storage", "a.blob.core.windows.net")
    assert runfleet("account", "add", "keyed", *azure).code == 0
    assert runfleet("account", "add", "entra", *azure, "--login", "entra").code == 0
    assert runfleet("plan", "study.yaml", "--on", "keyed").code == 0
    planned = runfleet("plan", "study.yaml", "--on", "entra")
    assert (planned.code, planned.out) == (1, "")
    assert planned.err.startswith(
        "error: the runs may take longer than their files can be reached: a signed URL cannot work "
    )


def test_results_in_the_way_are_warned_of_in_the_words_of_run(runfleet, study: Path):
    """With `--detach` it can be run all the same."""
    table = study.parent / "results/sweep/runs.csv"
    table.parent.mkdir(parents=True)
    table.touch()
    planned = runfleet("plan", "study.yaml")
    assert planned.code == 0
    assert planned.err.startswith(
        f"warning: `{table}` is in the way: nothing tells that it was collected there; move it, or "
        "run with `--detach` and collect elsewhere: `runfleet results sweep --to FOLDER`\n"
    )


def test_json_has_all_runs(runfleet):
    """For programs, with every value as it is."""
    plan = json.loads(runfleet("plan", "study.yaml", "--json").out)
    assert plan["run_count"] == len(plan["runs"]) == 9
    assert plan["runs"][3] == {"run": "run-00004", "sample": {"ROUGHNESS": 100.5, "DEMAND": 0.8}}
    assert plan["inputs_size_bytes"] == 18


def test_bad_study_files_are_named_with_line_and_hint(runfleet, study: Path):
    study.write_text(STUDY.replace("retries:", "retires:"))
    ended = runfleet("plan", "study.yaml")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("error: study.yaml:9: ")
    assert "did you mean `retries`?" in ended.err.splitlines()[-1]


def test_all_mistakes_of_a_study_file_are_told_at_once(runfleet, study: Path):
    """Each with its remedy; of very many the first ones."""
    missing = ", ".join(f"no{number}.txt" for number in range(25))
    study.write_text(STUDY.replace("[model.sh]", f"[model.sh, {missing}]"))
    lines = runfleet("plan", "study.yaml").err.splitlines()
    assert len(lines) == 41
    assert lines[2] == "error: study.yaml:5: `model.inputs[2]`: there is no file `no1.txt`"
    assert lines[3] == "hint: put it into the folder of the study file, or correct the path"
    assert lines[-1] == "There are 5 more."


def test_a_folder_is_not_its_study_file(runfleet):
    ended = runfleet("plan", ".")
    assert (ended.code, ended.err) == (
        1,
        "error: `.` is a folder\nhint: name the study file in it: `study.yaml`\n",
    )


def test_a_missing_study_file(runfleet, folder: Path):
    (folder / "sturdyy.yaml").symlink_to("nowhere.yaml")
    ended = runfleet("plan", "sturdy.yaml")
    assert (ended.code, ended.out, ended.err) == (
        1,
        "",
        ("error: there is no study file `sturdy.yaml`\nhint: did you mean `study.yaml`?\n"),
    )
    ended = runfleet("plan", "sturdyy.yaml")
    assert ended.err == (
        "error: sturdyy.yaml: this is a link to nothing\nhint: mend or remove the link\n"
    )
    ended = runfleet("plan", "elsewhere/roughness.yml")
    assert ended.err == (
        "error: there is no study file `elsewhere/roughness.yml`\n"
        "hint: `runfleet init EXECUTABLE` writes one, to be edited\n"
    )


@pytest.mark.parametrize(
    ("quote", "warns"), [("\u201c", True), ("\u2018", True), ("\u2019", False)]
)
def test_quotes_of_word_processors_are_told(runfleet, quote: str, warns: bool):
    """Not apostrophes, which names of files may have."""
    (runfleet.folder / "s.yaml").write_text(f"study: s\nmodel:\n  command: echo {quote}a\n")
    ended = runfleet("plan", "s.yaml")
    assert ended.code == 0
    assert (f"`{quote}` in the command is no quote to a shell" in ended.err) is warns


def test_secrets_and_sizes_that_azure_has_not_are_told(runfleet):
    """A plan is shown around, and the size is of no effect here."""
    text = "model: {command: echo, environment: {DB_PASSWORD: hunter2}}\npool: {vm_size: large}\n"
    (runfleet.folder / "s.yaml").write_text(text)
    for options in ((), ("--script",), ("--json",)):
        ended = runfleet("plan", "s.yaml", *options)
        assert ended.code == 0
        assert "hunter2" not in ended.out + ended.err
        assert "***" in ended.out
    assert "`DB_PASSWORD` under `environment` seems to be a secret" in ended.err
    assert "`large` is no size of machine as Azure writes them" in ended.err
