"""`runfleet job`: jobs that are made by hand, and those of studies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from runfleet.azure import JobSettings, PoolInfo, PreparationTask, shell_command
from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, DryRun, On, Yes, on_option
from runfleet.cli.by_hand import (
    Environment,
    JobId,
    Retries,
    find_job,
    find_pool,
    operating_system_of,
    read_duration,
    read_environment,
    warn_of_names,
)
from runfleet.cli.consent import agreed
from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Printer
from runfleet.cli.studies import open_account
from runfleet.cli.words import count_text
from runfleet.errors import RunfleetError
from runfleet.launch import Account, JobFiles
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.names import job_container_name
from runfleet.storage import check_container_name

app = new_app("Make, list, end and delete jobs.")

PoolId = Annotated[str, typer.Option("--pool", metavar="POOL", help="Where its tasks run.")]
PrepareCommand = Annotated[
    str | None,
    typer.Option("--prepare", metavar="COMMAND", help="Run once on each node, before tasks."),
]
PrepareInputs = Annotated[
    list[Path] | None,
    typer.Option("--prepare-input", metavar="FILE", help="What that needs; may be repeated."),
]
JobTimeLimit = Annotated[
    str | None,
    typer.Option(
        "--time-limit", metavar="TIME", help="When it is ended, counted from now, such as `2h`."
    ),
]
Priority = Annotated[int, typer.Option("--priority", min=-1000, max=1000)]
ContainerName = Annotated[
    str | None,
    typer.Option("--container", metavar="NAME", help="Gets the files of its tasks."),
]


@app.command(epilog=example("runfleet job create survey --pool small --prepare 'git clone URL'"))
def create(
    job_id: JobId,
    pool: PoolId,
    prepare: PrepareCommand = None,
    prepare_input: PrepareInputs = None,
    environment: Environment = None,
    retries: Retries = None,
    time_limit: JobTimeLimit = None,
    priority: Priority = 0,
    container: ContainerName = None,
    on: On = LOCAL,
) -> None:
    """
    Make a job, to which `runfleet task add` adds tasks.

    What each node has to do before the first task there is the job's preparation: install a
    program, or put a large file into `$AZ_BATCH_NODE_SHARED_DIR`. Tasks find what it leaves in its
    own folder at `$AZ_BATCH_JOB_PREP_WORKING_DIR`.
    """
    printer = Printer.standard()
    variables = read_environment(environment)
    warn_of_names(printer, variables)
    limit = read_duration(time_limit)
    _check_preparation(prepare, prepare_input)
    if container:
        check_container_name(container)
    account = open_account(on)
    found = find_pool(account.batch, pool)
    _refuse_twin(account, job_id)
    files = JobFiles.new(account.storage, container or job_container_name(job_id), job_id)
    settings = JobSettings(
        job_id,
        pool,
        preparation=_preparation(files, prepare, prepare_input, found),
        environment=variables,
        max_retries=retries or 0,
        time_limit=limit,
        priority=priority,
        metadata=files.metadata,
    )
    if not account.batch.create_job(settings):
        raise _is_there(job_id)
    add = f"runfleet task add {job_id} TASK 'COMMAND'{on_option(on)}"
    printer.say(f"Job `{job_id}` is there; add tasks: {add}")
    printer.data(job_id)


@app.command("list", epilog=example("runfleet job list"))
def list_jobs(on: On = LOCAL, as_json: AsJson = False) -> None:
    """List the jobs of the account; `runfleet check` counts their tasks."""
    printer = Printer.standard()
    jobs = list(open_account(on).batch.list_jobs())
    if as_json:
        printer.json([{"id": job.id, "pool": job.pool_id, "state": job.state} for job in jobs])
    elif jobs:
        printer.table(("job", "pool", "state"), [(job.id, job.pool_id, job.state) for job in jobs])
    else:
        printer.say("There are no jobs.")


@app.command(epilog=example("runfleet job terminate survey --dry-run"))
def terminate(job_id: JobId, on: On = LOCAL, yes: Yes = False, dry_run: DryRun = False) -> None:
    """End a job with all its tasks; what they have written so far stays."""
    printer = Printer.standard()
    account = open_account(on)
    if find_job(account.batch, job_id).state == "completed":
        printer.say(f"Job `{job_id}` has ended already.")
        return
    _say_what_ends(printer, account, job_id, "ends")
    if agreed(printer, "End the job?", yes=yes, dry_run=dry_run):
        account.batch.terminate_job(job_id)
        printer.say(f"Job `{job_id}` is ending.")


@app.command(epilog=example("runfleet job delete survey --dry-run"))
def delete(job_id: JobId, on: On = LOCAL, yes: Yes = False, dry_run: DryRun = False) -> None:
    """Delete a job with its tasks; what they left in the storage stays."""
    printer = Printer.standard()
    account = open_account(on)
    _say_what_ends(printer, account, job_id, "deletes")
    if agreed(printer, "Delete the job?", yes=yes, dry_run=dry_run):
        account.batch.delete_job(job_id)
        printer.say(f"Job `{job_id}` is being deleted.")


def _check_preparation(command: str | None, inputs: list[Path] | None) -> None:
    if command is None and inputs:
        hint = "say with `--prepare` what shall be done with it"
        raise WrongUsageError("an input of no preparation is given", hint=hint)


def _refuse_twin(account: Account, job_id: str) -> None:
    """Refuse a job that is there before anything is uploaded for another one."""
    if account.batch.get_job(job_id) is not None:
        raise _is_there(job_id)


def _is_there(job_id: str) -> RunfleetError:
    return RunfleetError(
        f"there is a job `{job_id}` already",
        hint=f"take another id, or delete it: `runfleet job delete {job_id}`",
    )


def _preparation(
    files: JobFiles, command: str | None, inputs: list[Path] | None, pool: PoolInfo
) -> PreparationTask | None:
    if command is None:
        return None
    line = shell_command(command, operating_system_of(pool))
    return PreparationTask(line, files.send(inputs or ()), user=pool.ssh_user)


def _say_what_ends(printer: Printer, account: Account, job_id: str, verb: str) -> None:
    counts: Any = account.batch.task_counts(find_job(account.batch, job_id).id)
    waiting = count_text(counts.active, "waiting task")
    running = count_text(counts.running, "running task")
    printer.say(f"This {verb} job `{job_id}` with {waiting} and {running}.")
