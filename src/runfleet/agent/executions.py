"""Executions, from staging over running to uploading."""

from __future__ import annotations

import logging
import os
import selectors
import time
from collections.abc import Callable, Sequence
from functools import partial

from msgspec.structs import replace

from runfleet.agent import launch, staging, uploads, wine
from runfleet.agent.background import Background
from runfleet.agent.deadlines import Deadlines
from runfleet.agent.execution import LIVE, Execution, Phase
from runfleet.agent.failures import failure_of
from runfleet.agent.folders import NodeFolders
from runfleet.agent.host_names import HostNames, with_host_name
from runfleet.agent.launchers import remove_sessions, sessions_folder, with_launchers
from runfleet.agent.messages import (
    BackgroundEnded,
    Constrain,
    Coordinated,
    Ended,
    Execute,
    ExecutionFailure,
    FilesToUpload,
    FileToFetch,
    PackageToInstall,
    SubjectKind,
)
from runfleet.agent.processes import Exit, Processes
from runfleet.agent.uploads import Uploads
from runfleet.agent.windows import Windows
from runfleet.agent.workers import Workers
from runfleet.batch.states import EndedBy
from runfleet.home import AgentFolders

log = logging.getLogger(__name__)

_PAUSE = 0.005

Step = Callable[[Execution], None]


