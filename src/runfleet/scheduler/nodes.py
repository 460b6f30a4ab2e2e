"""The life of a node: it arrives, boots, runs its start task, is emptied, reboots and leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from random import Random

from runfleet.batch.records import AuxiliaryTaskInfo, Emptying, Node
from runfleet.batch.states import (
    AuxiliaryTaskState,
    NodeDeallocationOption,
    NodeState,
    Purpose,
    SchedulingState,
)
from runfleet.batch.usage import NodeUsage
from runfleet.scheduler import tasks
from runfleet.scheduler.addresses import free_address
from runfleet.scheduler.auxiliary import ended_info
from runfleet.scheduler.commands import (
    EndBackground,
    ForgetNode,
    Kill,
    SaveNode,
    SavePool,
    SaveUsage,
    StartNodeTask,
)
from runfleet.scheduler.entries import Fate, NodeEntry, NodeTaskRun, PoolEntry, ReleaseRun
from runfleet.scheduler.outcomes import Outcome
from runfleet.scheduler.release import on_node_changed
from runfleet.scheduler.state import State
from runfleet.scheduler.tasks import AT_WORK
from runfleet.scheduler.timers import Due

AWAY = frozenset({NodeState.UNKNOWN, NodeState.UNUSABLE, NodeState.PREEMPTED})
"""The states of nodes that were taken away, until they return."""

UP = AT_WORK | {NodeState.OFFLINE}
"""The states of nodes that have booted, and whose start task, if awaited, has succeeded."""

_RETAINED = NodeDeallocationOption.RETAINED_DATA
_AWAITING = frozenset({NodeDeallocationOption.TASK_COMPLETION, _RETAINED})
_WITHOUT_MACHINE = frozenset({NodeState.DEALLOCATED, NodeState.PREEMPTED})


def create(state: State, pool: PoolEntry, now: datetime, *, dedicated: bool) -> None:
    """A new node is on its way to its pool."""
    node_id = _new_id(state.random, dedicated=dedicated)
    pool.pool.nodes_made += 1
    address = free_address(node_id, state.addresses)
    state.addresses.add(address)
    node = Node(
        node_id=node_id,
        pool_id=pool.pool.spec.pool_id,
        number=pool.pool.nodes_made,
        dedicated=dedicated,
        allocation_time=now,
        state=NodeState.CREATING,
        state_time=now,
        address=address,
        machine_since=now,
    )
    pool.nodes[node_id] = NodeEntry(node, pool)
    state.emit(SavePool(pool.pool))
    state.emit(SaveNode(node))
    delay = state.delay(is_new=pool.pool.creation_time == now)
    state.timers.set(now + delay, Due.NODE_ARRIVES, node.pool_id, node_id)


def _new_id(random: Random, *, dedicated: bool) -> str:
    """Name a node as the service does."""
    return f"tvmps_{random.randbytes(32).hex()}_{'d' if dedicated else 'p'}"


def on_node_due(state: State, entry: NodeEntry, what: Due, now: datetime) -> None:
    """A node's next step has fallen due; one that it has since been kept from is passed over."""
    is_at = entry.node.state
    if what is Due.NODE_ARRIVES and is_at in {NodeState.CREATING, NodeState.REBOOTING}:
        start_booting(state, entry, now)
    elif what is Due.NODE_BOOTS and is_at is NodeState.STARTING:
        boot(state, entry, now)
    elif what is Due.NODE_RETURNS and is_at in AWAY:
        _come_back(state, entry, now)
    elif what is Due.NODE_DEALLOCATED and is_at is NodeState.DEALLOCATING:
        set_state(state, entry, NodeState.DEALLOCATED, now)
    elif what is Due.NODE_DATA_EXPIRES:
        state.touch_node(entry)


def _come_back(state: State, entry: NodeEntry, now: datetime) -> None:
    """A node that was lost boots again; in place of one that was preempted another one comes."""
    if entry.node.state is NodeState.PREEMPTED:
        _go(state, entry, now)
        create(state, entry.pool, now, dedicated=False)
        return
    entry.node.errors = []
    start_booting(state, entry, now)


def start_booting(state: State, entry: NodeEntry, now: datetime) -> None:
    """The machine is up and its agent is starting."""
    entry.node.machine_since = entry.node.machine_since or now
    set_state(state, entry, NodeState.STARTING, now)
    delay = state.delay(is_new=entry.node.boot_time is None)
    state.timers.set(now + delay, Due.NODE_BOOTS, entry.node.pool_id, entry.node.node_id)


