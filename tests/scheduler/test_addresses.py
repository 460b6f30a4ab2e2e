"""The addresses of virtual nodes."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from runfleet.scheduler.addresses import free_address


@given(st.lists(st.text(max_size=8), min_size=1, unique=True))
def test_every_node_has_a_loopback_address_of_its_own(node_ids: list[str]) -> None:
    """Addresses of networks and of everybody are left out, and so is the machine's own net."""
    taken: set[str] = set()
    for node_id in node_ids:
        address = free_address(node_id, taken)
        assert address not in taken
        taken.add(address)
        assert ip_address(address) in ip_network("127.0.0.0/8")
        assert ip_address(address) not in ip_network("127.0.0.0/16")
        assert address.rpartition(".")[2] not in {"0", "255"}


def test_an_address_that_is_taken_is_passed_over() -> None:
    """Where chance gives two nodes the same address, the later one gets another."""
    first = free_address("node", ())
    assert free_address("node", ()) == first
    assert free_address("node", {first}) != first