class Executions:
    """
    All executions that the agent has been given and not yet given back.

    Parameters
    ----------
    folders
        Where the agent keeps what.
    node_folders, workers, selector
        What makes the folders of nodes, what does the slow work, and what the loop listens to.
    on_ended
        Told of every execution that is over.
    on_coordinated
        Told of every execution whose coordination command has succeeded.
    on_instance
        Called before anything is done for an instance of a task on several nodes.
    on_background_ended
        Told of every start task of which nothing goes on in the background any more.
    """

    def __init__(
        self,
        folders: AgentFolders,
        node_folders: NodeFolders,
        workers: Workers,
        selector: selectors.BaseSelector,
        on_ended: Callable[[Ended], None],
        on_coordinated: Callable[[Coordinated], None],
        on_instance: Callable[[], None],
        on_background_ended: Callable[[BackgroundEnded], None],
    ) -> None:
        self._launchers = folders.launchers
        self._partial_folder = os.fspath(folders.partial)
        self._node_folders = node_folders
        self._workers = workers
        self._on_ended = on_ended
        self._on_coordinated = on_coordinated
        self._on_instance = on_instance
        self._on_background_ended = on_background_ended
        self._processes = Processes()
        self._background = Background(self._processes)
        self._host_names = HostNames(self._processes)
        self._windows = Windows(folders, self._processes, workers, selector)
        self._base = launch.base_environment(os.environ)
        self._executions: dict[int, Execution] = {}
        self._instances: dict[str, Execution] = {}
        self._clearing: list[Execution] = []
        self._deadlines = Deadlines()

    def __len__(self) -> int:
        return len(self._executions)

    def begin(self, message: Execute) -> None:
        """Begin an execution."""
        if message.subject.kind is SubjectKind.START_TASK:
            self.end_background(message.node_root)
        environment = self._environment(message)
        execution = Execution(message, environment, time.time(), time.monotonic())
        self._executions[message.execution] = execution
        self._deadlines.set(execution.number, execution.deadline)
        self._attempt(execution, self._enter)

    def _environment(self, message: Execute) -> dict[str, str]:
        if message.on_windows:
            return wine.environment(self._base, message.environment)
        return {**self._base, **message.environment}

    def proceed(self, number: int) -> None:
        """Go on with an execution that waits, unless its end has been asked for."""
        execution = self._executions.get(number)
        if execution is not None and execution.phase is Phase.WAITING:
            execution.phase = Phase.STAGING
            self._attempt(execution, self._stage_command)

    def constrain(self, change: Constrain) -> None:
        """Hold an execution, unless it is over, to other constraints than it began with."""
        execution = self._executions.get(change.execution)
        if execution is not None:
            execution.message = replace(
                execution.message,
                time_limit=change.time_limit,
                upload_on_failure=change.upload_on_failure,
            )
            self._deadlines.set(execution.number, execution.deadline)

    def log_in(
        self, address: str, command: str, streams: Sequence[int], on_exit: Callable[[int], None]
    ) -> int | None:
        """
        Start a command beside the instance that runs on a node, and as a part of it.

        Returns
        -------
        pid
            Of the command, or None where no instance runs there; `on_exit` hears its exit code.
        """
        execution = self._instances.get(address)
        if execution is None or execution.phase not in LIVE:
            return None
        shell = ["/bin/sh", "-c", command]
        arguments = with_host_name(self._host_names.naming, address, shell)
        guest = launch.launch_beside(
            arguments, execution.environment, execution.working_directory, streams
        )
        self._processes.add_guest(execution.number, guest, on_exit)
        return guest

    def log_out(self, guest: int) -> None:
        """End a command that was started by logging in."""
        self._processes.kill(guest)

    def stop(self, number: int, by: EndedBy, *, wants_uploads: bool = True) -> None:
        """End an execution, unless its command has ended already and nothing is left to stop."""
        execution = self._executions.get(number)
        if execution is None or execution.stopped_by is not None:
            return
        match execution.phase:
            case Phase.RUNNING | Phase.COORDINATING:
                execution.stopped_by = by
                execution.wants_uploads = wants_uploads
                self._processes.release(number)
                self._processes.kill(execution.leader)
            case Phase.UPLOADING if wants_uploads:
                pass  # they are on their way, and its end follows
            case Phase.STAGING | Phase.UPLOADING | Phase.WAITING:
                execution.stopped_by = by
                execution.cancellation.cancel()
                self._finish(execution)

    def expire(self, now: float) -> None:
        """Stop the executions whose time is over; `now` is that of the monotonic clock."""
        for number in self._deadlines.pop_passed(now):
            if self._executions[number].phase in LIVE:
                self.stop(number, EndedBy.TIME_LIMIT)

    def next_deadline(self) -> float | None:
        """Tell when to call `expire`."""
        return self._deadlines.next()

    def on_processes_ended(self) -> None:
        """See which processes have ended."""
        for ended in self._processes.reap():
            execution = self._executions[ended.execution]
            if execution.phase is Phase.COORDINATING and _is_coordinated(execution, ended):
                execution.phase = Phase.WAITING
                self._on_coordinated(Coordinated(execution.number))
            else:
                execution.exit = ended
                if execution.stopped_by is None:
                    self._background.take(execution)
                self._begin_clearing(execution)
        self._clear()
        for start_task in self._background.pop_ended():
            self._on_background_ended(BackgroundEnded(start_task.message.subject))

    def leave(self, patience: float) -> None:
        """End all processes; executions whose command had ended before may still end well."""
        deadline = time.monotonic() + patience
        self.on_processes_ended()
        while time.monotonic() < deadline:
            is_none_left = self._processes.end_all()
            self._workers.collect()
            self._clear()
            if is_none_left and not any(map(_is_ending, self._executions.values())):
                break
            time.sleep(_PAUSE)
        self._windows.close()

    def drop(self, folder: str) -> None:
        """End what is kept for nodes in a folder, which is about to go."""
        self._background.drop(folder)
        self._windows.drop(folder)

    def end_background(self, node_root: str) -> None:
        """End what the start task of a node has left running."""
        self._background.end(node_root)

    def _attempt(self, execution: Execution, step: Step) -> None:
        try:
            step(execution)
        except Exception as error:
            self._finish(execution, failure_of(error))

    def _enter(self, execution: Execution) -> None:
        if execution.message.coordination is not None:
            self._host_names.await_known(
                partial(self._on_fetched, execution, self._enter_instance, None)
            )
        else:
            self._find_place(execution)

    def _enter_instance(self, execution: Execution) -> None:
        coordination = execution.message.coordination
        assert coordination is not None, "only instances of a multi-instance task get here"
        self._on_instance()
        self._instances[coordination.address] = execution
        execution.environment = with_launchers(
            execution.environment,
            self._launchers,
            sessions_folder(execution.message),
            self._host_names.naming,
        )
        self._find_place(execution)

    def _find_place(self, execution: Execution) -> None:
        step = self._admit if execution.message.on_windows else self._stage
        step(execution)

    def _admit(self, execution: Execution) -> None:
        self._windows.admit(execution, partial(self._on_fetched, execution, self._stage))

    def _stage(self, execution: Execution) -> None:
        message = execution.message
        execution.is_new = self._node_folders.prepare(message)
        if message.coordination is None:
            self._stage_command(execution)
        else:
            files = message.coordination.files
            self._fetch(execution, files, execution.task_folder, self._coordinate)

    def _stage_command(self, execution: Execution) -> None:
        files = execution.message.files
        self._fetch(execution, files, execution.working_directory, self._launch)

    def _fetch(
        self, execution: Execution, files: Sequence[FileToFetch], folder: str, then: Step
    ) -> None:
        slow_files = staging.fetch_quickly(files, folder) if execution.is_new else []
        packages = [one for one in execution.message.packages if not os.path.isdir(one.folder)]
        if slow_files or packages:
            work = partial(self._fetch_slowly, execution, slow_files, folder, packages)
            self._workers.submit(work, partial(self._on_fetched, execution, then))
        else:
            then(execution)

    def _fetch_slowly(
        self,
        execution: Execution,
        files: Sequence[FileToFetch],
        folder: str,
        packages: Sequence[PackageToInstall],
    ) -> None:
        from runfleet.agent.packages import install

        for package in packages:
            install(package, execution.cancellation)
        for file in files:
            staging.fetch(file, folder, self._partial_folder, execution.cancellation)

    def _on_fetched(self, execution: Execution, then: Step, error: Exception | None) -> None:
        if execution.phase is not Phase.STAGING:
            return
        if error is None:
            self._attempt(execution, then)
        else:
            self._finish(execution, failure_of(error))

    def _coordinate(self, execution: Execution) -> None:
        coordination = execution.message.coordination
        assert coordination is not None, "only instances of a multi-instance task get here"
        self._lead(execution, coordination.command_line, Phase.COORDINATING)
        self._processes.hold(execution.number)

    def _launch(self, execution: Execution) -> None:
        self._lead(execution, execution.message.command_line, Phase.RUNNING)
        if execution.message.coordination is not None:
            self._processes.release(execution.number)

    def _lead(self, execution: Execution, command_line: str, phase: Phase) -> None:
        earlier = execution.leader
        if execution.message.on_windows:
            execution.leader = self._windows.launch(execution)
            self._processes.watch(execution.number)
        else:
            execution.leader = launch.launch(
                command_line, execution.environment, execution.folder, goes_on=bool(earlier)
            )
        execution.phase = phase
        if earlier:
            self._processes.forget_leader(execution.number, earlier)
        self._processes.add(execution.number, execution.leader, execution.mark)
        self._background.await_end(execution)

    def _begin_clearing(self, execution: Execution) -> None:
        self._processes.release(execution.number)
        execution.phase = Phase.CLEARING
        self._clearing.append(execution)

    def _clear(self) -> None:
        """Go on with the executions of which no process is left."""
        ending = self._processes.end_strangers()
        cleared = [one for one in self._clearing if one.number not in ending]
        self._clearing = [one for one in self._clearing if one.number in ending]
        for execution in cleared:
            if not execution.has_background:
                self._processes.forget(execution.number, execution.leader, execution.mark)
            if execution.exit is None:
                self._end(execution)
            else:
                self._attempt(execution, self._upload)

    def _upload(self, execution: Execution) -> None:
        if execution.message.on_windows:
            self._windows.conclude(execution)
        message = execution.message
        work = Uploads(
            _due_uploads(execution),
            execution.working_directory,
            execution.environment,
            windows_root=message.node_root if message.on_windows else None,
            is_settled=execution.succeeded,
        )
        if work.run_quickly():
            self._finish_uploads(execution, work)
            return
        execution.phase = Phase.UPLOADING
        self._workers.submit(
            partial(work.run_rest, execution.cancellation),
            partial(self._on_uploaded, execution, work),
        )

    def _on_uploaded(self, execution: Execution, work: Uploads, error: Exception | None) -> None:
        if execution.phase is not Phase.UPLOADING:
            return
        if error is None:
            self._attempt(execution, partial(self._finish_uploads, work=work))
        else:
            self._finish(execution, failure_of(error))

    def _finish_uploads(self, execution: Execution, work: Uploads) -> None:
        if work.failed:
            uploads.write_records(work, execution.folder)
        self._finish(execution, work.failed[0][1] if work.failed else None)

    def _finish(self, execution: Execution, failure: ExecutionFailure | None = None) -> None:
        """End an execution, once nothing of what its coordination command left is there."""
        execution.failure = failure
        if execution.leader and execution.exit is None:
            self._begin_clearing(execution)
            self._clear()
        else:
            self._end(execution)

    def _end(self, execution: Execution) -> None:
        execution.phase = Phase.OVER
        del self._executions[execution.number]
        self._deadlines.forget(execution.number)
        try:
            self._release(execution)
        except Exception:  # whatever is left behind, the end has to be told
            log.exception("execution %d cannot be cleared away", execution.number)
        self._on_ended(_ended(execution))

    def _release(self, execution: Execution) -> None:
        if execution.message.coordination is not None:
            self._forget_instance(execution, execution.message.coordination.address)
        if execution.message.on_windows:
            self._windows.release(execution)

    def _forget_instance(self, execution: Execution, address: str) -> None:
        remove_sessions(execution.message)
        if self._instances.get(address) is execution:
            del self._instances[address]


