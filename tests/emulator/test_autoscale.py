"""Section N of the fidelity checklist: autoscaled pools.  Time is in tests/scheduler."""

from __future__ import annotations

from datetime import timedelta

import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError

TWO = "$TargetDedicatedNodes=2;"
NONE = "$TargetDedicatedNodes=0;"
EVALUATED = "$TargetDedicatedNodes={};$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue"


@pytest.fixture
def autoscaled(account, pool_body, unused):
    """Make a pool that follows a formula, and wait for its first evaluation."""

    def make(formula=NONE, **more):
        body = pool_body(unused, enableAutoScale=True, autoScaleFormula=formula, **more)
        del body["targetDedicatedNodes"]
        account.client.create_pool(body)
        account.wait_for(lambda: "autoScaleRun" in account.get(f"/pools/{unused}"))
        return unused

    return make


def refusal(operation, *args, **options):
    """Status and code of a request that is refused; the SDK would repeat a 503 for a minute."""
    with pytest.raises(HttpResponseError) as caught:
        operation(*args, retry_total=0, **options)
    return caught.value.status_code, caught.value.error.code


def enable_options(formula=None, interval=None):
    return models.BatchPoolEnableAutoScaleOptions(
        auto_scale_formula=formula, auto_scale_evaluation_interval=interval
    )


def test_a_pool_is_created_with_a_formula(account, client, autoscaled):
    """Item 137."""
    pool_id = autoscaled(TWO)
    account.steady(pool_id)
    pool = client.get_pool(pool_id)
    assert (pool.target_dedicated_nodes, pool.current_dedicated_nodes) == (2, 2)
    assert pool.enable_auto_scale is True
    assert pool.auto_scale_formula == TWO
    assert pool.auto_scale_evaluation_interval == timedelta(minutes=15)
    assert pool.resize_timeout == timedelta(minutes=15)
    assert pool.auto_scale_run.results == EVALUATED.format(2)
    assert pool.auto_scale_run.timestamp >= pool.creation_time
    assert pool.auto_scale_run.error is None
    # The evaluation is no request of a user.
    assert pool.last_modified == pool.creation_time
    assert [one.id for one in client.list_pools(filter="enableAutoScale eq true")] == [pool_id]


def test_tasks_run_on_the_nodes_that_a_formula_asked_for(account, autoscaled):
    job = account.job(autoscaled(TWO))
    assert account.run(job, "t")["executionInfo"]["result"] == "success"


def test_autoscale_is_turned_on_and_off(account, client):
    """Item 137, and enabling and disabling answer 200."""
    pool_id = account.pool(nodes=0)
    before = account.get(f"/pools/{pool_id}")
    response = account.send("POST", f"/pools/{pool_id}/enableautoscale", {"autoScaleFormula": TWO})
    assert (response.status_code, response.content) == (200, b"")
    enabled = account.get(f"/pools/{pool_id}")
    assert response.headers["ETag"] == enabled["eTag"] != before["eTag"]
    account.wait_for(lambda: len(account.nodes(pool_id)) == 2)
    account.steady(pool_id)
    response = account.send("POST", f"/pools/{pool_id}/disableautoscale")
    assert (response.status_code, response.content) == (200, b"")
    pool = account.get(f"/pools/{pool_id}")
    assert response.headers["ETag"] == pool["eTag"] != enabled["eTag"]
    assert pool["enableAutoScale"] is False
    assert not pool.keys() & {"autoScaleFormula", "autoScaleEvaluationInterval", "autoScaleRun"}
    assert pool["targetDedicatedNodes"] == 2
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=0)
    client.begin_resize_pool(pool_id, options, polling_interval=0).result()
    assert account.nodes(pool_id) == []


def test_clients_do_not_resize_an_autoscaled_pool(client, autoscaled):
    """Item 45."""
    options = models.BatchPoolResizeOptions(target_dedicated_nodes=1)
    refused = refusal(client.begin_resize_pool, autoscaled(), options)
    assert refused == (409, "OperationInvalidForCurrentState")


@pytest.mark.parametrize("minutes", [4, 168 * 60 + 1])
def test_an_interval_out_of_range_is_refused(client, pool, minutes):
    """Item 138."""
    options = enable_options(TWO, timedelta(minutes=minutes))
    refused = refusal(client.enable_pool_auto_scale, pool, options)
    assert refused == (400, "InvalidPropertyValue")