def boot(state: State, entry: NodeEntry, now: datetime) -> None:
    """A node is up: its start task comes first."""
    entry.node.boot_time = now
    start_task = entry.pool.pool.spec.start_task
    if start_task is None:
        entry.node.start_task = None
        _become_usable(state, entry, now)
        return
    entry.node.start_task = AuxiliaryTaskInfo(AuxiliaryTaskState.RUNNING, now)
    _run_start_task(state, entry, is_retry=False)
    if start_task.wait_for_success:
        set_state(state, entry, NodeState.WAITING_FOR_START_TASK, now)
    else:
        _become_usable(state, entry, now)


def _run_start_task(state: State, entry: NodeEntry, *, is_retry: bool) -> None:
    execution = state.begin(NodeTaskRun(entry), entry)
    state.emit(SaveNode(entry.node))
    state.emit(StartNodeTask(execution, entry.pool.pool, entry.node, is_retry))


def on_start_task_ended(state: State, entry: NodeEntry, outcome: Outcome, now: datetime) -> None:
    """Retry a failed start task, or let the node take tasks, or none."""
    info = entry.node.start_task
    if info is None:
        return
    entry.node.start_task, wants_retry = ended_info(info, outcome, _start_task_retries(entry))
    if wants_retry:
        _run_start_task(state, entry, is_retry=True)
    elif entry.node.state is not NodeState.WAITING_FOR_START_TASK:
        state.emit(SaveNode(entry.node))
    elif entry.node.start_task.failure is None:
        _become_usable(state, entry, now)
    else:
        set_state(state, entry, NodeState.START_TASK_FAILED, now)


def _start_task_retries(entry: NodeEntry) -> int:
    """How often it may be retried: not at all on a node that goes, or if it is asked no more."""
    start_task = entry.pool.pool.spec.start_task
    return start_task.max_task_retry_count if start_task is not None and entry.stays else 0


def has_background(entry: NodeEntry) -> bool:
    """Whether processes that the start task has left run on a node that is up."""
    is_up = entry.node.state in UP
    return is_up and entry.node.start_task is not None and entry.node.start_task.has_background


def on_background_ended(state: State, entry: NodeEntry) -> None:
    """Nothing runs any more of what the start task had left."""
    if entry.node.start_task is not None:
        entry.node.start_task = replace(entry.node.start_task, has_background=False)
        state.emit(SaveNode(entry.node))


def end_background(state: State, entry: NodeEntry) -> None:
    """Nothing that its start task has left running outlives the node's going down."""
    if entry.node.start_task is not None and entry.node.start_task.has_background:
        state.emit(EndBackground(entry.node))
        on_background_ended(state, entry)


def on_start_task_lost(state: State, entry: NodeEntry, now: datetime) -> None:
    """The processes of a start task are gone: it is run anew unless the node goes."""
    if entry.stays:
        boot(state, entry, now)


def _become_usable(state: State, entry: NodeEntry, now: datetime) -> None:
    is_enabled = entry.node.scheduling_state is SchedulingState.ENABLED
    set_state(state, entry, NodeState.IDLE if is_enabled else NodeState.OFFLINE, now)


def set_state(state: State, entry: NodeEntry, to: NodeState, now: datetime) -> None:
    """Change a node's state and with it the room that it offers."""
    entry.node.state, entry.node.state_time = to, now
    if to in _WITHOUT_MACHINE:
        _give_back(state, entry, now)
    tasks.refresh_room(entry)
    state.emit(SaveNode(entry.node))
    state.touch_node(entry)
    on_node_changed(state, entry)


def _give_back(state: State, entry: NodeEntry, now: datetime) -> None:
    """The machine of a node, if it has one, is used no more."""
    node, vm_size = entry.node, entry.pool.pool.spec.vm_size
    if node.machine_since is not None:
        state.emit(SaveUsage(NodeUsage(node.pool_id, vm_size, node.machine_since, now)))
        node.machine_since = None


