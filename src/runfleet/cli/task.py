"""`runfleet task`: the tasks of a job, one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from runfleet.azure import JobInfo, PoolInfo, TaskInfo
from runfleet.azure.task_queries import FAILED, PLACE_FIELDS
from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, On, on_option
from runfleet.cli.by_hand import (
    Environment,
    JobId,
    Packages,
    Retries,
    TimeLimit,
    find_job,
    find_pool,
    find_task,
    operating_system_of,
    read_duration,
    read_environment,
    read_packages,
    warn_of_names,
)
from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Printer, number_column
from runfleet.cli.studies import open_account
from runfleet.errors import RunfleetError
from runfleet.launch import Account, JobFiles, SingleTask
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.failures import batch_message, was_cancelled
from runfleet.study.mpi import WHERE_EACH_IS, Implementation, Mpi

app = new_app("Add, list and end tasks.")

TaskId = Annotated[str, typer.Argument(metavar="TASK", help="The id of a task.")]
Command = Annotated[
    str, typer.Argument(metavar="COMMAND", help="A line for the shell of the node, in quotes.")
]
Inputs = Annotated[
    list[Path] | None,
    typer.Option("--input", metavar="FILE", help="A file or folder; may be repeated."),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option("--output", metavar="PATTERN", help="Files to keep; may be repeated."),
]
Slots = Annotated[int, typer.Option("--slots", min=1, help="Task slots that it takes.")]
NodeCount = Annotated[
    int, typer.Option("--nodes", min=1, help="Nodes that it takes at once, as for MPI.")
]
Coordination = Annotated[
    str | None,
    typer.Option("--coordination", metavar="LINE", help="What each of its nodes does first."),
]
MpiKind = Annotated[
    Implementation | None,
    typer.Option("--mpi", help="Start COMMAND in all processes, as this MPI does it."),
]
Processes = Annotated[
    int | None,
    typer.Option("--processes-per-node", min=1, help="How many of them on each node, if not one."),
]
Last = Annotated[
    bool, typer.Option("--last", help="The job gets no more: it ends when all tasks have.")
]


@app.command(epilog=example("runfleet task add survey first 'runmodel a.inp' --output '*.rpt'"))
def add(
    job_id: JobId,
    task_id: TaskId,
    command: Command,
    input_files: Inputs = None,
    outputs: Outputs = None,
    environment: Environment = None,
    packages: Packages = None,
    retries: Retries = None,
    time_limit: TimeLimit = None,
    slots: Slots = 1,
    nodes: NodeCount = 1,
    coordination: Coordination = None,
    mpi: MpiKind = None,
    processes: Processes = None,
    last: Last = False,
    on: On = LOCAL,
) -> None:
    """
    Add a task to a job.

    Its stdout and stderr, and the outputs, come into the job's container when it ends, well or
    not. Programs of application packages are on its PATH.

    With `--nodes`, the first node runs the command, and finds the others in $AZ_BATCH_HOST_LIST.
    Inputs are then in $AZ_BATCH_TASK_SHARED_DIR, on all of them. With `--mpi`, the command is what
    each process is, in a folder of the inputs; the line that starts them is made by runfleet.
    """
    printer = Printer.standard()
    if not command.strip():
        raise WrongUsageError("the command is empty", hint="give a line for the shell of the node")
    _check_options(nodes, coordination, mpi, processes)
    variables = read_environment(environment)
    warn_of_names(printer, variables)
    task = SingleTask(
        task_id,
        command,
        input_files or (),
        outputs or (),
        variables,
        read_packages(packages),
        retries or 0,
        read_duration(time_limit),
        slots,
        nodes,
        coordination or ":",
        _started_by(mpi, nodes, processes or 1, variables) if mpi else None,
    )
    account = open_account(on)
    job = find_job(account.batch, job_id)
    if retries is None:
        task = replace(task, retries=job.max_retries)
    _add(account, job, task)
    if last:
        account.batch.finish_when_done(job_id)
    printer.say(f"Task `{task_id}` is added; look at it: runfleet check {job_id}{on_option(on)}")
    printer.data(task_id)


def _add(account: Account, job: JobInfo, task: SingleTask) -> None:
    pool = find_pool(account.batch, job.pool_id)
    _check_nodes(pool, task)
    files = JobFiles.of(account.storage, job)
    settings = replace(task.settings(files, operating_system_of(pool)), user=pool.ssh_user)
    if not account.batch.add_tasks(job.id, [settings]).added:
        raise RunfleetError(
            f"job `{job.id}` has a task `{task.id}` already",
            hint=f"take another id; `runfleet task list {job.id}` lists those there are",
        )


def _check_options(
    nodes: int, coordination: str | None, mpi: Implementation | None, processes: int | None
) -> None:
    """Refuse options that would change nothing without another one."""
    if processes is not None and mpi is None:
        raise WrongUsageError(
            "`--processes-per-node` is given without `--mpi`, which starts the processes",
            hint="say which MPI it is, as in `--mpi openmpi`; or leave it out",
        )
    if coordination is not None and nodes == 1 and mpi is None:
        raise WrongUsageError(
            "`--coordination` is given for a task on one node, which needs none",
            hint="say how many nodes with `--nodes`; or begin the command with that line",
        )


def _started_by(mpi: Implementation, nodes: int, processes: int, variables: Iterable[str]) -> Mpi:
    return Mpi(nodes, processes, mpi, mpi.launcher, variables=tuple(variables))


def _check_nodes(pool: PoolInfo, task: SingleTask) -> None:
    if task.is_multiple and not pool.runs_together:
        raise RunfleetError(
            f"a task {_what_it_asks(task)} would wait for ever in pool `{pool.id}`: its nodes do "
            "not reach each other, or have several task slots",
            hint="make another pool with `runfleet pool create --inter-node`",
        )
    if task.mpi and task.mpi.implementation.is_for_windows is not pool.is_windows:
        system = "Windows" if pool.is_windows else "Linux"
        raise RunfleetError(
            f"{task.mpi.implementation.label} is not for the {system} nodes of pool `{pool.id}`",
            hint=WHERE_EACH_IS,
        )


def _what_it_asks(task: SingleTask) -> str:
    return f"on {task.nodes} nodes" if task.nodes > 1 else "with `--mpi`"


@app.command("list", epilog=example("runfleet task list survey --failed"))
def list_tasks(
    job_id: JobId,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that failed.")] = False,
    on: On = LOCAL,
    as_json: AsJson = False,
) -> None:
    """List the tasks of a job, and how they ended."""
    printer = Printer.standard()
    batch = open_account(on).batch
    find_job(batch, job_id)
    listed = batch.list_tasks(job_id, filter=FAILED if failed else None, select=PLACE_FIELDS)
    tasks = [task for task in listed if not (failed and was_cancelled(task))]
    if as_json:
        printer.json([_facts(task) for task in tasks])
    elif tasks:
        printer.table(("task", "state", number_column("exit"), "trouble"), map(_row, tasks))
    else:
        printer.say(f"No task of job `{job_id}` has {'failed' if failed else 'been added'}.")


@app.command(epilog=example("runfleet task terminate survey first"))
def terminate(job_id: JobId, task_id: TaskId, on: On = LOCAL) -> None:
    """End a task; what it has written so far is kept."""
    printer = Printer.standard()
    batch = open_account(on).batch
    if find_task(batch, job_id, task_id).state == "completed":
        printer.say(f"Task `{task_id}` has ended already.")
        return
    batch.terminate_task(job_id, task_id)
    printer.say(f"Task `{task_id}` has been ended.")


def _row(task: TaskInfo) -> tuple[object, ...]:
    exit_code = "-" if task.exit_code is None else task.exit_code
    how = "ended" if was_cancelled(task) else task.result or task.state
    return task.id, how, exit_code, _trouble(task) or ""


def _trouble(task: TaskInfo) -> str | None:
    if was_cancelled(task):
        return "by request, or with its job"
    return batch_message(task) if task.result == "failure" else None


def _facts(task: TaskInfo) -> dict[str, Any]:
    return {
        "id": task.id,
        "state": task.state,
        "result": task.result,
        "exit_code": task.exit_code,
        "trouble": _trouble(task),
        "started": task.started,
        "ended": task.ended,
        "retries": task.retries,
        "node": task.node_id,
    }
