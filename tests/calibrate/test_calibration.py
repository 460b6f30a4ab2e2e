"""Whole calibrations by BeoPEST and PEST++: their managers, their workers, and what goes wrong."""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential

from runfleet.calibrate import (
    Calibration,
    CalibrationError,
    CalibrationProgress,
    CalibrationState,
    ManagerError,
    WorkerError,
)
from runfleet.calibrate.results.collecting import Results
from runfleet.launch import Account, LaunchError, NameTakenError, Step, StepName, connect
from runfleet.launch.errors import StudyNotFoundError
from runfleet.storage.packages import PackageFolder
from runfleet.study import Study

pytestmark = [
    pytest.mark.needs("wine", "x86_64-w64-mingw32-gcc", "script"),
    pytest.mark.timeout(180),
]

BUILD = Path(__file__).parents[2] / ".build"

# A decay curve; what it is to be found by is below.
MODEL = r"""
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

int main(void)
{
    double start, rate, rest;
    FILE *in = fopen("model.in", "r");
    if (!in || fscanf(in, "%lf %lf %lf", &start, &rate, &rest) != 3) {
        fprintf(stderr, "model.in has no three numbers\n");
        return 3;
    }
    fclose(in);
    if (getenv("MOST_RATE") && rate > atof(getenv("MOST_RATE"))) {
        fprintf(stderr, "no convergence\n");
        return 3;
    }
    if (getenv("DELAY_MS"))
        Sleep(atoi(getenv("DELAY_MS")));
    FILE *out = fopen("model.out", "w");
    for (int i = 0; i < 10; i++)
        fprintf(out, "%2d %.10f\n", i, start * exp(-rate * i) + rest);
    fclose(out);
    return 0;
}
"""
TRUTH = {"start": 3.0, "rate": 0.4, "rest": 1.5}

CONTROL = """\
pcf
* control data
restart estimation
3 10 1 0 1
1 1 double point 1 0 0
10.0 -3.0 0.3 0.03 10
10.0 10.0 0.001
0.1
{noptmax} 0.005 4 4 0.005 4
1 1 1
* parameter groups
all relative 0.01 0.0 switch 2.0 parabolic
* parameter data
start none factor 1.0 0.1 10.0 all 1.0 0.0 1
rate none factor 0.1 0.01 5.0 all 1.0 0.0 1
rest none factor 1.0 0.1 10.0 all 1.0 0.0 1
* observation groups
curve
* observation data
{observations}
* model command line
model.exe
* model input/output
model.tpl model.in
model.ins model.out
* prior information
"""

STUDY = """\
study: {name}
model:
  packages: [{packages}]
  environment: {{DELAY_MS: "{delay}", MOST_RATE: "{most_rate}"}}
pest:
  control: {control}
  program: {program}
  workers: {workers}
  port: {port}
{more}
"""

# BeoPEST demands a console.
STARTER = """\
#!/bin/sh
export WINEDEBUG=-all WINEPREFIX='{prefix}'
# Once in some thousand starts the kernel puts a heap where Wine needs a page; some containers do
# not let anybody prevent it.
setarch -R true 2>/dev/null && fixed="setarch -R"
exec $fixed {line}
"""

TEMPLATE = "ptf ~\n" + "".join(f"~ {name:8} ~\n" for name in TRUTH)
INSTRUCTIONS = "pif @\n" + "".join(f"l1 [o{i}]4:20\n" for i in range(10))
FAILING_INSTRUCTIONS = INSTRUCTIONS.replace("l1 [o9]4:20", "l3 [o9]4:20")

Prepare = Callable[..., Calibration]


def control_text(noptmax: int) -> str:
    """The control file, with observations that the model makes of the truth."""
    values = [TRUTH["start"] * math.exp(-TRUTH["rate"] * i) + TRUTH["rest"] for i in range(10)]
    observations = "\n".join(f"o{i} {value:.10f} 1.0 curve" for i, value in enumerate(values))
    return CONTROL.format(noptmax=noptmax, observations=observations)


