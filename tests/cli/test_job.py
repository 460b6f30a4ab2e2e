"""`pool create`, `job`, `task` and `check`, on the emulator."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

READ = 'cat a.txt "$AZ_BATCH_NODE_SHARED_DIR/large" "in/b.txt" > out.rpt; echo "$GREETING"'


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def job(local, request) -> str:
    """A job of the test's own, on a pool that all of them share."""
    local("pool", "create", "shared", "--nodes", "1", "--slots", "2", "--yes")
    name = request.node.name.removeprefix("test_")[:60]
    prepare = "echo prepared > large; mv large $AZ_BATCH_NODE_SHARED_DIR"
    made = local("job", "create", name, "--pool", "shared", "--prepare", prepare)
    assert (made.code, made.out) == (0, f"{name}\n"), made.err
    return name


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()]


def tasks_of(local, job: str) -> dict[str, dict]:
    return {task["id"]: task for task in json.loads(local("task", "list", job, "--json").out)}


def all_ended(local, job: str) -> Callable[[], bool]:
    return lambda: all(task["state"] == "completed" for task in tasks_of(local, job).values())


def test_tasks_find_their_files_and_leave_theirs(local, job: str, folder: Path):
    """Inputs, a folder of them, what the preparation left, and a variable."""
    (folder / "a.txt").write_text("a\n")
    (folder / "in").mkdir()
    (folder / "in/b.txt").write_text("b\n")
    given = ("--input", "a.txt", "--input", "in", "--output", "*.rpt", "-e", "GREETING=hello you")
    added = local("task", "add", job, "first", READ, *given)
    assert (added.code, added.out) == (0, "first\n"), added.err
    wait_for(all_ended(local, job))
    first = tasks_of(local, job)["first"]
    assert (first["result"], first["started"][10]) == ("success", "T")
    assert first["node"].startswith("tvmps_")
    assert local("check", job).code == 0
    assert (folder / "logs" / job / "first/out.rpt").read_text() == "a\nprepared\nb\n"
    assert (folder / "logs" / job / "first/stdout.txt").read_text() == "hello you\n"


def test_check_counts_tasks_and_fetches_what_they_wrote_once(local, job: str, folder: Path):
    for name, command in (("good", "echo well"), ("bad", "echo broken >&2; exit 3")):
        assert local("task", "add", job, name, command).code == 0
    wait_for(all_ended(local, job))
    checked = local("check", job, "--to", "seen")
    assert rows(checked.out) == [
        ["job", "pool", "state", "waiting", "running", "succeeded", "failed", "ended"],
        [job, "shared", "active", "0", "0", "1", "1", "0"],
    ]
    assert checked.err == (
        "What the tasks of 1 finished job left is in `seen`: 2 tasks more than before.\n"
    )
    assert (folder / "seen" / job / "bad/stderr.txt").read_text() == "broken\n"
    assert local("check", job, "--to", "seen").err.endswith(": 0 tasks more than before.\n")
    listed = rows(local("task", "list", job, "--failed").out)
    assert listed[1:] == [["bad", "failure", "3", "exit", "code", "3"]]


def test_tasks_that_were_ended_are_no_failures(local, job: str):
    """Neither one that somebody ended, nor one that was ended with its job."""
    for task in ("stopped", "left"):
        local("task", "add", job, task, "sleep 600")
    local("task", "add", job, "bad", "exit 3")
    wait_for(lambda: tasks_of(local, job)["stopped"]["state"] == "running")
    assert local("task", "terminate", job, "stopped").code == 0
    wait_for(lambda: tasks_of(local, job)["bad"]["state"] == "completed")
    wait_for(lambda: tasks_of(local, job)["left"]["state"] == "running")
    assert local("job", "terminate", job, "--yes").code == 0
    wait_for(all_ended(local, job))
    checked = local("check", job, "--no-fetch")
    assert rows(checked.out)[1][3:] == ["0", "0", "0", "1", "2"]
    facts = json.loads(local("check", job, "--no-fetch", "--json").out)[0]["tasks"]
    assert (facts["completed"], facts["failed"], facts["ended"]) == (3, 1, 2)
    listed = {row[0]: " ".join(row[1:]) for row in rows(local("task", "list", job).out)}
    assert listed["left"] == listed["stopped"]
    assert listed["left"].startswith("ended ")
    assert listed["left"].endswith(" by request, or with its job")
    assert [row[0] for row in rows(local("task", "list", job, "--failed").out)] == ["task", "bad"]