def test_autoscale_is_not_enabled_twice_within_30_seconds(account, client):
    """Item 138."""
    pool_id = account.pool(nodes=0)
    client.enable_pool_auto_scale(pool_id, enable_options(NONE, timedelta(minutes=5)))
    again = enable_options(interval=timedelta(hours=1))
    refused = refusal(client.enable_pool_auto_scale, pool_id, again)
    assert refused == (503, "TooManyEnableAutoScaleRequests")
    assert client.get_pool(pool_id).auto_scale_evaluation_interval == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("$TargetDedicatedNodes = (1;", "AutoScalingFormulaSyntaxError"),
        ("//" + 8191 * "x", "AutoScaleFormulaTooLong"),
    ],
)
def test_what_is_no_formula_is_refused(account, pool, pool_body, unused, formula, code):
    """Item 139, at create and at enable."""
    body = pool_body(unused, enableAutoScale=True, autoScaleFormula=formula)
    del body["targetDedicatedNodes"]
    created = account.send("POST", "/pools", body)
    enable = f"/pools/{pool}/enableautoscale"
    enabled = account.send("POST", enable, {"autoScaleFormula": formula})
    assert account.code(created) == account.code(enabled) == (400, code)
    assert created.json()["values"][0]["value"].startswith("Line 1, Col ")
    assert account.send("HEAD", f"/pools/{unused}").status_code == 404
    assert account.get(f"/pools/{pool}")["enableAutoScale"] is False


def test_turning_autoscale_on_needs_a_formula(client, pool):
    for options in (enable_options(), enable_options(interval=timedelta(minutes=5))):
        refused = refusal(client.enable_pool_auto_scale, pool, options)
        assert refused == (400, "InvalidAutoScalingSettings")


def test_evaluating_changes_nothing(account, client, autoscaled):
    """Item 140."""
    pool_id = autoscaled(NONE)
    before = account.get(f"/pools/{pool_id}")
    options = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=TWO)
    run = client.evaluate_pool_auto_scale(pool_id, options)
    assert run.results == EVALUATED.format(2)
    assert run.error is None
    assert account.get(f"/pools/{pool_id}") == before


@pytest.mark.parametrize(
    ("formula", "detail"),
    [
        ("$something_useless", "Line 1, Col 1: Undefined symbol: $something_useless"),
        ("$TargetDedicatedNodes = (1;", "Line 1, Col 27: Unexpected ;"),
    ],
)
def test_evaluating_tells_errors_in_a_200(account, autoscaled, formula, detail):
    """Item 139, at evaluate."""
    path = f"/pools/{autoscaled(TWO)}/evaluateautoscale"
    response = account.send("POST", path, {"autoScaleFormula": formula})
    assert response.status_code == 200
    run = response.json()
    kind = "Microsoft.Azure.Batch.Protocol.Entities.AutoScaleRun"
    assert run.pop("odata.metadata") == f"{account.url}/$metadata#{kind}"
    assert run.pop("timestamp").endswith("Z")
    assert run == {
        "results": EVALUATED.format(2),
        "error": {
            "code": "AutoScalingFormulaEvaluationError",
            "message": "The specified auto-scaling formula has evaluation error",
            "values": [{"name": "Message", "value": detail}],
        },
    }


def test_evaluating_needs_an_autoscaled_pool(client, pool):
    options = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=TWO)
    refused = refusal(client.evaluate_pool_auto_scale, pool, options)
    assert refused == (409, "OperationInvalidForCurrentState")


def test_formulas_know_the_tasks_of_the_pool(account, client, autoscaled):
    """Active, pending and running ones."""
    pool_id = autoscaled(NONE)
    job = account.job(pool_id)
    for number in range(3):
        account.add(job, f"t{number}")
    formula = "a = $ActiveTasks; p = $PendingTasks; r = $RunningTasks;"
    options = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=formula)
    assert client.evaluate_pool_auto_scale(pool_id, options).results.endswith(";a=3;p=3;r=0")


def test_tasks_that_wait_for_parents_are_not_active_to_formulas(account, client, autoscaled):
    """Item 143: `$ActiveTasks` leaves them out, whereas the counts of their job do not."""
    pool_id = autoscaled(NONE)
    job = account.job(pool_id, usesTaskDependencies=True)
    account.add(job, "parent")
    account.add(job, "child", dependsOn={"taskIds": ["parent"]})
    formula = "a = $ActiveTasks; p = $PendingTasks;"
    options = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=formula)
    assert client.evaluate_pool_auto_scale(pool_id, options).results.endswith(";a=1;p=1")
    assert account.counts(job)["active"] == 2


def test_an_autoscaled_pool_outlives_its_emulator(
    tmp_path, start_emulator, account_of, pool_body, unused
):
    home = tmp_path / "home"
    first = start_emulator(home)
    account = account_of(first)
    body = pool_body(unused, enableAutoScale=True, autoScaleFormula=TWO)
    del body["targetDedicatedNodes"]
    account.client.create_pool(body)
    account.wait_for(lambda: len(account.nodes(unused)) == 2)
    before = account.get(f"/pools/{unused}")
    first.process.kill()
    first.process.wait(60)
    again = account_of(start_emulator(home))
    after = again.get(f"/pools/{unused}")
    kept = [name for name in before if name.startswith(("autoScale", "enable", "target"))]
    assert [after[name] for name in kept] == [before[name] for name in kept]
    assert len(again.nodes(unused)) == 2
    options = models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula=NONE)
    run = again.client.evaluate_pool_auto_scale(unused, options)
    assert run.results == EVALUATED.format(0)
