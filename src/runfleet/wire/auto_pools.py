"""Auto pools: what clients send with a job or a job schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runfleet.batch.specs import AutoPoolSpec
from runfleet.batch.states import PoolLifetimeOption
from runfleet.wire import models, pools
from runfleet.wire.bodies import JsonObject, check_id
from runfleet.wire.errors import invalid_property, missing_property

MAX_PREFIX_LENGTH = 20


def fill(asked: models.BatchAutoPoolSpecification | JsonObject) -> JsonObject:
    """
    Check what an auto pool is to be like, and fill in its defaults.

    Raises
    ------
    WireError
        If it cannot be made so, or asks for what is not built.
    """
    if "pool" not in asked:
        raise missing_property("pool")
    if prefix := asked.get("autoPoolIdPrefix"):
        _check_prefix(prefix)
    pool = pools.parse_specification(dict(asked["pool"]))
    return {"keepAlive": False, **asked, "pool": pools.specification_json(pool)}


def complete(asked: object, before: JsonObject | None) -> None:
    """
    Put into a change of a job what of its auto pool cannot change, and so need not be sent.

    Parameters
    ----------
    asked
        The body, not checked yet.
    before
        As `fill` gave it; None for a job that names its pool.
    """
    change = _member(asked, "poolInfo", "autoPoolSpecification")
    if before is not None and isinstance(change, dict):
        for name in ("autoPoolIdPrefix", "pool"):
            if name in before:
                change.setdefault(name, before[name])
    complete_secrets(asked, before)


def complete_secrets(asked: object, before: JsonObject | None) -> None:
    """Let a change of jobs leave out the passwords of user accounts: nobody can read them."""
    place = ("poolInfo", "autoPoolSpecification", "pool", "userAccounts")
    changed, known = _member(asked, *place), (before or {}).get("pool", {}).get("userAccounts", ())
    names = [account["name"] for account in known]
    for account in changed if isinstance(changed, list) else ():
        if isinstance(account, dict) and account.get("name") in names:
            account.setdefault("password", "")


def _member(content: object, *names: str) -> object:
    """What an unchecked body has in a place; None where that is not there."""
    for name in names:
        content = content.get(name) if isinstance(content, dict) else None
    return content


def as_shown(filled: JsonObject) -> JsonObject:
    """What `fill` gave, in the spelling that clients read."""
    return filled | {"pool": pools.as_shown(filled["pool"])}


def auto_pool_spec(filled: Mapping[str, Any]) -> AutoPoolSpec:
    """How an auto pool is made, from what `fill` gave."""
    pool = pools.parse_specification(filled["pool"])
    return AutoPoolSpec(
        lifetime=PoolLifetimeOption(filled["poolLifetimeOption"]),
        pool=pool.spec,
        pool_body=pool.body,
        target_dedicated=pool.target_dedicated,
        target_low_priority=pool.target_low_priority,
        autoscale=pool.autoscale,
        id_prefix=filled.get("autoPoolIdPrefix", ""),
        keep_alive=filled["keepAlive"],
    )


def check_change(before: JsonObject | None, after: JsonObject) -> None:
    """
    Refuse to change an auto pool, but for whether it is kept.

    Parameters
    ----------
    before, after
        As `fill` gave them; None for a job that names its pool.

    Raises
    ------
    WireError
        ``InvalidPropertyValue``.
    """
    is_of_job = after["poolLifetimeOption"] == PoolLifetimeOption.JOB
    changeable = {"keepAlive": after["keepAlive"]} if is_of_job else {}
    if before is None or fill(before) | changeable != after:
        reason = "only keepAlive may change, and only where poolLifetimeOption is job"
        raise invalid_property("autoPoolSpecification", "", reason)


def _check_prefix(prefix: str) -> None:
    check_id("autoPoolIdPrefix", prefix)
    if len(prefix) > MAX_PREFIX_LENGTH:
        reason = f"may have {MAX_PREFIX_LENGTH} characters at most"
        raise invalid_property("autoPoolIdPrefix", prefix, reason)
