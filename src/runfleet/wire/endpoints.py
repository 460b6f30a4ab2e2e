"""The limits of the ports that a pool opens, which here have no further effect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from runfleet.wire import models
from runfleet.wire.bodies import check_range
from runfleet.wire.errors import invalid_property

MAX_ENDPOINTS = 5
MAX_RULES = 25
LEAST_FRONTEND_PORTS = 40

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,75}[A-Za-z0-9_]?")
_LAST_PORT = 65535
_RESERVED_FRONTEND_PORTS = range(50000, 55001)
_RESERVED_BACKEND_PORTS = (29876, 29877)


def check_endpoints(endpoints: Sequence[models.BatchInboundNatPool]) -> None:
    """
    Refuse ports that the service would not open.

    Raises
    ------
    WireError
        If there are too many of something, names or ports are outside their bounds, or two
        endpoints get in each other's way.
    """
    if len(endpoints) > MAX_ENDPOINTS:
        reason = f"a pool has {MAX_ENDPOINTS} endpoints at most"
        raise invalid_property("inboundNATPools", len(endpoints), reason)
    for endpoint in endpoints:
        _check_endpoint(endpoint)
    _check_rules([rule for one in endpoints for rule in one.get("networkSecurityGroupRules", ())])
    _demand_different("name", [one["name"].lower() for one in endpoints])
    _demand_different("backendPort", [one["backendPort"] for one in endpoints])
    _demand_apart(endpoints)


def _check_endpoint(endpoint: models.BatchInboundNatPool) -> None:
    if not _NAME.fullmatch(endpoint["name"]):
        reason = "must have up to 77 letters, digits, dots, hyphens and underscores"
        raise invalid_property("name", endpoint["name"], reason)
    check_range(endpoint, "backendPort", 1, _LAST_PORT)
    if endpoint["backendPort"] in _RESERVED_BACKEND_PORTS:
        raise invalid_property("backendPort", endpoint["backendPort"], "is one of Batch's own")
    check_range(endpoint, "frontendPortRangeStart", 1, _LAST_PORT - 1)
    check_range(endpoint, "frontendPortRangeEnd", 1, _LAST_PORT - 1)
    _check_frontend(endpoint)


def _check_frontend(endpoint: models.BatchInboundNatPool) -> None:
    ports = _frontend(endpoint)
    if len(ports) < LEAST_FRONTEND_PORTS:
        reason = f"a range has at least {LEAST_FRONTEND_PORTS} ports"
        raise invalid_property("frontendPortRangeEnd", ports.stop - 1, reason)
    if _overlap(ports, _RESERVED_FRONTEND_PORTS):
        reason = "the ports from 50000 to 55000 are Batch's own"
        raise invalid_property("frontendPortRangeStart", ports.start, reason)


def _check_rules(rules: Sequence[models.NetworkSecurityGroupRule]) -> None:
    if len(rules) > MAX_RULES:
        reason = f"a pool has {MAX_RULES} rules at most"
        raise invalid_property("networkSecurityGroupRules", len(rules), reason)
    for rule in rules:
        check_range(rule, "priority", 150, 4096)


def _demand_apart(endpoints: Iterable[models.BatchInboundNatPool]) -> None:
    ordered = sorted(map(_frontend, endpoints), key=lambda ports: ports.start)
    for before, after in pairwise(ordered):
        if _overlap(before, after):
            reason = "is in the range of another endpoint"
            raise invalid_property("frontendPortRangeStart", after.start, reason)


def _frontend(endpoint: models.BatchInboundNatPool) -> range:
    return range(endpoint["frontendPortRangeStart"], endpoint["frontendPortRangeEnd"] + 1)


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def _demand_different(name: str, values: Sequence[str | int]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise invalid_property(name, value, "is that of another endpoint, too")
