"""Going on where an earlier emulator was stopped or killed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runfleet.agent.journal import clear_journal, read_journal
from runfleet.agent.messages import SubjectKind
from runfleet.batch.records import Task
from runfleet.emulator.engine import now, outcome_of
from runfleet.scheduler.restore import Remembered, recover_task
from runfleet.scheduler.state import Outcome
from runfleet.store import Store

TaskKey = tuple[str, str]


def recover_tasks(store: Store, journal: Path) -> None:
    """
    Settle the tasks that were running, by what the node agent noted, then empty its journal.

    The agent notes the end of an execution before it tells the emulator, so that a task which
    succeeded is not run again even if the emulator was killed before it heard of it.  The journal
    is complete once a new agent is ready.
    """
    outcomes = _noted_outcomes(journal)
    numbers = [store.job_number(job.spec.job_id) for job in store.jobs()]
    for task in store.tasks.interrupted(numbers):
        outcome = outcomes.get((task.job_id.lower(), task.task_id.lower()))
        recover_task(task, _if_newer(outcome, task), now())
        store.tasks.save(task)
    store.commit()
    clear_journal(journal)


def _noted_outcomes(journal: Path) -> Mapping[TaskKey, Outcome]:
    return {
        (ended.subject.job_id.lower(), ended.subject.task_id.lower()): outcome_of(ended)
        for ended in read_journal(journal)
        if ended.subject.kind is SubjectKind.TASK
    }


def _if_newer(outcome: Outcome | None, task: Task) -> Outcome | None:
    """What was noted of an earlier attempt of the same task says nothing of this one."""
    begun = max(task.state_time, task.last_retry_time or task.state_time)
    return outcome if outcome is not None and outcome.end_time > begun else None


def remembered(store: Store) -> Remembered:
    """All that the store remembers but the tasks."""
    jobs = store.jobs()
    return Remembered(
        pools=store.pools(),
        nodes=store.nodes(),
        jobs=[(job, *store.tasks.counts(store.job_number(job.spec.job_id))) for job in jobs],
        job_nodes=store.job_nodes(),
    )