def test_a_job_made_again_has_files_of_its_own(local, job: str, folder: Path):
    """What an earlier job of that id has left is not taken for what this one leaves."""

    def make(command: str) -> None:
        local("job", "create", "twin", "--pool", "shared")
        assert local("task", "add", "twin", "t", command, "--output", "*.txt").code == 0
        wait_for(all_ended(local, "twin"))

    make("echo old; echo 1 > flow.txt")
    assert local("check", "twin").code == 0
    assert local("job", "delete", "twin", "--yes").code == 0
    wait_for(lambda: "twin" not in local("job", "list").out)
    make("echo new; exit 1")
    checked = local("check", "twin")
    apart = Path(json.loads(local("check", "twin", "--json").out)[0]["logs"])
    assert checked.err.endswith(
        f"Those of job `twin` are in `{apart}`, apart from those of an earlier job of that id.\n"
    )
    assert (folder / apart / "t/stdout.txt").read_text() == "new\n"
    assert not (folder / apart / "t/flow.txt").exists()
    assert (folder / "logs/twin/t/stdout.txt").read_text() == "old\n"


def test_tasks_are_run_again_as_often_as_their_job_says(local, job: str):
    local("job", "create", "patient", "--pool", "shared", "--retries", "2")
    for task, options in {"as-the-job": (), "never": ("--retries", "0")}.items():
        assert local("task", "add", "patient", task, "exit 1", *options).code == 0
    wait_for(all_ended(local, "patient"))
    retries = {task: facts["retries"] for task, facts in tasks_of(local, "patient").items()}
    assert retries == {"as-the-job": 2, "never": 0}


def make_elsewhere(local, job: str, *, task: str = "") -> None:
    """Make a job that names no container, with the SDK; with a task, which is its command line."""
    script = (
        "import os; from azure.batch import BatchClient; "
        "from azure.core.credentials import AzureNamedKeyCredential as Key; e = os.environ; "
        "key = Key(e['AZURE_BATCH_ACCOUNT'], e['AZURE_BATCH_ACCESS_KEY']); "
        "client = BatchClient(e['AZURE_BATCH_ENDPOINT'], key); "
        f"client.create_job({{'id': '{job}', 'poolInfo': {{'poolId': 'shared'}}}}); "
    )
    if task:
        script += f"client.create_task('{job}', {{'id': 't', 'commandLine': '{task}'}})"
    made = local.line(f'eval "$(runfleet emulator env)"; python -c "{_in_quotes(script)}"')
    assert made.code == 0, made.err


def test_logs_of_jobs_made_elsewhere_come_from_the_nodes(local, job: str, folder: Path):
    make_elsewhere(local, "foreign", task='/bin/sh -c "echo afar"')
    wait_for(all_ended(local, "foreign"))
    facts = json.loads(local("check", "foreign", "--json").out)
    assert [(fact["finished"], fact["tasks_without_logs"]) for fact in facts] == [(True, [])]
    assert (folder / "logs/foreign/t/stdout.txt").read_text() == "afar\n"
    local("pool", "resize", "shared", "--nodes", "0", "--yes")
    wait_for(lambda: "0" in rows(local("pool", "list").out)[1][1])
    late = local("check", "foreign", "--to", "late")
    assert late.err == (
        "Of 1 finished job nothing is left to fetch: all of it was on nodes that have gone.\n"
    )
    assert not (folder / "late").exists()
    assert json.loads(local("check", "foreign", "--to", "late", "--json").out)[0]["logs"] is None
    local("pool", "resize", "shared", "--nodes", "1", "--yes")


def test_outputs_come_also_of_tasks_in_jobs_made_elsewhere(local, job: str, folder: Path):
    make_elsewhere(local, "borrowed")
    added = local("task", "add", "borrowed", "ours", "echo 42 > r.out", "--output", "*.out")
    assert added.code == 0, added.err
    wait_for(all_ended(local, "borrowed"))
    assert local("check", "borrowed").code == 0
    assert (folder / "logs/borrowed/ours/r.out").read_text() == "42\n"


