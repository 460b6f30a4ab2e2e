"""Errors as clients read them."""

import pytest

from runfleet.wire.errors import invalid_property


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (None, "null"),
        (3, "3"),
        ("two words", "two words"),
        (["a", False], '["a", false]'),
        (10**30, "1" + 30 * "0"),
        ("x" * 1000, "x" * 200),
    ],
)
def test_the_value_of_a_property_is_shown_as_its_client_wrote_it(value, shown):
    assert invalid_property("name", value, "reason").details["PropertyValue"] == shown
