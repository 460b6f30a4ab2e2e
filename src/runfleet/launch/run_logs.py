"""What single runs of a study have written, and still write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from runfleet.azure import TaskInfo
from runfleet.launch import names
from runfleet.launch.errors import LaunchError, RunNotFoundError, RunSupersededError
from runfleet.launch.history import OUTDATED, History
from runfleet.launch.near_runs import nearest_run
from runfleet.launch.node_files import NodeFiles
from runfleet.launch.outcomes import RunState, state_of
from runfleet.launch.record import StudyRecord
from runfleet.launch.run_files import LogEnd, StoredFiles

_ENDING_SECONDS = 10.0
_ENDING_PAUSE = 0.05


class LogStream(StrEnum):
    """What a run writes to."""

    STDOUT = "stdout"
    STDERR = "stderr"

    @property
    def file(self) -> str:
        """The name of the file that gets it."""
        return names.STDOUT if self is LogStream.STDOUT else names.STDERR


@dataclass(frozen=True)
class RunLogs:
    """
    Reads what runs have written: on their nodes while they run, and in the storage afterwards.

    Its methods take the name of a run, and raise `RunNotFoundError` if there is no such run, and
    `LaunchError` if a run has no such stream.

    Parameters
    ----------
    history
        The jobs of the study.
    files
        What its runs have left.
    record
        Reads what the account remembers of the study by now.
    """

    history: History
    files: StoredFiles
    record: Callable[[], StudyRecord]

    def read(self, run: str, stream: LogStream | str) -> bytes:
        """Read what a run has written so far."""
        file = _log_file(stream)
        job_id, task = self._task(run)
        if task.state == "completed":
            # Batch takes the name in any case, the storage does not.
            return self.files.read(job_id, task.id, file) or b""
        return self._on_nodes.read(job_id, run, file) or b""

    def read_end(self, run: str, length: int, stream: LogStream | str) -> LogEnd:
        """Read the last `length` bytes of what a run has written so far."""
        file = _log_file(stream)
        if length < 0:
            raise LaunchError(
                f"{length} bytes cannot be read",
                hint="`length` counts from the end: 1000 gives the last 1000 bytes",
            )
        job_id, task = self._task(run)
        if task.state == "completed":
            return self.files.read_end(job_id, task.id, file, length)
        size = self._on_nodes.size(job_id, run, file) or 0
        left_out = max(0, size - length)
        return LogEnd(self._on_nodes.read(job_id, run, file, offset=left_out) or b"", left_out)

    def has_begun(self, run: str) -> bool:
        """Tell whether a run has begun."""
        _, task = self._task(run)
        return task.started is not None

    def was_cancelled(self, run: str) -> bool:
        """Tell whether a run was ended on request, or was never to begin."""
        return self._is_cancelled(*self._task(run))

    def outputs(self, run: str) -> Iterator[str]:
        """List the files of a run that are in the storage, besides what it wrote."""
        job_id, task = self._task(run)
        return (file for file in self.files.names(job_id, task.id) if file not in names.LOGS)

    def follow(
        self, run: str, stream: LogStream | str, offset: int, on_anew: Callable[[], None]
    ) -> Iterator[bytes]:
        """
        Read what a run writes, as it writes it, until it has ended, or is cancelled.

        Parameters
        ----------
        run, stream, offset
            What, and where to begin.
        on_anew
            Called where the run begins anew, and its log with it.

        Raises
        ------
        RunSupersededError
            If the study is submitted again meanwhile, and the run is done anew or left out.
        """
        file = _log_file(stream)
        job_id, task = self._task(run)
        if task.state == "completed":
            yield self.read(run, stream)[offset:]
            return
        batch = self.history.batch
        yield from batch.follow_task_file(job_id, run, file, offset=offset, on_anew=on_anew)
        self._refuse_superseded(job_id, task.id)

    def _refuse_superseded(self, job_id: str, run: str) -> None:
        """Say so where a run that was followed to its end was ended as it counts no more."""
        task = self.history.batch.get_task(job_id, run)
        if task is not None and not self._is_cancelled(job_id, task):
            return
        if self._is_superseded(job_id, run):
            record = self.record()
            is_left_out = run not in self._names(record)
            raise RunSupersededError(record.study, run, is_left_out=is_left_out)

    def _is_superseded(self, job_id: str, run: str) -> bool:
        """Tell whether a run that was ended counts no more, or will not in a moment."""
        deadline = time.monotonic() + _ENDING_SECONDS
        while self._counts(job_id, run):
            if not self._may_be_superseded(job_id) or time.monotonic() > deadline:
                return False
            time.sleep(_ENDING_PAUSE)
        return True

    def _counts(self, job_id: str, run: str) -> bool:
        generations = (one for one in self.record().current if one.job_id == job_id)
        return any(run not in self.history.store.read_outdated(one) for one in generations)

    def _may_be_superseded(self, job_id: str) -> bool:
        """Tell whether somebody may have ended runs to submit others, which is noted after that."""
        job = self.history.batch.get_job(job_id)
        if job is None or self.record().is_calibration:
            return False
        return not job.is_over or job.terminate_reason in (None, OUTDATED)

    def _is_cancelled(self, job_id: str, task: TaskInfo) -> bool:
        job = self.history.batch.get_job(job_id)
        job_ended = job is not None and job.was_ended
        return state_of(task, job_ended=job_ended) is RunState.CANCELLED

    @property
    def _on_nodes(self) -> NodeFiles:
        return NodeFiles(self.history.batch)

    def _task(self, run: str) -> tuple[str, TaskInfo]:
        """Find the task that counts for a run."""
        _demand_name(run)
        record = self.record()
        for generation in reversed(record.current):
            task = self.history.batch.get_task(generation.job_id, run)
            if task and task.id not in self.history.store.read_outdated(generation):
                return generation.job_id, task
        raise self._not_found(run, record)

    def _not_found(self, run: str, record: StudyRecord) -> RunNotFoundError:
        """Say why there is no task for a run: it has yet to be added, or was mistyped."""
        study = record.study
        if record.is_calibration:
            return RunNotFoundError(
                f"calibration `{study}` has no `{run}`",
                hint="it has `manager`, and its workers are `worker-001` and so on",
            )
        known = self._names(record)
        if run in known:
            return RunNotFoundError(
                f"run `{run}` of study `{study}` is not submitted yet, or its job was deleted",
                hint=f"if nobody is submitting it, `runfleet run {study}` goes on where it ended",
            )
        meant = nearest_run(run, known)
        return RunNotFoundError(
            f"study `{study}` has no run `{run}`",
            hint=f"did you mean `{meant}`?"
            if meant
            else f"the names of the runs are in `runs.csv`, such as `{known[0]}`",
        )

    def _names(self, record: StudyRecord) -> list[str]:
        return [name for name, _ in self.history.current_runs(record)]


def _demand_name(run: object) -> None:
    """Refuse what cannot name a run, such as its number."""
    if not isinstance(run, str):
        raise LaunchError(
            f"`{run}` is no name of a run", hint="`submission.runs()` has the names of all of them"
        )


def _log_file(stream: LogStream | str) -> str:
    try:
        return LogStream(stream).file
    except ValueError as error:
        raise LaunchError(
            f"a run does not write to `{stream}`",
            hint=f"it writes to {' and '.join(f'`{one}`' for one in LogStream)}; its other files "
            "are what `outputs` lists",
        ) from error
