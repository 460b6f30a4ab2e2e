"""Pools: what clients send and what they read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import orjson

from runfleet.batch.records import Pool, ResizeError
from runfleet.batch.specs import (
    AutoscaleSpec,
    PoolSpec,
    StartTaskSpec,
)
from runfleet.batch.states import (
    JobDefaultOrder,
    NodeFillType,
    OsType,
)
from runfleet.batch.vm_sizes import core_count
from runfleet.wire import coverage, models, user_accounts
from runfleet.wire.bodies import (
    JsonObject,
    check_display_name,
    check_id,
    check_metadata,
    check_range,
    read_body,
    refuse_unbuilt,
)
from runfleet.wire.commands import (
    check_command,
    command_spec,
    package_references,
    with_defaults,
)
from runfleet.wire.conditions import etag
from runfleet.wire.endpoints import check_endpoints
from runfleet.wire.errors import invalid_property, missing_property
from runfleet.wire.images import check_machine
from runfleet.wire.sizing import (
    SIZE_MEMBERS,
    autoscale_run_json,
    autoscale_spec,
    formula_json,
    resize_timeout,
)
from runfleet.wire.values import duration_text, time_text

MAX_SLOTS_PER_NODE = 256
SLOTS_PER_CORE = 4
MAX_PACKAGES = 10

_DEFAULTS: Mapping[str, Any] = {
    "taskSlotsPerNode": 1,
    "taskSchedulingPolicy": {"nodeFillType": "spread"},
    "enableInterNodeCommunication": False,
}
_START_TASK_DEFAULTS: Mapping[str, Any] = {
    "maxTaskRetryCount": 0,
    "waitForSuccess": True,
}

# A patch may change these at any time, the others only while the pool has no nodes.
_ALWAYS_CHANGEABLE = {
    "startTask",
    "applicationPackageReferences",
    "metadata",
    "targetNodeCommunicationMode",
}
# A replaced pool goes back to the defaults in these.
_REPLACED = ("startTask", "targetNodeCommunicationMode")


@dataclass(frozen=True, slots=True)
class PoolRequest:
    """
    A pool as it was asked for.

    Parameters
    ----------
    spec, body
        What decides what happens, and what is remembered of the request, but its id.
    target_dedicated, target_low_priority
        How many nodes of either kind it is to have.
    autoscale
        The formula that decides that instead; None where there is none.
    """

    spec: PoolSpec
    body: str
    target_dedicated: int
    target_low_priority: int
    autoscale: AutoscaleSpec | None


@dataclass(frozen=True, slots=True)
class PoolChange:
    """
    A pool after a change.

    Parameters
    ----------
    spec, body
        As `PoolRequest` has them.
    needs_empty_pool
        Whether only a pool without nodes allows the change.
    """

    spec: PoolSpec
    body: str
    needs_empty_pool: bool


def parse_create(body: bytes) -> PoolRequest:
    """
    Read a request to add a pool.

    Raises
    ------
    WireError
        If the body is no pool, or asks for what is not built.
    """
    request = read_body(models.BatchPoolCreateOptions, body)
    check_id("id", request["id"])
    content = {name: value for name, value in request.items() if name != "id"}
    parsed = parse_specification(content, request["id"])
    check_machine(request["virtualMachineConfiguration"])
    return parsed


def parse_specification(request: JsonObject, pool_id: str = "") -> PoolRequest:
    """
    Read what a pool is to be like; an auto pool has no id yet.

    Parameters
    ----------
    request
        A checked body without its id.
    pool_id
        The id, already checked.

    Raises
    ------
    WireError
        If the parts do not go together, or ask for what is not built.
    """
    check_range(request, "targetDedicatedNodes", 0)
    check_range(request, "targetLowPriorityNodes", 0)
    timeout = resize_timeout(request)
    pool = {name: value for name, value in request.items() if name not in SIZE_MEMBERS}
    _rename_slots(pool)
    kept = _filled(pool)
    return PoolRequest(
        spec=_spec(pool_id, kept, timeout),
        body=orjson.dumps(kept).decode(),
        target_dedicated=request.get("targetDedicatedNodes", 0),
        target_low_priority=request.get("targetLowPriorityNodes", 0),
        autoscale=autoscale_spec(request),
    )


def patch(pool: Pool, body: bytes) -> PoolChange:
    """
    Apply a request to update a pool; what the request leaves out stays.

    Raises
    ------
    WireError
        If the request is wrong in itself.
    """
    changes = read_body(models.BatchPoolUpdateOptions, body)
    needs_empty_pool = not _ALWAYS_CHANGEABLE.issuperset(changes)
    change = _changed(
        pool, orjson.loads(pool.body) | dict(changes), needs_empty_pool=needs_empty_pool
    )
    if "virtualMachineConfiguration" in changes:
        check_machine(changes["virtualMachineConfiguration"])
    return change


def replace_properties(pool: Pool, body: bytes) -> PoolChange:
    """Apply a request that replaces start task, packages and metadata, all of them."""
    changes = read_body(models.BatchPoolReplaceOptions, body)
    current = orjson.loads(pool.body)
    kept = {name: value for name, value in current.items() if name not in _REPLACED}
    return _changed(pool, kept | dict(changes), needs_empty_pool=False)


def specification_json(request: PoolRequest) -> JsonObject:
    """What a pool is to be like, its defaults filled in, as `parse_specification` reads it."""
    asked: JsonObject = orjson.loads(request.body)
    if request.autoscale is not None:
        return asked | formula_json(request.autoscale)
    return {
        **asked,
        "resizeTimeout": duration_text(request.spec.resize_timeout),
        "targetDedicatedNodes": request.target_dedicated,
        "targetLowPriorityNodes": request.target_low_priority,
        "enableAutoScale": False,
    }


def as_shown(filled: JsonObject) -> JsonObject:
    """What is remembered of a pool, or of an auto pool, in the spelling that clients read."""
    policy = filled["taskSchedulingPolicy"]
    # The service writes this one word with a capital, whatever the client wrote.
    fill_type = policy.get("nodeFillType", "spread").capitalize()
    return filled | {"taskSchedulingPolicy": policy | {"nodeFillType": fill_type}}


def pool_json(
    pool: Pool, *, base: str, current_dedicated: int, current_low_priority: int
) -> JsonObject:
    """A pool as clients read it."""
    asked = as_shown(orjson.loads(pool.body))
    if pool.resize_errors:
        asked["resizeErrors"] = [_resize_error_json(error) for error in pool.resize_errors]
    return {
        **_state_json(pool, base),
        "resizeTimeout": duration_text(pool.spec.resize_timeout),
        "currentDedicatedNodes": current_dedicated,
        "targetDedicatedNodes": pool.target_dedicated,
        "currentLowPriorityNodes": current_low_priority,
        "targetLowPriorityNodes": pool.target_low_priority,
        **asked,
        **_communication_json(asked),
        **_autoscale_json(pool),
    }


def _communication_json(asked: JsonObject) -> JsonObject:
    """How nodes and service talk, for clients of an age that asks: others read neither mode."""
    target = asked.get("targetNodeCommunicationMode")
    if target is None:
        return {}
    # "The classic compute node communication mode will be retired on 31 March 2026 and replaced
    # with the simplified communication mode", says the service's documentation.
    return {"currentNodeCommunicationMode": "simplified" if target == "default" else target}


def _autoscale_json(pool: Pool) -> JsonObject:
    if pool.autoscale is None:
        return {"enableAutoScale": False}
    shape = formula_json(pool.autoscale.spec)
    run = pool.autoscale.last_run
    return shape if run is None else shape | {"autoScaleRun": autoscale_run_json(run)}


def _state_json(pool: Pool, base: str) -> JsonObject:
    return {
        "id": pool.spec.pool_id,
        "url": f"{base}/pools/{pool.spec.pool_id}",
        "eTag": etag(pool.last_modified),
        "lastModified": time_text(pool.last_modified),
        "creationTime": time_text(pool.creation_time),
        "state": pool.state,
        "stateTransitionTime": time_text(pool.state_time),
        "allocationState": pool.allocation_state,
        "allocationStateTransitionTime": time_text(pool.allocation_time),
    }


def _resize_error_json(error: ResizeError) -> JsonObject:
    return {"code": error.code, "message": error.message}


def _rename_slots(pool: JsonObject) -> None:
    older = pool.pop("maxTasksPerNode", None)
    if older is not None:
        pool.setdefault("taskSlotsPerNode", older)


def _changed(pool: Pool, kept: JsonObject, *, needs_empty_pool: bool) -> PoolChange:
    filled = _filled(kept)
    spec = _spec(pool.spec.pool_id, filled, pool.spec.resize_timeout)
    return PoolChange(spec, orjson.dumps(filled).decode(), needs_empty_pool)


def _filled(pool: JsonObject) -> JsonObject:
    """Check what is remembered of a pool, fill in its defaults and take out its secrets."""
    _check(pool)
    machine = _filled_machine(pool["virtualMachineConfiguration"])
    shown = {"vmSize": pool["vmSize"].lower(), "virtualMachineConfiguration": machine}
    filled = {**_DEFAULTS, **pool, **shown}
    if "startTask" in pool:
        filled["startTask"] = with_defaults(_START_TASK_DEFAULTS, pool["startTask"])
    if "userAccounts" in pool:
        filled["userAccounts"] = [
            user_accounts.as_shown(account) for account in pool["userAccounts"]
        ]
    return filled


def _filled_machine(machine: JsonObject) -> JsonObject:
    """Say which version an image of the marketplace has; one of a gallery is named by its id."""
    image = machine["imageReference"]
    default = {"version": "latest"} if "publisher" in image else {}
    return machine | {"imageReference": default | image}


def _check(pool: JsonObject) -> None:
    refuse_unbuilt(pool, coverage.IN_POOLS)
    machine = pool.get("virtualMachineConfiguration")
    if machine is None:
        raise missing_property("virtualMachineConfiguration")
    refuse_unbuilt(machine, coverage.IN_MACHINES)
    if not pool["vmSize"]:
        raise invalid_property("vmSize", "", "must name a size of machines")
    most_slots = min(SLOTS_PER_CORE * core_count(pool["vmSize"]), MAX_SLOTS_PER_NODE)
    check_range(pool, "taskSlotsPerNode", 1, most_slots)
    check_display_name(pool)
    check_metadata(pool.get("metadata", ()))
    user_accounts.check_user_accounts(pool.get("userAccounts", ()), _os_type(machine))
    _check_windows(machine)
    _check_packages(pool.get("applicationPackageReferences", ()))
    network = pool.get("networkConfiguration", {})
    check_endpoints(network.get("endpointConfiguration", {}).get("inboundNATPools", ()))
    if start_task := pool.get("startTask"):
        refuse_unbuilt(start_task, coverage.IN_COMMANDS)
        check_command(start_task)
        check_range(start_task, "maxTaskRetryCount", -1)


def _check_packages(references: Sequence[JsonObject]) -> None:
    # "There is a maximum of 10 Package references on any given Pool" (azure-batch).
    if len(references) > MAX_PACKAGES:
        reason = f"a pool has at most {MAX_PACKAGES} application packages"
        raise invalid_property("applicationPackageReferences", len(references), reason)


def _check_windows(machine: models.VirtualMachineConfiguration) -> None:
    if "windowsConfiguration" in machine and _os_type(machine) is OsType.LINUX:
        reason = f"does not go with nodes of {OsType.LINUX}"
        raise invalid_property("windowsConfiguration", "", reason)


def _os_type(machine: models.VirtualMachineConfiguration) -> OsType:
    return OsType.WINDOWS if "windows" in machine["nodeAgentSKUId"].lower() else OsType.LINUX


def _spec(pool_id: str, pool: JsonObject, resize_timeout: timedelta) -> PoolSpec:
    body = cast("models.BatchPoolSpecification", pool)
    policy = body["taskSchedulingPolicy"]
    return PoolSpec(
        pool_id=pool_id,
        vm_size=body["vmSize"],
        os_type=_os_type(body["virtualMachineConfiguration"]),
        task_slots_per_node=body["taskSlotsPerNode"],
        node_fill_type=NodeFillType(policy.get("nodeFillType", "spread")),
        job_default_order=JobDefaultOrder(policy.get("jobDefaultOrder", "none")),
        enable_inter_node_communication=body["enableInterNodeCommunication"],
        resize_timeout=resize_timeout,
        start_task=_start_task(body),
        packages=package_references(body.get("applicationPackageReferences", ())),
        user_names=tuple(account["name"] for account in body.get("userAccounts", ())),
    )


def _start_task(pool: models.BatchPoolSpecification) -> StartTaskSpec | None:
    task = pool.get("startTask")
    if task is None:
        return None
    return StartTaskSpec(command_spec(task), task["maxTaskRetryCount"], task["waitForSuccess"])
