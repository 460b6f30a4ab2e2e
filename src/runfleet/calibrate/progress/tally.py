"""What the lines of a running calibration add up to."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

MOST_ERRORS = 5


@dataclass(slots=True)
class WorkerTally:
    """
    What one worker has done.

    Parameters
    ----------
    name
        Its host and folder, as the manager spells them.
    done, failed
        Its model runs that ended so.
    seconds
        How long those that it has done took together.
    timed
        For how many of them that is known.
    run
        The model run that it is busy with.
    is_registered
        Whether the manager still has it.
    """

    name: str
    done: int = 0
    failed: int = 0
    seconds: float = 0.0
    timed: int = 0
    run: str | None = None
    is_registered: bool = True


@dataclass(slots=True)
class Tally:
    """
    What has been told so far; the lines of the files change it.

    Parameters
    ----------
    iteration
        The one that has begun last.
    phi
        The objective function at the end of iterations; 0 is what it began with.
    activity
        What the manager is at.
    wanted, ended
        Model runs of the present batch, all of them and those that have ended.
    done, failed
        Model runs, over all batches.
    forgiven
        Those among the ones that are done that have failed all the same, as the console says.
    workers
        By what the manager calls them.
    counted
        What PANTHER's own line of figures says of the present batch: runs done and failed,
        workers running and waiting.
    errors
        The last that were told.
    is_complete
        Whether the manager says that it is done.
    is_fitting
        Whether phi is a misfit; not if it is the objective of an optimisation.
    """

    iteration: int | None = None
    phi: dict[int, float] = field(default_factory=dict)
    activity: str = ""
    wanted: int | None = None
    ended: int = 0
    done: int = 0
    failed: int = 0
    forgiven: int = 0
    workers: dict[str, WorkerTally] = field(default_factory=dict)
    counted: tuple[int, int, int, int] | None = None
    errors: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_ERRORS))
    is_complete: bool = False
    is_fitting: bool = True

    def begin_iteration(self, number: int) -> None:
        """Note an iteration, unless a later one is known from another file."""
        self.iteration = max(number, self.iteration or 0)

    def begin_batch(self, activity: str, wanted: int | None) -> None:
        """Note that a batch of model runs begins, and how many there are, if that is told."""
        self.activity = activity
        self.wanted, self.ended = wanted, 0

    def await_workers(self) -> None:
        """Note that nothing can begin without workers, unless something has begun."""
        self.activity = self.activity or "waiting for workers"

    def complete(self) -> None:
        """Note that the manager says that it is done."""
        self.is_complete = True

    def register(self, key: str, name: str) -> WorkerTally:
        """Note a worker, also one that has been away."""
        worker = self.workers.setdefault(key, WorkerTally(name))
        worker.is_registered = True
        return worker

    def begin_run(self, key: str, run: str) -> None:
        """Note that a worker is busy with a model run."""
        self.register(key, key).run = run

    def end_run(self, key: str, *, succeeded: bool, seconds: float | None) -> None:
        """Note the end of the model run of a worker."""
        worker = self.register(key, key)
        worker.run = None
        self.ended += 1
        if not succeeded:
            self.failed += 1
            worker.failed += 1
            return
        self.done += 1
        worker.done += 1
        if seconds is not None:
            worker.seconds += seconds
            worker.timed += 1

    def forgive_run(self) -> None:
        """Note that one of the runs that have ended was a failure that PEST forgives."""
        self.forgiven += 1

    def end_unneeded_run(self, key: str) -> None:
        """Note that a worker is free again, with a result that another had sooner."""
        if worker := self.workers.get(key):
            worker.run = None

    def lose(self, key: str) -> None:
        """Note that a worker is gone; its model run will be another's."""
        if worker := self.workers.get(key):
            worker.run, worker.is_registered = None, False
