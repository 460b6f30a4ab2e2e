"""`run`, `watch`, `results`, `status`, `explain`, `logs`, `cancel` and `retry`, on the emulator."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from runfleet.home import Folders

ECHO = 'echo "$N metres" > out.txt; echo "this is $N"; echo "trouble $N" >&2\n'
RESULT = 'results: {depth: {file: out.txt, pattern: "(\\\\S+) metres", unit: m}}\n'
FAIL_AT_2 = 'if [ "$N" = 2 ]; then echo "error: no file /data/$N.txt" >&2; exit 3; fi\n'

ONE_AT_A_TIME = "pool: {id: one-at-a-time, tasks_per_node: 1, nodes: {max: 1}}\n"


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def looks(local, folder: Path) -> Iterator[Callable[[], int]]:
    """An emulator that notes each look at a task; tells how many there were."""
    local("emulator", "stop")
    (folder / "noted.yaml").write_text(
        "faults: [{fault: slow, seconds: 0, operations: [get_task]}]\n"
    )
    assert local("emulator", "start", "--detach", "--faults", "noted.yaml").code == 0
    yield lambda: (local.home / "emulator/log.txt").read_text().count("hits get_task")
    local("emulator", "stop")


def start_following(local, looks: Callable[[], int], study: str) -> subprocess.Popen[str]:
    """Follow the second run, which is looked for first, and then what it writes."""
    before = looks()
    following = local.start("logs", "-f", study, "run-00002")
    wait_for(lambda: looks() >= before + 2)
    return following


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "runs.csv").open() as file:
        return list(csv.DictReader(file))


def counts(local, study: str) -> dict[str, int]:
    return json.loads(local("status", study, "--json").out)["runs"]


def test_a_study_runs_to_its_results(local, write_study, folder: Path):
    """What happens goes to stderr, where the results are to stdout."""
    study = write_study("first", ECHO, more=RESULT)
    ended = local("run", study)
    assert (ended.code, ended.out) == (0, "results/first\n")
    # On a busy machine it is said how far the runs are.
    assert re.sub(r"[012] of 3 runs ended.*\n", "", ended.err) == (
        "comparing\n"
        "providing the pool\n"
        "staging: 1 of 1\n"
        "adding: 3 of 3\n"
        "3 of 3 runs ended: 3 succeeded\n"
        "collecting: 3 of 3\n"
        "tabulating\n"
        "plotting\n"
        "3 runs: 3 succeeded.\n"
        "result     runs  min  median  max\n"
        "depth [m]     3    1       2    3\n"
        "Results: runs.csv, runs.parquet, 1 plot, and the files of each run, in\n"
    )
    assert [row["depth"] for row in rows(folder / "results/first")] == ["1.0", "2.0", "3.0"]
    assert (folder / "results/first/runs/run-00002/stdout.txt").read_text() == "this is 2\n"


def test_a_run_study_is_not_run_again(local, write_study, folder: Path):
    """Called again, nothing is done; an added value adds its run, and the difference is told."""
    script = f'echo "$N" >> "{folder}/done.txt"\n'
    study = write_study("again", script)
    assert local("run", study).code == 0
    assert local("run", study).code == 0
    assert sorted((folder / "done.txt").read_text().split()) == ["1", "2", "3"]
    write_study("again", script, values=(1, 2, 3, 4))
    edited = local("run", study)
    assert edited.err.startswith(
        "Study `again` has changed since it was last submitted:\n"
        "  - parameter `N` changed\n"
        "  - 1 run added (run-00004)\n"
        "comparing\n"
    )
    assert sorted((folder / "done.txt").read_text().split()) == ["1", "2", "3", "4"]


def test_a_retry_shows_what_an_edit_changes(local, write_study):
    study = write_study("edited", ECHO)
    assert local("run", study).code == 0
    write_study("edited", ECHO, values=[1, 7])
    retried = local("retry", study)
    assert retried.code == 0
    assert "Study `edited` has changed since it was last submitted:\n" in retried.err
    assert "  - parameter `N` changed\n" in retried.err


def test_another_file_of_the_same_name_is_refused(local, write_study, folder: Path):
    """Two studies of one name would replace each other, and their results would mix."""
    study = write_study("namesake", ECHO)
    assert local("run", study).code == local("run", study).code == 0
    shutil.copytree(folder, folder / "copy", ignore=shutil.ignore_patterns("results"))
    copy = f"copy/{study}"
    for command in ("plan", "run", "cancel", "results"):
        refused = local(command, copy)
        assert refused.code == 1
        assert refused.err == (
            f"error: the name `namesake` belongs to the study of `{folder / study}`\n"
            "hint: give this one another, `study: NAME`; or let it take the other's place with "
            f"`runfleet run {copy} --replace`\n"
        )
    assert local("run", copy, "--replace").code == 0
    assert "belongs to the study of" in local("run", study).err


def test_the_largest_numbers_are_summarised(local, write_study):
    """The middle of two is finite, too, and the plot that cannot be drawn is named."""
    more = "results: {x: {file: stdout.txt, pattern: '(.+)'}}"
    ended = local("run", write_study("largest", "echo $N", values=(1.6e308, 1.7e308), more=more))
    assert ended.code == 0
    assert ended.err.split("plotting\n")[1] == (
        "2 runs: 2 succeeded.\n"
        "result  runs       min     median       max\n"
        "x          2  1.6e+308  1.65e+308  1.7e+308\n"
        "could not be drawn (numbers beyond 1e+307): `x-N.png`\n"
        "Results: runs.csv, runs.parquet, and the files of each run, in\n"
    )


def test_failed_runs_are_grouped_by_what_they_said(local, write_study):
    """Exit code 1, and the results are those of the others, though all have left numbers."""
    study = write_study("failing", ECHO + FAIL_AT_2, more=RESULT)
    ended = local("run", study)
    assert (ended.code, ended.out) == (1, "results/failing\n")
    assert ended.err.split("plotting\n")[1] == (
        "3 runs: 1 failed, 2 succeeded.\n"
        "1 x error: no file /data/2.txt (run-00002)\n"
        "To see what a failed run wrote: runfleet logs failing\n"
        "To run the failed ones again: runfleet retry failing --failed\n"
        "result     runs  min  median  max\n"
        "depth [m]     2    1       2    3\n"
        "Results: runs.csv, runs.parquet, 1 plot, and the files of each run, in\n"
    )
    facts = json.loads(local("results", study, "--json").out)
    assert facts["runs"]["failed"] == 1
    assert facts["results"]["depth"] == {"unit": "m", "runs": 2, "min": 1, "median": 2, "max": 3}
    assert facts["failures"][0]["runs"] == ["run-00002"]
    assert local("explain", study).out == (
        "1 of 3 runs of `failing` has failed with: error: no file /data/2.txt.\n"
        "Next: look at one with `runfleet logs failing`, mend the reason, then "
        "`runfleet retry failing --failed`.\n"
    )


def test_failures_that_differ_in_nothing_but_their_exit_codes_are_told_with_these(
    local, write_study
):
    """A model that says the same whatever happens to it may still fail of several causes."""
    study = write_study("failing-twice", 'echo "reading input" >&2; exit "$N"\n')
    ended = local("run", study)
    runs = "run-00001, run-00002, run-00003"
    assert f"\n3 x reading input (exit codes 1, 2, 3; {runs})\n" in ended.err
    facts = json.loads(local("results", study, "--json").out)
    assert facts["failures"][0]["exit_codes"] == [1, 2, 3]


def test_a_result_that_never_changes_is_doubted(local, write_study):
    """Its plots are flat, and nobody would know why."""
    study = write_study("flat", "echo 12.5 metres > out.txt\n", more=RESULT)
    doubt = (
        "warning: `depth` is 12.5 in all 3 runs that have it: it does not depend on the "
        "parameters, or is read from the wrong place\n"
    )
    assert doubt in local("run", study).err


def test_results_that_runs_lack_are_told_with_an_example(local, write_study):
    """Where the reasons differ in numbers only, the first of them; and what the file has there."""
    results = "results: {width: {file: stdout.txt, pattern: 'wide (.+)'}}\n"
    study = write_study("lacking", 'echo "wide x$N"\n', more=results)
    told = (
        "warning: result `width`: 3 runs without, such as: `x1` is not a number "
        "(run-00001, run-00002, run-00003)\n"
        "In `stdout.txt` of run-00001 is: wide x1\n"
    )
    assert told in local("run", study).err


def test_failed_runs_are_retried_when_that_is_asked(local, write_study, folder: Path):
    """Without `--failed` there is nothing to retry; with it, only they are done again."""
    script = f'echo "$N" >> "{folder}/done.txt"; [ "$N" != 2 ] || [ -e "{folder}/mended" ]\n'
    study = write_study("mended", script)
    assert local("run", study).code == 1
    (folder / "mended").touch()
    undecided = local("retry", study)
    assert (undecided.code, undecided.out) == (1, "")
    assert undecided.err == (
        "No run is to be repeated: 1 failed, 2 succeeded; "
        "`--failed` repeats those that have failed.\n"
    )
    assert local("retry", study, "--failed").code == 0
    assert local("cancel", study).err == "All runs have ended already: 3 succeeded.\n"
    assert sorted((folder / "done.txt").read_text().split()) == ["1", "2", "2", "3"]


def test_detach_and_come_back(local, write_study, folder: Path):
    """The name of the study is enough for all that follows, as is its file."""
    study = write_study("detached", f'until [ -e "{folder}/go" ]; do sleep 0.05; done\n{ECHO}')
    detached = local("run", study, "--detach")
    assert (detached.code, detached.out) == (0, "detached\n")
    assert detached.err.endswith("Submitted 3 runs; watch: runfleet watch detached.yaml\n")
    assert counts(local, "detached")["succeeded"] == 0
    watching = local.start("watch", "detached")
    (folder / "go").touch()
    out, err = watching.communicate(timeout=60)
    assert (watching.returncode, out) == (0, "")
    assert err.endswith(
        "3 of 3 runs ended: 3 succeeded\n"
        "3 runs: 3 succeeded.\n"
        "To collect the results: runfleet results detached\n"
    )
    assert local("results", "detached", "--to", "here").out == "here\n"
    assert len(rows(folder / "here")) == 3


def test_detached_from_what_has_ended_it_says_so(local, write_study):
    """Whoever is not there to watch is not told of runs that nobody has submitted."""
    study = write_study("ended", ECHO + FAIL_AT_2)
    assert local("run", study).code == 1
    detached = local("run", study, "--detach")
    assert (detached.code, detached.out) == (1, "ended\n")
    assert detached.err.endswith(
        "Nothing has changed since, so none was run again: 1 failed, 2 succeeded.\n"
        "To run the failed ones again: runfleet retry ended.yaml --failed\n"
    )


def test_logs(local, write_study):
    """What a run wrote to stdout goes to stdout, what it wrote to stderr to stderr."""
    study = write_study("logged", FAIL_AT_2 + ECHO)
    local("run", study)
    log = local("logs", study, "run-00003")
    assert (log.code, log.out, log.err) == (0, "this is 3\n", "trouble 3\n")
    assert local("logs", "logged", "RUN-00003", "--stderr").out == "trouble 3\n"
    failed = local("logs", study)
    message = "error: no file /data/2.txt\n"
    assert (failed.code, failed.out, failed.err) == (0, "", f"run-00002: {message}{message}")
    unknown = local("logs", study, "run-4")
    assert unknown.code == 1
    assert unknown.err == (
        "error: study `logged` has no run `run-4`\n"
        "hint: the names of the runs are in `runs.csv`, such as `run-00001`\n"
    )
    near = local("logs", study, "run-0002x").err
    assert near.endswith("has no run `run-0002x`\nhint: did you mean `run-00002`?\n")


def test_without_failed_runs_logs_wants_one_named(local, write_study):
    study = write_study("healthy", ECHO)
    local("run", study)
    unnamed = local("logs", study)
    assert (unnamed.code, unnamed.err) == (
        2,
        (
            "error: no run has failed, so name the one whose log to print\n"
            "hint: the names of the runs are in `runs.csv`, such as `run-00001`\n"
        ),
    )


def test_files_of_a_run_that_printed_nothing_are_named(local, write_study):
    """Its own log is among them, where the command leads what it says to a file."""
    study = write_study("mute", "echo 5 metres > out.txt\n", values=[1], more=RESULT)
    local("run", study)
    logs = local("logs", study, "run-00001")
    assert (logs.code, logs.out) == (0, "")
    assert logs.err == "run-00001 has written nothing to stdout and stderr; its files: `out.txt`\n"


def test_a_run_that_waits_has_written_nothing_yet(local, write_study):
    study = write_study("in-line", "sleep 600\n", values=[1, 2], more=ONE_AT_A_TIME)
    local("run", study, "--detach")
    assert local("logs", study, "run-00002").err == "run-00002 has not begun\n"
    local("cancel", study)
    for more in ([], ["-f"]):
        logs = local("logs", study, "run-00002", *more)
        assert logs.err == "run-00002 was cancelled before it began\n"


def test_following_a_run_that_waits_ends_when_it_is_cancelled(local, write_study, looks):
    study = write_study("given-up", "sleep 600\n", values=[1, 2], more=ONE_AT_A_TIME)
    local("run", study, "--detach")
    following = start_following(local, looks, study)
    local("cancel", study)
    assert following.communicate(timeout=60) == ("", "run-00002 was cancelled before it began\n")
    assert following.returncode == 0


def test_following_a_run_that_waits_ends_when_it_is_done_anew(local, write_study, looks):
    """It would never begin where it is."""
    study = write_study("renewed", "sleep 600\n", values=[1, 2], more=ONE_AT_A_TIME)
    local("run", study, "--detach")
    following = start_following(local, looks, study)
    write_study("renewed", "sleep 601\n", values=[1, 2], more=ONE_AT_A_TIME)
    local("run", study, "--detach")
    _, err = following.communicate(timeout=60)
    assert following.returncode == 1
    assert err == (
        "error: study `renewed` was submitted again meanwhile, and run `run-00002` is done anew\n"
        "hint: `runfleet logs -f renewed run-00002` follows it\n"
    )


def test_a_terminal_gets_the_end_of_a_long_log(local, write_study):
    """And is told how much is left out, and how to get it; what is no terminal gets all."""
    study = write_study("long", "seq 300000; echo last >&2\n", values=[1])
    local("run", study)
    numbers = "".join(f"{number}\n" for number in range(1, 300_001))
    assert local("logs", study, "run-00001").out == numbers
    code, shown = local.on_terminal("logs", study, "run-00001")
    left_out = "... 2.0 MB of stdout left out; all of it: runfleet logs --all long.yaml run-00001\n"
    assert (code, shown) == (0, left_out + numbers[-7_000:] + "last\n")
    assert local.on_terminal("logs", study, "run-00001", "--all") == (0, numbers + "last\n")
    some = local("logs", study, "run-00001", "--lines", "50000")
    assert some.out == numbers[-350_000:]
    assert some.err == left_out.replace("2.0", "1.6") + "last\n"


def test_names_of_runs_may_begin_as_options_do(local, write_study):
    """What is advised puts `--` before them."""
    study = write_study("below", "seq 2000\n", values=[-2], more="run_name: '{N}'\n")
    assert local("run", study).code == 0
    mistaken = local("logs", study, "-2")
    assert mistaken.err == (
        "error: there is no option `-2`\nhint: before a name, write `--`: `-- -2`\n"
    )
    assert local("logs", study, "--", "-2").out.startswith("1\n2\n")
    _, shown = local.on_terminal("logs", study, "--lines", "1", "--", "-2")
    assert shown.partition("\n")[0].endswith(
        "left out; all of it: runfleet logs --all -- below.yaml -2"
    )
    assert local("logs", "--all", "--", "below.yaml", "-2").out.endswith("\n2000\n")


def test_the_log_of_a_running_run_is_followed_from_its_end(local, write_study, folder: Path):
    """What it has written before is left out, as of one that has ended."""
    script = f'seq 5000; until [ -e "{folder}/go" ]; do sleep 0.05; done; echo done\n'
    study = write_study("tail", script, values=[1])
    local("run", study, "--detach")
    wait_for(lambda: "\n5000\n" in local("logs", study, "run-00001").out)
    following = local.start("logs", "-f", "-n", "2", study, "run-00001")
    assert following.stdout is not None
    assert [following.stdout.readline() for _ in range(2)] == ["4999\n", "5000\n"]
    (folder / "go").touch()
    out, err = following.communicate(timeout=60)
    assert (following.returncode, out) == (0, "done\n")
    assert err.startswith("... 23.9 kB of stdout left out; all of it: ")


def test_following_a_log_ends_with_the_run(local, write_study, folder: Path):
    """Lines come while the run goes on."""
    script = f'echo begun; until [ -e "{folder}/go" ]; do sleep 0.05; done; echo done\n'
    study = write_study("followed", script, values=[1])
    local("run", study, "--detach")
    following = local.start("logs", "-f", study, "run-00001")
    assert following.stdout is not None
    assert following.stdout.readline() == "begun\n"
    (folder / "go").touch()
    out, _ = following.communicate(timeout=60)
    assert (following.returncode, out) == (0, "done\n")


def test_ctrl_c_leaves_the_runs_going(local, write_study, folder: Path):
    """It is said how to come back; cancelling then ends them, and running again goes on."""
    waits = f'until [ -e "{folder}/go" ]; do sleep 0.05; done\n'
    study = write_study("left", waits, values=range(4))
    running = local.start("run", study)
    wait_for(lambda: local("status", study).code == 0 and counts(local, study)["running"])
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert err.endswith(
        "The runs go on. Come back to them: runfleet watch left.yaml\n"
        "                End them:          runfleet cancel left.yaml\n"
    )
    assert counts(local, study)["running"] > 0
    assert local("cancel", study).err == (
        "The study is cancelled: 4 cancelled.\nTo run the rest after all: runfleet run left.yaml\n"
    )
    (folder / "go").touch()
    assert local("run", study).code == 0
    assert "  - job `left` with 4 runs\n" in local("delete", study, "--dry-run").err
    again = local("run", study)
    assert again.code == 0
    told = "4 runs: 4 succeeded.\nNothing has changed since, so none was run again.\n"
    assert told in again.err


def test_status_lists_all_studies(local, write_study):
    """For people and for programs."""
    local("run", write_study("listed", FAIL_AT_2))
    listed = json.loads(local("status", "--json").out)
    mine = next(one for one in listed if one["study"] == "listed")
    assert mine["state"] == "ended"
    assert mine["runs"] == {
        "total": 3, "waiting": 0, "running": 0, "succeeded": 2, "failed": 1, "cancelled": 0
    }  # fmt: skip
    line = next(line for line in local("status").out.splitlines() if line.startswith("listed"))
    assert line.split()[:5] == ["listed", "ended", "3", "1", "3"]
    assert local("status", "listed").out == ("listed: 3 of 3 runs ended\n1 failed, 2 succeeded\n")


def test_a_deleted_study_leaves_its_results(local, write_study, folder: Path):
    """Run again, it begins anew, and its results are those of the new runs."""
    study = write_study("gone", ECHO)
    assert local("run", study).code == 0
    deleted = local("delete", "gone", "--yes")
    assert (deleted.code, deleted.out) == (0, "")
    assert deleted.err == (
        "This deletes study `gone`:\n"
        "  - job `gone` with 3 runs\n"
        "  - container `study-gone` with what its runs need and wrote\n"
        "Study `gone` is deleted.\n"
    )
    assert "study-gone" not in os.listdir(local.home / "storage")
    assert (folder / "results/gone/runs.csv").exists()
    assert "did you mean" not in local("status", "gone").err
    assert local("run", study).code == 0
    assert local("delete", study, "--results", "--yes").code == 0
    assert not (folder / "results/gone").exists()


def test_files_that_were_not_collected_are_not_deleted_with_the_results(
    local, write_study, folder: Path
):
    """Neither where nothing was collected, nor beside what was, nor another study's results."""
    study = write_study("partly", ECHO, values=[1])
    own = folder / "results/partly"
    own.mkdir(parents=True)
    (own / "precious.txt").touch()
    local("run", study, "--detach")
    kept = local("delete", study, "--results", "--yes")
    assert f"\n`{own}` stays: nothing tells that it was collected there.\n" in kept.err
    assert kept.code == 0
    assert local("run", study).code == 0
    beside = local("delete", study, "--results", "--yes")
    told = f"  - what was collected in folder `{own}`; what else is there stays: `precious.txt`\n"
    assert told in beside.err
    assert "precious.txt" in os.listdir(own)
    assert set(os.listdir(own)) <= {"precious.txt", ".lock"}
    assert local("run", write_study("taker", ECHO, values=[1]), "--detach").code == 0
    local("run", study)
    own.rename(folder / "results/taker")
    assert "it has the results of another study, `partly`" in (
        local("delete", "taker", "--results", "--yes").err
    )
    assert (folder / "results/taker/runs.csv").exists()


