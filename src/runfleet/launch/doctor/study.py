"""Whether an account has what a study needs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from runfleet.azure import BatchError
from runfleet.errors import RunfleetError
from runfleet.launch.accounts.account import Account
from runfleet.launch.checks import (
    check_pool,
    check_study,
    find_lost_programs,
    pick_image,
    way_to_own_path,
)
from runfleet.launch.doctor.findings import Finding, doubtful, fine, looked_at, wrong
from runfleet.launch.doctor.quota import examine_quota
from runfleet.launch.packages import check_default_versions, check_packages, unversioned
from runfleet.launch.pool import PoolPlan
from runfleet.launch.url_life import check_url_life, longest_time, signer, url_life
from runfleet.study import Study

_SOON = timedelta(days=60)


def examine_study(account: Account, study: Study) -> Iterator[Finding]:
    """Look at all that one study needs of its account."""
    try:
        pool = account.plan_pool(study)
    except RunfleetError as error:  # no spot nodes there; no Wine, or no MPI, here
        subject = "pool" if account.is_local else "spot"
        yield wrong(subject, error.message, error.hint or "")
        return
    yield looked_at("study", lambda: _look_at_study(account, study, pool))
    for lost in find_lost_programs(study.model, pool.operating_system, account.search_path()):
        yield doubtful("programs", lost, way_to_own_path(study.name))
    yield looked_at("image", lambda: _look_at_image(account, study, pool))
    if not account.is_local:
        yield from examine_quota(account, pool)
    yield looked_at("pool", lambda: _look_at_pool(account, study, pool))
    if study.model.packages:
        yield looked_at("packages", lambda: _look_at_packages(account, study))
    if not account.is_local:
        yield looked_at("urls", lambda: _look_at_urls(account, study, pool))


def _look_at_study(account: Account, study: Study, pool: PoolPlan) -> Finding:
    check_study(study, pool)
    account.origins.refuse_namesake(study)
    system = pool.operating_system.capitalize()
    return fine("study", f"`{study.name}` can be carried out on {system} nodes")


def _look_at_image(account: Account, study: Study, pool: PoolPlan) -> Finding:
    image = pick_image(account.batch, study, pool)
    text = f"`{pool.image}` is {image.publisher}/{image.offer}/{image.sku}, {image.node_agent}"
    if image.end_of_life and image.end_of_life < datetime.now(UTC) + _SOON:
        ends = f"{image.end_of_life:%d %B %Y}"
        return doubtful("image", f"{text}, until {ends}", "take a newer one: `runfleet images`")
    return fine("image", text)


def _look_at_pool(account: Account, study: Study, pool: PoolPlan) -> Finding:
    found = account.batch.get_pool(pool.id)
    if found is None:
        return fine("pool", f"`{pool.id}` will be made; number of nodes at most: {pool.nodes}")
    check_pool(study, pool, found)
    if found.resize_errors:
        failure = found.resize_errors[0]
        return doubtful(
            "pool", f"`{pool.id}` got no nodes the last time: {failure}", "see the quota"
        )
    if found.formula_failure:
        remedy = f"delete the pool, and it is made anew: `runfleet pool delete {pool.id}`"
        return wrong("pool", f"the formula of `{pool.id}` fails: {found.formula_failure}", remedy)
    nodes = found.current_dedicated + found.current_spot
    return fine("pool", f"`{pool.id}` is there; number of nodes now: {nodes}")


def _look_at_packages(account: Account, study: Study) -> Finding:
    check_packages(account.batch, study)
    text = ", ".join(f"`{package}`" for package in study.model.packages)
    if account.is_local or not unversioned(study):
        return fine("packages", text)
    if reason := _why_defaults_are_unseen(account, study):
        unseen = f"{text}; whether there are default versions cannot be seen{reason}"
        return doubtful("packages", unseen, "name versions in the study, as in `ID==VERSION`")
    return fine("packages", text)


def _why_defaults_are_unseen(account: Account, study: Study) -> str:
    """Refuse packages that lack a default version, or say why nobody can tell; else nothing."""
    management = account.management()
    if management is None:
        return " without the management API"
    try:
        check_default_versions(management, study)
    except BatchError as error:
        return f": {error.message}"
    return ""


def _look_at_urls(account: Account, study: Study, pool: PoolPlan) -> Finding:
    life = url_life(study, pool)
    check_url_life(signer(account.storage, study.name), life)
    days = f"signed URLs work for {life / timedelta(days=1):.1f} days"
    longest = longest_time(study, pool)
    if longest is None:
        return doubtful(
            "urls",
            f"{days}; without a time limit nobody knows whether that lasts",
            "write `time_limit:` under `model`",
        )
    # More than one, in which the nodes come.
    hours = math.ceil(longest / timedelta(hours=1))
    return fine("urls", f"{days}, the study takes {hours} hours at most")
