"""Whether an account may have the nodes that a study asks for."""

from __future__ import annotations

from collections.abc import Iterator

from runfleet.azure import BatchError
from runfleet.azure.management import USER_SUBSCRIPTION, OfferedSize, Quotas
from runfleet.batch.vm_sizes import core_count, is_known
from runfleet.launch.accounts.account import Account
from runfleet.launch.doctor.findings import Finding, doubtful, fine, wrong
from runfleet.launch.pool import PoolPlan

_HOW_TO_SEE = (
    "give its subscription and resource group to `runfleet account add --replace`, log in with "
    "`az login`; or look at the quotas of the account in the portal"
)
_NO_SIZES = "look at `az batch location list-skus --location REGION`"
_MORE = "ask for fewer nodes, or ask Azure for a larger quota (portal: Batch account, Quotas)"


def examine_quota(account: Account, pool: PoolPlan) -> Iterator[Finding]:
    """Look at the size of machine, the quotas, and the mode that spot nodes need."""
    management = account.management()
    if management is None:
        yield _size_by_name(pool)
        yield doubtful("quota", "cannot be seen without the management API", _HOW_TO_SEE)
        if pool.spot:
            yield doubtful("spot", "the account's mode cannot be seen", _HOW_TO_SEE)
        return
    try:
        sizes = {size.name.lower(): size for size in management.sizes()}
        yield _size_found(pool, sizes.get(pool.vm_size.lower()), len(sizes))
    except BatchError as error:
        sizes = {}
        yield doubtful("vm size", f"those of the region cannot be seen: {error.message}", _NO_SIZES)
    try:
        quotas = management.quotas()
    except BatchError as error:  # a study that logs in by key runs all the same
        yield doubtful("quota", f"cannot be seen: {error.message}", error.hint or _HOW_TO_SEE)
        return
    yield _quota_found(quotas, pool, sizes.get(pool.vm_size.lower()))
    if pool.spot:
        yield _mode_found(quotas)


def _size_by_name(pool: PoolPlan) -> Finding:
    cores = core_count(pool.vm_size)
    if is_known(pool.vm_size):
        return fine("vm size", f"{pool.vm_size}, {cores} cores")
    return doubtful(
        "vm size",
        f"`{pool.vm_size}` is none that runfleet knows; by its name it has {cores} cores",
        "`runfleet sizes` lists known ones; if it is right, all is well",
    )


def _size_found(pool: PoolPlan, size: OfferedSize | None, count: int) -> Finding:
    if size is None:
        return wrong(
            "vm size",
            f"the region has no `{pool.vm_size}` among its {count} sizes",
            "choose one that `runfleet sizes` lists",
        )
    return fine("vm size", f"{size.name}, {size.cores or core_count(size.name)} cores")


def _quota_found(quotas: Quotas, pool: PoolPlan, size: OfferedSize | None) -> Finding:
    """Look at the limit that leaves the least."""
    needed = pool.nodes * ((size and size.cores) or core_count(pool.vm_size))
    limits = list(_limits(quotas, pool, size.family if size else ""))
    if not limits:
        return fine("quota", f"{needed} cores; the limits are those of the subscription")
    allowed, name = min(limits)
    text = f"{needed} cores at most, of {allowed} {name}"
    return fine("quota", text) if needed <= allowed else wrong("quota", text, _MORE)


def _limits(quotas: Quotas, pool: PoolPlan, family: str) -> Iterator[tuple[int, str]]:
    """List the limits that hold: of spot cores, or of the family and of all dedicated cores."""
    if pool.spot:
        if quotas.spot_cores is not None:
            yield quotas.spot_cores, "spot cores"
        return
    if family.lower() in quotas.family_cores:
        yield quotas.family_cores[family.lower()], f"cores of family {family}"
    if quotas.dedicated_cores is not None:
        yield quotas.dedicated_cores, "dedicated cores"


def _mode_found(quotas: Quotas) -> Finding:
    if quotas.allocation_mode == USER_SUBSCRIPTION:
        return fine("spot", "the account is in user-subscription mode, which has spot nodes")
    return wrong(
        "spot",
        f"the account's pool allocation mode is {quotas.allocation_mode}, which has no spot nodes",
        "write `pool: {nodes: {spot: false}}`, or make an account in user-subscription mode",
    )