def test_a_study_whose_results_cannot_be_deleted_stays(
    local, write_study, folder: Path, without_rights
):
    """Else nobody would know any more where they are."""
    study = write_study("stuck", ECHO, values=[1])
    assert local("run", study).code == 0
    (folder / "results/stuck/runs").chmod(0o555)
    command = f"runfleet delete {study} --results --yes"
    assert "Permission denied" in local.line(f"{without_rights} {command}").err
    (folder / "results/stuck/runs").chmod(0o755)
    assert local.line(command).code == 0
    assert not (folder / "results/stuck").exists()


def test_of_results_behind_a_link_only_the_link_is_deleted(local, write_study, folder: Path):
    """What it leads to may be others', too; that is said before."""
    study = write_study("linked", ECHO, values=[1])
    assert local("run", study).code == 0
    link, place = folder / "results/linked", folder / "large disk"
    link.rename(place)
    link.symlink_to(place)
    deleted = local("delete", study, "--results", "--yes")
    assert (deleted.code, deleted.out) == (0, "")
    assert f"  - link `{link}`; what it leads to stays: `{place}`\n" in deleted.err
    assert not link.is_symlink()
    assert (place / "runs.csv").exists()
    local("run", study, "--detach")
    again = local("delete", study, "--results", "--yes")
    assert again.code == 0
    assert "results" not in again.err, "there are none"