def test_a_task_that_could_not_be_started_has_lost_nothing(local, job: str, folder: Path):
    (folder / "a.txt").write_text("a\n")
    local("pool", "create", "late", "--yes")
    local("job", "create", "doomed", "--pool", "late", "--container", "doomed")
    assert local("task", "add", "doomed", "t", "true", "--input", "a.txt").code == 0
    shutil.rmtree(local.home / "storage/doomed/inputs")
    local("pool", "resize", "late", "--nodes", "1", "--yes")
    wait_for(all_ended(local, "doomed"))
    assert local("check", "doomed").err == (
        "1 task of job `doomed` could not be started, and left nothing: "
        "`runfleet task list doomed --failed` says why.\n"
    )
    facts = json.loads(local("check", "doomed", "--json").out)[0]
    assert (facts["tasks_without_logs"], facts["tasks_not_started"]) == ([], ["t"])
    assert "BlobNotFound" in local("task", "list", "doomed", "--failed").out


def test_check_says_why_tasks_wait(local, job: str):
    """As that of the preparation, whose last words are shown."""
    prepare = "echo there is no such repository >&2; exit 7"
    assert local("job", "create", "hopeless", "--pool", "shared", "--prepare", prepare).code == 0
    assert local("task", "add", "hopeless", "t", "true").code == 0
    wait_for(lambda: "exit code 7" in local("check", "hopeless").err)
    why, output = local("check", "hopeless").err.splitlines()
    assert why.startswith(
        "Tasks of job `hopeless` wait: the preparation of job `hopeless` failed on node "
    )
    assert output == "there is no such repository"


def test_a_job_finishes_with_its_last_task(local, job: str):
    assert local("task", "add", job, "only", "true", "--last").code == 0
    wait_for(lambda: [job, "shared", "completed"] in rows(local("job", "list").out))
    refused = local("task", "add", job, "late", "true")
    assert refused.code == 1
    assert refused.err == (
        f"error: job `{job}` has ended\nhint: take another job; such a one takes no more tasks\n"
    )


def test_a_job_that_has_ended_waits_for_nothing(local, job: str):
    """Its tasks never ran and never will; ending it again is no error."""
    local("pool", "create", "empty", "--nodes", "0", "--yes")
    local("job", "create", "ended", "--pool", "empty")
    local("task", "add", "ended", "t", "true")
    assert local("job", "terminate", "ended", "--yes").code == 0
    wait_for(lambda: ["ended", "empty", "completed"] in rows(local("job", "list").out))
    assert local("check", "ended").err == ""
    again = local("job", "terminate", "ended")
    assert (again.code, again.err) == (0, "Job `ended` has ended already.\n")


def test_a_mistyped_task_is_told_with_the_nearest(local, job: str):
    assert local("task", "add", job, "survey", "true").code == 0
    refused = local("task", "terminate", job, "surve")
    assert refused.err == (
        f"error: there is no task `surve` in job `{job}`\n"
        f"hint: did you mean `survey`? `runfleet task list {job}` lists its tasks\n"
    )
    wait_for(all_ended(local, job))
    ended = local("task", "terminate", job, "survey")
    assert (ended.code, ended.err) == (0, "Task `survey` has ended already.\n")


def test_what_is_deleted_is_shown_before(local, job: str):
    shown = local("job", "delete", job, "--dry-run")
    assert shown.err == (
        f"This deletes job `{job}` with 0 waiting tasks and 0 running tasks.\n"
        "Nothing was done, as this is a dry run.\n"
    )
    assert local("job", "delete", job, "--yes").code == 0
    wait_for(lambda: job not in local("job", "list").out)


def test_what_still_runs_is_counted_before_a_deletion(local):
    assert local("pool", "create", "busy", "--nodes", "1", "--yes").code == 0
    assert local("job", "create", "busy", "--pool", "busy").code == 0
    assert local("task", "add", "busy", "t", "sleep 600").code == 0
    wait_for(lambda: tasks_of(local, "busy")["t"]["state"] == "running")
    assert local("pool", "delete", "busy", "--dry-run").err.splitlines()[0] == (
        "This deletes pool `busy` with 1 node, where 1 task is running."
    )
    assert local("job", "delete", "busy", "--yes").err.splitlines()[0] == (
        "This deletes job `busy` with 0 waiting tasks and 1 running task."
    )


