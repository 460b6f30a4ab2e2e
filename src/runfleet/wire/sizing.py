"""How many nodes pools have: what clients ask of it, by numbers or by a formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from runfleet.batch.records import AutoscaleRun
from runfleet.batch.specs import DEFAULT_EVALUATION_INTERVAL, DEFAULT_RESIZE_TIMEOUT, AutoscaleSpec
from runfleet.batch.states import NodeDeallocationOption
from runfleet.wire import models
from runfleet.wire.bodies import JsonObject, check_range, read_body
from runfleet.wire.errors import WireError, invalid_property, missing_property
from runfleet.wire.shapes import name_values
from runfleet.wire.values import FOREVER, duration_text, parse_limit, time_text

MIN_RESIZE_TIMEOUT = timedelta(minutes=5)
MIN_EVALUATION_INTERVAL = timedelta(minutes=5)
MAX_EVALUATION_INTERVAL = timedelta(hours=168)
MAX_NODES_REMOVED = 100

_RESIZE_MEMBERS = ("resizeTimeout", "targetDedicatedNodes", "targetLowPriorityNodes")
_AUTOSCALE_MEMBERS = ("autoScaleFormula", "autoScaleEvaluationInterval")
SIZE_MEMBERS = (*_RESIZE_MEMBERS, "enableAutoScale", *_AUTOSCALE_MEMBERS)
"""The members of a pool that are kept in its record, where requests to resize it change them."""


@dataclass(frozen=True, slots=True)
class ResizeRequest:
    """
    New targets of a pool.

    Parameters
    ----------
    target_dedicated, target_low_priority
        How many nodes of either kind; None where that stays as it is.
    timeout
        How long the resize may take until it is given up.
    deallocation_option
        What becomes of the tasks of nodes that go.
    """

    target_dedicated: int | None
    target_low_priority: int | None
    timeout: timedelta
    deallocation_option: NodeDeallocationOption


@dataclass(frozen=True, slots=True)
class EnableAutoscaleRequest:
    """
    A formula and how often to evaluate it.

    Parameters
    ----------
    formula, evaluation_interval
        None where one stays as it is.
    """

    formula: str | None
    evaluation_interval: timedelta | None


@dataclass(frozen=True, slots=True)
class RemoveNodesRequest:
    """
    Nodes that are to leave their pool.

    Parameters
    ----------
    node_ids
        Which nodes.
    timeout
        How long that may take until it is given up.
    deallocation_option
        What becomes of their tasks.
    """

    node_ids: tuple[str, ...]
    timeout: timedelta
    deallocation_option: NodeDeallocationOption


def parse_resize(body: bytes) -> ResizeRequest:
    """
    Read a request to resize a pool.

    Raises
    ------
    WireError
        If there is no target, or a value is out of range.
    """
    request = read_body(models.BatchPoolResizeOptions, body)
    if not {"targetDedicatedNodes", "targetLowPriorityNodes"} & request.keys():
        raise missing_property("targetDedicatedNodes")
    check_range(request, "targetDedicatedNodes", 0)
    check_range(request, "targetLowPriorityNodes", 0)
    return ResizeRequest(
        target_dedicated=request.get("targetDedicatedNodes"),
        target_low_priority=request.get("targetLowPriorityNodes"),
        timeout=resize_timeout(request),
        deallocation_option=_deallocation_option(request),
    )


def parse_remove_nodes(body: bytes) -> RemoveNodesRequest:
    """
    Read a request to remove nodes from a pool.

    Raises
    ------
    WireError
        If it names no node or too many.
    """
    request = read_body(models.BatchNodeRemoveOptions, body)
    node_ids = tuple(dict.fromkeys(request["nodeList"]))
    if not 1 <= len(node_ids) <= MAX_NODES_REMOVED:
        reason = f"must name between 1 and {MAX_NODES_REMOVED} nodes"
        raise invalid_property("nodeList", len(node_ids), reason)
    return RemoveNodesRequest(node_ids, resize_timeout(request), _deallocation_option(request))


def parse_enable_autoscale(body: bytes) -> EnableAutoscaleRequest:
    """
    Read a request to have a pool follow a formula.

    Raises
    ------
    WireError
        If it brings neither a formula nor an interval, or the interval is out of range.
    """
    request = read_body(models.BatchPoolEnableAutoScaleOptions, body)
    asked = EnableAutoscaleRequest(request.get("autoScaleFormula"), _evaluation_interval(request))
    if asked == EnableAutoscaleRequest(None, None):
        raise WireError("InvalidAutoScalingSettings")
    return asked


def parse_evaluate_autoscale(body: bytes) -> str:
    """Read a request to evaluate a formula."""
    return read_body(models.BatchPoolEvaluateAutoScaleOptions, body)["autoScaleFormula"]


def autoscale_spec(request: Mapping[str, Any]) -> AutoscaleSpec | None:
    """The formula that a new pool comes with, if it is to follow one."""
    is_enabled = request.get("enableAutoScale", False)
    for name in _RESIZE_MEMBERS if is_enabled else _AUTOSCALE_MEMBERS:
        if name in request:
            reason = f"does not go with an enableAutoScale that is {str(is_enabled).lower()}"
            raise invalid_property(name, request[name], reason)
    if not is_enabled:
        return None
    if "autoScaleFormula" not in request:
        raise missing_property("autoScaleFormula")
    interval = _evaluation_interval(request) or DEFAULT_EVALUATION_INTERVAL
    return AutoscaleSpec(request["autoScaleFormula"], interval)


def resize_timeout(request: Mapping[str, Any]) -> timedelta:
    """How long a resize may take."""
    text = request.get("resizeTimeout")
    if text is None:
        return DEFAULT_RESIZE_TIMEOUT
    timeout = parse_limit(text)
    if timeout is not None and timeout < MIN_RESIZE_TIMEOUT:
        raise invalid_property("resizeTimeout", text, "must be at least 5 minutes")
    return FOREVER if timeout is None else timeout


def formula_json(autoscale: AutoscaleSpec) -> JsonObject:
    """The formula of a pool, as clients read it."""
    return {
        "enableAutoScale": True,
        "autoScaleFormula": autoscale.formula,
        "autoScaleEvaluationInterval": duration_text(autoscale.evaluation_interval),
    }


def autoscale_run_json(run: AutoscaleRun) -> JsonObject:
    """What a formula came to, as clients read it."""
    shape: JsonObject = {"timestamp": time_text(run.time), "results": run.results}
    if run.error is not None:
        shape["error"] = {
            "code": run.error.code,
            "message": run.error.message,
            "values": name_values({"Message": run.error.detail}),
        }
    return shape


def _evaluation_interval(request: Mapping[str, Any]) -> timedelta | None:
    text = request.get("autoScaleEvaluationInterval")
    if text is None:
        return None
    interval = parse_limit(text)
    if interval is None or not MIN_EVALUATION_INTERVAL <= interval <= MAX_EVALUATION_INTERVAL:
        reason = "must be from 5 minutes to 168 hours"
        raise invalid_property("autoScaleEvaluationInterval", text, reason)
    return interval


def _deallocation_option(request: Mapping[str, Any]) -> NodeDeallocationOption:
    return NodeDeallocationOption(request.get("nodeDeallocationOption", "requeue"))