def _is_coordinated(execution: Execution, ended: Exit) -> bool:
    return ended.exit_code == 0 and execution.stopped_by is None


def _is_ending(execution: Execution) -> bool:
    return execution.phase in (Phase.CLEARING, Phase.UPLOADING)


def _due_uploads(execution: Execution) -> list[FilesToUpload]:
    succeeded = execution.succeeded
    has_failed_by_itself = not succeeded and execution.stopped_by is None
    if not execution.wants_uploads:
        return []
    if has_failed_by_itself and not execution.message.upload_on_failure:
        return []
    wanted = execution.message.uploads
    return [one for one in wanted if uploads.is_due(one, succeeded=succeeded)]


def _ended(execution: Execution) -> Ended:
    stopped_by, leader_exit = execution.stopped_by, execution.exit
    ended_by = stopped_by or (EndedBy.EXIT if leader_exit else EndedBy.FAILURE)
    return Ended(
        execution=execution.number,
        subject=execution.message.subject,
        start_time=execution.start_time,
        end_time=time.time(),
        ended_by=ended_by,
        exit_code=leader_exit.exit_code if leader_exit and not stopped_by else None,
        failure=None if stopped_by else execution.failure,
        user_time=leader_exit.user_time if leader_exit else 0.0,
        system_time=leader_exit.system_time if leader_exit else 0.0,
        has_background=execution.has_background,
    )
