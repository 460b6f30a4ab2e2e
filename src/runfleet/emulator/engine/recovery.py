"""Going on where an earlier emulator was stopped or killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from runfleet.agent.journal import clear_journal, read_journal
from runfleet.agent.messages import Ended, Subject, SubjectKind
from runfleet.batch.records import Job, Node, Task
from runfleet.batch.states import TaskState
from runfleet.emulator.clock import now
from runfleet.emulator.engine.outcomes import outcome_of
from runfleet.scheduler import instances
from runfleet.scheduler.ended_tasks import counted_until, had_tasks
from runfleet.scheduler.exit_conditions import satisfies
from runfleet.scheduler.outcomes import Outcome
from runfleet.scheduler.restore import (
    Interrupted,
    Remembered,
    in_order,
    recover_job,
    recover_task,
)
from runfleet.store import Store


def recover_tasks(store: Store, journal: Path, remove_files: Callable[[Task], None]) -> list[Task]:
    """
    Settle the tasks that were running, by what the node agent noted, then empty its journal.

    The agent notes the end of an execution before it tells the emulator, so that a task which
    succeeded is not run again even if the emulator was killed before it heard of it, or had not
    yet committed that the task was started.  The journal is complete once a new agent is ready.

    Parameters
    ----------
    store
        Has the tasks.
    journal
        What the agent noted.
    remove_files
        Removes the files of a task that is to run again, maybe elsewhere, from its nodes.

    Returns
    -------
    ended
        Those that have completed.
    """
    jobs = {job.spec.job_id.lower(): job for job in store.jobs()}
    interrupted = _interrupted(store, jobs, journal)
    for task, outcome in in_order(interrupted):
        _recover(store, jobs[task.job_id.lower()], task, outcome, remove_files)
    store.commit()
    clear_journal(journal)
    return [task for task, _ in interrupted if task.state is TaskState.COMPLETED]


def _interrupted(store: Store, jobs: Iterable[str], journal: Path) -> Sequence[Interrupted]:
    """The tasks that were with a node, and those of which more is noted than stored."""
    numbers = {job_key: store.job_number(job_key) for job_key in jobs}
    found: dict[int, Interrupted] = {
        task.sequence: (task, None) for task in store.tasks.interrupted(numbers.values())
    }
    for sequence, ended in _noted_ends(journal).items():
        number = numbers.get(ended.subject.job_id.lower())
        task = None if number is None else _unfinished(store, number, ended.subject)
        outcome = outcome_of(ended)
        # An end that is not newer is that of an attempt before, maybe on another node.
        if task is not None and _is_newer(outcome, task):
            task.pool_id, task.node_id = ended.subject.pool_id, ended.subject.node_id
            found[sequence] = task, outcome
    return list(found.values())


def _recover(
    store: Store,
    job: Job,
    task: Task,
    noted: Outcome | None,
    remove_files: Callable[[Task], None],
) -> None:
    as_it_was = replace(task)
    outcome = recover_task(job, task, noted, now())
    if outcome is None:
        remove_files(as_it_was)
    store.tasks.save(task)
    _recover_subtasks(store, task)
    if outcome is not None:
        _let_follow(store, job, task, outcome)


def _recover_subtasks(store: Store, task: Task) -> None:
    """The subtasks ended with their task, and are there no more where that is to run again."""
    if task.instances:
        ended = task.state is TaskState.COMPLETED
        subtasks = store.tasks.subtasks(task) if ended else []
        for subtask in subtasks:
            instances.end_with_primary(subtask, task, now())
        store.tasks.save_subtasks(task, subtasks)


def _let_follow(store: Store, job: Job, task: Task, outcome: Outcome) -> None:
    if satisfies(job.spec, task, outcome):
        store.dependencies.satisfy(store.job_number(task.job_id), task.task_id)
    if recover_job(job, task, outcome, now()):
        store.save_job(job)


def _noted_ends(journal: Path) -> Mapping[int, Ended]:
    return {
        ended.subject.task_sequence: ended
        for ended in read_journal(journal)
        if ended.subject.kind is SubjectKind.TASK
    }


def _unfinished(store: Store, job_number: int, subject: Subject) -> Task | None:
    stored = store.tasks.find(job_number, subject.task_id)
    if stored is None or stored.task.sequence != subject.task_sequence:
        return None
    return None if stored.task.state is TaskState.COMPLETED else stored.task


def _is_newer(outcome: Outcome, task: Task) -> bool:
    return outcome.end_time > max(task.state_time, task.last_retry_time or task.state_time)


def remembered(store: Store, recovered: Sequence[Task]) -> Remembered:
    """All that the store remembers but the tasks, and of these those that nodes do not."""
    jobs, nodes = store.jobs(), store.nodes()
    return Remembered(
        pools=store.pools(),
        nodes=nodes,
        jobs=[(job, *store.tasks.counts(store.job_number(job.spec.job_id))) for job in jobs],
        job_nodes=store.job_nodes(),
        job_schedules=store.job_schedules(),
        ended=_uncounted(store, nodes, recovered),
    )


def _uncounted(store: Store, nodes: Sequence[Node], recovered: Sequence[Task]) -> list[Task]:
    """The tasks that have ended since their nodes were saved, in order, and maybe others."""
    since = {node.node_id: counted_until(node) for node in nodes if had_tasks(node)}
    ended = {task.sequence: task for task in (*store.tasks.ended_on(since), *recovered)}
    return sorted(ended.values(), key=lambda task: task.state_time)
