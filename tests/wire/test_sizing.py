"""How many nodes pools have: what the SDKs ask is understood."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from azure.batch import models

from runfleet.batch.states import NodeDeallocationOption
from runfleet.wire import sizing
from runfleet.wire.errors import WireError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FORMULA = "$TargetDedicatedNodes = 1;"


def test_a_resize_says_targets_and_what_becomes_of_tasks(sent, sent_by_sdk_14):
    options = models.BatchPoolResizeOptions(
        target_dedicated_nodes=5,
        resize_timeout=timedelta(minutes=10),
        node_deallocation_option="terminate",
    )
    request = sent(lambda client: client.begin_resize_pool("p", options))
    assert sizing.parse_resize(request.body) == sizing.ResizeRequest(
        5, None, timedelta(minutes=10), NodeDeallocationOption.TERMINATE
    )
    assert sizing.parse_resize(sent_by_sdk_14["resize pool"].body) == sizing.ResizeRequest(
        1, None, timedelta(minutes=15), NodeDeallocationOption.TASK_COMPLETION
    )


def test_a_resize_may_take_for_ever():
    body = b'{"targetDedicatedNodes": 1, "resizeTimeout": "P10675199DT2H48M5.4775807S"}'
    assert NOW + sizing.parse_resize(body).timeout > NOW


@pytest.mark.parametrize("body", [b"{}", b'{"targetDedicatedNodes": -1}', b""])
def test_a_resize_needs_a_target(body):
    with pytest.raises(WireError):
        sizing.parse_resize(body)


def test_nodes_to_remove_are_named_once(sent, sent_by_sdk_14):
    options = models.BatchNodeRemoveOptions(node_ids=["a", "b", "a"])
    request = sent(lambda client: client.begin_remove_nodes("p", options))
    assert sizing.parse_remove_nodes(request.body).node_ids == ("a", "b")
    assert sizing.parse_remove_nodes(sent_by_sdk_14["remove nodes"].body).node_ids == ("tvm1",)


@pytest.mark.parametrize("count", [0, 101])
def test_at_least_one_and_at_most_100_nodes_are_removed(count):
    with pytest.raises(WireError):
        sizing.parse_remove_nodes(orjson.dumps({"nodeList": [f"n{i}" for i in range(count)]}))


def test_autoscale_is_enabled_with_a_formula_or_an_interval(sent):
    options = models.BatchPoolEnableAutoScaleOptions(
        auto_scale_evaluation_interval=timedelta(hours=168)
    )
    request = sent(lambda client: client.enable_pool_auto_scale("p", options))
    asked = sizing.parse_enable_autoscale(request.body)
    assert asked == sizing.EnableAutoscaleRequest(None, timedelta(hours=168))
    with pytest.raises(WireError) as caught:
        sizing.parse_enable_autoscale(b"{}")
    assert (caught.value.status, caught.value.code) == (400, "InvalidAutoScalingSettings")


def test_a_formula_to_evaluate_is_read(sent):
    options = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=FORMULA)
    request = sent(lambda client: client.evaluate_pool_auto_scale("p", options))
    assert sizing.parse_evaluate_autoscale(request.body) == FORMULA