def test_a_pool_made_by_hand_is_never_left_over(local):
    """Nor resized by studies: only its owner knows what it is for."""
    assert local("pool", "create", "kept", "--yes").code == 0
    shown = local("pool", "delete", "--left-over", "--dry-run")
    assert shown.code == 0
    assert "`kept`" not in shown.err


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (
            ["pool", "create", "p", "--max-nodes", "5", "--nodes", "2"],
            "a pool either follows its work or has a fixed number of nodes",
            "give `--max-nodes`, and perhaps `--min-nodes`; or else `--nodes` and `--spot`",
        ),
        (
            ["pool", "create", "p", "--inter-node", "--nodes", "90", "--spot", "11", "--dry-run"],
            "101 nodes that reach each other are too many: Batch has 100 in a pool at most",
            "give fewer with `--nodes` and `--spot`, or make a pool without `--inter-node`",
        ),
        (
            ["pool", "create", "p", "--inter-node", "--max-nodes", "101", "--yes"],
            "101 nodes that reach each other are too many: Batch has 100 in a pool at most",
            "give a smaller `--max-nodes`, or make a pool without `--inter-node`",
        ),
        (
            ["pool", "create", "shared", "--nodes", "1", "--dry-run"],
            "there is a pool `shared` already",
            "look: `runfleet pool show shared`",
        ),
        (
            ["pool", "create", "p9", "--elevated", "--yes"],
            "`--elevated` is given without `--start`, the command that it is for",
            "say what to run on each node with `--start`; or leave it out",
        ),
        (
            ["job", "create", "j", "--pool", "no-such-pool"],
            "there is no pool `no-such-pool`",
            "`runfleet pool list` lists the pools",
        ),
        (
            ["task", "add", "no-such-job", "t", "true"],
            "there is no job `no-such-job`",
            "`runfleet job list` lists the jobs",
        ),
        (
            ["task", "terminate", "no-such-job", "t"],
            "there is no job `no-such-job`",
            "`runfleet job list` lists the jobs",
        ),
        (
            ["pool", "resize", "shard", "--nodes", "1"],
            "there is no pool `shard`",
            "did you mean `shared`? `runfleet pool list` lists the pools",
        ),
        (
            ["job", "create", "a job", "--pool", "shared"],
            (
                "`a job` cannot be an id: must have 1 to 64 characters: letters, digits, hyphens "
                "and underscores"
            ),
            "use 1 to 64 letters, digits, `-` and `_`",
        ),
        (
            ["pool", "create", "p", "--package", "nothing==1", "--yes"],
            "there is no application package `nothing==1`",
            "`runfleet package list` lists those there are, `runfleet package add` adds one",
        ),
        (
            ["job", "create", "j", "--pool", "shared", "--container", "Bad Container"],
            "`Bad Container` cannot be the name of a container",
            "take 3 to 63 lower-case letters, digits and single hyphens between them",
        ),
        (
            ["task", "add", "j", "t", " "],
            "the command is empty",
            "give a line for the shell of the node",
        ),
        (
            ["task", "add", "j", "t", "true", "--processes-per-node", "4"],
            "`--processes-per-node` is given without `--mpi`, which starts the processes",
            "say which MPI it is, as in `--mpi openmpi`; or leave it out",
        ),
        (
            ["task", "add", "j", "t", "true", "--coordination", "true"],
            "`--coordination` is given for a task on one node, which needs none",
            "say how many nodes with `--nodes`; or begin the command with that line",
        ),
        (
            ["job", "create", "j", "--pool", "shared", "-e", "HOME"],
            "`HOME` does not set a variable",
            "write it as `NAME=VALUE`",
        ),
    ],
)
def test_mistakes_are_told(local, arguments, error: str, hint: str):
    local("pool", "create", "shared", "--nodes", "1", "--slots", "2", "--yes")
    ended = local(*arguments)
    assert ended.code in {1, 2}
    assert ended.err.endswith(f"error: {error}\nhint: {hint}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["task", "add", "j", "t", "true", "--time-limit", "5parsecs"],
        ["task", "add", "j", "t", "true", "--package", "a b"],
        ["pool", "create", "p", "--package", "a b", "--yes"],
        ["job", "create", "j", "--pool", "p", "--time-limit", "5parsecs"],
    ],
)
def test_wrong_usage_is_told_before_the_account_is_asked(local, arguments: list[str]):
    """Here there is not even an account of that name."""
    refused = local(*arguments, "--on", "nowhere")
    assert refused.code == 2
    assert refused.err.startswith(f"error: `{'5parsecs' if '5parsecs' in arguments else 'a b'}` ")


