"""`runfleet check`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from runfleet.cli.apps import example, new_app
from runfleet.cli.arguments import AsJson, On, addressed
from runfleet.cli.by_hand import find_job
from runfleet.cli.printer import Printer, number_column
from runfleet.cli.studies import open_account
from runfleet.cli.words import count_text
from runfleet.launch import Account, JobSummary, TaskFiles, fetch_task_files, summarise_jobs
from runfleet.launch.accounts.local import LOCAL
from runfleet.launch.diagnosis import find_situation
from runfleet.launch.explanation import explain_waiting

app = new_app()


@app.command(epilog=example("runfleet check"))
def check(
    jobs: Annotated[
        list[str] | None, typer.Argument(metavar="[JOB]...", help="Only these jobs.")
    ] = None,
    to: Annotated[
        Path, typer.Option("--to", metavar="FOLDER", help="Gets a folder for each finished job.")
    ] = Path("logs"),
    fetch: Annotated[
        bool, typer.Option("--fetch/--no-fetch", help="Whether to fetch what tasks left.")
    ] = True,
    on: On = LOCAL,
    as_json: AsJson = False,
) -> None:
    """
    Count the tasks of every job, and fetch what those of finished jobs wrote.

    Their stdout, stderr and outputs come into a folder for each task; what is there already is not
    fetched again. `runfleet results` is for jobs of studies, which are left out unless named.
    """
    printer = Printer.standard()
    account = open_account(on)
    named = [find_job(account.batch, job_id) for job_id in dict.fromkeys(jobs or ())]
    wanted = list(summarise_jobs(account.batch, named or None))
    fetchable = [one for one in wanted if named or not one.belongs_to_study]
    fetched = _fetch(account, fetchable, to) if fetch else {}
    if as_json:
        printer.json([_facts(summary, fetched.get(summary.job.id)) for summary in wanted])
    elif wanted:
        _show(printer, wanted)
        _say_what_came(printer, fetched, to)
        _say_what_never_began(printer, fetched, on)
        _say_why_tasks_wait(printer, account, wanted)
    else:
        printer.say("There are no jobs.")


def _fetch(account: Account, wanted: Iterable[JobSummary], to: Path) -> dict[str, TaskFiles]:
    finished = [summary.job for summary in wanted if summary.has_finished]
    return {job.id: fetch_task_files(account.batch, account.storage, job, to) for job in finished}


def _show(printer: Printer, wanted: Iterable[JobSummary]) -> None:
    numbers = map(number_column, ("waiting", "running", "succeeded", "failed", "ended"))
    printer.named_table(("job", "pool", "state", *numbers), [_row(one) for one in wanted])


def _row(summary: JobSummary) -> tuple[str, ...]:
    job, counts = summary.job, summary.counts
    numbers = (counts.active, counts.running, counts.succeeded, summary.failed, summary.stopped)
    return job.id, job.pool_id, job.state, *map(str, numbers)


def _say_what_came(printer: Printer, fetched: dict[str, TaskFiles], to: Path) -> None:
    kept = {job_id: logs for job_id, logs in fetched.items() if logs.folder.exists()}
    if kept:
        new = sum(logs.new for logs in kept.values())
        jobs, tasks = count_text(len(kept), "finished job"), count_text(new, "task")
        printer.say(f"What the tasks of {jobs} left is in `{to}`: {tasks} more than before.")
    if lost := sum(logs.is_all_lost for logs in fetched.values()):
        jobs = count_text(lost, "finished job")
        printer.say(f"Of {jobs} nothing is left to fetch: all of it was on nodes that have gone.")
    for job_id, logs in kept.items():
        if logs.is_apart:
            printer.say(
                f"Those of job `{job_id}` are in `{logs.folder}`, apart from those of an earlier "
                "job of that id."
            )
        if logs.missing:
            gone = count_text(len(logs.missing), "task")
            printer.warning(f"the nodes of job `{job_id}` have lost what {gone} left")


def _say_what_never_began(printer: Printer, fetched: dict[str, TaskFiles], on: str) -> None:
    for job_id, logs in fetched.items():
        if logs.not_started:
            tasks = count_text(len(logs.not_started), "task")
            why = addressed(f"`runfleet task list {job_id} --failed` says why", on)
            printer.say(f"{tasks} of job `{job_id}` could not be started, and left nothing: {why}.")


def _say_why_tasks_wait(printer: Printer, account: Account, wanted: Iterable[JobSummary]) -> None:
    for summary in wanted:
        if not summary.waits:
            continue
        why = explain_waiting(find_situation(account.batch, summary.job))
        printer.say(f"Tasks of job `{summary.job.id}` wait: {why.sentence}.")
        if why.output:
            printer.say(why.output)


def _facts(summary: JobSummary, logs: TaskFiles | None) -> dict[str, Any]:
    job = summary.job
    return {
        "id": job.id,
        "pool": job.pool_id,
        "state": job.state,
        "tasks": asdict(summary.counts) | {"failed": summary.failed, "ended": summary.stopped},
        "finished": summary.has_finished,
        "logs": str(logs.folder) if logs and logs.folder.exists() else None,
        "tasks_without_logs": list(logs.missing) if logs else [],
        "tasks_not_started": list(logs.not_started) if logs else [],
    }