@pytest.fixture(scope="module")
def model_exe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model, compiled for Windows."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "model.c").write_text(MODEL)
    compiler = ["x86_64-w64-mingw32-gcc", "-O1", "-s", "-o", "model.exe", "model.c"]
    subprocess.run(compiler, cwd=folder, check=True)
    return folder / "model.exe"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A package for Linux nodes, whose commands start BeoPEST and PEST++ by Wine."""
    if not (BUILD / "pest" / "installed").exists():
        pytest.fail("BeoPEST and PEST++ are not there; `make .build/pest/installed` fetches them")
    package, prefix = tmp_path_factory.mktemp("package"), tmp_path_factory.mktemp("wine")
    shutil.copytree(BUILD / "pest" / "bin", package / "bin")
    for program in (package / "bin").glob("*.exe"):
        line = f'wine "${{0%/*}}/{program.name}" "$@"'
        if program.stem == "beopest64":
            line = f"script -qfec \"wine '${{0%/*}}/{program.name}' $*\" /dev/null"
        starter = program.with_suffix("")
        starter.write_text(STARTER.format(prefix=prefix, line=line))
        starter.chmod(0o755)
    environment = {**os.environ, "WINEDEBUG": "-all", "WINEPREFIX": str(prefix)}
    # What Wine itself starts holds the terminal of whoever needs it first, and would be killed with
    # a worker; so it is started here, and stays.
    subprocess.run(["wineserver", "-p"], env=environment, check=True, timeout=60)
    subprocess.run(["wine", "cmd", "/c", "exit"], env=environment, check=True, timeout=60)
    yield package
    # A server that a kill of this module has upset keeps a processor busy, and ends without its
    # clients.
    subprocess.run(["wineserver", "-k"], env=environment, check=False, timeout=60)
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("WINEPREFIX") == str(prefix):
                process.kill()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Iterator[Path]:
    """A home with the package `pest`, whose emulator serves all tests."""
    folder = tmp_path_factory.mktemp("home")
    PackageFolder(folder / "emulator/packages").add("pest", "16.1", programs)
    yield folder
    run_command(folder, "emulator", "stop")


@pytest.fixture
def account(home: Path) -> Iterator[Account]:
    with connect(home=home) as account:
        yield account


def run_command(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Carry out `runfleet ARGUMENT...`."""
    program = Path(sys.executable).with_name("runfleet")
    environment = {**os.environ, "RUNFLEET_HOME": str(home), "NO_COLOR": "1"}
    return subprocess.run(
        [program, *arguments], env=environment, capture_output=True, text=True, timeout=120
    )


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def prepare(tmp_path: Path, model_exe: Path, account: Account) -> Iterator[Prepare]:
    """Write the files of a calibration of the decay curve, to be begun; it is ended at the end."""
    made: list[Calibration] = []

    def write(
        program: str = "beopest64",
        *,
        workers: str = "2",
        noptmax: int = 6,
        delay: int = 0,
        most_rate: float = 10.0,
        port: int | None = None,
        packages: str = "pest==16.1",
        more: str = "",
        pool: str = "",
        control: str = "case.pst",
    ) -> Calibration:
        folder = tmp_path / "my curve"
        folder.mkdir(exist_ok=True)
        (folder / control).write_text(control_text(noptmax))
        (folder / "model.tpl").write_text(TEMPLATE)
        (folder / "model.ins").write_text(INSTRUCTIONS)
        shutil.copy(model_exe, folder)
        text = STUDY.format(
            control=control,
            name=tmp_path.name.removeprefix("test_"),
            packages=packages,
            program=program,
            workers=workers,
            delay=delay,
            most_rate=most_rate,
            port=port or free_port(),
            more=f"  {more}\n{pool}",
        )
        (folder / "study.yaml").write_text(text)
        made.append(Calibration.of(account, Study.load(folder / "study.yaml")))
        return made[-1]

    yield write
    for calibration in made:
        try:
            calibration.cancel()
        except LaunchError:  # it never began
            continue


def finish(calibration: Calibration) -> CalibrationProgress:
    """Watch a calibration to its end."""
    *_, last = calibration.watch()
    return last


def lose_manager(calibration: Calibration, pool: str, home: Path) -> None:
    """Reboot the node of a manager, which is then started again."""
    batch = calibration.account.batch
    manager = batch.get_task(calibration.name, "manager")
    assert manager is not None
    credential = AzureNamedKeyCredential("local", (home / "emulator/key").read_text())
    with BatchClient(batch.endpoint, credential) as client:
        client.begin_reboot_node(
            pool, str(manager.node_id), {"nodeRebootOption": "requeue"}, polling_interval=0
        ).wait()


def best_parameters(results: Results) -> dict[str, float]:
    """The values that were found, by name."""
    return {found.name: found.value for found in results.parameters}


