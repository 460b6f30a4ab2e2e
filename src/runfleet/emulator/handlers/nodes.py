"""Requests about the nodes of a pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from runfleet.batch.errors import BatchRuleError
from runfleet.batch.states import NodeDeallocationOption
from runfleet.emulator.service import Service
from runfleet.scheduler import node_requests, user_requests
from runfleet.scheduler.commands import Command
from runfleet.scheduler.entries import NodeEntry
from runfleet.scheduler.recent_tasks import recent_tasks
from runfleet.wire import fields, nodes
from runfleet.wire.bodies import JsonObject
from runfleet.wire.paging import entity_json, list_json
from runfleet.wire.requests import Request
from runfleet.wire.responses import Response, respond


def _node(service: Service, request: Request) -> NodeEntry:
    parameters = request.parameters
    return service.engine.state.node(parameters["pool_id"], parameters["node_id"])


async def _ask(
    service: Service,
    request: Request,
    decision: Callable[..., list[Command]],
    *arguments: Any,
) -> Response:
    node = _node(service, request).node
    service.engine.decide(decision, node.pool_id, node.node_id, *arguments)
    await service.engine.committed()
    return respond(request)


async def list_nodes(service: Service, request: Request) -> Response:
    """List the nodes of a pool."""
    entry = service.engine.state.pool(request.parameters["pool_id"])
    shapes = ((key, _shape(node, request)) for key, node in sorted(entry.nodes.items()))
    return respond(request, list_json(request, "nodes", fields.NODES, shapes))


async def get_node(service: Service, request: Request) -> Response:
    """Read one node."""
    entry = _node(service, request)
    return respond(request, entity_json(request, "nodes", _shape(entry, request)))


def _shape(entry: NodeEntry, request: Request) -> JsonObject:
    tasks = recent_tasks(entry)
    return nodes.node_json(entry.node, entry.pool.pool, tasks, base=request.base)


async def reboot_node(service: Service, request: Request) -> Response:
    """Restart a node."""
    option = nodes.parse_reboot(request.body)
    return await _ask(service, request, node_requests.reboot_node, option)


async def reimage_node(service: Service, request: Request) -> Response:
    """Refuse: the service makes no node of a virtual machine configuration anew."""
    _node(service, request)
    raise BatchRuleError("OperationNotValidOnNode")


async def deallocate_node(service: Service, request: Request) -> Response:
    """Give a node's machine back."""
    option = nodes.parse_deallocate(request.body)
    return await _ask(service, request, node_requests.deallocate_node, option)


async def start_node(service: Service, request: Request) -> Response:
    """Start a deallocated node again."""
    return await _ask(service, request, node_requests.start_node)


async def disable_node_scheduling(service: Service, request: Request) -> Response:
    """Put no more tasks on a node."""
    option: NodeDeallocationOption = nodes.parse_disable_scheduling(request.body)
    return await _ask(service, request, node_requests.disable_scheduling, option)


async def enable_node_scheduling(service: Service, request: Request) -> Response:
    """Put tasks on a node again."""
    return await _ask(service, request, node_requests.enable_scheduling)


async def get_node_remote_login_settings(service: Service, request: Request) -> Response:
    """Say where users of a node would log in; a virtual node has an address, but nobody there."""
    return respond(request, nodes.remote_login_json(_node(service, request).node))


async def list_node_extensions(service: Service, request: Request) -> Response:
    """List the extensions of a node's machine: pools that ask for some are refused."""
    _node(service, request)
    return respond(request, list_json(request, "extensions", fields.UNFILTERED, ()))


async def get_node_extension(service: Service, request: Request) -> Response:
    """Refuse: nodes have no extensions."""
    _node(service, request)
    raise BatchRuleError("ResourceNotFound")


async def get_node_remote_desktop(service: Service, request: Request) -> Response:
    """Refuse: the service has this for cloud services only, which nodes no longer are."""
    _node(service, request)
    raise BatchRuleError("OperationNotValidOnNode")


async def create_node_user(service: Service, request: Request) -> Response:
    """Add a user account to a node; it is remembered, but nobody can log in with it."""
    user = nodes.parse_create_user(request.body, received=request.received)
    await _ask(service, request, user_requests.add_user, user)
    # Its characters are free, those of a header are not.
    return respond(request, location=f"{request.url}/{quote(user.name, safe='')}")


async def replace_node_user(service: Service, request: Request) -> Response:
    """Change a user account of a node."""
    old = user_requests.find_user(_node(service, request), request.parameters["user_name"])
    user = nodes.parse_replace_user(old, request.body, received=request.received)
    return await _ask(service, request, user_requests.replace_user, user)


async def delete_node_user(service: Service, request: Request) -> Response:
    """Take a user account off a node."""
    name = request.parameters["user_name"]
    return await _ask(service, request, user_requests.remove_user, name)