def test_a_study_whose_file_has_been_moved(local, write_study, folder: Path):
    """Its name leads to the old place, and the file itself to its study all the same."""
    study = write_study("moved", ECHO, values=[1])
    local("run", study)
    elsewhere = (folder / study).rename(folder / "elsewhere.yaml")
    lost = local("results", "moved")
    assert lost.code == 1
    assert lost.err == (
        f"error: `{folder / study}`, the file of study `moved`, is not there any more\n"
        "hint: name the study file instead of the study\n"
    )
    assert local("results", elsewhere.name).code == 0
    (folder / study).write_text(elsewhere.read_text().replace("moved\n", "other\n", 1))
    taken = local("results", "moved").err
    assert taken.startswith(f"error: `{folder / study}` is the file of study `other` now, not of ")


def test_a_study_of_which_only_the_jobs_are_left(local, write_study):
    """As when somebody has deleted its container."""
    study = write_study("half-gone", ECHO)
    assert local("run", study).code == 0
    shutil.rmtree(local.home / "storage/study-half-gone")
    ended = local("explain", "half-gone")
    assert (ended.code, ended.err) == (
        1,
        (
            "error: account `local` has jobs of study `half-gone`, but its record is not in the "
            "storage any more\n"
            "hint: `runfleet delete half-gone` removes them; then `runfleet run FILE` begins anew\n"
        ),
    )
    listed = local("status")
    assert "half-gone" not in listed.out
    assert (
        "warning: account `local` has jobs of study `half-gone`, but its record is not in the "
        "storage any more; `runfleet delete half-gone` removes them"
    ) in listed.err
    assert local("delete", "half-gone", "--yes").code == 0
    assert "half-gone" not in local("status").err
    assert local("run", study).code == 0