def processes_of(task: str, calibration: Calibration) -> list[psutil.Process]:
    """Find the processes of a task; others may be running the same tests."""
    folder = f"/workitems/{calibration.name}"
    found = []
    for process in psutil.process_iter():
        try:
            place = process.environ().get("AZ_BATCH_TASK_DIR", "")
        except psutil.Error:
            continue
        is_ours = place.startswith(str(calibration.account.home))
        if is_ours and folder in place and place.endswith(f"/{task}"):
            found.append(process)
    return found


def kill(task: str, calibration: Calibration) -> None:
    """Kill all processes of a task."""
    found = processes_of(task, calibration)
    assert found
    for process in found:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def watch_until(
    calibration: Calibration, condition: Callable[[CalibrationProgress], object]
) -> CalibrationProgress:
    """Watch a calibration until something is the case."""
    deadline = time.monotonic() + 60
    for progress in calibration.watch():
        assert not progress.state.has_ended, progress.error
        if condition(progress):
            return progress
        assert time.monotonic() < deadline, progress
    raise AssertionError("the calibration has ended")


def test_beopest_finds_the_truth(prepare: Prepare, tmp_path: Path) -> None:
    """A manager and two workers; the manager's files are collected, however they are spelled."""
    calibration = prepare(control="Case.pst")
    calibration.submit()
    last = finish(calibration)
    assert last.state is CalibrationState.SUCCEEDED
    assert last.pest.workers_seen == 2
    assert (last.pest.iteration or 0) > 2
    results = calibration.collect(str(tmp_path / "results"))
    assert best_parameters(results) == pytest.approx(TRUTH, rel=0.02)
    assert calibration.collect(tmp_path / "results") == results
    own = tmp_path / "own" / "manager" / "notes.txt"
    own.parent.mkdir(parents=True)
    own.touch()
    with pytest.raises(LaunchError, match=r"is in the way: it has no files of `Case\.pst`"):
        calibration.collect(tmp_path / "own")
    assert own.exists()
    assert calibration.submit().generations[-1].job_id == calibration.name


def test_what_pest_would_stop_at_is_told_before(prepare: Prepare, tmp_path: Path) -> None:
    calibration = prepare()
    (tmp_path / "my curve" / "model.tpl").unlink()
    with pytest.raises(CalibrationError, match=r"model\.tpl") as caught:
        calibration.submit()
    assert caught.value.hint


def test_a_manager_that_ends_at_once_says_why(prepare: Prepare) -> None:
    calibration = prepare(more='switches: "/nonsense"')
    with pytest.raises(ManagerError, match="manager has ended") as caught:
        calibration.submit()
    assert "restart and control switches" in caught.value.output
    # BeoPEST ends with 0 all the same.
    assert calibration.look().state is CalibrationState.FAILED
    assert "the manager has ended" in calibration.explain().sentence


def test_a_pool_without_a_place_for_workers_is_refused(prepare: Prepare) -> None:
    calibration = prepare(pool="pool: {tasks_per_node: 1}")
    with pytest.raises(CalibrationError, match="no worker has a place"):
        calibration.submit()


def test_a_taken_port_is_told(prepare: Prepare) -> None:
    """Nothing waits for ever: neither the manager nor its first worker."""
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        calibration = prepare("pestpp-glm", port=port, more="register_within: 10s")
        with pytest.raises(CalibrationError) as caught:
            calibration.submit()
    assert caught.value.output


def test_a_worker_that_dies_at_once_is_told(prepare: Prepare) -> None:
    """With the last lines that it wrote, after as many restarts as were asked for."""
    calibration = prepare("pestpp-glm", more='worker_switches: "/nonsense"\n  restarts: 1')
    with pytest.raises(WorkerError, match="died") as caught:
        calibration.submit()
    assert "command line" in caught.value.output.lower()


def test_an_instruction_that_fails_is_told_by_its_worker(prepare: Prepare, tmp_path: Path) -> None:
    """The manager knows only that a run has failed, and not that there is no twelfth line."""
    calibration = prepare()
    (tmp_path / "my curve" / "model.ins").write_text(FAILING_INSTRUCTIONS)
    try:
        calibration.submit()
        error: CalibrationError | None = finish(calibration).error
    except CalibrationError as caught:
        error = caught
    assert isinstance(error, ManagerError)
    assert "a model run failed on worker-001: " in error.output
    assert "model.out" in error.output


