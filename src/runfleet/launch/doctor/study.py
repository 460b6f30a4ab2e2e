"""Whether an account has what a study needs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from runfleet.launch.account import Account
from runfleet.launch.doctor.findings import Finding, doubtful, fine, looked_at, wrong
from runfleet.launch.doctor.quota import examine_quota
from runfleet.launch.pool import PoolPlan, check_operating_system
from runfleet.launch.url_life import USUAL_LIFE, longest_time, url_life
from runfleet.study import Study
from runfleet.study.model import PackageReference

_SOON = timedelta(days=60)


def examine_study(account: Account, study: Study) -> Iterator[Finding]:
    """Look at all that one study needs of its account."""
    pool = account.plan_pool(study)
    yield looked_at("image", lambda: _look_at_image(account, pool))
    if not account.is_local:
        yield from examine_quota(account, pool)
    yield looked_at("pool", lambda: _look_at_pool(account, pool))
    if study.model.packages:
        yield looked_at("packages", lambda: _look_at_packages(account, study))
    if not account.is_local:
        yield looked_at("urls", lambda: _look_at_urls(account, study, pool))


def _look_at_image(account: Account, pool: PoolPlan) -> Finding:
    check_operating_system(pool)
    image = account.batch.pick_image(pool.image)
    text = f"`{pool.image}` is {image.publisher}/{image.offer}/{image.sku}, {image.node_agent}"
    if image.end_of_life and image.end_of_life < datetime.now(UTC) + _SOON:
        ends = f"{image.end_of_life:%d %B %Y}"
        return doubtful("image", f"{text}, until {ends}", "take a newer one: `runfleet images`")
    return fine("image", text)


def _look_at_pool(account: Account, pool: PoolPlan) -> Finding:
    found = account.batch.get_pool(pool.id)
    if found is None:
        return fine("pool", f"`{pool.id}` will be made; number of nodes at most: {pool.nodes}")
    check_operating_system(pool, found)
    if found.resize_errors:
        fault = found.resize_errors[0]
        return doubtful("pool", f"`{pool.id}` got no nodes the last time: {fault}", "see the quota")
    if found.formula_fault:
        remedy = f"delete the pool, and it is made anew: `runfleet pool delete {pool.id}`"
        return wrong("pool", f"the formula of `{pool.id}` fails: {found.formula_fault}", remedy)
    nodes = found.current_dedicated + found.current_spot
    return fine("pool", f"`{pool.id}` is there; number of nodes now: {nodes}")


def _look_at_packages(account: Account, study: Study) -> Finding:
    applications = account.batch.applications()
    for package in study.model.packages:
        if not _has(applications, package):
            return wrong(
                "packages",
                f"the account has no package `{package}`",
                f"add it: `runfleet package add {package.id} {package.version or 'VERSION'} "
                "FOLDER_OR_ZIP`",
            )
    return fine("packages", ", ".join(f"`{package}`" for package in study.model.packages))


def _has(applications: dict[str, list[str]], package: PackageReference) -> bool:
    by_id = {name.lower(): versions for name, versions in applications.items()}
    versions = by_id.get(package.id.lower(), [])
    wanted = package.version
    return bool(versions) if wanted is None else wanted.lower() in map(str.lower, versions)


def _look_at_urls(account: Account, study: Study, pool: PoolPlan) -> Finding:
    life = url_life(study, pool)
    account.storage.container_url("runfleet-doctor", life=life)
    days = f"signed URLs work for {life / timedelta(days=1):.1f} days"
    longest = longest_time(study, pool)
    if longest is None:
        return doubtful(
            "urls",
            f"{days}; without a time limit nobody knows whether that lasts",
            "write `time_limit:` under `model`",
        )
    hours = f"the study takes {longest / timedelta(hours=1):.0f} hours at most"
    return fine("urls", f"{days}, {hours}") if life >= USUAL_LIFE else fine("urls", hours)