def test_who_waits_for_another_submission_says_so(local, write_study):
    study = write_study("contended", ECHO, values=[1])
    lock = Folders(local.home).studies("local").lock("contended")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(lock):
        waiting = local.start("run", study, "--detach")
        assert waiting.stderr.readline() == (
            "waiting: study `contended` is being submitted by another process\n"
        )
    assert waiting.communicate(timeout=60)[0] == "contended\n"
    assert waiting.returncode == 0


def test_a_study_whose_results_could_not_be_collected_does_not_begin(
    local, write_study, folder: Path
):
    """But it does where nothing is to be collected."""
    study = write_study("blocked", ECHO)
    place = folder / "results/blocked"
    place.parent.mkdir(exist_ok=True)
    place.touch()
    refused = local("run", study)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        f"error: the results cannot be written to `{place}`: `{place}` is no folder\n"
        "hint: move it, or run with `--detach` and collect elsewhere: "
        "`runfleet results blocked --to FOLDER`\n"
    )
    assert "blocked" not in local("status").out
    assert local("run", study, "--detach").code == 0
    assert local("watch", study).code == 0
    assert local("results", study, "--to", str(folder / "elsewhere")).code == 0


def test_an_unknown_study(local):
    """Every command that takes a study says the same."""
    for command in (
        *("run", "watch", "status", "explain", "logs", "cancel", "retry", "results", "delete"),
    ):
        ended = local(command, "sturdy")
        assert (ended.code, ended.out, ended.err) == (
            1,
            "",
            (
                "error: account `local` has no study `sturdy`\n"
                "hint: start it with `runfleet run FILE`; `runfleet status` lists all there are\n"
            ),
        )


