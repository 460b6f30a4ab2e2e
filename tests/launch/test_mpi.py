"""Runs on several nodes: how their processes are started, and what they find there."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from runfleet.azure import PoolSettings
from runfleet.launch import Account
from runfleet.launch.mpi import launch_line
from runfleet.study import Study, StudyError
from runfleet.study.mpi import Implementation, Mpi

BUILD = Path(__file__).parents[2] / ".build"


def mpi(implementation: str, *, processes: int = 2, options: str = "") -> Mpi:
    """Three nodes for a model of one parameter."""
    kind = Implementation(implementation)
    variables = ("DEPTH", "RUNFLEET_RUN")
    return Mpi(3, processes, kind, kind.launcher, options, variables)


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (mpi("mpich"), 'mpirun -hosts "$AZ_BATCH_HOST_LIST" -n 6 -ppn 2 ./flood a.nml'),
        (
            mpi("intel", options="-genv I_MPI_FABRICS ofi"),
            'mpirun -hosts "$AZ_BATCH_HOST_LIST" -n 6 -ppn 2 -genv I_MPI_FABRICS ofi ./flood a.nml',
        ),
        (
            mpi("openmpi"),
            (
                'mpirun -host "$(echo "$AZ_BATCH_HOST_LIST" | sed "s/,/:2,/g"):2" -n 6 '
                "-x DEPTH -x RUNFLEET_RUN -x PATH ./flood a.nml"
            ),
        ),
        (
            mpi("openmpi", processes=1),
            (
                'mpirun -host "$AZ_BATCH_HOST_LIST" -n 3 '
                "-x DEPTH -x RUNFLEET_RUN -x PATH ./flood a.nml"
            ),
        ),
        (mpi("msmpi"), r"mpiexec -c 2 -wdir %AZ_BATCH_TASK_SHARED_DIR%\wd ./flood a.nml"),
    ],
)
def test_each_implementation_has_its_line(asked: Mpi, line: str) -> None:
    """With the number of processes, their places and the variables that are not handed on."""
    assert launch_line(asked, "./flood a.nml") == line


def test_a_command_with_shell_syntax_gets_a_shell_in_each_process() -> None:
    """What is meant for each process is not left to the shell that starts them all."""
    line = launch_line(mpi("mpich"), "./flood < a.nml && echo 'done'")
    assert line.endswith("""-ppn 2 /bin/sh -c './flood < a.nml && echo '"'"'done'"'"''""")
    for command in ("A=1 ./flood", "exec ./flood", './flood --rank "$PMI_RANK"'):
        assert launch_line(mpi("mpich"), command).endswith(f"/bin/sh -c '{command}'")
    for command in ("./flood $LEVEL", "./flood a=1"):
        assert launch_line(mpi("mpich"), command).endswith(command)
    packaged = launch_line(mpi("openmpi"), "D=$AZ_BATCH_APP_PACKAGE_flood_1 ./flood")
    assert " -x AZ_BATCH_APP_PACKAGE_flood_1 " in packaged
    assert launch_line(mpi("msmpi"), "flood < a.nml").endswith('cmd /s /c "flood < a.nml"')


def test_open_mpi_is_told_the_slots_of_each_host() -> None:
    """A shell makes of the list of Batch what Open MPI reads."""
    echo = launch_line(mpi("openmpi"), "").replace("mpirun", "echo", 1)
    environment = {"AZ_BATCH_HOST_LIST": "10.0.0.4,10.0.0.5", "PATH": "/usr/bin:/bin"}
    said = subprocess.run(["/bin/sh", "-c", echo], env=environment, capture_output=True, text=True)
    assert said.stdout.startswith("-host 10.0.0.4:2,10.0.0.5:2 -n 6")


@pytest.mark.parametrize("implementation", ["mpich", "openmpi"])
def test_all_processes_of_a_run_find_its_files(
    account: Account,
    write_study: Callable[..., Study],
    skip: Callable[[str], None],
    implementation: str,
) -> None:
    """Inputs, linked ones too, the run's own overlay, and its parameters; twice if need be."""
    folder = BUILD / implementation
    if not (folder / "installed").exists():
        skip(f"{implementation} is not there; `make .build/{implementation}/installed` installs it")
    study = write_study(
        f"""
        model:
          command: {folder}/bin/python model.py
          mpi:
            nodes: 3
            implementation: {implementation}
            launcher: {folder}/bin/mpirun
          inputs: [model.py, {{path: shared.txt, link: true}}]
          overlays: {{own.txt: own.txt.j2}}
          outputs: [total.txt]
          retries: 1
        parameters:
          DEPTH: [1, 20]
        results:
          total: {{file: total.txt, pattern: '(\\d+)'}}
        """,
        model_py=Path(__file__).with_name("mpi_model.py").read_text(),
        shared_txt="3",
        own_txt_j2="{{ DEPTH }}",
    )
    submission = account.submit(study)
    last = [*submission.watch()][-1]
    assert last.counts.succeeded == 2, submission.failures()
    # Each of three processes adds the shared number, its own file and its own variable.
    assert submission.table()["total"].tolist() == [15.0, 129.0]


def test_runs_have_an_account_that_reaches_other_nodes(
    account: Account, write_study: Callable[..., Study]
) -> None:
    """On Azure it is this account alone for which `ssh` needs no password."""
    study = write_study(
        """
        model:
          command: ./model
          mpi: {nodes: 2, launcher: /opt/mpi/bin/mpirun}
          inputs: [a.txt]
        """,
        a_txt="what runs share",
    )
    submission = account.submit(study)
    job = account.batch.get_job(submission.name)
    assert job is not None
    pool = account.batch.get_pool(job.pool_id)
    assert pool is not None
    assert (pool.users, pool.ssh_user) == (("runfleet",), "runfleet")
    (run,) = study.runs()
    assert account.batch.get_task(job.id, run.name).user == "runfleet"
    submission.cancel()


def test_a_pool_whose_nodes_do_not_reach_each_other_is_refused(
    account: Account, write_study: Callable[..., Study]
) -> None:
    """Its runs would wait for ever, and nobody would say why."""
    image = account.batch.pick_image("ubuntu-22.04")
    account.batch.create_pool(PoolSettings("apart", image, "standard_f2s_v2", slots=2))
    study = write_study("model: {command: ./model, mpi: {nodes: 2}}\npool: {id: apart}")
    with pytest.raises(StudyError, match="pool `apart` cannot take runs on several nodes"):
        account.submit(study)
