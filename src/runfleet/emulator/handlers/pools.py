"""Requests about pools."""

from __future__ import annotations

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.records import Pool
from runfleet.emulator.clock import now
from runfleet.emulator.service import Service
from runfleet.scheduler import autoscale_requests, pool_requests
from runfleet.scheduler.entries import PoolEntry
from runfleet.scheduler.pools import count_nodes
from runfleet.wire import fields, pools, sizing
from runfleet.wire.bodies import JsonObject
from runfleet.wire.conditions import check_conditions
from runfleet.wire.paging import entity_json, list_json
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response, respond

_RUN_TYPE = "Microsoft.Azure.Batch.Protocol.Entities.AutoScaleRun"


def _pool(service: Service, request: Request) -> PoolEntry:
    entry = service.engine.state.pool(request.parameters["pool_id"])
    check_conditions(request, entry.pool.last_modified)
    return entry


def _json(entry: PoolEntry, base: str) -> JsonObject:
    return pools.pool_json(
        entry.pool,
        base=base,
        current_dedicated=count_nodes(entry, dedicated=True),
        current_low_priority=count_nodes(entry, dedicated=False),
    )


async def _written(service: Service, request: Request, pool: Pool) -> Response:
    await service.engine.committed()
    return respond(request, last_modified=pool.last_modified)


async def list_pools(service: Service, request: Request) -> Response:
    """List the pools of the account."""
    entries = sorted(service.engine.state.pools.items())
    shapes = ((key, _json(entry, request.base)) for key, entry in entries)
    return respond(request, list_json(request, "pools", fields.POOLS, shapes))


async def get_pool(service: Service, request: Request) -> Response:
    """Read one pool."""
    entry = _pool(service, request)
    shape = entity_json(request, "pools", _json(entry, request.base))
    return respond(request, shape, last_modified=entry.pool.last_modified)


async def create_pool(service: Service, request: Request) -> Response:
    """Add a pool."""
    asked = pools.parse_create(request.body)
    service.check_pool(asked.spec)
    service.engine.decide(
        pool_requests.create_pool,
        asked.spec,
        asked.body,
        target_dedicated=asked.target_dedicated,
        target_low_priority=asked.target_low_priority,
        autoscale=asked.autoscale,
    )
    # Another request may delete it before all is lasting.
    pool = service.engine.state.pool(asked.spec.pool_id).pool
    await service.engine.committed()
    location = f"{request.url}/{asked.spec.pool_id}"
    return respond(request, last_modified=pool.last_modified, location=location)


async def pool_exists(service: Service, request: Request) -> Response:
    """Say whether a pool is there."""
    entry = _pool(service, request)
    return respond(request, last_modified=entry.pool.last_modified)


async def update_pool(service: Service, request: Request) -> Response:
    """Change some properties of a pool."""
    entry = _pool(service, request)
    return await _change(service, request, entry, pools.patch(entry.pool, request.body))


async def replace_pool_properties(service: Service, request: Request) -> Response:
    """Replace the start task, packages and metadata of a pool."""
    entry = _pool(service, request)
    return await _change(
        service, request, entry, pools.replace_properties(entry.pool, request.body)
    )


async def _change(
    service: Service, request: Request, entry: PoolEntry, change: pools.PoolChange
) -> Response:
    if change.needs_empty_pool and entry.nodes:
        raise BatchRuleError("OperationInvalidForCurrentState")
    if change.needs_empty_pool:
        service.check_pool(change.spec)
    else:
        service.packages.check(change.spec.packages)
    service.engine.decide(pool_requests.update_pool, change.spec, change.body)
    return await _written(service, request, entry.pool)


async def delete_pool(service: Service, request: Request) -> Response:
    """Delete a pool; its tasks go back to their jobs."""
    entry = _pool(service, request)
    service.engine.decide(pool_requests.delete_pool, entry.pool.spec.pool_id)
    await service.engine.committed()
    return respond(request)


async def resize_pool(service: Service, request: Request) -> Response:
    """Change how many nodes a pool has."""
    entry = _pool(service, request)
    asked = sizing.parse_resize(request.body)
    service.engine.decide(
        pool_requests.resize_pool,
        entry.pool.spec.pool_id,
        target_dedicated=asked.target_dedicated,
        target_low_priority=asked.target_low_priority,
        timeout=asked.timeout,
        option=asked.deallocation_option,
    )
    return await _written(service, request, entry.pool)


async def stop_pool_resize(service: Service, request: Request) -> Response:
    """Leave a pool with the nodes that it has by now."""
    entry = _pool(service, request)
    service.engine.decide(pool_requests.stop_resize, entry.pool.spec.pool_id)
    return await _written(service, request, entry.pool)


async def enable_pool_auto_scale(service: Service, request: Request) -> Response:
    """Have a pool follow a formula, or another formula or interval than before."""
    entry = _pool(service, request)
    asked = sizing.parse_enable_autoscale(request.body)
    service.engine.decide(
        autoscale_requests.enable_autoscale,
        entry.pool.spec.pool_id,
        formula=asked.formula,
        evaluation_interval=asked.evaluation_interval,
    )
    return await _written(service, request, entry.pool)


async def disable_pool_auto_scale(service: Service, request: Request) -> Response:
    """Leave a pool with the targets that it has by now."""
    entry = _pool(service, request)
    service.engine.decide(autoscale_requests.disable_autoscale, entry.pool.spec.pool_id)
    return await _written(service, request, entry.pool)


async def evaluate_pool_auto_scale(service: Service, request: Request) -> Response:
    """Say what a formula would come to on a pool."""
    entry = _pool(service, request)
    formula = sizing.parse_evaluate_autoscale(request.body)
    run = autoscale_requests.evaluate_formula(service.engine.state, entry, formula, now())
    metadata = {"odata.metadata": f"{request.base}/$metadata#{_RUN_TYPE}"}
    return respond(request, metadata | sizing.autoscale_run_json(run))


async def remove_nodes(service: Service, request: Request) -> Response:
    """Take certain nodes out of a pool."""
    entry = _pool(service, request)
    asked = sizing.parse_remove_nodes(request.body)
    service.engine.decide(
        pool_requests.remove_nodes,
        entry.pool.spec.pool_id,
        asked.node_ids,
        timeout=asked.timeout,
        option=asked.deallocation_option,
    )
    return await _written(service, request, entry.pool)
