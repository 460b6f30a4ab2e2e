"""What clients ask of the user accounts of a node."""

from __future__ import annotations

from datetime import datetime

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import NodeUser
from runfleet.scheduler.commands import SaveNode
from runfleet.scheduler.entries import NodeEntry
from runfleet.scheduler.settle import decision
from runfleet.scheduler.state import State
from runfleet.scheduler.tasks import AT_WORK


def find_user(entry: NodeEntry, name: str) -> NodeUser:
    """The account of that name; `NodeUserNotFound` where there is none."""
    for user in entry.node.users:
        if user.name.lower() == name.lower():
            return user
    raise BatchRuleError("NodeUserNotFound")


@decision
def add_user(state: State, _now: datetime, pool_id: str, node_id: str, user: NodeUser) -> None:
    """Give a node that is up one more user account."""
    entry = state.node(pool_id, node_id)
    if entry.node.state not in AT_WORK:
        raise BatchRuleError("OperationInvalidForCurrentState")
    if any(one.name.lower() == user.name.lower() for one in entry.node.users):
        raise BatchRuleError("NodeUserExists")
    entry.node.users = [*entry.node.users, user]
    state.emit(SaveNode(entry.node))


@decision
def replace_user(state: State, _now: datetime, pool_id: str, node_id: str, user: NodeUser) -> None:
    """Change a user account of a node."""
    entry = state.node(pool_id, node_id)
    old = find_user(entry, user.name)
    entry.node.users = [user if one is old else one for one in entry.node.users]
    state.emit(SaveNode(entry.node))


@decision
def remove_user(state: State, _now: datetime, pool_id: str, node_id: str, name: str) -> None:
    """Take a user account off a node."""
    entry = state.node(pool_id, node_id)
    old = find_user(entry, name)
    entry.node.users = [one for one in entry.node.users if one is not old]
    state.emit(SaveNode(entry.node))
