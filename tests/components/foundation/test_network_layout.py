from __future__ import annotations

from ipaddress import IPv4Network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.foundation.network_layout import LARGEST, MAX_ZONES, MIN_ZONES, SMALLEST, Tier, layout

PREFIXES = st.integers(LARGEST, SMALLEST)
ZONES = st.integers(MIN_ZONES, MAX_ZONES)


def vpc_of(prefix: int, block: int) -> IPv4Network:
    size: int = 2 ** (32 - prefix)
    return IPv4Network((int(IPv4Network("10.0.0.0/8").network_address) + (block % 2 ** (prefix - 8)) * size, prefix))


def every(vpc: IPv4Network, zones: int) -> list[IPv4Network]:
    made = layout(str(vpc), zones)
    return [IPv4Network(cidr) for tier in Tier for cidr in made.of(tier)]


@given(PREFIXES, st.integers(0, 4095), ZONES)
def test_no_two_subnets_overlap(prefix: int, block: int, zones: int) -> None:
    subnets = sorted(every(vpc_of(prefix, block), zones))
    assert all(not one.overlaps(other) for one, other in pairwise(subnets))


@given(PREFIXES, st.integers(0, 4095), ZONES)
def test_every_subnet_lies_inside_the_vpc(prefix: int, block: int, zones: int) -> None:
    vpc = vpc_of(prefix, block)
    assert all(subnet.subnet_of(vpc) for subnet in every(vpc, zones))


@given(PREFIXES, ZONES)
def test_every_tier_has_a_subnet_in_every_zone_that_aws_accepts(prefix: int, zones: int) -> None:
    made = layout(str(vpc_of(prefix, 0)), zones)
    assert {len(made.of(tier)) for tier in Tier} == {zones}
    assert all(16 <= IPv4Network(cidr).prefixlen <= 28 for tier in Tier for cidr in made.of(tier))


@given(PREFIXES, st.integers(MIN_ZONES, 3))
def test_a_zone_can_be_added_without_renumbering(prefix: int, zones: int) -> None:
    vpc = str(vpc_of(prefix, 0))
    before, after = layout(vpc, zones), layout(vpc, zones + 1)
    assert all(after.of(tier)[:zones] == before.of(tier) for tier in Tier)


def test_workloads_get_half_of_the_addresses() -> None:
    made = layout("10.40.0.0/16", 3)
    assert made.workload == ("10.40.0.0/19", "10.40.32.0/19", "10.40.64.0/19")
    assert made.data == ("10.40.128.0/20", "10.40.144.0/20", "10.40.160.0/20")
    assert made.endpoint == ("10.40.192.0/21", "10.40.200.0/21", "10.40.208.0/21")
    assert made.public == ("10.40.224.0/22", "10.40.228.0/22", "10.40.232.0/22")
    assert made.firewall == ("10.40.240.0/22", "10.40.244.0/22", "10.40.248.0/22")


@pytest.mark.parametrize("cidr", ["10.0.0.0/8", "10.40.0.0/15", "10.40.0.0/21", "10.40.0.0/28"])
def test_a_range_that_is_too_large_or_too_small_is_refused_with_the_bounds(cidr: str) -> None:
    with pytest.raises(ValueError, match=f"a VPC of /{cidr.partition('/')[2]} cannot hold .* use /16 to /20"):
        layout(cidr, 3)


@pytest.mark.parametrize("zones", [0, 1, 7])
def test_too_few_or_too_many_zones_are_refused(zones: int) -> None:
    with pytest.raises(ValueError, match="between 2 and 6 can be served"):
        layout("10.40.0.0/16", zones)
