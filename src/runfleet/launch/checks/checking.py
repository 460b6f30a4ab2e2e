"""What a study asks for that it cannot have."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from runfleet.azure import BatchError, Image, PoolInfo
from runfleet.launch.checks.places import told_at
from runfleet.launch.checks.programs import check_programs
from runfleet.launch.checks.wine_conditions import check_conditions
from runfleet.launch.packages import (
    Applications,
    DefaultVersions,
    check_default_versions,
    check_packages,
    unversioned,
)
from runfleet.launch.pool import (
    PoolPlan,
    check_communication,
    check_operating_system,
    check_slots,
)
from runfleet.launch.tasks import run_script
from runfleet.launch.url_life import check_url_life, url_life
from runfleet.study import Study


class Offers(Applications, Protocol):
    """What an account has for studies: a Batch account says so, or whoever knows it as well."""

    def pick_image(self, name: str) -> Image:
        """Find the image of a name; raises `ImageNotFoundError` if there is none."""
        ...

    def get_pool(self, pool_id: str) -> PoolInfo | None:
        """Find a pool; None if it is not there, or nobody knows."""
        ...


def check_all(
    study: Study,
    pool: PoolPlan,
    offers: Offers | None,
    open_management: Callable[[], DefaultVersions | None],
    sign: Callable[[timedelta], object],
) -> None:
    """
    Refuse what an account could not carry out; nothing is done.

    Parameters
    ----------
    study, pool
        The study, and where it shall run.
    offers
        The account; None where that is not to be asked.
    open_management
        See `check_account`.
    sign
        See `check_url_life`.

    Raises
    ------
    StudyError
        If the study could run nowhere; if the account lacks a package or an image, or has a pool
        of that name that is for something else.
    LaunchError
        If the runs may take longer than the account's storage signs URLs for.
    """
    check_study(study, pool)
    if offers is not None:
        check_account(offers, study, pool, open_management)
    check_url_life(sign, url_life(study, pool))


def check_study(study: Study, pool: PoolPlan) -> None:
    """
    Refuse what no account could carry out; nobody is asked.

    Raises
    ------
    StudyError
        About the first thing that is in the way.
    """
    with told_at(study, "pool", "tasks_per_node"):
        check_slots(pool)
    if study.pest is None:
        with told_at(study, "model"):
            run_script(study.model, pool.operating_system)  # or say why there is none
        with told_at(study, "model", "command"):
            check_programs(study.model, pool)
            check_conditions(study.model, pool)


def check_account(
    offers: Offers,
    study: Study,
    pool: PoolPlan,
    open_management: Callable[[], DefaultVersions | None],
) -> None:
    """
    Refuse a study whose programs or machines the account has not got.

    Parameters
    ----------
    offers
        The account.
    study
        The study.
    pool
        Where it shall run.
    open_management
        Opens what knows the default versions of packages, which is asked for where the study names
        none; None where nobody knows them.

    Raises
    ------
    StudyError
        If it lacks a package or an image, or has a pool of that name that is for something else.
    """
    check_packages(offers, study)
    if unversioned(study):
        _check_default_versions(open_management(), study)
    found = offers.get_pool(pool.id)
    if found is not None and found.state == "deleting":
        found = None
    check_pool(study, pool, found)
    if found is None:
        pick_image(offers, study, pool)


def _check_default_versions(management: DefaultVersions | None, study: Study) -> None:
    """Refuse packages that lack a default version; where nobody can tell, the service will."""
    if management is not None:
        with suppress(BatchError):
            check_default_versions(management, study)


def check_pool(study: Study, pool: PoolPlan, found: PoolInfo | None) -> None:
    """
    Refuse a pool that is there already, and cannot carry out the runs of a study.

    Raises
    ------
    StudyError
        If its nodes have another operating system, or do not reach each other.
    """
    with told_at(study, "pool", "id"):
        check_operating_system(pool, found)
        check_communication(pool, found)


def pick_image(offers: Offers, study: Study, pool: PoolPlan) -> Image:
    """
    Find the image of a study's nodes.

    Raises
    ------
    StudyError
        If there is none of that name.
    """
    with told_at(study, "pool", "image"):
        return offers.pick_image(pool.image)
