"""How many cores a size of virtual machine has, and how the service spells it."""

import pytest

from runfleet.batch.vm_sizes import (
    common_sizes,
    core_count,
    has_usual_form,
    is_known,
    meant_size,
    service_spelling,
)


@pytest.mark.parametrize(
    ("vm_size", "cores"),
    [
        ("standard_a1_v2", 1),
        ("STANDARD_D1_V2", 1),
        ("standard_d2_v2", 2),
        ("standard_d3_v2", 4),
        ("standard_d4_v2", 8),
        ("standard_d5_v2", 16),
        ("standard_d2_v3", 2),
        ("Standard_D64s_v5", 64),
        ("standard_f2s_v2", 2),
        ("standard_f72s_v2", 72),
        ("standard_hb120rs_v3", 120),
        ("standard_nc4as_t4_v3", 4),
        ("basic_a2", 2),
        ("something", 1),
        ("", 1),
    ],
)
def test_a_size_tells_its_cores_by_its_name(vm_size, cores):
    assert core_count(vm_size) == cores


@pytest.mark.parametrize(
    "spelling",
    [
        "Standard_D1_v2",
        "Standard_D2s_v3",
        "Standard_F72s_v2",
        "Standard_HB120rs_v3",
        "Standard_NC4as_T4_v3",
        "Standard_NC24ads_A100_v4",
        "Standard_HC44rs",
        "Basic_A2",
        "Something",
        "",
    ],
)
def test_the_service_spells_a_size_with_capitals(spelling):
    assert service_spelling(spelling.lower()) == service_spelling(spelling.upper()) == spelling


def test_the_names_of_common_sizes_tell_their_cores():
    """So that a pool gets as many slots as the list shows cores."""
    for size in common_sizes():
        assert core_count(size.name) == size.cores, size.name
        assert is_known(service_spelling(size.name))
    assert not is_known("standard_q9")


@pytest.mark.parametrize("slip", ["standard_f2sv2", "f2s_v2", "Standard-F2s-v2", "F2s v2"])
def test_slips_of_the_pen_are_told_from_other_sizes(slip):
    """Of which there are many more than the common ones."""
    assert meant_size(slip) == "standard_f2s_v2"
    assert meant_size("standard_f2s_v2") is meant_size("standard_d4s_v4") is None


def test_all_sizes_have_one_form():
    rare = ("Standard_M208ms_v2", "Standard_NC24ads_A100_v4", "Standard_E4-2ds_v5", "Basic_A2")
    assert all(has_usual_form(name) for name in (*rare, *(size.name for size in common_sizes())))
    assert not any(has_usual_form(name) for name in ("large", "t3.micro", "standard_", "f2"))
