"""What can be done with pools and nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from runfleet.azure.channel import Channel, path_of
from runfleet.azure.errors import (
    BatchError,
    ConflictError,
    NotFoundError,
    PoolFailedError,
    accepting,
)
from runfleet.azure.failures import reason_of
from runfleet.azure.files import read_end, read_file
from runfleet.azure.missing import not_there
from runfleet.azure.pool_info import NodeCounts, NodeInfo, PoolInfo
from runfleet.azure.pool_settings import Autoscale, PoolSettings
from runfleet.azure.values import pairs_to_wire, quoted, without_none
from runfleet.azure.waiting import turns_until

_POOL_FIELDS = (
    "id,state,allocationState,vmSize,virtualMachineConfiguration,taskSlotsPerNode,"
    "currentDedicatedNodes,targetDedicatedNodes,currentLowPriorityNodes,targetLowPriorityNodes,"
    "resizeErrors,metadata,creationTime,enableAutoScale,enableInterNodeCommunication,autoScaleRun,"
    "userAccounts"
)
_NODE_FIELDS = "id,state,isDedicated,runningTasksCount,startTaskInfo,errors"
_STDERR_BYTES = 4096


class PoolOperations:
    """The part of `AzureBatch` that is about pools and nodes."""

    _channel: Channel

    def create_pool(self, pool: PoolSettings) -> bool:
        """
        Make a pool unless there is one of that id.

        Returns
        -------
        made
            Whether it was made; False also if it was, and the answer that says so was lost.
        """
        try:
            self._channel.post("/pools", pool.to_wire())
        except ConflictError as error:
            if error.code != "PoolExists":
                raise
            return False
        return True

    def get_pool(self, pool_id: str) -> PoolInfo | None:
        """Ask for a pool; None where there is none."""
        try:
            wire = self._channel.get(path_of("pools", pool_id), {"$select": _POOL_FIELDS})
        except NotFoundError:
            return None
        return PoolInfo.from_wire(wire)

    def list_pools(self) -> Iterator[PoolInfo]:
        """List the pools of the account."""
        for wire in self._channel.list("/pools", {"$select": _POOL_FIELDS}):
            yield PoolInfo.from_wire(wire)

    def resize_pool(
        self, pool_id: str, *, dedicated: int | None = None, spot: int | None = None
    ) -> None:
        """
        Ask for another number of nodes.

        Parameters
        ----------
        pool_id
            The pool.
        dedicated, spot
            How many nodes of each kind; None leaves that kind as it is.

        Raises
        ------
        ConflictError
            If the pool is being resized to another number, or scales by itself.
        """
        targets = without_none(targetDedicatedNodes=dedicated, targetLowPriorityNodes=spot)
        try:
            self._channel.post(path_of("pools", pool_id, "resize"), targets)
        except ConflictError as error:
            # It may be this very resize, and the answer that says so was lost.
            if error.code != "PoolBeingResized" or not self._aims_at(pool_id, dedicated, spot):
                raise

    def enable_autoscale(self, pool_id: str, autoscale: Autoscale) -> None:
        """Have a formula decide how many nodes a pool has; it is evaluated at once."""
        settings = autoscale.to_wire()
        del settings["enableAutoScale"]
        self._channel.post(path_of("pools", pool_id, "enableautoscale"), settings)

    def set_pool_metadata(self, pool_id: str, metadata: Mapping[str, str]) -> None:
        """Replace the names and values that stay with a pool."""
        self._channel.patch(path_of("pools", pool_id), {"metadata": pairs_to_wire(metadata)})

    def delete_pool(self, pool_id: str) -> bool:
        """
        Delete a pool; its running tasks go back to the queue of their job.

        Returns
        -------
        found
            Whether there was one; one that is being deleted is as good as gone.
        """
        try:
            with accepting("PoolBeingDeleted"):
                self._channel.delete(path_of("pools", pool_id))
        except NotFoundError:
            return False
        return True

    def node_counts(self, pool_id: str) -> NodeCounts:
        """Count the nodes of a pool by state; the figures may be a little behind."""
        query = {"$filter": f"poolId eq {quoted(pool_id)}"}
        for wire in self._channel.list("/nodecounts", query):
            return NodeCounts.from_wire(wire)
        return NodeCounts({})

    def list_nodes(self, pool_id: str, *, states: Sequence[str] = ()) -> Iterator[NodeInfo]:
        """
        List the nodes of a pool.

        Parameters
        ----------
        pool_id
            The pool.
        states
            Only nodes in one of these states; none for all nodes.
        """
        filter_ = " or ".join(f"state eq {quoted(state)}" for state in states) or None
        query = {"$select": _NODE_FIELDS, "$filter": filter_}
        for wire in self._channel.list(path_of("pools", pool_id, "nodes"), query):
            yield NodeInfo.from_wire(wire)

    def node_address(self, pool_id: str, node_id: str) -> str | None:
        """Ask for the address at which other nodes of the pool reach a node; None if it is gone."""
        try:
            path = path_of("pools", pool_id, "nodes", node_id)
            wire = self._channel.get(path, {"$select": "id,ipAddress"})
        except NotFoundError:
            return None
        address: str | None = wire.get("ipAddress")
        return address

    def wait_for_nodes(
        self,
        pool_id: str,
        count: int,
        *,
        on_progress: Callable[[NodeCounts], None] | None = None,
        timeout: timedelta | None = None,
    ) -> NodeCounts:
        """
        Wait until enough nodes take tasks.

        Parameters
        ----------
        pool_id, count
            How many nodes of which pool.
        on_progress
            Is told the counts each time they are asked for.
        timeout
            None to wait for ever.

        Raises
        ------
        PoolFailedError
            As soon as a start task has failed, a node is unusable, or the resize has ended without
            the nodes it should bring.
        WaitTimeoutError
            If it takes too long.
        NotFoundError
            If there is no such pool.
        """
        for _ in turns_until(f"{count} nodes of pool `{pool_id}`", timeout):
            counts = self.node_counts(pool_id)
            if on_progress:
                on_progress(counts)
            if counts.ready >= count:
                break
            self._raise_failed_nodes(pool_id, counts)
            self._raise_failed_resize(pool_id, count)
        return counts

    def read_node_file(
        self, pool_id: str, node_id: str, path: str, *, offset: int = 0, length: int | None = None
    ) -> bytes:
        """
        Read a file of a node, or a part of it.

        Parameters
        ----------
        pool_id, node_id
            The node.
        path
            Relative to the root of the node, with slashes: `startup/stderr.txt`.
        offset, length
            Where to begin, and how many bytes to take at most.
        """
        return read_file(
            self._channel, path_of("pools", pool_id, "nodes", node_id), path, offset, length
        )

    def stderr_end(self, pool_id: str, node_id: str, directory: str = "startup") -> str:
        """
        Read what a start or preparation task wrote to stderr last.

        Parameters
        ----------
        pool_id, node_id
            The node.
        directory
            The task's folder, relative to the root of the node.

        Returns
        -------
        end
            Empty where there is nothing, or where it cannot be read: why a task failed must be
            told with it or without.
        """
        node = path_of("pools", pool_id, "nodes", node_id)
        try:
            content = read_end(self._channel, node, f"{directory}/stderr.txt", _STDERR_BYTES)
        except BatchError:
            return ""
        return content.decode(errors="replace").strip()

    def _aims_at(self, pool_id: str, dedicated: int | None, spot: int | None) -> bool:
        pool = self.get_pool(pool_id)
        return pool is not None and (
            dedicated in (None, pool.target_dedicated) and spot in (None, pool.target_spot)
        )

    def _raise_failed_nodes(self, pool_id: str, counts: NodeCounts) -> None:
        """Ask for the failed nodes only if the counts say that there are any."""
        failed = [state for state in ("starttaskfailed", "unusable") if counts[state]]
        if not failed:
            return
        for node in self.list_nodes(pool_id, states=failed):
            raise self._node_failure(pool_id, node)

    def _node_failure(self, pool_id: str, node: NodeInfo) -> PoolFailedError:
        if node.state != "starttaskfailed":
            reasons = "; ".join(str(failure) for failure in node.errors) or "no reason is given"
            return PoolFailedError(
                pool_id, f"node {node.id} of pool `{pool_id}` is unusable: {reasons}"
            )
        output = self.stderr_end(pool_id, node.id)
        return PoolFailedError(
            pool_id,
            f"the start task of pool `{pool_id}` failed on node {node.id}: "
            f"{reason_of(node.start_task)}" + (f"\n{output}" if output else ""),
            hint="mend the start task's command, then delete the pool and start again",
            output=output,
        )

    def _raise_failed_resize(self, pool_id: str, count: int) -> None:
        pool = self.get_pool(pool_id)
        if pool is None:
            raise not_there("pool", {"pool": pool_id})
        if pool.allocation_state != "steady":
            return
        if pool.resize_errors:
            reasons = "; ".join(str(failure) for failure in pool.resize_errors)
            raise PoolFailedError(
                pool_id,
                f"pool `{pool_id}` could not be given its nodes: {reasons}",
                code=pool.resize_errors[0].code,
                hint="ask for fewer nodes, another size or region, or for a larger quota",
            )
        if pool.target < count:
            raise PoolFailedError(
                pool_id,
                f"pool `{pool_id}` is to have {pool.target} nodes, and {count} are waited for",
                hint="resize the pool",
            )
