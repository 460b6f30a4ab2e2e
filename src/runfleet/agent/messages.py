"""
What the emulator and its node agent say to each other.

Each message is one JSON object on a line, named by its `type`, in either direction over a stream
socket.  The emulator says `Execute`, `Proceed`, `Constrain`, `Kill`, `EndBackground` and
`RemoveFolder`; the agent says `Ready` once it has ended what an earlier life left running,
`Coordinated` for an instance of a task of many that awaits the others, `Ended` for every execution
that it was given, and `BackgroundEnded` when nothing runs any more of what a start task left.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field
from msgspec.json import Decoder, Encoder

from runfleet.batch.states import EndedBy


class SubjectKind(StrEnum):
    """The kinds of task that a node runs."""

    TASK = "task"
    SUBTASK = "subtask"
    START_TASK = "starttask"
    PREPARATION_TASK = "preparationtask"
    RELEASE_TASK = "releasetask"


class Subject(Struct, frozen=True):
    """
    Whose execution it is; job and task are empty for a start task.

    Only what a client added as a task has a sequence: another task may get its id once it is gone.
    """

    kind: SubjectKind
    pool_id: str
    node_id: str
    job_id: str = ""
    task_id: str = ""
    task_sequence: int = 0


class FileToFetch(Struct, frozen=True):
    """One resource file: a URL of a blob, or of a container with a prefix."""

    url: str
    is_container: bool = False
    blob_prefix: str = ""
    file_path: str = ""
    file_mode: str = "0770"


class FilesToUpload(Struct, frozen=True):
    """One output file specification; `condition` as `batch.states.UploadCondition` spells it."""

    pattern: str
    container_url: str
    path: str | None = None
    condition: str = "taskcompletion"
    headers: Mapping[str, str] = field(default_factory=dict)


class PackageToInstall(Struct, frozen=True):
    """An application package: `archive` is a zip on this machine, unpacked into `folder` once."""

    archive: str
    folder: str


class Coordination(Struct, frozen=True):
    """
    How an instance of a multi-instance task begins.

    Parameters
    ----------
    command_line
        Run in the execution's ``wd``.  What it leaves running stays until the execution ends.
    address
        The node's, by which commands of the other instances reach it.
    directory
        The task's folder below the node's root, which all instances of a task have alike; the
        primary's own folder is the same, that of a subtask is in it.
    files
        What is fetched into that folder first.
    """

    command_line: str
    address: str
    directory: str
    files: tuple[FileToFetch, ...] = ()


class Execute(Struct, frozen=True, tag=True):
    """
    Run one command line on a virtual node.

    Parameters
    ----------
    execution
        Number of this execution, unique in the life of the emulator's state.
    node_root
        Absolute path of the node's root folder, made with its standard folders where absent.
    directory
        The task's folder below the root, such as ``workitems/j/job-1/t``; the command runs in its
        ``wd``.
    keep_directory
        A retry: leave the folder as it is and fetch nothing again.  Otherwise start with an empty
        folder, even if one is there.
    environment
        All variables that the service sets and the client asked for, whole.
    upload_on_failure
        Upload output files also when the exit code is not 0; false where a retry will follow.
    time_limit
        Seconds from now after which the whole process tree is ended, or None.
    coordination
        Set for an instance of a multi-instance task, which `Coordinated` follows.  Its own files
        are fetched, and its command line runs, after `Proceed`; a subtask has neither.
    on_windows
        Whether it is a Windows node: the command line is one of Windows, and runs through Wine.
    """

    execution: int
    subject: Subject
    node_root: str
    directory: str
    command_line: str
    environment: Mapping[str, str]
    files: tuple[FileToFetch, ...] = ()
    uploads: tuple[FilesToUpload, ...] = ()
    packages: tuple[PackageToInstall, ...] = ()
    keep_directory: bool = False
    upload_on_failure: bool = True
    time_limit: float | None = None
    coordination: Coordination | None = None
    on_windows: bool = False


class Proceed(Struct, frozen=True, tag=True):
    """All instances of a multi-instance task are coordinated: the primary may run its command."""

    execution: int


class Constrain(Struct, frozen=True, tag=True):
    """
    The constraints of a task have changed while it runs.

    Parameters
    ----------
    time_limit
        Seconds, counted from when the execution began; or None.
    upload_on_failure
        As `Execute` has it.
    """

    execution: int
    time_limit: float | None
    upload_on_failure: bool


class Kill(Struct, frozen=True, tag=True):
    """
    End an execution with all its processes; its `Ended` follows, also if it had not begun.

    Parameters
    ----------
    upload
        Upload output files all the same if the command had begun; false where the task will be
        run again.
    """

    execution: int
    upload: bool = True


class EndBackground(Struct, frozen=True, tag=True):
    """The node with this root folder goes down: end what its start task has left running."""

    node_root: str


class RemoveFolder(Struct, frozen=True, tag=True):
    """Remove a folder below the state folder: out of sight at once, its files when idle."""

    path: str


class Ready(Struct, frozen=True, tag=True):
    """The agent has ended the processes of an earlier life and takes executions."""

    pid: int


class Coordinated(Struct, frozen=True, tag=True):
    """The coordination command of an execution has succeeded; now it waits, or is waited for."""

    execution: int


class BackgroundEnded(Struct, frozen=True, tag=True):
    """The last process of those that a start task had left running has ended by itself."""

    subject: Subject


class ExecutionFailure(Struct, frozen=True):
    """Why an execution failed beside its exit code, in the words of the service's `failureInfo`."""

    category: str
    code: str
    message: str
    details: Mapping[str, str] = field(default_factory=dict)


class Ended(Struct, frozen=True, tag=True):
    """
    An execution is over: its uploads are done and no process of it is left, save in the background.

    Parameters
    ----------
    start_time, end_time
        Seconds since the epoch; the start is that of the staging, as the service counts it.
    exit_code
        None where the command never ran or was ended by `Kill` or the time limit; 128 + number
        for a process that a signal ended by itself.
    failure
        Set when files could not be fetched, packages not installed, the program not started, or
        output files not uploaded (then beside an exit code); never for a mere exit code.
    user_time, system_time
        Seconds of processor time of the command and its waited-for children.
    has_background
        Whether a start task has left processes that go on, until `BackgroundEnded` or the end of
        the agent.
    """

    execution: int
    subject: Subject
    start_time: float
    end_time: float
    ended_by: EndedBy
    exit_code: int | None = None
    failure: ExecutionFailure | None = None
    user_time: float = 0.0
    system_time: float = 0.0
    has_background: bool = False


Message = (
    Execute
    | Proceed
    | Constrain
    | Kill
    | EndBackground
    | RemoveFolder
    | Ready
    | Coordinated
    | Ended
    | BackgroundEnded
)

_ENCODER = Encoder()
_DECODER: Decoder[Message] = Decoder(Message)


def encode(message: Message) -> bytes:
    """One message as a line of JSON."""
    return _ENCODER.encode(message) + b"\n"


def decode(line: bytes) -> Message:
    """
    The message that a line of JSON holds.

    Raises
    ------
    msgspec.DecodeError
        If it holds none.
    """
    return _DECODER.decode(line)
