"""Real MPI implementations over the nodes of a pool, with the lines that users write."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import psutil
import pytest

from runfleet.agent.host_names import Naming, trial, tried

BUILD = Path(__file__).parents[2] / ".build"
PROGRAM = Path(__file__).with_name("mpi_program.py")

# A program with a rank that crashed hung once in some hundred times, for a reason not yet known.
pytestmark = pytest.mark.flaky(reruns=2)

# Two ranks on each of three nodes.
LINES = {
    "mpich": "mpirun -hosts $AZ_BATCH_HOST_LIST -n 6 -ppn 2",
    "openmpi": "mpirun --host $(echo $AZ_BATCH_HOST_LIST | sed s/,/:2,/g):2 -n 6",
}


@pytest.fixture(params=LINES)
def launch(request, skip):
    """The command line that starts the program; the mark is among the arguments of each rank."""
    folder = BUILD / request.param
    if not (folder / "installed").exists():
        skip(f"{request.param} is not there; `make .build/{request.param}/installed` installs it")

    def line(*arguments):
        program = shlex.join(map(str, [folder / "bin" / "python", PROGRAM, *arguments]))
        return f"{folder}/bin/{LINES[request.param]} {program}"

    return line


@pytest.fixture(scope="module")
def team(account):
    return account.pool(nodes=3, enableInterNodeCommunication=True)


@pytest.fixture
def job(account, team):
    return account.job(team)


def instances():
    """A program that hangs gives the nodes back in time for the next test."""
    return {
        "multiInstanceSettings": {"numberOfInstances": 3, "coordinationCommandLine": "true"},
        "constraints": {"maxWallClockTime": "PT25S"},
    }


def ranks(mark):
    """The processes of a run of the program."""
    found = []
    for process in psutil.process_iter():
        try:
            if mark in process.cmdline():
                found.append(process)
        except psutil.Error:
            pass
    return found


def test_ranks_run_on_all_nodes(account, job, team, sh, launch):
    """Two of six are on each, and all of them meet."""
    task = account.run(job, "t", sh(launch("say")), **instances())
    assert task["executionInfo"]["exitCode"] == 0, account.read(job, "t", "stderr.txt")
    said = [line.split() for line in account.read(job, "t").splitlines()]
    assert [(total, rank) for total, rank, *_ in said] == [("15", str(n)) for n in range(6)]
    assert len({parent for *_, parent in said}) == 3
    if tried(subprocess.run(trial()).returncode) is not Naming.NOT_AT_ALL:
        assert [int(neighbour) for _, _, neighbour, *_ in said] == [0, 1] * 3
        hosts = {name for *_, name, _ in said}
        assert hosts == {node["ipAddress"] for node in account.nodes(team)}


def test_a_rank_that_crashes_fails_the_task(account, job, sh, launch, wait_for):
    """The others end with it."""
    mark = f"mark-{job}"
    task = account.run(job, "t", sh(launch("fail", mark)), **instances())
    assert task["executionInfo"]["failureInfo"]["code"] == "FailureExitCode"
    wait_for(lambda: not ranks(mark))


def test_a_program_that_is_ended_leaves_no_rank(account, job, team, sh, launch, wait_for):
    mark = f"mark-{job}"
    account.add(job, "t", sh(launch("sleep", mark)), **instances())
    account.task_in(job, "t", "running")
    wait_for(lambda: "\n15 5" in said_so_far(account, job), seconds=30)
    account.client.terminate_task(job, "t")
    wait_for(lambda: not ranks(mark))
    wait_for(lambda: all(node["state"] == "idle" for node in account.nodes(team)))
    assert not launchers(account.nodes(team))


@pytest.mark.parametrize("launch", ["openmpi"], indirect=True)
def test_what_open_mpi_keeps_goes_with_its_task(account, job, sh, launch, wait_for):
    """It names folders by numbers of processes, and does not start where one is left."""
    mark = f"mark-{job}"
    account.add(job, "t", sh(launch("sleep", mark)), **instances())
    wait_for(lambda: "\n15 5" in said_so_far(account, job), seconds=30)
    starters = [rank.parent() for rank in ranks(mark)]
    folders = {Path(one.environ()["PRTE_MCA_prte_tmpdir_base"]) for one in starters}
    assert any(folder.exists() for folder in folders)
    account.client.terminate_task(job, "t")
    wait_for(lambda: not any(folder.exists() for folder in folders))


def said_so_far(account, job):
    response = account.send("GET", f"/jobs/{job}/tasks/t/files/stdout.txt")
    return response.text() if response.status_code == 200 else ""


def launchers(nodes):
    """What MPI has started to start its ranks with."""
    names = {"prted", "prterun", "hydra_pmi_proxy", "mpiexec.hydra", "mpirun"}
    addresses = [node["ipAddress"] for node in nodes]
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] in names
        and any(address in " ".join(process.info["cmdline"] or ()) for address in addresses)
    ]
