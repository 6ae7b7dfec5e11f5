from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.errors import NotFound
from blueprint.planner.instances import instance, instances, offers_of
from blueprint.planner.prices import HOURS, _regional, price, priced_regions, prices_read
from blueprint.planner.regions import REGIONS
from blueprint.types import Partition

ROOT = Path(__file__).parents[3]


def test_prices_are_those_of_the_source() -> None:
    for name, region, usd, read in (
        ("p5.48xlarge", "us-east-1", 55.04, "2026-07-20"),
        ("p5.48xlarge", "us-gov-west-1", 66.048, "2026-07-20"),
        ("p6-b300.48xlarge", "us-gov-east-1", 170.9, "2026-07-20"),
        ("g5.xlarge", "ap-east-1", 1.5488, "2026-07-13 or before"),
    ):
        found = price(name, region)
        assert found is not None
        assert (found.usd_per_hour, found.lowest, found.region, found.caveat) == (usd, usd, region, "")
        assert (found.purchase, found.read) == ("on-demand", read)


def test_both_sources_agree_where_they_meet() -> None:
    both = [
        (name, whole.usd_per_hour, _regional().prices[name]["us-east-1"].on_demand)
        for name in instances()
        if (whole := price(name, "us-east-1")) is not None and "us-east-1" in _regional().prices.get(name, {})
    ]
    assert len(both) > 35
    assert [name for name, one, other in both if other is not None and abs(one - other) > 0.01] == []


def test_a_spot_price_is_a_range_and_says_what_it_is_worth() -> None:
    found = price("g6e.12xlarge", "eu-central-1", "spot")
    assert found is not None
    assert (found.lowest, found.usd_per_hour, found.region) == (1.8875, 4.9086, "eu-central-1")
    assert "nodes can be taken back" in found.caveat
    for name in instances():
        spot = price(name, "us-west-2", "spot")
        assert spot is None or 0 < spot.lowest <= spot.usd_per_hour


def test_a_type_that_is_not_sold_on_demand_has_no_price() -> None:
    assert price("p5e.48xlarge", "us-east-1") is None
    assert price("g6e.xlarge", "us-gov-west-1") is None
    assert price("g6e.xlarge", "us-gov-west-1", "spot") is None


@pytest.mark.parametrize("region", sorted(name for name in REGIONS if REGIONS[name].partition is not Partition.AWS))
def test_nothing_stands_in_for_a_price_of_another_partition(region: str) -> None:
    told = [price(name, region) for name in instances()]
    assert all(each is None or (each.region, each.caveat) == (region, "") for each in told)
    assert any(each is not None for each in told) is region.startswith("us-gov-")


def test_the_docs_count_the_regions_that_have_prices() -> None:
    whole, spot = priced_regions()
    page = " ".join((ROOT / "docs" / "explanation" / "capacity.md").read_text().split())
    assert f"on-demand of {len(whole)} regions" in page
    assert f"spot of {len(spot)}" in page
    assert f"a month has {HOURS} hours" in page
    assert f"Offers were read for {len(offers_of())} of {len(REGIONS)} regions" in page


def test_what_stands_in_is_named() -> None:
    found = price("g7e.2xlarge", "eu-central-1", "reserved")
    assert found is not None
    assert (found.region, found.purchase) == ("us-east-1", "on-demand")
    assert (
        found.caveat
        == "no source has its reserved price; this is on-demand; price of us-east-1; none was read for eu-central-1"
    )


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(NotFound):
        price("g6e.huge", "us-east-1")


def test_memory_of_the_host_stands_beside_what_pods_can_ask_for() -> None:
    assert instance("g6e.12xlarge").ram_gib == 384
    assert instance("p5.48xlarge").ram_gib == 2048
    assert instance("g4dn.xlarge").ram_gib is None


def test_the_table_carries_its_date_and_sources() -> None:
    assert [read for read, _ in prices_read()] == ["2026-07-20", "2026-07-13 or before"]
    assert all("https://" in source for _, source in prices_read())
