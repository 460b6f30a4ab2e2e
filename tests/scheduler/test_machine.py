"""The scheduler under random requests and reports, against a model of the store and the nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy, deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, TypeVar

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Job, JobNode, JobSchedule, Node, Pool, Subtask, Task, TaskCounts
from runfleet.batch.specs import (
    AutoPoolSpec,
    CommandSpec,
    ExitCodeOptions,
    ExitConditions,
    ExitOptions,
    JobManagerSpec,
    JobScheduleSpec,
    JobSpec,
    PoolSpec,
    PreparationTaskSpec,
    ReleaseTaskSpec,
    StartTaskSpec,
)
from runfleet.batch.states import (
    AllocationState,
    AuxiliaryTaskState,
    DependencyAction,
    DisableJobOption,
    EndedBy,
    JobAction,
    JobScheduleState,
    JobState,
    NodeDeallocationOption,
    NodeFillType,
    NodeState,
    OnAllTasksComplete,
    OnTaskFailure,
    PoolLifetimeOption,
    PoolState,
    Purpose,
    SchedulingState,
    TaskResult,
    TaskState,
)
from runfleet.scheduler import (
    autoscale_requests,
    commands,
    exit_conditions,
    job_requests,
    losses,
    managers,
    node_requests,
    pool_requests,
    preparation,
    reports,
    restore,
    schedule_requests,
    task_requests,
)
from runfleet.scheduler.entries import Fate, JobEntry, NodeEntry, PoolEntry
from runfleet.scheduler.outcomes import Outcome
from runfleet.scheduler.settle import settle
from runfleet.scheduler.state import State

START = datetime(2026, 1, 1, tzinfo=UTC)
COMMAND = CommandSpec("true")
HOUR = timedelta(hours=1)
WINDOW = 2
_GUID_LENGTH = 36

T = TypeVar("T")
Decision = Callable[..., list[commands.Command]]
Asked = tuple[str, int, int, int]
"""A task's id, the slots that it needs, its retries and its instances."""


@dataclass
class Store:
    """What was saved, as copies: the scheduler goes on changing its own records."""

    pools: dict[str, Pool] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    job_schedules: dict[str, JobSchedule] = field(default_factory=dict)
    job_nodes: dict[tuple[str, str], JobNode] = field(default_factory=dict)
    tasks: dict[int, Task] = field(default_factory=dict)
    subtasks: dict[int, list[Subtask]] = field(default_factory=dict)
    parents: dict[int, str] = field(default_factory=dict)
    satisfied: set[tuple[str, str]] = field(default_factory=set)

    def has_to_wait(self, task: Task) -> bool:
        """Whether it has a parent, here one at most, that has not ended as it wants."""
        parent = self.parents.get(task.sequence)
        return parent is not None and (task.job_id, parent) not in self.satisfied

    def tasks_of(self, job_id: str) -> list[Task]:
        return [task for task in self.tasks.values() if task.job_id == job_id]

    def find(self, job_id: str, task_id: str) -> Task | None:
        return next((one for one in self.tasks_of(job_id) if one.task_id == task_id), None)

    def counts(self, job_id: str) -> tuple[TaskCounts, TaskCounts]:
        tasks = self.tasks_of(job_id)
        number, slots = Counter[str](), Counter[str]()
        for task in tasks:
            for name in _counted_as(task):
                number[name] += 1
                slots[name] += task.required_slots
        return TaskCounts(**number), TaskCounts(**slots)


def _counted_as(task: Task) -> list[str]:
    if task.state is TaskState.COMPLETED:
        return ["succeeded" if task.result is TaskResult.SUCCESS else "failed"]
    if task.state is TaskState.ACTIVE:
        return ["active", "blocked"] if task.is_blocked else ["active"]
    return ["running"]


@dataclass(frozen=True)
class Process:
    """
    What runs on a node: a task by its sequence, or a start, preparation or release task.

    Of a task on several nodes each instance does, of which only the primary has the sequence.
    A start task that is awaited holds its node.
    """

    kind: type[commands.Command]
    node_id: str
    job_id: str = ""
    sequence: int = 0
    team: int = 0
    holds_node: bool = False


