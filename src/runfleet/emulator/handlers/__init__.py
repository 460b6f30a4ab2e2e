"""One function an operation of the REST API; an operation without one is answered 501."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from runfleet.emulator.answers import Answer
from runfleet.emulator.handlers import (
    account,
    files,
    job_schedules,
    jobs,
    node_logs,
    nodes,
    pools,
    tasks,
)
from runfleet.emulator.service import Service
from runfleet.wire.operations import OPERATIONS
from runfleet.wire.requests import Request

Handler = Callable[[Service, Request], Awaitable[Answer]]

_MODULES = (account, pools, nodes, node_logs, jobs, tasks, files, job_schedules)

HANDLERS: Mapping[str, Handler] = {
    operation.name: getattr(module, operation.name)
    for operation in OPERATIONS
    for module in _MODULES
    if hasattr(module, operation.name)
}