def test_a_study_file_that_never_ran_is_no_slip(local, write_study):
    """Whoever followed a hint to the study `mend` would delete that."""
    local("run", write_study("mend", ECHO))
    study = write_study("mendx", ECHO)
    for command in (
        *(["watch"], ["status"], ["explain"], ["logs"], ["cancel"], ["retry"], ["results"]),
        ["delete", "--yes"],
    ):
        ended = local(*command, study)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err == (
            "error: account `local` has no study `mendx`\n"
            "hint: start it with `runfleet run mendx.yaml`\n"
        )


def test_the_file_is_meant_by_a_name_that_is_no_study_yet(local, write_study):
    """However near another study's name is."""
    local("run", write_study("fresh", ECHO))
    write_study("fresher", ECHO)
    for command in ("run", "watch", "retry", "delete"):
        assert local(command, "fresher").err == (
            "error: account `local` has no study `fresher`\n"
            "hint: name the study file: `fresher.yaml`\n"
        )


def test_a_missing_study_file_starts_no_emulator(runfleet):
    """It would be idle for a quarter of an hour."""
    for command in ("run", "watch", "results"):
        ended = runfleet(command, "sturdy.yaml")
        assert ended.err.startswith("error: there is no study file `sturdy.yaml`\n")
    assert not (runfleet.home / "emulator").exists()


