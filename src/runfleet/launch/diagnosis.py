"""Asks an account for all that explains why a study is where it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runfleet.azure import AzureBatch, Failure, JobInfo, NodeCounts, NotFoundError
from runfleet.azure.failures import reason_of
from runfleet.azure.task_queries import NODES_FIELDS, WAITING
from runfleet.documents.errors import joined
from runfleet.launch.explanation import Explanation, FailedTask, Situation, explain_waiting
from runfleet.launch.failures import FailureGroup
from runfleet.launch.history import History
from runfleet.launch.names import study_of
from runfleet.launch.progress import RunCounts
from runfleet.launch.record import StudyRecord

_FAILED_START = "starttaskfailed"


def explain_study(
    history: History,
    record: StudyRecord,
    counts: RunCounts,
    failures: list[FailureGroup],
    is_free: Callable[[], bool],
) -> Explanation:
    """
    Explain where a study is.

    Parameters
    ----------
    history, record
        The study.
    counts
        Its runs by state.
    failures
        Its failed runs, grouped.
    is_free
        Asks whether nobody can be submitting it.
    """
    if record.is_adding and not counts.all_ended and not counts.running:
        return _interrupted(record) if _is_left(history, record, is_free) else _adding(record)
    if not counts.waiting and not counts.running:
        return _ended(record, counts, failures)
    if counts.running:
        return _running(record, counts, failures)
    return explain_waiting(
        find_situation(history.batch, _waiting_job(history, record), record.study)
    )


def find_situation(batch: AzureBatch, job: JobInfo | None, study: str | None = None) -> Situation:
    """Ask for what matters to tasks that wait: pool, nodes, start and preparation task."""
    name = study or (study_of(job.metadata) if job else None) or Situation.study
    pool_id = job.pool_id if job else ""
    pool = batch.get_pool(pool_id) if pool_id else None
    nodes = batch.node_counts(pool_id) if pool else NodeCounts({})
    situation = Situation(pool_id, pool, nodes, job, study=name)
    if job is None or pool is None:
        return situation
    situation = _with_preparation(batch, job, _with_bad_nodes(batch, situation))
    return _with_next_run(batch, job, situation) if pool.runs_together else situation


def _waiting_job(history: History, record: StudyRecord) -> JobInfo | None:
    """Find the job whose runs are waiting, the newest one if there are several."""
    jobs = [history.job_of(generation) for generation in reversed(record.current)]
    if None in jobs:
        return None
    active = [job for job in jobs if job and job.state != "completed"]
    return (active or jobs or [None])[0]


def _with_bad_nodes(batch: AzureBatch, situation: Situation) -> Situation:
    """Add what is wrong with nodes, if the counts say that there are such."""
    for state in (_FAILED_START, "unusable"):
        if not situation.nodes[state]:
            continue
        for node in batch.list_nodes(situation.pool_id, states=[state]):
            if state == _FAILED_START:
                output = batch.stderr_end(situation.pool_id, node.id)
                failed = FailedTask(node.id, reason_of(node.start_task), output)
                return replace(situation, start_task=failed)
            reason = node.errors[0] if node.errors else Failure("Unknown", "no reason is given")
            return replace(situation, unusable=reason)
    return situation


def _with_preparation(batch: AzureBatch, job: JobInfo, situation: Situation) -> Situation:
    for info in batch.list_preparations(job.id, failed_only=True):
        if info.preparation is None:
            continue
        directory = (info.preparation.directory or "").replace("\\", "/")
        output = batch.stderr_end(situation.pool_id, info.node_id, directory)
        failed = FailedTask(info.node_id, reason_of(info.preparation), output)
        return replace(situation, preparation=failed, prepared=_is_prepared(batch, job, situation))
    return situation


def _with_next_run(batch: AzureBatch, job: JobInfo, situation: Situation) -> Situation:
    waiting = batch.list_tasks(job.id, filter=WAITING, select=NODES_FIELDS)
    following = next(waiting, None)
    return replace(situation, nodes_per_run=following.nodes) if following else situation


def _is_prepared(batch: AzureBatch, job: JobInfo, situation: Situation) -> bool:
    """Tell whether a node is left on which the preparation has not failed."""
    failed = {info.node_id for info in batch.list_preparations(job.id, failed_only=True)}
    return any(node.id not in failed for node in batch.list_nodes(situation.pool_id))


def _is_left(history: History, record: StudyRecord, is_free: Callable[[], bool]) -> bool:
    """Tell whether all runs that were submitted have ended, and nobody submits the others."""
    if _go_on(history, record) or not is_free():
        return False
    # Who submitted them may have come to the end just before.
    return history.store.read() == record


def _go_on(history: History, record: StudyRecord) -> bool:
    """Tell whether there are tasks that have not ended."""
    for generation in record.current:
        try:
            counts = history.batch.task_counts(generation.job_id)
        except NotFoundError:  # not made yet, or deleted
            continue
        if counts.active or counts.running:
            return True
    return False


def _interrupted(record: StudyRecord) -> Explanation:
    return Explanation(
        f"the runs of `{record.study}` are not all there: their submission was interrupted",
        f"`runfleet run {record.study}` goes on where it ended",
        is_stuck=True,
    )


def _adding(record: StudyRecord) -> Explanation:
    return Explanation(
        f"the runs of `{record.study}` are being submitted, or their submission was interrupted",
        f"if nobody is submitting it, `runfleet run {record.study}` goes on where it ended",
    )


def _running(record: StudyRecord, counts: RunCounts, failures: list[FailureGroup]) -> Explanation:
    parts = [f"{counts.running:,} of {counts.total:,} runs of `{record.study}` are running"]
    parts += [f"{counts.waiting:,} wait for their turn"] if counts.waiting else []
    have = "has" if counts.succeeded == 1 else "have"
    parts += [f"{counts.succeeded:,} {have} succeeded"] if counts.succeeded else []
    sentence = joined(parts)
    if not failures and record.is_adding:
        return Explanation(
            f"{sentence}; not all of them have been submitted yet",
            f"if nobody is submitting it, `runfleet run {record.study}` goes on with the rest",
        )
    if not failures:
        return Explanation(sentence, "wait")
    return Explanation(
        f"{sentence}; {counts.failed:,} {_failed(counts)}: {failures[0].message}",
        f"look at one with `runfleet logs {record.study}`",
    )


def _ended(record: StudyRecord, counts: RunCounts, failures: list[FailureGroup]) -> Explanation:
    name = record.study
    if counts.cancelled:
        return Explanation(
            f"`{name}` was cancelled with {counts.cancelled:,} of {counts.total:,} runs left",
            "run the study again: it goes on with the runs that are left",
            is_stuck=True,
        )
    if not failures:
        which = "the run" if counts.total == 1 else f"all {counts.total:,} runs"
        has = "has" if counts.total == 1 else "have"
        return Explanation(f"{which} of `{name}` {has} succeeded")
    which = "the run" if counts.total == 1 else f"{counts.failed:,} of {counts.total:,} runs"
    return Explanation(
        f"{which} of `{name}` {_failed(counts)}: {failures[0].message}",
        f"look at one with `runfleet logs {name}`, mend the reason, "
        f"then `runfleet retry {name} --failed`",
    )


def _failed(counts: RunCounts) -> str:
    return "has failed with" if counts.failed == 1 else "have failed, most often with"