def test_an_instruction_that_fails_is_told_at_once(prepare: Prepare, tmp_path: Path) -> None:
    """PANTHER tries again and again; the reason is told once meanwhile, and at the end."""
    calibration = prepare("pestpp-glm", noptmax=0)
    (tmp_path / "my curve" / "model.ins").write_text(FAILING_INSTRUCTIONS)
    calibration.submit()
    *_, last = told = list(calibration.watch())
    events = [event for progress in told for event in progress.events]
    (reason,) = [event for event in events if event.startswith("a model run failed on worker-")]
    assert "model.ins" in reason
    assert isinstance(last.error, ManagerError)
    assert reason in last.error.output
    assert f"`runfleet logs {calibration.name} worker-001`" in (last.error.hint or "")


def test_failures_that_beopest_forgives_are_told(prepare: Prepare, tmp_path: Path) -> None:
    """Its manager does not tell of those in a Jacobian: the workers are asked in any case."""
    calibration = prepare(noptmax=1, most_rate=0.1005)
    control = tmp_path / "my curve" / "case.pst"
    control.write_text(control.read_text().replace("0.03 10\n", "0.03 10 lamforgive derforgive\n"))
    calibration.submit()
    told = list(calibration.watch())
    assert told[-1].state is CalibrationState.SUCCEEDED
    events = [event for progress in told for event in progress.events]
    (reason,) = [event for event in events if event.startswith("a model run failed on worker-")]
    assert reason.endswith(": File model.out not written by model")


def test_workers_that_all_die_end_a_calibration(prepare: Prepare) -> None:
    """BeoPEST's workers reach the manager before they read the rest of their command line."""
    calibration = prepare(more='worker_switches: "/nonsense"\n  restarts: 1')
    calibration.submit()
    last = finish(calibration)
    assert last.state is CalibrationState.FAILED
    assert isinstance(last.error, WorkerError)
    assert "restart and control switches" in last.error.output
    found = calibration.look()
    assert (found.state, str(found.error)) == (last.state, str(last.error))


def test_a_host_name_that_is_none_ends_the_wait(
    prepare: Prepare, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "odd" / "bin").mkdir(parents=True)
    program = tmp_path / "odd" / "bin" / "hostname"
    program.write_text("#!/bin/sh\necho 'Welcome to the cluster!'\n")
    program.chmod(0o755)
    PackageFolder(home / "emulator/packages").add("odd", "1", tmp_path / "odd")
    calibration = prepare(packages="odd==1, pest==16.1")
    with pytest.raises(ManagerError, match="but wrote `Welcome to the cluster!`"):
        calibration.submit()


def test_a_killed_worker_is_started_again(prepare: Prepare) -> None:
    calibration = prepare(delay=300, noptmax=2)
    calibration.submit()
    watch_until(calibration, lambda progress: progress.pest.workers_seen == 2)
    kill("worker-002", calibration)
    last = finish(calibration)
    assert last.state is CalibrationState.SUCCEEDED
    assert last.workers.restarts >= 1


def test_a_killed_manager_is_gone_on_with(prepare: Prepare, tmp_path: Path) -> None:
    """BeoPEST keeps the iterations that it has finished, by its own restart switch."""
    calibration = prepare(delay=300)
    calibration.submit()
    watch_until(calibration, lambda progress: (progress.pest.iteration or 0) >= 2)
    kill("manager", calibration)
    last = finish(calibration)
    assert last.state is CalibrationState.FAILED
    assert isinstance(last.error, ManagerError)
    assert last.error.what.startswith("the manager was killed, perhaps for lack of memory")
    assert last.error.output.startswith("Until then it had written:\n")
    calibration = prepare(delay=500)  # with a port that the killed one did not have
    restart = calibration.plan_resume()
    assert restart.switches == "/r"
    assert "finished are kept" in restart.says[0]
    # Wine may hold the port of a process that was killed; another one changes nothing else.
    calibration = prepare(delay=300)
    calibration.resume(restart)
    assert (calibration.look().pest.iteration or 2) >= 2
    last = finish(calibration)
    assert last.state is CalibrationState.SUCCEEDED, last.error
    assert best_parameters(calibration.collect(tmp_path)) == pytest.approx(TRUTH, rel=0.02)