def test_nothing_is_uploaded_for_a_job_that_is_refused(local, job: str, folder: Path):
    """For a wrong option, or as there is one already."""
    (folder / "m.sh").write_text("echo hello\n")
    given = ("--pool", "shared", "--prepare", "sh m.sh", "--prepare-input", "m.sh")
    wrong = local("job", "create", "j", *given, "--container", "wrong", "--time-limit", "bogus")
    assert wrong.err.startswith("error: `bogus` is not a duration\n")
    twin = local("job", "create", job, *given, "--container", "twin")
    assert twin.err == (
        f"error: there is a job `{job}` already\n"
        f"hint: take another id, or delete it: `runfleet job delete {job}`\n"
    )
    assert (wrong.code, twin.code) == (2, 1)
    storage = local.home / "storage"
    assert {"wrong", "twin"}.isdisjoint(os.listdir(storage) if storage.exists() else ())


def test_a_pool_cannot_grow_beyond_what_reaches_each_other(local):
    local("pool", "create", "growing", "--inter-node", "--yes")
    refused = local("pool", "resize", "growing", "--nodes", "101", "--dry-run")
    assert refused.err.splitlines()[0] == (
        "error: 101 nodes that reach each other are too many: Batch has 100 in a pool at most"
    )


def test_a_task_has_several_nodes_at_once(local, folder: Path):
    """Each of them has the inputs, and is coordinated before the first one runs the command."""
    (folder / "a.txt").write_text("common\n")
    local("pool", "create", "together", "--nodes", "2", "--inter-node", "--yes")
    local("job", "create", "mpi", "--pool", "together")
    coordination = 'cp "$AZ_BATCH_TASK_SHARED_DIR/a.txt" "$AZ_BATCH_NODE_SHARED_DIR"'
    read = 'cat "\\$AZ_BATCH_NODE_SHARED_DIR/a.txt"'
    line = f'for h in $(echo $AZ_BATCH_HOST_LIST | tr , " "); do ssh $h {read}; done'
    given = ("--nodes", "2", "--coordination", coordination, "--input", "a.txt")
    added = local("task", "add", "mpi", "t", line, *given)
    assert (added.code, added.out) == (0, "t\n"), added.err
    wait_for(all_ended(local, "mpi"))
    assert local("check", "mpi").code == 0
    assert (folder / "logs/mpi/t/stdout.txt").read_text() == "common\ncommon\n"


def test_a_pool_whose_nodes_are_apart_is_told(local, job: str):
    refused = local("task", "add", job, "t", "true", "--nodes", "2")
    assert refused.code == 1
    assert refused.err == (
        "error: a task on 2 nodes would wait for ever in pool `shared`: its nodes do not reach "
        "each other, or have several task slots\n"
        "hint: make another pool with `runfleet pool create --inter-node`\n"
    )


def test_mpi_needs_nodes_that_reach_each_other_and_can_carry_it_out(local, job: str):
    """Also on a single node, for Batch asks for it of all tasks that could take several."""
    apart = local("task", "add", job, "t", "true", "--mpi", "mpich")
    assert apart.code == 1
    assert apart.err.splitlines()[0] == (
        "error: a task with `--mpi` would wait for ever in pool `shared`: its nodes do not reach "
        "each other, or have several task slots"
    )
    local("pool", "create", "linked", "--inter-node", "--yes")
    assert local("job", "create", "linked", "--pool", "linked").code == 0
    refused = local("task", "add", "linked", "t", "model", "--mpi", "msmpi")
    assert refused.code == 1
    assert refused.err == (
        "error: MS-MPI is not for the Linux nodes of pool `linked`\n"
        "hint: take `msmpi` on Windows, and one of `mpich`, `intel` and `openmpi` on Linux\n"
    )


def test_a_variable_that_only_programs_can_read_is_told(local, job: str):
    added = local("task", "add", job, "t", "true", "-e", "1X=2", "-e", "X1=2")
    assert added.code == 0
    assert added.err.splitlines()[0] == (
        "warning: shells of Linux read no variable `1X`: take letters, digits and `_`, beginning "
        "with a letter"
    )
    assert "X1" not in added.err


def test_a_task_is_not_added_twice(local, job: str):
    assert local("task", "add", job, "t", "true").code == 0
    again = local("task", "add", job, "t", "true")
    assert (again.code, again.out) == (1, "")
    assert again.err.startswith(f"error: job `{job}` has a task `t` already\n")


def _in_quotes(script: str) -> str:
    return script.replace("\\", "\\\\").replace('"', '\\"').replace(os.linesep, "")
