"""
What the store remembers of nodes.

They are saved when they change, but not with each task that ends there: at a restart such ends are
counted from the tasks.  Where a task forgets its end, its node is saved before.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from runfleet.batch.records import Node, Task
from runfleet.batch.states import TaskState
from runfleet.scheduler.ended_tasks import counted_until
from runfleet.scheduler.entries import PoolEntry
from runfleet.store import Store


class NodeRecords:
    """
    Saves nodes, and knows which ends of tasks were saved with them.

    Parameters
    ----------
    store
        Where they are saved.
    pools
        The pools that there are, with their nodes.
    """

    def __init__(self, store: Store, pools: Mapping[str, PoolEntry]) -> None:
        self._store = store
        self._pools = pools
        self._counted_until: dict[str, datetime] = {}

    def save(self, node: Node) -> None:
        """Remember a node as it is now."""
        self._store.save_node(node)
        self._counted_until[node.node_id] = counted_until(node)

    def forget(self, node: Node) -> None:
        """A node is gone."""
        self._store.forget_node(node.node_id)
        self._counted_until.pop(node.node_id, None)

    def keep_end_of(self, task: Task) -> None:
        """Have it remembered that a task, if it has, ended on its node."""
        node = self._node_of(task)
        if node is not None and task.state is TaskState.COMPLETED:
            saved = self._counted_until.get(node.node_id)
            if saved is None or saved < task.state_time:
                self.save(node)

    def keep_all_ends(self) -> None:
        """Have all ends remembered that there were on nodes."""
        for pool in self._pools.values():
            for entry in pool.nodes.values():
                if self._counted_until.get(entry.node.node_id) != counted_until(entry.node):
                    self.save(entry.node)

    def _node_of(self, task: Task) -> Node | None:
        pool = self._pools.get((task.pool_id or "").lower())
        entry = pool.nodes.get(task.node_id or "") if pool else None
        return None if entry is None else entry.node