# What BeoPEST and pestpp-glm would make of it: results of the old values, or of both.
def test_a_calibration_goes_on_only_with_what_it_was_about(
    prepare: Prepare, home: Path, tmp_path: Path
) -> None:
    """An edit of what it works on is refused; one of how, or of the model, is shown and used."""
    calibration = prepare(delay=300, noptmax=12)
    calibration.submit()
    watch_until(calibration, lambda progress: (progress.pest.iteration or 0) >= 2)
    calibration.cancel()
    finish(calibration)
    # Wine may hold the port of a process that was killed.
    calibration = prepare(delay=300, noptmax=12)
    control, study = (tmp_path / "my curve" / name for name in ("case.pst", "study.yaml"))
    text = control.read_text()
    control.write_text(text.replace(" 1.0 curve", " 5.0 curve"))
    refused = run_command(home, "calibrate", "resume", study)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: what was kept of `{calibration.name}` is of another calibration than `case.pst` "
        "asks for now:\n"
        "  - `* observation data` had `o0 4.5000000000 1.0 curve` where "
        "`o0 4.5000000000 5.0 curve` is now\n"
        f"hint: begin anew: `runfleet retry {calibration.name}`; or undo that to go on: only the "
        "model, its templates and instructions, and `* control data` may change meanwhile\n"
    )
    control.write_text(text.replace("\n12 0.005", "\n3 0.005"))
    resumed = run_command(home, "calibrate", "resume", study)
    assert resumed.returncode == 0, resumed.stderr
    assert resumed.stderr.startswith(
        "All iterations that were finished are kept.\n"
        f"Calibration `{calibration.name}` has changed since it was last submitted:\n"
        "  - input `case.pst` changed\n"
        "What is kept is from before that.\n"
    )
    assert "iteration 3" in resumed.stderr
    assert "iteration 4" not in resumed.stderr


def test_a_lost_node_ends_its_manager_for_good(
    prepare: Prepare, account: Account, home: Path, tmp_path: Path
) -> None:
    """Batch starts it again elsewhere, where no worker looks for it: it then ends by itself."""
    calibration = prepare(delay=500, pool="pool: {id: lost-node, tasks_per_node: 4}")
    calibration.submit()
    watch_until(calibration, lambda progress: (progress.pest.iteration or 0) >= 2)
    lose_manager(calibration, "lost-node", home)
    last = finish(calibration)
    assert last.state is CalibrationState.FAILED
    assert "node of the manager was lost" in str(last.error)
    assert calibration.plan_resume().switches == "/r"
    saved = calibration.collect(tmp_path / "results")
    assert all(found.value is not None for found in saved.parameters)
    assert (tmp_path / "results" / "manager" / "case.rec").exists()
    # What was saved is not thrown away by running it again.
    assert calibration.submit().generations[-1].job_id == calibration.name


def test_a_manager_that_was_lost_with_all_it_had_begins_anew(prepare: Prepare, home: Path) -> None:
    """Nobody watched it, so that nothing was saved; that is said before it is done."""
    pool = "pool: {id: lost-unwatched, tasks_per_node: 4}"
    calibration = prepare(delay=500, pool=pool)
    calibration.submit()
    lose_manager(calibration, "lost-unwatched", home)
    finish(calibration)
    assert "begins anew" in calibration.explain().next_step
    steps: list[Step] = []
    # Wine may hold the port of a process that was killed.
    calibration = prepare(delay=500, pool=pool)
    assert calibration.submit(on_step=steps.append).newest.job_id != calibration.name
    assert steps[0] == Step(StepName.BEGINNING_ANEW)


# Whether a worker is seen without a run for long enough is up to BeoPEST.
@pytest.mark.flaky(reruns=2)
def test_workers_come_and_go_as_there_are_runs_for_them(prepare: Prepare) -> None:
    """Never more than three: there are three parameters, and thus three runs of a Jacobian."""
    workers = "{min: 1, max: 5, idle: 1s}"
    calibration = prepare(workers=workers, noptmax=1, delay=3000)
    calibration.submit()
    assert calibration.look().workers.running == 1
    *before, last = calibration.watch()
    assert last.state is CalibrationState.SUCCEEDED
    events = [event for progress in (*before, last) for event in progress.events]
    assert events[0] == "all workers are busy: 2 more were added, 3 in all"
    assert any(event.startswith("sent home, as they had nothing to do: ") for event in events)
    assert max(progress.workers.present for progress in before) == 3


def test_all_workers_come_at_once_where_nobody_watches(prepare: Prepare) -> None:
    calibration = replace(prepare(workers="{min: 1, max: 3}", delay=500), unattended=True)
    calibration.submit()
    assert calibration.look().workers.present == 3


