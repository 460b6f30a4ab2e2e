"""
The instances of a multi-instance task, on nodes of their own.

All of them are coordinated first.  When that has succeeded everywhere, the primary runs the task's
command; the others stay until it ends, and end with it.  If any of them ends before, all do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from runfleet.batch.records import Subtask, Task
from runfleet.batch.states import SubtaskState, TaskResult
from runfleet.scheduler.commands import Kill, Proceed, SaveNode, SaveSubtasks, StartInstance
from runfleet.scheduler.entries import Fate, NodeEntry, RunningTask, SubtaskRun, Team
from runfleet.scheduler.outcomes import Outcome, failure_of
from runfleet.scheduler.recent_tasks import note_subtask
from runfleet.scheduler.state import State


def form_team(primary: RunningTask, nodes: Sequence[NodeEntry], now: datetime) -> None:
    """Give a multi-instance task its subtasks, one on each of the nodes."""
    primary.team = Team(
        [
            SubtaskRun(_new_subtask(number, node, now), primary, node)
            for number, node in enumerate(nodes, start=1)
        ]
    )


def _new_subtask(number: int, entry: NodeEntry, now: datetime) -> Subtask:
    node = entry.node
    return Subtask(number, node.pool_id, node.node_id, SubtaskState.PREPARING, now)


def start(state: State, primary: RunningTask, now: datetime, *, is_retry: bool) -> None:
    """Coordinate all instances."""
    assert primary.team is not None, "only a multi-instance task has instances"
    assert primary.execution is not None, "the primary is begun first"
    team, task = primary.team, primary.task
    team.outcome = team.ended = None
    executions = [primary.execution, *(_begin(state, run, now) for run in team.subtasks)]
    team.uncoordinated = set(executions)
    nodes = [entry.node for entry in primary.nodes]
    for number, execution in enumerate(executions):
        state.emit(StartInstance(execution, task, number, nodes, is_retry))
    save(state, primary)


def _begin(state: State, run: SubtaskRun, now: datetime) -> int:
    _change_state(run.subtask, SubtaskState.RUNNING, now)
    run.subtask.start_time = now
    run.subtask.end_time = run.subtask.exit_code = None
    run.subtask.result = run.subtask.failure = None
    run.execution = state.begin(run, run.node)
    return run.execution


def save(state: State, primary: RunningTask) -> None:
    """Have the subtasks remembered, unless their task is forgotten."""
    if primary.team is not None and primary.fate is not Fate.DELETED:
        subtasks = [run.subtask for run in primary.team.subtasks]
        state.emit(SaveSubtasks(primary.task, subtasks))


def on_coordinated(state: State, primary: RunningTask, team: Team, execution: int) -> None:
    """Let the primary go on once all instances are coordinated."""
    team.uncoordinated.discard(execution)
    if not team.uncoordinated and team.outcome is None and primary.execution is not None:
        state.emit(Proceed(primary.execution))


def on_primary_ended(
    state: State, primary: RunningTask, team: Team, outcome: Outcome
) -> Outcome | None:
    """
    End the subtasks with their primary.

    Returns
    -------
    outcome
        That of the task, once none of its instances is left.
    """
    team.ended, primary.execution = primary.execution, None
    if team.outcome is None:
        team.outcome = outcome
        _end_subtasks(state, team)
    return _final_outcome(primary, team)


def on_subtask_ended(
    state: State, run: SubtaskRun, outcome: Outcome, now: datetime
) -> Outcome | None:
    """
    End all instances with a subtask that ended by itself.

    Returns
    -------
    outcome
        That of the task, once none of its instances is left.
    """
    primary, team = run.primary, run.primary.team
    assert team is not None, "a subtask is one of a team"
    _record_end(state, run, team, outcome, now)
    run.execution = None
    if team.outcome is None:
        team.outcome = outcome
        _end_subtasks(state, team)
        if primary.execution is not None:
            state.emit(Kill(primary.execution))
    save(state, primary)
    return _final_outcome(primary, team)


def _end_subtasks(state: State, team: Team) -> None:
    for run in team.subtasks:
        if run.execution is not None:
            state.emit(Kill(run.execution))


def _final_outcome(primary: RunningTask, team: Team) -> Outcome | None:
    return None if primary.is_executed else team.outcome


def _record_end(state: State, run: SubtaskRun, team: Team, outcome: Outcome, now: datetime) -> None:
    """Note how a subtask ended: one that was coordinated has done what was asked of it."""
    subtask = run.subtask
    is_coordinated = run.execution not in team.uncoordinated
    subtask.end_time = outcome.end_time
    subtask.exit_code = 0 if is_coordinated else outcome.exit_code
    subtask.failure = None if is_coordinated else failure_of(outcome)
    subtask.result = TaskResult.FAILURE if subtask.failure else TaskResult.SUCCESS
    _change_state(subtask, SubtaskState.COMPLETED, now)
    note_subtask(run.node.node, run.primary.task, subtask)
    state.emit(SaveNode(run.node.node))


def end_unstarted(state: State, primary: RunningTask, team: Team, now: datetime) -> None:
    """End the subtasks of a task that was ended before any of its instances was started."""
    for run in team.subtasks:
        end_with_primary(run.subtask, primary.task, now)
    save(state, primary)


def end_with_primary(subtask: Subtask, primary: Task, now: datetime) -> None:
    """Note that a subtask ended with its task, where nothing is heard of it alone."""
    if subtask.state is not SubtaskState.COMPLETED:
        subtask.end_time, subtask.result = primary.end_time, primary.result
        subtask.exit_code = 0 if primary.result is TaskResult.SUCCESS else None
        subtask.failure = primary.failure
        _change_state(subtask, SubtaskState.COMPLETED, now)


def _change_state(subtask: Subtask, to: SubtaskState, now: datetime) -> None:
    subtask.previous_state, subtask.previous_state_time = subtask.state, subtask.state_time
    subtask.state, subtask.state_time = to, now
