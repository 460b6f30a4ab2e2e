"""Whether an account may have the nodes that a study asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from runfleet.azure.management import OfferedSize, Quotas
from runfleet.launch import PoolPlan
from runfleet.launch.doctor.quota import examine_quota

SIZES = [
    OfferedSize("Standard_F16s_v2", "standardFSv2Family", 16, 32.0),
    OfferedSize("Standard_DS14_v2", "standardDSv2Family", 16, 112.0),
]


@dataclass(frozen=True)
class OneAccount:
    """An account of certain quotas, whose region has two sizes."""

    allowed: Quotas

    def management(self) -> OneAccount:
        return self

    def quotas(self) -> Quotas:
        return self.allowed

    def sizes(self) -> list[OfferedSize]:
        return SIZES


def quota_of(vm_size: str, dedicated: int | None, **families: int) -> tuple[str, str]:
    """What is said of five dedicated nodes of a size."""
    names: Mapping[str, int] = {f"standard{name}family": cores for name, cores in families.items()}
    account: Any = OneAccount(Quotas(dedicated, 0, names, "BatchService"))
    pool = PoolPlan("p", "ubuntu-22.04", vm_size, dedicated=5, spot=0, slots=1)
    (found,) = (one for one in examine_quota(account, pool) if one.subject == "quota")
    return found.verdict.value, found.text


@pytest.mark.parametrize(
    ("dedicated", "families", "finding"),
    [
        (100, {"fsv2": 80}, ("ok", "80 cores at most, of 80 cores of family standardFSv2Family")),
        (20, {"fsv2": 100}, ("error", "80 cores at most, of 20 dedicated cores")),
        (100, {"fsv2": 0}, ("error", "80 cores at most, of 0 cores of family standardFSv2Family")),
        (100, {"dsv2": 0}, ("ok", "80 cores at most, of 100 dedicated cores")),
        (None, {}, ("ok", "80 cores; the limits are those of the subscription")),
    ],
)
def test_the_limit_that_leaves_the_least_counts(
    dedicated: int | None, families: dict[str, int], finding: tuple[str, str]
) -> None:
    assert quota_of("standard_f16s_v2", dedicated, **families) == finding


def test_a_size_has_the_cores_that_the_region_says() -> None:
    """Its name tells of 14."""
    found = quota_of("Standard_DS14_v2", 70)
    assert found == ("error", "80 cores at most, of 70 dedicated cores")