def test_what_could_not_be_collected_is_told_before(
    prepare: Prepare, home: Path, tmp_path: Path
) -> None:
    calibration = prepare()
    study = tmp_path / "my curve" / "study.yaml"
    taken = study.parent / "results" / calibration.name / "manager"
    taken.mkdir(parents=True)
    (taken / "notes.txt").touch()
    refused = run_command(home, "run", study)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: `{taken}` is in the way: it has no files of `case.pst`\n"
        "hint: move it, or run with `--detach` and collect elsewhere: "
        f"`runfleet results {calibration.name} --to FOLDER`\n"
    )
    with pytest.raises(StudyNotFoundError):
        calibration.look()


def test_results_that_could_not_be_written_are_told_before(
    prepare: Prepare, home: Path, tmp_path: Path
) -> None:
    calibration = prepare()
    study = tmp_path / "my curve" / "study.yaml"
    place = study.parent / "results" / calibration.name
    place.parent.mkdir(exist_ok=True)
    place.touch()
    refused = run_command(home, "run", study)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"error: the results cannot be written to `{place}`: `{place}` is no folder\n"
        "hint: move it, or run with `--detach` and collect elsewhere: "
        f"`runfleet results {calibration.name} --to FOLDER`\n"
    )
    with pytest.raises(StudyNotFoundError):
        calibration.look()


def test_what_still_goes_on_is_not_begun_anew(prepare: Prepare, home: Path, tmp_path: Path) -> None:
    """What is advised can be typed, though there is a blank in the name of its folder."""
    calibration = prepare(delay=2000)
    calibration.submit()
    file = tmp_path / "my curve" / "study.yaml"
    refused = run_command(home, "retry", file)
    assert refused.returncode == 1
    assert refused.stderr.endswith(
        "beginning anew would end it\n"
        f"hint: watch it with `runfleet watch '{file}'`, or end it first with `runfleet cancel "
        f"'{file}'`\n"
    )


def test_the_calibration_of_another_file_is_left_alone(prepare: Prepare, tmp_path: Path) -> None:
    calibration = prepare(delay=2000)
    calibration.submit()
    copy = shutil.copytree(tmp_path / "my curve", tmp_path / "copy")
    other = Calibration.of(calibration.account, Study.load(copy / "study.yaml"))
    for ask in (other.cancel, other.look, other.explain, other.changes, other.plan_resume):
        with pytest.raises(NameTakenError):
            ask()
    assert other.changes(replace=True) == ()
    other.submit(replace=True)
    assert not other.look().state.has_ended


def test_twenty_workers_register_within_half_a_minute(prepare: Prepare) -> None:
    calibration = prepare(workers="20", delay=2000)
    begin = time.monotonic()
    calibration.submit()
    watch_until(calibration, lambda progress: progress.pest.workers_seen == 20)
    assert time.monotonic() - begin < 30


def test_the_commands_know_calibrations(prepare: Prepare, home: Path, tmp_path: Path) -> None:
    """`run`, `status`, `results` and `calibrate` do for it what they do for studies of runs."""
    calibration = prepare()
    file = tmp_path / "my curve" / "study.yaml"
    checked = run_command(home, "calibrate", "check", file)
    assert checked.returncode == 0, checked.stdout
    ran = run_command(home, "run", file)
    assert ran.returncode == 0, ran.stderr
    assert "testing the connection with the first worker" in ran.stderr
    assert Path(ran.stdout.strip(), "manager", "case.par").exists()
    noted = (home / f"studies/local/{calibration.name}.file").read_text().splitlines()
    assert noted == [str(file), calibration.account.identity_of(calibration.name)]
    status = json.loads(run_command(home, "status", calibration.name, "--json").stdout)
    assert (status["state"], status["workers_seen"]) == ("succeeded", 2)
    assert {worker["state"] for worker in status["workers"]} == {"gone"}
    assert all(worker["seconds_per_run"] > 0 for worker in status["workers"])
    listed = run_command(home, "status").stdout.splitlines()
    assert [calibration.name, "succeeded,", "iteration"] in [line.split()[:3] for line in listed]
    explained = run_command(home, "explain", file).stdout
    assert explained.startswith(f"`{calibration.name}` has come to its end in iteration ")
    assert "it has `manager`" in run_command(home, "logs", file, "run-00001").stderr
    examined = run_command(home, "doctor", file)
    assert "`case.pst`: nothing is wrong with its" in examined.stdout
    resumed = run_command(home, "calibrate", "resume", file)
    assert resumed.returncode == 1
    assert "has come to its end" in resumed.stderr
