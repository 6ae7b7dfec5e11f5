from __future__ import annotations

import pytest

from blueprint.errors import NotFound
from blueprint.planner.instances import instance
from blueprint.planner.prices import price, prices_read


def test_prices_are_those_of_the_source() -> None:
    assert price("p5.48xlarge", "us-east-1") == (55.04, "us-east-1", "")
    assert price("p5.48xlarge", "us-gov-west-1") == (66.048, "us-gov-west-1", "")
    assert price("p6-b300.48xlarge", "us-gov-east-1") == (170.9, "us-gov-east-1", "")


def test_a_type_that_is_not_sold_on_demand_has_no_price() -> None:
    assert price("p5e.48xlarge", "us-east-1") is None
    assert price("g6e.xlarge", "us-gov-west-1") is None


def test_what_stands_in_is_named() -> None:
    found = price("g6e.xlarge", "eu-central-1", "reserved")
    assert found is not None
    assert (found.usd_per_hour, found.region) == (1.861, "us-east-1")
    assert (
        found.caveat
        == "no source has reserved prices; this is on-demand; price of us-east-1; none was read for eu-central-1"
    )


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(NotFound):
        price("g6e.huge", "us-east-1")


def test_memory_of_the_host_stands_beside_what_pods_can_ask_for() -> None:
    assert instance("g6e.12xlarge").ram_gib == 384
    assert instance("p5.48xlarge").ram_gib == 2048
    assert instance("g4dn.xlarge").ram_gib is None


def test_the_table_carries_its_date_and_sources() -> None:
    assert prices_read()[0] == "2026-07-20"
    assert prices_read()[1]
