"""What submitting a study would do."""

from __future__ import annotations

from dataclasses import dataclass

from runfleet.launch.pool import PoolPlan
from runfleet.launch.submitting import Submitter
from runfleet.launch.tasks import command_line


@dataclass(frozen=True)
class Plan:
    """
    What submitting a study would do.

    Parameters
    ----------
    run_count
        How many runs the study has.
    to_run
        The names of those that would be submitted; the others are done, or on their way.
    removed
        How many runs would no longer be in the results.
    command_line
        What all runs carry out.
    pool
        Where.
    """

    run_count: int
    to_run: tuple[str, ...]
    removed: int
    command_line: str
    pool: PoolPlan


def make_plan(submitter: Submitter) -> Plan:
    """Compare a study with what has been done of it."""
    comparison = submitter.compare()
    study, pool = submitter.target.study, submitter.target.pool
    return Plan(
        study.run_count(),
        tuple(comparison.to_run),
        len(comparison.removed),
        command_line(study.model, pool.operating_system),
        pool,
    )
