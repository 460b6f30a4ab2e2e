"""What start tasks leave running on their nodes, in the background."""

from __future__ import annotations

from runfleet.agent.execution import Execution
from runfleet.agent.messages import SubjectKind
from runfleet.agent.processes import Processes


class Background:
    """
    The processes that go on after their start task, for as long as their node is up.

    Those of Windows nodes end with it: the slot of Wine in which they run is given to others.

    Parameters
    ----------
    processes
        All processes of the agent.
    """

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._left: dict[str, Execution] = {}

    def await_end(self, execution: Execution) -> None:
        """See to it that what a start task leaves is still there when its command has ended."""
        if _may_leave_processes(execution):
            self._processes.hold(execution.number)

    def take(self, execution: Execution) -> None:
        """Take over what an execution leaves whose command has ended by itself."""
        if _may_leave_processes(execution) and self._processes.keep(execution.number):
            self._left[execution.message.node_root] = execution
            execution.has_background = True

    def end(self, node_root: str) -> None:
        """End what runs in the background of a node."""
        execution = self._left.pop(node_root, None)
        if execution is not None:
            self._processes.end_kept(execution.number)
            self._forget(execution)

    def drop(self, folder: str) -> None:
        """End what runs in the background of the nodes in a folder."""
        for root in [root for root in self._left if f"{root}/".startswith(f"{folder}/")]:
            self.end(root)

    def pop_ended(self) -> list[Execution]:
        """Forget the start tasks of which the last process has ended by itself, and tell them."""
        if not self._left:
            return []
        live = self._processes.kept_at_work()
        ended = [one for one in self._left.values() if one.number not in live]
        for execution in ended:
            del self._left[execution.message.node_root]
            self._processes.end_kept(execution.number)
            self._forget(execution)
        return ended

    def _forget(self, execution: Execution) -> None:
        self._processes.forget(execution.number, execution.leader, execution.mark)


def _may_leave_processes(execution: Execution) -> bool:
    message = execution.message
    return message.subject.kind is SubjectKind.START_TASK and not message.on_windows
