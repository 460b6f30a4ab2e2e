"""
Ready-made formulas.

Each function returns the text of a formula, which says in its first line what it does.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from runfleet.autoscale.errors import InvalidParameterError

DEFAULT_WINDOW = timedelta(minutes=5)

# Samples come late and some are lost: with fewer than 70 % of them the newest alone decides.
_NODES_NEEDED = """\
window = {seconds} * TimeInterval_Second;
newest = max(0, $PendingTasks.GetSample(1));
enough = $PendingTasks.GetSamplePercent(window) >= 70;
tasks = enough ? max(newest, avg($PendingTasks.GetSample(window))) : newest;
tasksPerNode = max(1, floor($TaskSlotsPerNode / {slots_per_task}));
needed = min({max_nodes}, ceil(tasks / tasksPerNode));
"""
_LET_TASKS_FINISH = "$NodeDeallocationOption = taskcompletion;\n"


def by_pending_tasks(
    max_nodes: int,
    *,
    min_nodes: int = 0,
    slots_per_task: int = 1,
    spot: bool = False,
    window: timedelta = DEFAULT_WINDOW,
) -> str:
    """
    As many nodes as the waiting and running tasks need.

    Parameters
    ----------
    max_nodes, min_nodes
        Bounds of the number of nodes.
    slots_per_task
        Task slots that each task takes; how many a node has, the formula asks the pool.
    spot
        Spot nodes instead of dedicated ones.
    window
        How long back tasks count: nodes stay as long after the last task.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of range.
    """
    _check_bounds(min_nodes, max_nodes)
    target = "$TargetLowPriorityNodes" if spot else "$TargetDedicatedNodes"
    return (
        f"// As many nodes as tasks need, from {min_nodes} to {max_nodes}.\n"
        + _nodes_needed(max_nodes, slots_per_task, window)
        + f"{target} = max({min_nodes}, needed);\n"
        + _LET_TASKS_FINISH
    )


def while_tasks_last(
    max_nodes: int,
    *,
    min_nodes: int = 0,
    start_nodes: int = 0,
    start_until: datetime,
    nodes_per_task: int = 1,
    spot: bool = False,
    window: timedelta = DEFAULT_WINDOW,
) -> str:
    """
    As many nodes as the tasks need, none without tasks, and a head start.

    Samples come a minute late, and a pool is evaluated every five minutes at most: without the
    head start, tasks that have just been added would wait for as long.

    Parameters
    ----------
    max_nodes, min_nodes
        Bounds of the number of nodes while there are tasks.
    start_nodes, start_until
        As many nodes until then, whatever the samples say.
    nodes_per_task
        How many nodes each task takes at once: the instances of a multi-instance task.
    spot, window
        As in `by_pending_tasks`.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of range.
    """
    _check_bounds(min_nodes, max_nodes)
    _check_bounds(start_nodes, max_nodes)
    target = "$TargetLowPriorityNodes" if spot else "$TargetDedicatedNodes"
    return (
        f"// As many nodes as tasks need, from {min_nodes} to {max_nodes}; none without tasks.\n"
        + _nodes_needed(max_nodes, 1, window)
        # A waiting task counts as often as it has instances already.
        + f"together = min({max_nodes}, ceil(needed / {nodes_per_task}) * {nodes_per_task});\n"
        + f"kept = tasks > 0 ? max({min_nodes}, together) : 0;\n"
        + f'isStarting = time() < time("{start_until:%Y-%m-%dT%H:%M:%SZ}");\n'
        + f"{target} = isStarting ? max({start_nodes}, kept) : kept;\n"
        + _LET_TASKS_FINISH
    )


def spot_with_fallback(
    max_nodes: int,
    *,
    max_dedicated: int | None = None,
    slots_per_task: int = 1,
    window: timedelta = DEFAULT_WINDOW,
) -> str:
    """
    Spot nodes as tasks need them, and dedicated nodes for those that do not come or are taken away.

    The spot nodes stay asked for meanwhile; when they are back, the dedicated ones go.

    Parameters
    ----------
    max_nodes
        Bound of the number of spot nodes, and of what dedicated nodes replace.
    max_dedicated
        Bound of the number of dedicated nodes; None if it is `max_nodes`.
    slots_per_task, window
        As in `by_pending_tasks`.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of range.
    """
    most = max_nodes if max_dedicated is None else max_dedicated
    _check_bounds(0, max_nodes)
    if not 0 <= most <= max_nodes:
        raise InvalidParameterError(
            f"at most {most} dedicated nodes cannot stand in for {max_nodes} spot nodes",
            hint=f"choose `max_dedicated` from 0 to {max_nodes}",
        )
    return (
        f"// As many spot nodes as tasks need, at most {max_nodes};"
        f" for those missing at most {most} dedicated ones.\n"
        + _nodes_needed(max_nodes, slots_per_task, window)
        + "missing = $TargetLowPriorityNodes - ($CurrentLowPriorityNodes - $PreemptedNodeCount);\n"
        + f"$TargetDedicatedNodes = max(0, min({most}, needed, missing));\n"
        + "$TargetLowPriorityNodes = needed;\n"
        + _LET_TASKS_FINISH
    )


def on_work_days(
    nodes: int,
    *,
    otherwise: int = 0,
    begin_hour: int = 8,
    end_hour: int = 18,
    utc_offset: timedelta = timedelta(0),
) -> str:
    """
    One number of dedicated nodes in the hours of work of the week, another at other times.

    Parameters
    ----------
    nodes, otherwise
        Nodes in the hours of work, and at other times.
    begin_hour, end_hour
        The first hour of work, and the one after the last.
    utc_offset
        Local time minus UTC; formulas know nothing of summer time.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of range.
    """
    _check_bounds(0, nodes)
    _check_bounds(0, otherwise)
    _check_hours(begin_hour, end_hour, utc_offset)
    minutes = utc_offset // timedelta(minutes=1)
    return (
        f"// {nodes} nodes from Monday to Friday between {begin_hour} and {end_hour} o'clock,"
        f" {otherwise} otherwise.\n"
        f"now = time() + {minutes} * TimeInterval_Minute;\n"
        "isWorkDay = now.weekday >= 1 && now.weekday <= 5;\n"
        f"isWorkHour = now.hour >= {begin_hour} && now.hour < {end_hour};\n"
        f"$TargetDedicatedNodes = isWorkDay && isWorkHour ? {nodes} : {otherwise};\n"
        + _LET_TASKS_FINISH
    )


def _nodes_needed(max_nodes: int, slots_per_task: int, window: timedelta) -> str:
    if slots_per_task < 1:
        raise InvalidParameterError(
            f"a task cannot take {slots_per_task} slots", hint="choose `slots_per_task` from 1"
        )
    if not timedelta(minutes=4) <= window <= timedelta(hours=8):
        raise InvalidParameterError(
            f"samples of {window} do not tell enough, or are not kept so long",
            hint="choose `window` from 4 minutes to 8 hours",
        )
    return _NODES_NEEDED.format(
        seconds=window // timedelta(seconds=1), slots_per_task=slots_per_task, max_nodes=max_nodes
    )


def _check_bounds(least: int, most: int) -> None:
    if not 0 <= least <= most:
        raise InvalidParameterError(
            f"a pool cannot have from {least} to {most} nodes",
            hint="numbers of nodes are not negative, and the least does not exceed the most",
        )


def _check_hours(begin: int, end: int, utc_offset: timedelta) -> None:
    if not 0 <= begin < end <= 24:
        raise InvalidParameterError(
            f"work cannot last from {begin} to {end} o'clock",
            hint="choose hours from 0 to 24, the first before the last",
        )
    if abs(utc_offset) > timedelta(hours=14):
        raise InvalidParameterError(
            f"no place is {utc_offset} ahead of UTC", hint="choose an offset of at most 14 hours"
        )