def empty(
    state: State,
    entry: NodeEntry,
    purpose: Purpose,
    option: NodeDeallocationOption,
    now: datetime,
) -> None:
    """Take no new tasks and end or await the running ones; what it is for is done when empty."""
    set_emptying(state, entry, Emptying(purpose, option))
    for running in list(entry.tasks.values()):
        if option is NodeDeallocationOption.REQUEUE:
            tasks.end_running(state, running, Fate.REQUEUE, now)
        elif option is NodeDeallocationOption.TERMINATE:
            tasks.terminate_running(state, running, now)


def set_emptying(state: State, entry: NodeEntry, emptying: Emptying | None) -> None:
    """Note what a node is emptied for, if anything, and with it the room that it offers."""
    entry.node.emptying = emptying
    tasks.refresh_room(entry)
    state.emit(SaveNode(entry.node))
    state.touch_node(entry)


def leave(state: State, entry: NodeEntry, option: NodeDeallocationOption, now: datetime) -> None:
    """Take a node out of its pool once its tasks are dealt with."""
    if entry.node.state is not NodeState.LEAVING_POOL:
        set_state(state, entry, NodeState.LEAVING_POOL, now)
    empty(state, entry, Purpose.LEAVE, option, now)


def settle_node(state: State, entry: NodeEntry, now: datetime) -> None:
    """Do what follows from tasks having come to a node or gone from it."""
    wanted = NodeState.RUNNING if entry.tasks else NodeState.IDLE
    if entry.node.state in AT_WORK and entry.node.state is not wanted:
        set_state(state, entry, wanted, now)
    emptying = entry.node.emptying
    if emptying is None or entry.tasks or _awaits_release(state, entry, emptying.option):
        return
    kept_until = entry.node.data_until if emptying.option is _RETAINED else None
    if kept_until is not None and now < kept_until:
        _await_expiry(state, entry, kept_until)
    else:
        _do_when_empty(state, entry, emptying.purpose, now)


def _awaits_release(state: State, entry: NodeEntry, option: NodeDeallocationOption) -> bool:
    """Whether a release task runs that may come to its own end, as the tasks before it might."""
    return option in _AWAITING and any(
        isinstance(state.executions[number], ReleaseRun) for number in entry.executions
    )


def _await_expiry(state: State, entry: NodeEntry, due: datetime) -> None:
    node = entry.node
    state.timers.set(due, Due.NODE_DATA_EXPIRES, node.pool_id, node.node_id)


def _do_when_empty(state: State, entry: NodeEntry, purpose: Purpose, now: datetime) -> None:
    if purpose is not Purpose.GO_OFFLINE and entry.executions:
        _kill_all(state, entry)
        return
    if purpose is Purpose.STAY_AWAY:
        return
    entry.node.emptying = None
    if purpose is Purpose.LEAVE:
        _go(state, entry, now)
    elif purpose is Purpose.REBOOT:
        _go_down(state, entry, NodeState.REBOOTING, Due.NODE_ARRIVES, now)
    elif purpose is Purpose.DEALLOCATE:
        _go_down(state, entry, NodeState.DEALLOCATING, Due.NODE_DEALLOCATED, now)
    elif purpose is Purpose.RETURN:
        _go_down(state, entry, entry.node.state, Due.NODE_RETURNS, now)
    else:
        _go_offline(state, entry, now)


def _go_offline(state: State, entry: NodeEntry, now: datetime) -> None:
    """A node that awaits its start task anew is not offline before that has succeeded."""
    if entry.node.state in AT_WORK:
        set_state(state, entry, NodeState.OFFLINE, now)
    else:
        state.emit(SaveNode(entry.node))


def _kill_all(state: State, entry: NodeEntry) -> None:
    for execution in entry.executions:
        state.emit(Kill(execution))


def _go(state: State, entry: NodeEntry, now: datetime) -> None:
    _give_back(state, entry, now)
    entry.pool.free.set(entry.node.node_id, 0)
    del entry.pool.nodes[entry.node.node_id]
    state.timers.drop(Due.NODE_DATA_EXPIRES, entry.node.pool_id, entry.node.node_id)
    state.addresses.discard(entry.node.address)
    state.emit(ForgetNode(entry.node))
    state.touch_pool(entry.pool)
    on_node_changed(state, entry)


def _go_down(state: State, entry: NodeEntry, to: NodeState, then: Due, now: datetime) -> None:
    end_background(state, entry)
    set_state(state, entry, to, now)
    due = now + state.delay(is_new=False)
    state.timers.set(due, then, entry.node.pool_id, entry.node.node_id)
