"""Options of the commands that make pools, jobs and tasks one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Annotated, TypeVar

import typer

from runfleet.azure import (
    AzureBatch,
    JobInfo,
    NotFoundError,
    OperatingSystem,
    PackageReference,
    PoolInfo,
    TaskInfo,
)
from runfleet.azure.missing import not_there
from runfleet.azure.task_queries import ID_FIELDS
from runfleet.cli.failures import WrongUsageError
from runfleet.cli.printer import Printer
from runfleet.documents.errors import InvalidValueError
from runfleet.errors import RunfleetError
from runfleet.launch.packages import references_to
from runfleet.nearest_word import nearest
from runfleet.study import model
from runfleet.study.mpi import MOST_NODES
from runfleet.study.parameters import VARIABLE_NAME

T = TypeVar("T")

# A page of a list: for the nearest id, no more is asked for.
_MOST_KNOWN = 1000

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The id of a job.")]
Environment = Annotated[
    list[str] | None,
    typer.Option("--environment", "-e", metavar="NAME=VALUE", help="A variable; may be repeated."),
]
Packages = Annotated[
    list[str] | None,
    typer.Option(
        "--package", metavar="ID==VERSION", help="An application package; may be repeated."
    ),
]
Retries = Annotated[
    int | None,
    typer.Option(
        "--retries", min=0, help="How often a task that fails is run again; that of the job, or 0."
    ),
]
TimeLimit = Annotated[
    str | None, typer.Option("--time-limit", metavar="TIME", help="Such as `90s`, `10m` or `2h`.")
]


def read_environment(settings: Iterable[str] | None) -> dict[str, str]:
    """
    Read variables.

    Raises
    ------
    WrongUsageError
        If one has no equals sign, or no name.
    """
    return dict(map(_variable, settings or ()))


def warn_of_names(printer: Printer, variables: Iterable[str]) -> None:
    """Tell names of variables that programs on a node can read, and its shell cannot."""
    for name in variables:
        if not VARIABLE_NAME.fullmatch(name):
            printer.warning(
                f"shells of Linux read no variable `{name}`: take letters, digits and `_`, "
                "beginning with a letter"
            )


def read_packages(texts: Iterable[str] | None) -> list[PackageReference]:
    """Read application packages; raises `WrongUsageError`."""
    return references_to(_checked(model.PackageReference.parse, text) for text in texts or ())


def read_duration(text: str | None) -> timedelta | None:
    """Read a duration; raises `WrongUsageError`."""
    return None if text is None else _checked(model.parse_duration, text)


def find_job(batch: AzureBatch, job_id: str) -> JobInfo:
    """
    Ask for a job.

    Raises
    ------
    NotFoundError
        If there is none of that id; the hint names the nearest.
    """
    job = batch.get_job(job_id)
    if job is None:
        raise _missing("job", {"job": job_id}, (known.id for known in batch.list_jobs()))
    return job


def find_task(batch: AzureBatch, job_id: str, task_id: str) -> TaskInfo:
    """Ask for a task; raises `NotFoundError` as `find_job` does, also for the job."""
    task = batch.get_task(job_id, task_id)
    if task is None:
        tasks = batch.list_tasks(find_job(batch, job_id).id, select=ID_FIELDS)
        raise _missing("task", {"task": task_id, "job": job_id}, (known.id for known in tasks))
    return task


def find_pool(batch: AzureBatch, pool_id: str) -> PoolInfo:
    """Ask for a pool; raises `NotFoundError` as `find_job` does."""
    pool = batch.get_pool(pool_id)
    if pool is None:
        raise _missing("pool", {"pool": pool_id}, (known.id for known in batch.list_pools()))
    return pool


def _missing(kind: str, ids: Mapping[str, str], known: Iterator[str]) -> NotFoundError:
    return not_there(kind, ids, meant=nearest(ids[kind], islice(known, _MOST_KNOWN)))


def check_communication(nodes: int, *, fewer: str) -> None:
    """
    Refuse more nodes than can reach each other.

    Parameters
    ----------
    nodes
        How many a pool with inter-node communication shall have.
    fewer
        The options that ask for fewer.

    Raises
    ------
    RunfleetError
        If they are too many for Batch.
    """
    if nodes > MOST_NODES:
        raise RunfleetError(
            f"{nodes:,} nodes that reach each other are too many: Batch has {MOST_NODES} in a pool "
            "at most",
            hint=f"give {fewer}, or make a pool without `--inter-node`",
        )


def operating_system_of(pool: PoolInfo) -> OperatingSystem:
    """Tell for which shell the commands of a pool's tasks are written."""
    return OperatingSystem.WINDOWS if pool.is_windows else OperatingSystem.LINUX


def _variable(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not (name and equals):
        raise WrongUsageError(
            f"`{setting}` does not set a variable", hint="write it as `NAME=VALUE`"
        )
    return name, value


def _checked(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except InvalidValueError as error:
        raise WrongUsageError(error.message, hint=error.hint) from error