class World:
    """The scheduler with a store and an agent that do what it wants, and check that they can."""

    def __init__(self) -> None:
        self.state = State(Random(1), node_delay=timedelta(seconds=1), window=WINDOW)
        self.store = Store()
        self.now = START
        self.sequence = 0
        self.processes: dict[int, Process] = {}
        self.killed: set[int] = set()
        self.uncoordinated: set[int] = set()
        self.proceeding: set[int] = set()
        self.succeeded: set[int] = set()
        self.attempts: dict[int, tuple[str, int]] = {}
        self.ends: Counter[str | None] = Counter()
        self.folders: dict[int, set[str]] = {}
        self.is_sound = True
        self.is_telling = False
        self.released: set[tuple[str, str]] = set()
        self._do: dict[type[Any], Callable[[Any], None]] = {
            commands.SavePool: self._save_pool,
            commands.ForgetPool: self._forget_pool,
            commands.SaveNode: self._save_node,
            commands.ForgetNode: self._forget_node,
            commands.EndBackground: lambda command: None,
            commands.SaveUsage: self._save_usage,
            commands.SaveJob: self._save_job,
            commands.AddManager: self._add_manager,
            commands.ForgetJob: self._forget_job,
            commands.SaveJobSchedule: self._save_job_schedule,
            commands.ForgetJobSchedule: self._forget_job_schedule,
            commands.SaveJobNode: self._save_job_node,
            commands.SaveTask: self._save_task,
            commands.ForgetTask: self._forget_task,
            commands.SaveSubtasks: self._save_subtasks,
            commands.RemoveTaskFiles: lambda command: self._remove_files(command.task),
            commands.RemoveJobFiles: self._remove_job_files,
            commands.LoadTasks: self._load_tasks,
            commands.Satisfy: self._satisfy,
            commands.StartTask: self._start_task,
            commands.StartInstance: self._start_instance,
            commands.Proceed: self._proceed,
            commands.Constrain: self._constrain,
            commands.StartNodeTask: self._start_node_task,
            commands.StartPreparation: self._start_preparation,
            commands.StartRelease: self._start_release,
            commands.Kill: self._kill,
        }

    def decide(self, decision: Decision, *args: Any, **kw: Any) -> None:
        wanted = decision(self.state, self.now, *args, **kw)
        self.is_sound = False
        for command in wanted:
            event(type(command).__name__)
            self._do[type(command)](command)
        self.is_sound = True
        if self.is_telling:
            self._tell_children()

    def ask(self, decision: Decision, *args: Any, **kw: Any) -> bool:
        """Decide about a request; one that is refused must leave nothing behind."""
        self.now += timedelta(milliseconds=1)
        try:
            self.decide(decision, *args, **kw)
        except BatchRuleError:
            state = self.state
            assert not state.commands
            assert not (state.touched_pools | state.touched_nodes | state.touched_jobs)
            assert not state.touched_job_schedules
            return False
        return True

    def add_tasks(
        self,
        job_id: str,
        asked: Sequence[Asked],
        parent: str | None = None,
        conditions: ExitConditions | None = None,
    ) -> None:
        added = [
            self._new_task(job_id, task_id, slots, retries, instances)
            for task_id, slots, retries, instances in asked
            if self.store.find(job_id, task_id) is None
        ]
        for task in added:
            task.exit_conditions = conditions
            if parent is not None and self._has_dependencies(job_id):
                self.store.parents[task.sequence] = parent
            task.is_blocked = self.store.has_to_wait(task)
        self.store.tasks |= {task.sequence: copy(task) for task in added}
        if not self.ask(task_requests.add_tasks, job_id, added):
            for task in added:
                del self.store.tasks[task.sequence]

    def _has_dependencies(self, job_id: str) -> bool:
        job = self.store.jobs.get(job_id)
        return job is not None and job.spec.uses_task_dependencies

    def _new_task(
        self, job_id: str, task_id: str, slots: int, retries: int, instances: int
    ) -> Task:
        self.sequence += 1
        return Task(
            job_id,
            task_id,
            self.sequence,
            self.now,
            self.now,
            self.now,
            required_slots=1 if instances else slots,
            max_task_retry_count=retries,
            retention_time=RETENTION,
            instances=instances,
        )

    def wait(self, seconds: float) -> None:
        end = self.now + timedelta(seconds=seconds)
        while (due := self.state.timers.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.decide(reports.on_time)
        self.now = end

    def end(
        self,
        execution: int,
        ended_by: EndedBy,
        exit_code: int | None,
        *,
        leaves_some: bool = False,
    ) -> None:
        """An execution is over, as the agent reports it; an instance is coordinated before."""
        if ended_by is EndedBy.EXIT and self._goes_on(execution, exit_code):
            return
        process = self.processes.pop(execution)
        self.killed.discard(execution)
        self.now += timedelta(milliseconds=1)
        if process.kind is commands.StartRelease:
            self.released.add((process.job_id, process.node_id))
        has_background = leaves_some and process.kind is commands.StartNodeTask
        outcome = Outcome(self.now, self.now, ended_by, exit_code, has_background=has_background)
        self.decide(reports.on_ended, execution, outcome)
        task = self.store.tasks.get(process.sequence)
        if task is not None and task.result is TaskResult.SUCCESS:
            self.succeeded.add(task.sequence)

    def _goes_on(self, execution: int, exit_code: int | None) -> bool:
        """An instance does not end by itself, unless it failed or runs the task's command."""
        if self.processes[execution].kind is not commands.StartInstance:
            return False
        if execution in self.uncoordinated and exit_code == 0:
            self.uncoordinated.discard(execution)
            self.decide(reports.on_coordinated, execution)
            return True
        return not (execution in self.uncoordinated or execution in self.proceeding)

    def lose_agent(self, noted: Mapping[int, Outcome]) -> None:
        """Kill the agent, which had noted how some executions ended and could not tell of it."""
        old, self.processes = self.processes, {}
        self.killed.clear()
        for process in (old[execution] for execution in noted):
            if process.kind is commands.StartRelease:
                self.released.add((process.job_id, process.node_id))
        self.decide(reports.on_agent_lost, noted)
        assert not old.keys() & self.state.executions.keys()

    def restart(self, outcomes: Callable[[Task], Outcome | None]) -> None:
        """Kill scheduler and agent, and go on from the store and what the agent had noted."""
        self.now += timedelta(milliseconds=1)
        self.processes.clear()
        self.killed.clear()
        interrupted = [
            (task, outcomes(task))
            for task in self.store.tasks.values()
            if task.state in {TaskState.RUNNING, TaskState.PREPARING}
        ]
        for task, outcome in restore.in_order(interrupted):
            self._recover(task, outcome)
            self.store.subtasks.pop(task.sequence, None)
        store = deepcopy(self.store)
        remembered = restore.Remembered(
            pools=store.pools.values(),
            nodes=store.nodes.values(),
            job_schedules=store.job_schedules.values(),
            jobs=[(job, *store.counts(job.spec.job_id)) for job in store.jobs.values()],
            job_nodes=store.job_nodes.values(),
            ended=sorted(self.ended(), key=lambda task: task.state_time),
        )
        self.state = State(
            self.state.random,
            node_delay=self.state.node_delay,
            window=WINDOW,
            next_execution=self.state.next_execution,
        )
        self.decide(restore.resume, remembered)
        self._tell_children()

    def ended(self) -> list[Task]:
        return [one for one in self.store.tasks.values() if one.state is TaskState.COMPLETED]

    def _recover(self, task: Task, noted: Outcome | None) -> None:
        job = self.store.jobs[task.job_id]
        as_it_was = copy(task)
        outcome = restore.recover_task(job, task, noted, self.now)
        if outcome is None:
            self._remove_files(as_it_was)
            return
        self.ends[task.node_id] += 1
        restore.recover_job(job, task, outcome, self.now)
        if exit_conditions.satisfies(job.spec, task, outcome):
            self.store.satisfied.add((task.job_id, task.task_id))
        if task.result is TaskResult.SUCCESS:
            self.succeeded.add(task.sequence)

    def _save_pool(self, command: commands.SavePool) -> None:
        self.store.pools[command.pool.spec.pool_id] = deepcopy(command.pool)

    def _forget_pool(self, command: commands.ForgetPool) -> None:
        del self.store.pools[command.pool_id]
        assert all(node.pool_id != command.pool_id for node in self.store.nodes.values())

    def _save_node(self, command: commands.SaveNode) -> None:
        self.store.nodes[command.node.node_id] = copy(command.node)

    def _forget_node(self, command: commands.ForgetNode) -> None:
        del self.store.nodes[command.node.node_id]
        for nodes in self.folders.values():
            nodes.discard(command.node.node_id)
        assert not self._running(node_id=command.node.node_id)

    def _save_usage(self, command: commands.SaveUsage) -> None:
        assert START <= command.usage.since <= command.usage.until <= self.now

    def _save_job(self, command: commands.SaveJob) -> None:
        self.store.jobs[command.job.spec.job_id] = copy(command.job)

    def _add_manager(self, command: commands.AddManager) -> None:
        spec = command.job.spec
        assert spec.manager is not None
        manager = self._new_task(spec.job_id, spec.manager.task_id, 1, 0, 0)
        self.store.tasks[manager.sequence] = copy(manager)
        self.decide(task_requests.add_manager, spec.job_id, manager)

    def _forget_job(self, command: commands.ForgetJob) -> None:
        job_id = command.job_id
        del self.store.jobs[job_id]
        self._disown(job_id)
        self.released = {key for key in self.released if key[0] != job_id}
        for task in self.store.tasks_of(job_id):
            del self.store.tasks[task.sequence]
        self.store.satisfied = {one for one in self.store.satisfied if one[0] != job_id}
        for key in [key for key in self.store.job_nodes if key[0] == job_id]:
            del self.store.job_nodes[key]

    def _disown(self, job_id: str) -> None:
        """What still runs of a job that is gone has nothing to do with another one of its id."""
        for execution, process in list(self.processes.items()):
            if process.job_id == job_id:
                # The other instances of a task are ended with its primary.
                assert execution in self.killed or process.team
                self.processes[execution] = replace(process, job_id="")

    def _remove_job_files(self, command: commands.RemoveJobFiles) -> None:
        assert command.job_id not in self.store.jobs

    def _save_job_schedule(self, command: commands.SaveJobSchedule) -> None:
        schedule = command.schedule
        self.store.job_schedules[schedule.spec.schedule_id] = copy(schedule)

    def _forget_job_schedule(self, command: commands.ForgetJobSchedule) -> None:
        del self.store.job_schedules[command.schedule_id]
        assert not any(job.startswith(f"{command.schedule_id}:") for job in self.store.jobs)

    def _save_job_node(self, command: commands.SaveJobNode) -> None:
        record = command.job_node
        assert record.job_id in self.store.jobs
        self.store.job_nodes[record.job_id, record.node_id] = copy(record)

    def _save_task(self, command: commands.SaveTask) -> None:
        before = self.store.tasks.get(command.task.sequence)
        if before is not None:
            # Whether it is blocked is the store's to say.
            assert before.is_blocked is command.task.is_blocked
            is_over = command.task.state is TaskState.COMPLETED
            self.ends[command.task.node_id] += is_over and before.state is not command.task.state
            self.store.tasks[command.task.sequence] = copy(command.task)

    def _remove_files(self, task: Task) -> None:
        self.folders.get(task.sequence, set()).difference_update(self.looked_at(task))

    def looked_at(self, task: Task) -> set[str | None]:
        """Where the files of a task are looked for."""
        subtasks = self.store.subtasks.get(task.sequence, ())
        return {task.node_id, *(subtask.node_id for subtask in subtasks)}

    def _forget_task(self, command: commands.ForgetTask) -> None:
        self._remove_files(command.task)
        del self.store.tasks[command.task.sequence]
        self.store.subtasks.pop(command.task.sequence, None)

    def _save_subtasks(self, command: commands.SaveSubtasks) -> None:
        assert command.task.sequence in self.store.tasks
        self.store.subtasks[command.task.sequence] = deepcopy([*command.subtasks])

    def _load_tasks(self, command: commands.LoadTasks) -> None:
        waiting = sorted(
            (
                copy(task)
                for task in self.store.tasks_of(command.job_id)
                if task.state is TaskState.ACTIVE
                and not task.is_blocked
                and task.sequence > command.after_sequence
            ),
            key=lambda task: task.sequence,
        )
        self.decide(reports.on_tasks_loaded, command.job_id, waiting[: command.limit])

    def _satisfy(self, command: commands.Satisfy) -> None:
        """Tell the children, as the engine does, once the decision has been carried out."""
        self.store.satisfied.add((command.job_id, command.task_id))
        self.is_telling = True

    def _tell_children(self) -> None:
        self.is_telling = False
        for job_id in list(self.store.jobs):
            released = [
                task
                for task in self.store.tasks_of(job_id)
                if task.is_blocked and not self.store.has_to_wait(task)
            ]
            for task in released:
                task.is_blocked = False
            active = [copy(task) for task in released if task.state is TaskState.ACTIVE]
            if active:
                self.decide(reports.on_tasks_released, job_id, active)

    def _start_task(self, command: commands.StartTask) -> None:
        stored = self.store.tasks[command.task.sequence]
        assert not self.store.has_to_wait(stored)
        assert stored.state is TaskState.RUNNING
        assert stored.sequence not in self.succeeded
        assert not self._running(sequence=stored.sequence)
        assert not self._running(node_id=command.node.node_id, holds_node=True)
        before = self.attempts.get(stored.sequence)
        attempt = self.attempts[stored.sequence] = (command.node.node_id, stored.retry_count)
        assert not command.is_retry or before == (attempt[0], attempt[1] - 1)
        self.folders.setdefault(stored.sequence, set()).add(command.node.node_id)
        self._begin(
            command.execution,
            Process(commands.StartTask, command.node.node_id, stored.job_id, stored.sequence),
        )

    def _start_instance(self, command: commands.StartInstance) -> None:
        task, node, number = self.store.tasks[command.task.sequence], command.node, command.number
        assert task.state is TaskState.RUNNING
        assert task.sequence not in self.succeeded
        assert len({one.node_id for one in command.nodes}) == task.instances
        assert self.store.pools[node.pool_id].spec.enable_inter_node_communication
        running = self._running(team=task.sequence)
        assert len(running) == number, "no instance of an earlier attempt is left"
        assert all(one.node_id != node.node_id for one in running)
        sequence = 0 if number else task.sequence
        kind = commands.StartInstance
        process = Process(kind, node.node_id, task.job_id, sequence, task.sequence)
        self.uncoordinated.add(command.execution)
        self.folders.setdefault(task.sequence, set()).add(node.node_id)
        self._begin(command.execution, process)

    def _proceed(self, command: commands.Proceed) -> None:
        process = self.processes[command.execution]
        assert process.sequence == process.team, "only the primary runs the command"
        team = [number for number, one in self.processes.items() if one.team == process.team]
        assert not self.uncoordinated.intersection(team)
        self.proceeding.add(command.execution)

    def _constrain(self, command: commands.Constrain) -> None:
        assert self.processes[command.execution].sequence == command.task.sequence

    def _start_node_task(self, command: commands.StartNodeTask) -> None:
        assert command.pool.spec.start_task is not None
        assert not self._running(kind=commands.StartNodeTask, node_id=command.node.node_id)
        holds_node = command.node.state is NodeState.WAITING_FOR_START_TASK
        assert command.is_retry or holds_node is command.pool.spec.start_task.wait_for_success
        process = Process(commands.StartNodeTask, command.node.node_id, holds_node=holds_node)
        self._begin(command.execution, process)

    def _start_preparation(self, command: commands.StartPreparation) -> None:
        self._begin_job_part(commands.StartPreparation, command)

    def _start_release(self, command: commands.StartRelease) -> None:
        job_id, node_id = command.job.spec.job_id, command.node.node_id
        assert (job_id, node_id) not in self.released, "a release task runs once"
        assert not self._running(job_id=job_id, kind=commands.StartTask)
        assert not self._running(job_id=job_id, kind=commands.StartInstance)
        assert not self._running(job_id=job_id, kind=commands.StartPreparation)
        self._begin_job_part(commands.StartRelease, command)

    def _begin_job_part(
        self,
        kind: type[commands.Command],
        command: commands.StartPreparation | commands.StartRelease,
    ) -> None:
        job_id, node_id = command.job.spec.job_id, command.node.node_id
        assert not self._running(kind=kind, job_id=job_id, node_id=node_id)
        self._begin(command.execution, Process(kind, node_id, job_id))

    def _begin(self, execution: int, process: Process) -> None:
        assert process.node_id in self.store.nodes
        assert not process.job_id or process.job_id in self.store.jobs
        self.processes[execution] = process

    def _kill(self, command: commands.Kill) -> None:
        process = self.processes[command.execution]
        if process.kind is commands.StartRelease:
            emptying = self.store.nodes[process.node_id].emptying
            assert emptying is None or emptying.option in AT_ONCE
        self.killed.add(command.execution)

    def _running(self, **wanted: Any) -> list[Process]:
        return [
            process
            for process in self.processes.values()
            if all(getattr(process, name) == value for name, value in wanted.items())
        ]


NO_ACTION = OnAllTasksComplete.NO_ACTION
POOL_IDS = st.sampled_from(["p1", "p2"])


def _in_schedule(job: JobSpec, auto_pool: AutoPoolSpec | None) -> JobSpec:
    """What the jobs of a schedule are made from."""
    pool_id = "" if auto_pool else job.pool_id
    return replace(job, job_id="", pool_id=pool_id, auto_pool=auto_pool)


NEW_JOB_IDS = st.sampled_from(["j1", "j2", "j3"])
SCHEDULE_IDS = st.sampled_from(["s1", "s2"])
JOB_IDS = st.one_of(NEW_JOB_IDS, st.sampled_from(["s1:job-1", "s1:job-2", "s2:job-1"]))
TASK_IDS = st.sampled_from([f"t{n}" for n in range(12)])
OPTIONS = st.sampled_from(
    [
        NodeDeallocationOption.REQUEUE,
        NodeDeallocationOption.TERMINATE,
        NodeDeallocationOption.TASK_COMPLETION,
        NodeDeallocationOption.RETAINED_DATA,
    ]
)
AT_ONCE = {NodeDeallocationOption.REQUEUE, NodeDeallocationOption.TERMINATE}
RETENTION = timedelta(seconds=30)
FORMULAS = st.sampled_from(
    [
        "$TargetDedicatedNodes = min(3, $PendingTasks); $NodeDeallocationOption = taskcompletion;",
        "$TargetDedicatedNodes = 4 - time().minute / 15; $NodeDeallocationOption = terminate;",
        "$TargetLowPriorityNodes = time().minute / 20; $TargetDedicatedNodes = 1;",
        "$TargetDedicatedNodes = $CPUPercent;",
    ]
)
START_TASKS = st.none() | st.builds(
    StartTaskSpec,
    st.just(COMMAND),
    max_task_retry_count=st.integers(0, 1),
    wait_for_success=st.booleans(),
)
PREPARATIONS = st.none() | st.builds(
    PreparationTaskSpec,
    st.just("prepare"),
    st.just(COMMAND),
    max_task_retry_count=st.integers(0, 1),
    wait_for_success=st.booleans(),
    rerun_on_node_reboot_after_success=st.booleans(),
)
EXIT_OPTIONS = st.builds(
    ExitOptions,
    job_action=st.none() | st.sampled_from(JobAction),
    dependency_action=st.none() | st.sampled_from(DependencyAction),
)
EXIT_CONDITIONS = st.builds(
    ExitConditions,
    st.builds(ExitCodeOptions, st.just(0), st.integers(0, 1), EXIT_OPTIONS).map(lambda one: (one,)),
    default=st.none() | EXIT_OPTIONS,
)
MANAGERS = st.builds(
    JobManagerSpec,
    st.just("t0"),
    kill_job_on_completion=st.booleans(),
    run_exclusive=st.booleans(),
    allow_low_priority_node=st.booleans(),
)
JOB_SPECS = st.builds(
    JobSpec,
    NEW_JOB_IDS,
    POOL_IDS,
    priority=st.integers(0, 1),
    max_parallel_tasks=st.sampled_from([-1, -1, 1, 2]),
    max_wall_clock_time=st.none() | st.just(timedelta(minutes=2)),
    on_all_tasks_complete=st.sampled_from(OnAllTasksComplete),
    on_task_failure=st.sampled_from(
        [OnTaskFailure.NO_ACTION] * 3 + [OnTaskFailure.PERFORM_EXIT_OPTIONS_JOB_ACTION]
    ),
    uses_task_dependencies=st.booleans(),
    manager=st.none() | MANAGERS,
    preparation=PREPARATIONS,
    release=st.none() | st.just(ReleaseTaskSpec("release", COMMAND)),
)
AUTO_POOLS = st.builds(
    AutoPoolSpec,
    st.sampled_from(PoolLifetimeOption),
    st.just(PoolSpec("", "standard_f2s_v2", task_slots_per_node=2)),
    st.just("{}"),
    target_dedicated=st.integers(0, 2),
)
SCHEDULE_SPECS = st.builds(
    JobScheduleSpec,
    SCHEDULE_IDS,
    st.builds(_in_schedule, JOB_SPECS, st.none() | AUTO_POOLS),
    st.just("{}"),
    do_not_run_until=st.none() | st.just(START + timedelta(minutes=20)),
    do_not_run_after=st.none() | st.just(START + timedelta(minutes=40)),
    start_window=st.none() | st.just(timedelta(minutes=1)),
    recurrence_interval=st.none() | st.sampled_from([timedelta(minutes=n) for n in (1, 10)]),
)
POOL_SPECS = st.builds(
    PoolSpec,
    POOL_IDS,
    st.just("standard_f2s_v2"),
    task_slots_per_node=st.integers(1, 3),
    node_fill_type=st.sampled_from(NodeFillType),
    start_task=START_TASKS,
    enable_inter_node_communication=st.booleans(),
)


class SchedulerMachine(RuleBasedStateMachine):
    """Requests of clients, reports of nodes, lost agents and restarts, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @initialize(pool=POOL_SPECS, nodes=st.integers(1, 3), job=JOB_SPECS)
    def begin_at_work(self, pool: PoolSpec, nodes: int, job: JobSpec) -> None:
        """Most of what is interesting needs a pool, a job on it and tasks."""
        self.create_pool(pool, nodes, 0)
        self.world.wait(5)
        job = replace(job, pool_id=pool.pool_id, on_all_tasks_complete=NO_ACTION)
        self.world.ask(job_requests.create_job, job, "{}")
        self.world.add_tasks(job.job_id, [(f"c{n}", 1, 0, 0) for n in range(6)], parent="t4")
        self.world.add_tasks(job.job_id, [(f"t{n}", 1, n % 3, n % 4) for n in range(7)])

    def pick(self, data: st.DataObject, choices: Sequence[T]) -> T | None:
        return choices[data.draw(st.integers(0, len(choices) - 1))] if choices else None

    @rule(spec=POOL_SPECS, dedicated=st.integers(0, 3), low_priority=st.integers(0, 1))
    def create_pool(self, spec: PoolSpec, dedicated: int, low_priority: int) -> None:
        self.world.ask(
            pool_requests.create_pool,
            spec,
            "{}",
            target_dedicated=dedicated,
            target_low_priority=low_priority,
        )

    @rule(pool_id=POOL_IDS)
    def delete_pool(self, pool_id: str) -> None:
        self.world.ask(pool_requests.delete_pool, pool_id)

    @rule(spec=POOL_SPECS)
    def update_pool(self, spec: PoolSpec) -> None:
        entry = self.world.state.pools.get(spec.pool_id)
        if entry is not None and entry.nodes:
            spec = replace(entry.pool.spec, start_task=spec.start_task)
        self.world.ask(pool_requests.update_pool, spec, "{}")

    @rule(
        pool_id=POOL_IDS,
        dedicated=st.none() | st.integers(0, 3),
        low_priority=st.none() | st.integers(0, 1),
        option=OPTIONS,
    )
    def resize_pool(
        self,
        pool_id: str,
        dedicated: int | None,
        low_priority: int | None,
        option: NodeDeallocationOption,
    ) -> None:
        self.world.ask(
            pool_requests.resize_pool,
            pool_id,
            target_dedicated=dedicated,
            target_low_priority=low_priority,
            option=option,
        )

    @rule(pool_id=POOL_IDS, formula=FORMULAS, minutes=st.none() | st.sampled_from([5, 15]))
    def enable_autoscale(self, pool_id: str, formula: str, minutes: int | None) -> None:
        interval = None if minutes is None else timedelta(minutes=minutes)
        self.world.ask(
            autoscale_requests.enable_autoscale,
            pool_id,
            formula=formula,
            evaluation_interval=interval,
        )

    @rule(pool_id=POOL_IDS)
    def disable_autoscale(self, pool_id: str) -> None:
        self.world.ask(autoscale_requests.disable_autoscale, pool_id)

    @rule(pool_id=POOL_IDS)
    def stop_resize(self, pool_id: str) -> None:
        self.world.ask(pool_requests.stop_resize, pool_id)

    @rule(data=st.data(), option=OPTIONS)
    def remove_node(self, data: st.DataObject, option: NodeDeallocationOption) -> None:
        self._ask_node(data, pool_requests.remove_nodes, as_list=True, option=option)

    @rule(data=st.data(), option=OPTIONS)
    def reboot_node(self, data: st.DataObject, option: NodeDeallocationOption) -> None:
        self._ask_node(data, node_requests.reboot_node, option)

    @rule(data=st.data(), option=OPTIONS)
    def deallocate_node(self, data: st.DataObject, option: NodeDeallocationOption) -> None:
        self._ask_node(data, node_requests.deallocate_node, option)

    @rule(data=st.data())
    def start_node(self, data: st.DataObject) -> None:
        self._ask_node(data, node_requests.start_node)

    @rule(data=st.data(), option=OPTIONS)
    def disable_scheduling(self, data: st.DataObject, option: NodeDeallocationOption) -> None:
        self._ask_node(data, node_requests.disable_scheduling, option)

    @rule(data=st.data())
    def enable_scheduling(self, data: st.DataObject) -> None:
        self._ask_node(data, node_requests.enable_scheduling)

    def _ask_node(
        self,
        data: st.DataObject,
        decision: Decision,
        *args: Any,
        as_list: bool = False,
        **kwargs: Any,
    ) -> None:
        nodes = sorted(
            self.world.store.nodes.values(), key=lambda node: (node.pool_id, node.number)
        )
        node = self.pick(data, nodes)
        if node is not None:
            named = [node.node_id] if as_list else node.node_id
            self.world.ask(decision, node.pool_id, named, *args, **kwargs)

    @rule(
        data=st.data(),
        loss=st.sampled_from(
            [
                losses.on_node_lost,
                partial(losses.on_node_lost, recovers=False),
                losses.on_disk_full,
                losses.on_node_preempted,
            ]
        ),
    )
    def lose_node(self, data: st.DataObject, loss: Decision) -> None:
        """Also one that is on its way out, or in."""
        nodes = sorted(self.world.store.nodes.values(), key=lambda one: (one.pool_id, one.number))
        node = self.pick(data, nodes)
        if node is not None:
            self.world.decide(loss, node.pool_id, node.node_id)

    @rule(spec=JOB_SPECS)
    def create_job(self, spec: JobSpec) -> None:
        self.world.ask(job_requests.create_job, spec, "{}")

    @rule(spec=JOB_SPECS)
    def update_job(self, spec: JobSpec) -> None:
        entry = self.world.state.jobs.get(spec.job_id)
        if entry is not None:
            now = entry.job.spec
            spec = replace(spec, preparation=now.preparation, release=now.release)
            spec = replace(
                spec,
                on_task_failure=now.on_task_failure,
                uses_task_dependencies=now.uses_task_dependencies,
                manager=now.manager,
            )
        self.world.ask(job_requests.update_job, spec, "{}")

    @rule(job_id=JOB_IDS, option=st.sampled_from(DisableJobOption))
    def disable_job(self, job_id: str, option: DisableJobOption) -> None:
        self.world.ask(job_requests.disable_job, job_id, option)

    @rule(job_id=JOB_IDS)
    def enable_job(self, job_id: str) -> None:
        self.world.ask(job_requests.enable_job, job_id)

    @rule(job_id=JOB_IDS, force=st.booleans())
    def terminate_job(self, job_id: str, force: bool) -> None:
        is_taken = self.world.ask(job_requests.terminate_job, job_id, None, force=force)
        if is_taken and force:
            assert self.world.store.jobs[job_id].state is JobState.COMPLETED

    @rule(job_id=JOB_IDS, force=st.booleans())
    def delete_job(self, job_id: str, force: bool) -> None:
        self.world.ask(job_requests.delete_job, job_id, force=force)
        assert not force or job_id not in self.world.store.jobs

    @rule(spec=SCHEDULE_SPECS, decision=st.sampled_from(["create", "update"]))
    def write_job_schedule(self, spec: JobScheduleSpec, decision: str) -> None:
        self.world.ask(getattr(schedule_requests, f"{decision}_job_schedule"), spec, "{}")

    @rule(
        schedule_id=SCHEDULE_IDS,
        decision=st.sampled_from(
            [
                schedule_requests.disable_job_schedule,
                schedule_requests.enable_job_schedule,
                schedule_requests.terminate_job_schedule,
                partial(schedule_requests.terminate_job_schedule, force=True),
                schedule_requests.delete_job_schedule,
                partial(schedule_requests.delete_job_schedule, force=True),
            ]
        ),
    )
    def ask_job_schedule(self, schedule_id: str, decision: Decision) -> None:
        self.world.ask(decision, schedule_id)

    @rule(
        job_id=JOB_IDS,
        asked=st.lists(
            st.tuples(
                TASK_IDS, st.integers(1, 3), st.integers(0, 2), st.sampled_from([0, 0, 1, 2, 3])
            ),
            max_size=8,
            unique_by=lambda one: one[0],
        ),
        parent=st.none() | TASK_IDS,
        conditions=st.none() | EXIT_CONDITIONS,
    )
    def add_tasks(
        self,
        job_id: str,
        asked: list[Asked],
        parent: str | None,
        conditions: ExitConditions | None,
    ) -> None:
        """Parents may be there, come later, come never, or be the children themselves."""
        self.world.add_tasks(job_id, asked, parent, conditions)

    @rule(
        data=st.data(),
        decision=st.sampled_from(
            [
                task_requests.terminate_task,
                task_requests.delete_task,
                task_requests.reactivate_task,
            ]
        ),
    )
    def ask_task(self, data: st.DataObject, decision: Decision) -> None:
        task = self.pick(data, list(self.world.store.tasks.values()))
        if task is not None:
            self.world.ask(decision, copy(task))

    @rule(data=st.data(), retries=st.integers(-1, 2), limit=st.none() | st.just(HOUR))
    def change_task(self, data: st.DataObject, retries: int, limit: timedelta | None) -> None:
        task = self.pick(data, list(self.world.store.tasks.values()))
        if task is not None:
            decision = task_requests.change_constraints
            self.world.ask(decision, copy(task), retries, RETENTION, limit)

    @rule(
        data=st.data(),
        ended_by=st.sampled_from([EndedBy.EXIT, EndedBy.EXIT, EndedBy.EXIT, EndedBy.TIME_LIMIT]),
        exit_code=st.sampled_from([0, 0, 1]),
        leaves_some=st.booleans(),
    )
    def end_execution(
        self, data: st.DataObject, ended_by: EndedBy, exit_code: int, *, leaves_some: bool
    ) -> None:
        """One that was killed may have come to its own end just before."""
        execution = self.pick(data, sorted(self.world.processes))
        if execution is None:
            return
        if execution in self.world.killed and data.draw(st.booleans()):
            ended_by = EndedBy.KILL
            leaves_some = False
        code = exit_code if ended_by is EndedBy.EXIT else None
        self.world.end(execution, ended_by, code, leaves_some=leaves_some)

    @rule(seconds=st.sampled_from([0.5, 1, 2, 60, 1000]))
    def wait(self, seconds: float) -> None:
        self.world.wait(seconds)

    @rule(data=st.data())
    def lose_agent(self, data: st.DataObject) -> None:
        ends = st.none() | st.sampled_from([0, 1])
        drawn = {execution: data.draw(ends) for execution in self.world.processes}
        now = self.world.now
        self.world.lose_agent(
            {
                execution: Outcome(now, now, EndedBy.EXIT, exit_code)
                for execution, exit_code in drawn.items()
                if exit_code is not None
            }
        )

    @rule(data=st.data())
    def restart(self, data: st.DataObject) -> None:
        """Of each task that ran, the agent may have noted the end before it died."""
        ends = st.none() | st.sampled_from(
            [(EndedBy.EXIT, 0), (EndedBy.EXIT, 1), (EndedBy.KILL, None)]
        )

        def noted(task: Task) -> Outcome | None:
            end = data.draw(ends) if task.state is TaskState.RUNNING else None
            return Outcome(self.world.now, self.world.now, *end) if end else None

        self.world.restart(noted)

    @rule()
    def let_everything_end(self) -> None:
        """When all that runs has ended, nothing is left in between."""
        world = self.world
        for _ in range(200):
            for execution in sorted(world.processes):
                if execution in world.killed:
                    world.end(execution, EndedBy.KILL, None)
                elif execution in world.processes:
                    world.end(execution, EndedBy.EXIT, 0)
            world.wait(3)
            if not world.processes and not world.state.executions and self._is_steady():
                break
        assert not world.processes
        self._check_settled()

    def teardown(self) -> None:
        if self.world.is_sound:
            self.let_everything_end()

    def _is_steady(self) -> bool:
        """An evaluation may have begun another resize just now, and files may have to be kept."""
        pools, nodes = self.world.store.pools.values(), self.world.store.nodes.values()
        are_steady = all(pool.allocation_state is AllocationState.STEADY for pool in pools)
        return are_steady and all(_is_away(node) or _is_settled(node) for node in nodes)

    def _check_settled(self) -> None:
        for job in self.world.store.jobs.values():
            assert job.state in {JobState.ACTIVE, JobState.DISABLED, JobState.COMPLETED}
        for schedule in self.world.store.job_schedules.values():
            assert schedule.state in {
                JobScheduleState.ACTIVE,
                JobScheduleState.DISABLED,
                JobScheduleState.COMPLETED,
            }
        for pool in self.world.store.pools.values():
            assert pool.state is PoolState.ACTIVE
            assert pool.allocation_state is AllocationState.STEADY
        for pool_entry in self.world.state.pools.values():
            for entry in pool_entry.nodes.values():
                if _is_away(entry.node):
                    assert entry.node.state is NodeState.UNKNOWN
                    continue
                assert _is_settled(entry.node)
        assert not any(
            task.state in {TaskState.RUNNING, TaskState.PREPARING}
            for task in self.world.store.tasks.values()
        )
        for record in self.world.store.job_nodes.values():
            for info in (record.preparation, record.release):
                assert info is None or info.state is AuxiliaryTaskState.COMPLETED

    @invariant()
    def nothing_is_left_to_follow(self) -> None:
        state = self.world.state
        for pool in state.pools.values():
            state.touch_pool(pool)
            for node in pool.nodes.values():
                state.touch_node(node)
        for job in state.jobs.values():
            state.touch_job(job)
        for schedule in state.job_schedules.values():
            state.touch_job_schedule(schedule)
        settle(state, self.world.now)
        again = [one for one in state.take_commands() if not isinstance(one, commands.Kill)]
        assert again == []

    @invariant()
    def counts_equal_a_recount(self) -> None:
        for job_id, entry in self.world.state.jobs.items():
            recount = self.world.store.counts(job_id)
            assert (entry.job.counts, entry.job.slot_counts) == recount

    @invariant()
    def slots_are_never_exceeded(self) -> None:
        for pool in self.world.state.pools.values():
            for entry in pool.nodes.values():
                slots = sum(running.task.required_slots for running in entry.tasks.values())
                assert entry.node.running_slots == slots
                assert entry.node.running_tasks == len(entry.tasks)
                assert slots <= pool.pool.spec.task_slots_per_node or not pool.nodes

    @invariant()
    def an_exclusive_manager_has_its_node_to_itself(self) -> None:
        for pool in self.world.state.pools.values():
            for entry in pool.nodes.values():
                exclusive = [
                    managers.is_exclusive(running.job.job.spec, running.task)
                    for running in entry.tasks.values()
                ]
                assert entry.is_reserved is any(exclusive)
                assert len(exclusive) <= 1 or not entry.is_reserved

    @invariant()
    def every_task_is_in_exactly_one_place(self) -> None:
        for job_id, entry in self.world.state.jobs.items():
            tasks = {task.sequence: task for task in self.world.store.tasks_of(job_id)}
            waiting = {task.sequence for task in entry.queue}
            running = {
                one.task.sequence
                for one in entry.running.values()
                if one.fate not in {Fate.COMPLETED, Fate.DELETED}
            }
            active = {n for n, task in tasks.items() if task.state is TaskState.ACTIVE}
            with_node = {
                n for n, t in tasks.items() if t.state in {TaskState.RUNNING, TaskState.PREPARING}
            }
            assert not waiting & running
            assert waiting <= active
            blocked = {n for n in active if tasks[n].is_blocked}
            assert not waiting & blocked
            assert blocked == {n for n in active if self.world.store.has_to_wait(tasks[n])}
            assert len(waiting) + entry.queue.beyond == len(active - blocked)
            assert all(n > entry.queue.last_sequence for n in active - waiting - blocked)
            assert len(waiting) <= 2 * WINDOW + len(running)
            assert running == with_node

    @invariant()
    def a_schedule_has_one_job_at_a_time(self) -> None:
        for key, schedule in self.world.state.job_schedules.items():
            jobs = [job for job in self.world.state.jobs.items() if job[0].startswith(f"{key}:")]
            assert dict(jobs) == schedule.jobs
            ended = {JobState.COMPLETED, JobState.DELETING}
            assert sum(job.job.state not in ended for _, job in jobs) <= 1

    @invariant()
    def auto_pools_go_with_what_they_were_made_for(self) -> None:
        state = self.world.state
        jobs = {job.job.spec.pool_id for job in state.jobs.values() if not job.job.end_time}
        schedules = [entry.schedule for entry in state.job_schedules.values()]
        owned = jobs | {one.pool_id for one in schedules if not one.end_time}
        for pool in state.pools.values():
            is_made = len(pool.pool.spec.pool_id) == _GUID_LENGTH
            is_owned = pool.pool.spec.pool_id in owned
            assert is_owned or not is_made or pool.pool.state is PoolState.DELETING

    @invariant()
    def a_node_has_a_machine_unless_it_was_given_back(self) -> None:
        without = {NodeState.DEALLOCATED, NodeState.PREEMPTED}
        for node in self.world.store.nodes.values():
            has_machine = node.machine_since is not None
            is_going = node.state is NodeState.LEAVING_POOL
            assert is_going or has_machine == (node.state not in without)

    @invariant()
    def what_runs_is_known(self) -> None:
        assert self.world.processes.keys() == self.world.state.executions.keys()
        on_nodes = {
            execution
            for pool in self.world.state.pools.values()
            for entry in pool.nodes.values()
            for execution in entry.executions
        }
        assert on_nodes == self.world.state.executions.keys()

    @invariant()
    def no_files_lie_where_nobody_looks_for_them(self) -> None:
        for sequence, nodes in self.world.folders.items():
            task = self.world.store.tasks.get(sequence)
            assert not nodes or task is None or nodes <= self.world.looked_at(task)

    @invariant()
    def a_node_knows_what_has_ended_there(self) -> None:
        """Also over a restart; of tasks that were deleted before that it may not."""
        for entry in self._nodes():
            node = entry.node
            ended = [task for task in self.world.ended() if task.node_id == node.node_id]
            assert len(ended) <= node.total_tasks_run <= self.world.ends[node.node_id]
            for task in ended:
                assert task.end_time is not None
                assert node.data_until is not None
                assert task.end_time + task.retention_time <= node.data_until

    def _nodes(self) -> list[NodeEntry]:
        pools = self.world.state.pools.values()
        return [entry for pool in pools for entry in pool.nodes.values()]

    @invariant()
    def parallel_tasks_are_limited(self) -> None:
        for entry in self.world.state.jobs.values():
            assert entry.running_slots == sum(
                running.task.required_slots for running in entry.running.values()
            )

    @invariant()
    def no_node_comes_into_a_steady_pool(self) -> None:
        """Spot nodes that were preempted apart, for which others come."""
        for pool in self.world.state.pools.values():
            is_steady = pool.pool.allocation_state is AllocationState.STEADY
            coming = [
                entry.node
                for entry in pool.nodes.values()
                if entry.node.dedicated and entry.node.state is NodeState.CREATING
            ]
            assert not (is_steady and coming)

    @invariant()
    def jobs_that_have_ended_are_counted_and_not_walked(self) -> None:
        state = self.world.state
        living = {key: job for key, job in state.jobs.items() if not job.has_ended}
        assert state.living_jobs == living
        for key, pool in state.pools.items():
            here = {one: job for one, job in living.items() if _pool_key(job) == key}
            assert pool.jobs == here
            ended = [one.job.counts for one in state.jobs.values() if _is_counted_in(pool, one)]
            assert pool.ended_tasks.succeeded == sum(counts.succeeded for counts in ended)
            assert pool.ended_tasks.failed == sum(counts.failed for counts in ended)

    @invariant()
    def no_task_waits_where_there_is_room(self) -> None:
        for job in self.world.state.jobs.values():
            assert not _could_start(self.world.state, job)

    @invariant()
    def everything_is_saved(self) -> None:
        state, store = self.world.state, self.world.store
        assert {pool.pool.spec.pool_id: pool.pool for pool in state.pools.values()} == store.pools
        assert {key: _lasting_job(job.job) for key, job in state.jobs.items()} == {
            key: _lasting_job(job) for key, job in store.jobs.items()
        }
        schedules = {key: entry.schedule for key, entry in state.job_schedules.items()}
        assert schedules == store.job_schedules
        nodes = {
            node_id: _lasting_node(entry.node)
            for pool in state.pools.values()
            for node_id, entry in pool.nodes.items()
        }
        assert nodes == {key: _lasting_node(node) for key, node in store.nodes.items()}
        job_nodes = {
            (job.job.spec.job_id, node_id): record
            for job in state.jobs.values()
            for node_id, record in job.nodes.items()
        }
        assert job_nodes == store.job_nodes
        for job in state.jobs.values():
            for task in _tasks_in_memory(job):
                assert store.tasks[task.sequence] == task


def _pool_key(job: JobEntry) -> str:
    return job.job.spec.pool_id.lower()


def _is_counted_in(pool: PoolEntry, job: JobEntry) -> bool:
    is_here = job.has_ended and job.counted_in is pool.ended_tasks
    assert is_here is False or _pool_key(job) == pool.pool.spec.pool_id.lower()
    return is_here


def _is_settled(node: Node) -> bool:
    """Whether nothing is to become of it unless somebody asks for it."""
    return node.emptying is None and node.state in {
        NodeState.IDLE,
        NodeState.OFFLINE,
        NodeState.START_TASK_FAILED,
        NodeState.DEALLOCATED,
    }


def _is_away(node: Node) -> bool:
    """Whether it does not come back by itself."""
    return node.emptying is not None and node.emptying.purpose is Purpose.STAY_AWAY


def _tasks_in_memory(job: JobEntry) -> Iterator[Task]:
    yield from job.queue
    for running in job.running.values():
        if running.fate is not Fate.DELETED:
            yield running.task


def _lasting_job(job: Job) -> Job:
    """Counts are counted anew after a restart."""
    return replace(job, counts=TaskCounts(), slot_counts=TaskCounts())


def _lasting_node(node: Node) -> Node:
    """What tasks it runs and ran is not worth a write for each, and is found at a restart."""
    return replace(
        node,
        total_tasks_run=0,
        total_tasks_succeeded=0,
        running_tasks=0,
        running_slots=0,
        recent_tasks=[],
        data_until=None,
        counted_until=None,
    )


def _could_start(state: State, job: JobEntry) -> bool:
    pool = state.pools.get(job.job.spec.pool_id.lower())
    limit = job.job.spec.max_parallel_tasks
    if pool is None or pool.pool.state is not PoolState.ACTIVE:
        return False
    if job.job.state is not JobState.ACTIVE or 0 <= limit <= len(job.running):
        return False
    entries = [
        entry
        for entry in pool.nodes.values()
        if entry.node.state in {NodeState.IDLE, NodeState.RUNNING}
        and entry.node.scheduling_state is SchedulingState.ENABLED
        and entry.emptied_for is None
        and not entry.is_reserved
    ]
    rooms = [_room(entry) for entry in entries if preparation.suits(job, entry)]
    for task in sorted(job.queue, key=lambda task: task.sequence):
        if managers.is_manager(job.job.spec, task):
            if _manager_fits(job, task, entries):
                return True
        elif _fits(task, pool.pool.spec, rooms):
            return True
    return False


def _room(entry: NodeEntry) -> int:
    return entry.pool.pool.spec.task_slots_per_node - entry.node.running_slots


def _manager_fits(job: JobEntry, manager: Task, entries: list[NodeEntry]) -> bool:
    spec = job.job.spec
    return any(
        preparation.suits(job, entry)
        and managers.suits(spec, manager, entry)
        and not (entry.tasks and managers.is_exclusive(spec, manager))
        and _room(entry) >= manager.required_slots
        for entry in entries
    )


def _fits(task: Task, pool: PoolSpec, rooms: list[int]) -> bool:
    if not task.instances:
        return task.required_slots <= max(rooms, default=0)
    is_team_pool = pool.enable_inter_node_communication and pool.task_slots_per_node == 1
    return is_team_pool and task.instances <= sum(room > 0 for room in rooms)


TestScheduler = SchedulerMachine.TestCase
TestScheduler.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
