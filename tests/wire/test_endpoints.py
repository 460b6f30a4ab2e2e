"""Ports that the service would not open are refused."""

import pytest

from runfleet.wire.endpoints import check_endpoints
from runfleet.wire.errors import WireError

RULE = {"priority": 150, "access": "allow", "sourceAddressPrefix": "*"}


def endpoint(number=0, **changes):
    start = 1000 + 100 * number
    return {
        "name": f"web-{number}",
        "protocol": "tcp",
        "backendPort": 8000 + number,
        "frontendPortRangeStart": start,
        "frontendPortRangeEnd": start + 39,
        **changes,
    }


def refused(*endpoints):
    """The member that is to blame."""
    with pytest.raises(WireError) as error:
        check_endpoints(endpoints)
    assert error.value.code == "InvalidPropertyValue"
    return error.value.details["PropertyName"]


def test_what_is_within_the_limits_is_taken():
    check_endpoints([])
    check_endpoints([endpoint(n, networkSecurityGroupRules=[RULE] * 5) for n in range(5)])
    check_endpoints([endpoint(frontendPortRangeStart=55001, frontendPortRangeEnd=65534)])
    check_endpoints([endpoint(name="a" * 77)])


@pytest.mark.parametrize(
    ("changes", "blamed"),
    [
        ({"name": "-web"}, "name"),
        ({"name": "a" * 78}, "name"),
        ({"backendPort": 29876}, "backendPort"),
        ({"backendPort": 0}, "backendPort"),
        ({"backendPort": 65536}, "backendPort"),
        ({"frontendPortRangeStart": 0}, "frontendPortRangeStart"),
        ({"frontendPortRangeEnd": 65535}, "frontendPortRangeEnd"),
        ({"frontendPortRangeEnd": 1038}, "frontendPortRangeEnd"),
        ({"frontendPortRangeEnd": 50000}, "frontendPortRangeStart"),
        ({"networkSecurityGroupRules": [{**RULE, "priority": 149}]}, "priority"),
        ({"networkSecurityGroupRules": [RULE] * 26}, "networkSecurityGroupRules"),
    ],
)
def test_an_endpoint_outside_the_limits(changes, blamed):
    assert refused(endpoint(**changes)) == blamed


@pytest.mark.parametrize(
    ("changes", "blamed"),
    [
        ({"name": "WEB-0"}, "name"),
        ({"backendPort": 8000}, "backendPort"),
        ({"frontendPortRangeStart": 1039}, "frontendPortRangeStart"),
    ],
)
def test_endpoints_in_each_others_way(changes, blamed):
    assert refused(endpoint(), endpoint(1, **changes)) == blamed


def test_too_many_endpoints():
    assert refused(*map(endpoint, range(6))) == "inboundNATPools"
