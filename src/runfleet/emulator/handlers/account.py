"""Requests about the account as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain

from runfleet.batch.images import IMAGES
from runfleet.batch.usage import NodeUsage, aggregate
from runfleet.emulator.applications import Application
from runfleet.emulator.service import Service
from runfleet.scheduler.entries import PoolEntry
from runfleet.wire import fields
from runfleet.wire.applications import application_json
from runfleet.wire.bodies import JsonObject
from runfleet.wire.images import image_json
from runfleet.wire.nodes import node_counts_json
from runfleet.wire.paging import entity_json, list_json
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response, respond
from runfleet.wire.usage import read_period, usage_json


async def list_applications(service: Service, request: Request) -> Response:
    """List the applications that have packages."""
    applications = service.applications.installable()
    shapes = ((one.application_id, _application(one, versions)) for one, versions in applications)
    return respond(request, list_json(request, "applications", fields.UNFILTERED, shapes))


async def list_supported_images(_service: Service, request: Request) -> Response:
    """List the operating system images that pools may ask for."""
    shapes = ((f"{n:04}", image_json(image)) for n, image in enumerate(IMAGES, start=1))
    return respond(request, list_json(request, "supportedimages", fields.IMAGES, shapes))


async def list_pool_node_counts(service: Service, request: Request) -> Response:
    """Count the nodes of each pool by state."""
    shapes = ((key, _counts(entry)) for key, entry in sorted(service.engine.state.pools.items()))
    return respond(request, list_json(request, "poolnodecounts", fields.NODE_COUNTS, shapes))


async def list_pool_usage_metrics(service: Service, request: Request) -> Response:
    """Tell what the nodes of each pool came to, half-hour by half-hour."""
    period = read_period(request.query, request.received)
    past = service.engine.store.usage.during(period)
    present = _present_usage(service, request.received)
    shapes = (
        (f"{usage.start.isoformat()} {usage.pool_id} {usage.vm_size}", usage_json(usage))
        for usage in aggregate(chain(past, present), period)
    )
    return respond(request, list_json(request, "poolusagemetrics", fields.USAGE, shapes))


def _present_usage(service: Service, now: datetime) -> Iterator[NodeUsage]:
    for pool in service.engine.state.pools.values():
        for entry in pool.nodes.values():
            since = entry.node.machine_since
            if since is not None:
                yield NodeUsage(pool.pool.spec.pool_id, pool.pool.spec.vm_size, since, now)


def _counts(entry: PoolEntry) -> JsonObject:
    nodes = (node.node for node in entry.nodes.values())
    return node_counts_json(entry.pool.spec.pool_id, nodes)


async def get_application(service: Service, request: Request) -> Response:
    """Name the versions of an application."""
    application, versions = service.applications.get_installable(
        request.parameters["application_id"]
    )
    shape = _application(application, versions)
    return respond(request, entity_json(request, "applications", shape))


def _application(application: Application, versions: Sequence[str]) -> JsonObject:
    return application_json(application.application_id, versions, application.display_name)
