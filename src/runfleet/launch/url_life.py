"""How long the signed URLs of a study have to work."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

from runfleet.launch.errors import LaunchError
from runfleet.launch.names import container_name
from runfleet.launch.pool import PoolPlan
from runfleet.storage import LifeTooLongError, Storage
from runfleet.study import Study

USUAL_LIFE = timedelta(days=6, hours=22)
"""As long as a URL works that is signed for an identity: its key lasts a week."""

_NODES_COME = timedelta(hours=1)


def url_life(study: Study, pool: PoolPlan) -> timedelta:
    """
    Tell how long URLs have to work: until the last run has waited for its turn and has ended.

    A study without a time limit says nothing about that; its URLs work for the usual life.

    Parameters
    ----------
    study, pool
        How many runs there are, how long one may take, and how many are carried out at a time.
    """
    return max(USUAL_LIFE, longest_time(study, pool) or USUAL_LIFE)


def task_life(time_limit: timedelta | None, retries: int) -> timedelta:
    """Tell how long the URLs of a task by hand have to work: for all of its tries."""
    return max(USUAL_LIFE, (time_limit or timedelta()) * (1 + retries) + _NODES_COME)


def check_url_life(sign: Callable[[timedelta], object], life: timedelta) -> None:
    """
    Refuse a study whose URLs would end before it does, while nothing has been made for it.

    Parameters
    ----------
    sign
        Signs a URL that works for some time, or raises `LifeTooLongError`; see `signer`.
    life
        How long they have to work.

    Raises
    ------
    LaunchError
        If the storage account cannot sign URLs that work so long.
    """
    try:
        sign(life)
    except LifeTooLongError as error:
        raise LaunchError(
            f"the runs may take longer than their files can be reached: {error.message}",
            hint="give the pool more nodes, or the runs a shorter `time_limit`; or log in to the "
            "storage account by its key",
        ) from error


def signer(storage: Storage, study: str) -> Callable[[timedelta], object]:
    """Give what signs URLs of a study's container."""
    container = container_name(study)
    return lambda life: storage.container_url(container, life=life, write=True)


def longest_time(study: Study, pool: PoolPlan) -> timedelta | None:
    """Tell how long a study takes at most, on all nodes of its pool; None without a time limit."""
    limit = study.model.time_limit
    if limit is None:
        return None
    rounds = math.ceil(study.run_count() / pool.runs_at_a_time)
    return rounds * limit * (1 + study.model.retries) + _NODES_COME
