"""Which pools studies make, which they change, and which they leave alone."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from runfleet.azure import PoolSettings
from runfleet.launch import Account, PoolPlan
from runfleet.launch.pool import Scaling
from runfleet.launch.provision import EXPIRY, MARK, OWNER, left_over_pools, provide_pool

PLAN = PoolPlan("", "ubuntu-22.04", "standard_f2s_v2", dedicated=2, spot=0, slots=1)


@pytest.fixture
def make_pool(account: Account, request):
    """Make a pool of the test's own, as by hand, and plan one of its id."""
    pool_id = re.sub(r"\W+", "-", request.node.name.removeprefix("test_"))[-60:]

    def make(**metadata: str) -> PoolPlan:
        image = account.batch.pick_image(PLAN.image)
        account.batch.create_pool(PoolSettings(pool_id, image, PLAN.vm_size, metadata=metadata))
        return replace(PLAN, id=pool_id)

    return make


def target(account: Account, plan: PoolPlan) -> int:
    pool = account.batch.get_pool(plan.id)
    assert pool is not None
    return pool.target_dedicated


def test_a_named_pool_made_by_hand_is_left_as_it_is(account: Account, make_pool):
    """Also on this machine: its runs do with the nodes that it has."""
    plan = replace(make_pool(), is_named=True)
    provide_pool(account.batch, plan, waiting=9)
    scaling = replace(plan, scaling=Scaling(0, "me"))
    provide_pool(account.batch, scaling, waiting=9)
    pool = account.batch.get_pool(plan.id)
    assert (pool.target_dedicated, pool.scales_itself, pool.metadata) == (0, False, {})


def test_a_named_pool_made_for_a_study_follows_studies(account: Account, make_pool):
    plan = replace(make_pool(**{MARK: "pool"}), is_named=True)
    provide_pool(account.batch, plan, waiting=9)
    assert target(account, plan) == 2


def test_a_shared_pool_is_ours_whatever_its_metadata_say(account: Account, make_pool):
    """Somebody has replaced them; what stands there now is kept."""
    plan = replace(make_pool(project="dam"), scaling=Scaling(0, "me"))
    provide_pool(account.batch, plan, waiting=9)
    pool = account.batch.get_pool(plan.id)
    assert pool.scales_itself
    assert (pool.metadata["project"], pool.metadata[OWNER]) == ("dam", "me")


@pytest.mark.parametrize(
    ("expiry", "is_left_over"),
    [
        ("2020-01-01", True),
        ("2020-01-01T00:00:00+02:00", True),
        ("9000-01-01", False),
        ("x", False),
    ],
)
def test_pools_of_others_are_left_over_from_the_date_they_say(
    account: Account, make_pool, expiry: str, is_left_over: bool
):
    """Which somebody may have written without its zone."""
    plan = make_pool(**{MARK: "pool", OWNER: "ann@desk", EXPIRY: expiry})
    found = [pool.id for pool in left_over_pools(account.batch, "me")]
    assert (plan.id in found) is is_left_over
