"""The pool that a study gets on this machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runfleet.azure.account_settings import LoginKind
from runfleet.launch import LaunchError
from runfleet.launch.pool import Scaling, plan_azure_pool, plan_local_pool
from runfleet.study.pool import NodeRange, PoolRequest


def test_a_study_gets_the_whole_machine() -> None:
    """One node with a slot for each core; Batch allows no more than four slots a core."""
    plan = plan_local_pool(PoolRequest(), cores=16)
    assert (plan.id, plan.nodes, plan.slots) == ("local", 1, 16)
    assert plan.vm_size == "standard_f16s_v2"


@pytest.mark.parametrize(
    ("asked", "tasks_per_node", "nodes", "slots"),
    [
        (2, None, 2, 4),
        (5, None, 5, 1),
        (100, None, 8, 1),
        (0, None, 1, 8),
        (100, 4, 2, 4),
        (100, 16, 1, 16),
        (1, 2, 1, 2),
    ],
)
def test_the_nodes_share_the_machine(
    asked: int, tasks_per_node: int | None, nodes: int, slots: int
) -> None:
    """A study that asks Azure for many nodes does not drown the machine it is tried on."""
    request = PoolRequest(nodes=NodeRange(max=asked), tasks_per_node=tasks_per_node)
    plan = plan_local_pool(request, cores=8)
    assert (plan.nodes, plan.slots) == (nodes, slots)


@pytest.mark.parametrize(("cores", "asked", "nodes"), [(1, 3, 3), (8, 6, 6), (4, 9, 4)])
def test_runs_on_several_nodes_get_whole_ones_that_reach_each_other(
    cores: int, asked: int, nodes: int
) -> None:
    """At least as many as a run takes, and in a pool of their own."""
    request = PoolRequest(nodes=NodeRange(max=asked), nodes_per_run=3)
    plan = plan_local_pool(request, cores=cores)
    assert (plan.nodes, plan.slots, plan.nodes_per_run) == (nodes, 1, 3)
    other = plan_local_pool(PoolRequest(nodes=NodeRange(max=asked)), cores=cores)
    assert plan.id != other.id
    azure = plan_azure_pool(request, LoginKind.KEY, owner="me")
    assert (azure.slots, azure.dedicated) == (1, asked)
    assert (
        azure.id != plan_azure_pool(replace(request, nodes_per_run=0), LoginKind.KEY, owner="").id
    )


def test_what_the_study_says_holds() -> None:
    """Its own pool, and its own number of runs at a time."""
    request = PoolRequest(id="mine", tasks_per_node=3, nodes=NodeRange(max=2, spot=True))
    plan = plan_local_pool(request, cores=8)
    assert (plan.id, plan.slots, plan.spot, plan.dedicated) == ("mine", 3, 2, 0)
    assert plan.vm_size == request.vm_size


def test_studies_that_ask_for_the_same_share_a_pool() -> None:
    """Others have a pool of their own."""
    requests = [PoolRequest(tasks_per_node=1), PoolRequest(tasks_per_node=1), PoolRequest()]
    first, second, third = (plan_local_pool(request, cores=2).id for request in requests)
    assert first == second
    assert first != third


def test_a_pool_of_real_machines_follows_its_runs() -> None:
    """A slot a core, no more nodes than asked for, and a mark of whose it is."""
    request = PoolRequest(vm_size="Standard_F4s_v2", nodes=NodeRange(min=1, max=5))
    plan = plan_azure_pool(request, LoginKind.KEY, owner="ann@desk")
    assert plan.id.startswith("runfleet-f4s_v2-")
    assert (plan.dedicated, plan.spot, plan.slots) == (5, 0, 4)
    assert plan.scaling == Scaling(1, "ann@desk")


def test_pools_of_another_size_have_another_name() -> None:
    """A pool that is shared would scale by the formula of one study only."""
    asked = [NodeRange(max=5), NodeRange(max=5), NodeRange(max=6), NodeRange(min=1, max=5)]
    requests = [PoolRequest(nodes=nodes) for nodes in asked]
    ids = [plan_azure_pool(request, LoginKind.KEY, owner="ann@desk").id for request in requests]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


def test_spot_nodes_are_not_promised_to_a_key() -> None:
    """They need an account in user-subscription mode, which needs a login by Entra."""
    request = PoolRequest(nodes=NodeRange(max=2, spot=True))
    with pytest.raises(LaunchError, match="user-subscription mode") as caught:
        plan_azure_pool(request, LoginKind.KEY, owner="ann@desk")
    assert "login: entra" in str(caught.value.hint)
    assert plan_azure_pool(request, LoginKind.ENTRA, owner="ann@desk").spot == 2
