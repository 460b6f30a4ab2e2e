"""Why a manager or a worker does not begin, told to whoever waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from runfleet.azure import AzureBatch, BatchError
from runfleet.calibrate.errors import CalibrationError
from runfleet.launch.diagnosis import find_situation
from runfleet.launch.explanation import Explanation, Situation, explain_hindrance

_FIRST_DOUBT_SECONDS = 5.0
_NEXT_DOUBT_SECONDS = 10.0


def explain_place(task: str, situation: Situation) -> Explanation:
    """
    Explain why a task of a calibration waits.

    Parameters
    ----------
    task
        Which, such as `the manager`.
    situation
        What is known of its pool, its nodes and its job.
    """
    found = explain_hindrance(situation)
    if found is not None:
        return found
    pool = situation.pool
    slots = (pool.slots if pool else 1) * situation.nodes.ready
    return Explanation(
        f"{task} waits for a free one of the {slots} task slots of pool `{situation.pool_id}`",
        "wait; if they stay taken, give the pool more nodes or a larger `tasks_per_node`",
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
        Is told why it waits.
    """

    batch: AzureBatch
    job_id: str
    task: str
    on_wait: Callable[[str], None]
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
        except BatchError:  # what explains the wait is not worth ending it
            return
        explanation = explain_place(self.task, situation)
        if explanation.is_stuck:
            raise CalibrationError(
                f"{self.task} cannot start: {explanation.sentence}",
                output=explanation.output,
                hint=explanation.next_step or None,
            )
        self.on_wait(explanation.sentence)
