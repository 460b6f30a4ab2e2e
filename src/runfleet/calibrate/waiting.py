"""Why a manager or a worker does not begin, told to whoever waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from runfleet.azure import AzureBatch, BatchError
from runfleet.calibrate.errors import CalibrationError
from runfleet.documents.errors import listed
from runfleet.launch.diagnosis import find_situation
from runfleet.launch.explanation import Explanation, Situation, explain_hindrance
from runfleet.launch.names import study_of

_FIRST_DOUBT_SECONDS = 5.0
_NEXT_DOUBT_SECONDS = 10.0


def find_rivals(batch: AzureBatch, situation: Situation) -> tuple[str, ...]:
    """Name the other calibrations on a pool, if their managers could take all of its places."""
    job, pool = situation.job, situation.pool
    if job is None or pool is None or situation.nodes.ready < pool.target:
        return ()
    others = [other for other in batch.list_managed_jobs(pool.id) if other.id != job.id]
    studies = [study for other in others if (study := study_of(other.metadata))]
    could_take_all = 0 < pool.slots * situation.nodes.ready <= len(studies) + 1
    return tuple(studies) if could_take_all else ()


def explain_place(task: str, situation: Situation, rivals: Sequence[str] = ()) -> Explanation:
    """
    Explain why a task of a calibration waits.

    Parameters
    ----------
    task
        Which, such as `the manager`.
    situation
        What is known of its pool, its nodes and its job.
    rivals
        Other calibrations whose managers may have taken all places, see `find_rivals`.
    """
    found = explain_hindrance(situation)
    if found is not None:
        return found
    pool = situation.pool
    slots = (pool.slots if pool else 1) * situation.nodes.ready
    place = f"a free one of the {slots} task slots of pool `{situation.pool_id}`"
    more = "give the pool more nodes or a larger `tasks_per_node`"
    if not rivals:
        return Explanation(f"{task} waits for {place}", f"wait; if they stay taken, {more}")
    return Explanation(
        f"{task} waits for {place}, as may {listed(rivals)}: where managers hold all of them, no "
        "worker ever gets one",
        f"if no model runs there, end one of them, as by `runfleet cancel {rivals[0]}`, or {more}",
    )


@dataclass
class Doubt:
    """
    Asks now and then why a task does not begin.

    Parameters
    ----------
    batch, job_id
        The account, and the job of the calibration.
    task
        Which task, such as `the manager`.
    on_wait
        Is told why it waits, each time the reason changes.
    """

    batch: AzureBatch
    job_id: str
    task: str
    on_wait: Callable[[str], None]
    _told: str = ""
    _next: float = field(default_factory=lambda: time.monotonic() + _FIRST_DOUBT_SECONDS)

    def tell(self) -> None:
        """
        Tell why it waits, if it has for long enough.

        Raises
        ------
        CalibrationError
            If it will wait for ever.
        """
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _NEXT_DOUBT_SECONDS
        try:
            situation = find_situation(self.batch, self.batch.get_job(self.job_id))
            rivals = find_rivals(self.batch, situation)
        except BatchError:  # what explains the wait is not worth ending it
            return
        explanation = explain_place(self.task, situation, rivals)
        if explanation.is_stuck:
            raise CalibrationError(
                f"{self.task} cannot start: {explanation.sentence}",
                output=explanation.output,
                hint=explanation.next_step or None,
            )
        if explanation.sentence != self._told:
            self._told = explanation.sentence
            self.on_wait(self._told)
