"""One execution on its way through the agent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from runfleet.agent.cancellation import Cancellation
from runfleet.agent.messages import Execute, ExecutionFailure
from runfleet.agent.processes import Exit
from runfleet.batch.states import EndedBy


class Phase(Enum):
    """What is being done for an execution; an instance waits once it is coordinated."""

    STAGING = auto()
    COORDINATING = auto()
    WAITING = auto()
    RUNNING = auto()
    CLEARING = auto()
    UPLOADING = auto()
    OVER = auto()


LIVE = frozenset({Phase.STAGING, Phase.COORDINATING, Phase.WAITING, Phase.RUNNING})
"""The phases in which an execution has not ended: its time runs, and commands may join it."""


@dataclass(slots=True)
class Execution:
    """
    An execution on its way.

    Parameters
    ----------
    message
        What the emulator asked for.
    environment
        Of all its processes.
    start_time, begun
        When it began, in seconds since 1970 and by the monotonic clock.
    phase
        What is being done for it.
    leader
        The process of its command, or of its coordination command before that; 0 before either.
    is_new
        Whether its folder is, so that files have to be fetched.
    exit
        How its command ended; None before that, and where it was never started.
    failure
        What went wrong beside the command; None where nothing did.
    stopped_by
        Set once its end has been asked for.
    has_background
        Whether processes that it has left go on.
    wants_uploads
        Whether its outputs shall be uploaded once it was stopped; not where it will be run again.
    cancellation
        Ends the transfers of its files.
    """

    message: Execute
    environment: Mapping[str, str]
    start_time: float
    begun: float
    phase: Phase = Phase.STAGING
    leader: int = 0
    is_new: bool = True
    exit: Exit | None = None
    failure: ExecutionFailure | None = None
    stopped_by: EndedBy | None = None
    has_background: bool = False
    wants_uploads: bool = True
    cancellation: Cancellation = field(default_factory=Cancellation)

    @property
    def number(self) -> int:
        """The number that the emulator gave it."""
        return self.message.execution

    @property
    def deadline(self) -> float | None:
        """When its time is over, by the monotonic clock; None where that is not limited."""
        limit = self.message.time_limit
        return None if limit is None else self.begun + limit

    @property
    def folder(self) -> str:
        """The task folder."""
        return f"{self.message.node_root}/{self.message.directory}"

    @property
    def mark(self) -> str:
        """What all its processes have in their environment, for the task folder's variable."""
        return self.environment.get("AZ_BATCH_TASK_DIR", self.folder)

    @property
    def working_directory(self) -> str:
        """Where the command runs."""
        return self.folder + "/wd"

    @property
    def task_folder(self) -> str:
        """The task's folder, within which that of a subtask lies."""
        coordination = self.message.coordination
        directory = self.message.directory if coordination is None else coordination.directory
        return f"{self.message.node_root}/{directory}"

    @property
    def succeeded(self) -> bool:
        """Whether the command has ended by itself and well."""
        return self.stopped_by is None and self.exit is not None and self.exit.exit_code == 0
