"""Whether a pool has places for a manager and its workers."""

from __future__ import annotations

from runfleet.calibrate.errors import CalibrationError
from runfleet.launch.pool import PoolPlan

_MORE_PLACES = "raise `tasks_per_node` or `nodes: {max: ...}` under `pool`"


def places_of(pool: PoolPlan) -> int:
    """Count the tasks that a pool carries out at a time, at its largest."""
    return pool.nodes * pool.slots


def check_places(pool: PoolPlan) -> None:
    """
    Refuse a pool on which no worker would ever begin.

    Raises
    ------
    CalibrationError
        If the manager takes its only place.
    """
    if places_of(pool) < 2:
        raise CalibrationError(
            f"pool `{pool.id}` carries out one task at a time: with the manager there, no worker "
            "has a place",
            hint=_MORE_PLACES,
        )


def explain_places(pool: PoolPlan, workers: int) -> tuple[str, str] | None:
    """
    Say that some workers have to wait for places, and how to have more.

    Parameters
    ----------
    pool
        The pool.
    workers
        How many there may be.

    Returns
    -------
    text, remedy
        None if there is a place for all of them, and for their manager.
    """
    places = places_of(pool)
    if places > workers:
        return None
    text = f"{places} tasks at a time: besides the manager {places - 1} of {workers} workers"
    return text, _MORE_PLACES