def test_on_a_terminal_the_picture_is_live(local, write_study, folder: Path):
    """A bar and counts while it goes on, the times of all steps at the end."""
    study = write_study("pictured", f'until [ -e "{folder}/go" ]; do sleep 0.05; done\n')

    def let_go(shown: str) -> None:
        slots = min(3, os.cpu_count() or 1)
        if f"{slots} running" in shown:
            (folder / "go").touch()

    code, shown = local.on_terminal("run", study, watch=let_go)
    assert code == 0
    assert "━" in shown
    last = shown.rpartition("\x1b[2K")[2]
    assert "Running" in last
    assert "3 of 3" in last
    assert last.endswith("results/pictured\n")


def test_a_stopped_emulator_goes_on_with_its_runs(runfleet, write_study):
    """Stopping requeues what was running; the next command starts the emulator again."""
    study = write_study("stopped", "sleep 0.5\n", values=range(6))
    runfleet("run", study, "--detach")
    assert runfleet("emulator", "stop").err == "The emulator has been stopped.\n"
    assert runfleet("run", study).code == 0


def test_on_a_terminal_an_edited_study_asks_first(local, write_study):
    """No answer but yes submits the changes; `--yes` agrees beforehand."""
    local("run", write_study("asked", "true\n", values=[1]))
    study = write_study("asked", "true\n", values=[1, 2])
    code, shown = local.on_terminal("run", study, typed="n\n")
    assert code == 1
    assert shown.endswith("  - 1 run added (run-00002)\nGo on? [y/N] Nothing was done.\n")
    assert counts(local, "asked")["total"] == 1
    code, _ = local.on_terminal("run", study, "--yes")
    assert code == 0
    assert counts(local, "asked")["succeeded"] == 2


def test_a_study_may_be_called_like_its_model(local, write_study, folder: Path):
    """Beside a program of that name, the name is still that of the study."""
    study = write_study("same", ECHO)
    assert local("run", study).code == 0
    (folder / "same").write_bytes(b"\x7fELF\xff\xfe")
    assert local("status", "same").out.startswith("same: 3 of 3 runs ended")
    assert local("logs", "same", "run-00001").out.startswith("this is")


def test_a_study_is_found_though_its_file_has_become_wrong(local, write_study, folder: Path):
    """What runs can be looked at and stopped, whatever has been done to the file meanwhile."""
    study = write_study("spoilt", "sleep 1000\n")
    assert local("run", study, "--detach").code == 0
    (folder / "spoilt.sh").unlink()
    assert local("status", study).out.startswith("spoilt: 0 of 3 runs ended\n")
    assert local("cancel", study).err.startswith("The study is cancelled: 3 cancelled.\n")
    assert "there is no file `spoilt.sh`" in local("run", study).err


@pytest.mark.parametrize("streams", [">&-", "2>&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_what_nobody_hears_stops_no_work(local, write_study, streams: str):
    study = write_study("unheard", "true\n")
    assert local.line(f"runfleet run {study} {streams}").code == 0
    assert "3 succeeded" in local("status", study).out
    assert local.line(f"runfleet delete {study} --yes {streams}").code == 0


def test_a_study_is_planned_and_examined_by_its_name(local, write_study):
    study = write_study("named", "true\n")
    assert local("run", study).code == 0
    assert local("plan", "named").out == local("plan", study).out
    assert local("doctor", "named").code == 0
