"""What an instance type costs an hour, as far as a dated source says so."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

from blueprint.planner.instances import instance
from blueprint.planner.regions import REGIONS
from blueprint.planner.tables import table
from blueprint.types import Frozen, Partition

Purchase = Literal["on-demand", "spot", "reserved"]
HOURS = 730
"""Of a month."""
STAND_IN = "us-east-1"
"""Region whose price stands in for one of its partition that no table has, and is named as such.

China and GovCloud sell under accounts, and China in a currency, of their own: nothing stands in there.
"""


class Price(NamedTuple):
    """USD an hour, the region it was read for, and what is not known about it."""

    usd_per_hour: float
    """The highest, where the source has more than one."""
    lowest: float
    region: str
    caveat: str
    purchase: Purchase
    """What it is a price of, whatever was asked for."""
    read: str
    source: str


class _Regional(NamedTuple):
    """USD an hour in one region; spot prices are the lowest and the highest over its zones."""

    on_demand: float | None
    spot_low: float | None
    spot_high: float | None
    zones: int


class _Table(Frozen):
    read: str
    sources: tuple[str, ...]
    capacity: Literal["on-demand"]
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


class _RegionalTable(Frozen):
    read: str
    sources: tuple[str, ...]
    prices: Mapping[str, Mapping[str, _Regional]]


@cache
def _table() -> _Table:
    return _Table.model_validate(table("prices"))


@cache
def _regional() -> _RegionalTable:
    return _RegionalTable.model_validate(table("regional_prices"))


@cache
def _prices() -> Mapping[str, Mapping[str, float]]:
    regions = _table().columns[1:]
    return {
        str(name): {region: float(value) for region, value in zip(regions, values, strict=True) if value is not None}
        for name, *values in _table().rows
    }


def price(name: str, region: str, purchase: Purchase = "on-demand") -> Price | None:
    """Price of an instance type; None where no source has one, not even for another region. Raises NotFound."""
    machine = instance(name).name
    if purchase == "spot" and (found := spot_price(machine, region)) is not None:
        return found
    caveats = [] if purchase == "on-demand" else [f"no source has its {purchase} price; this is on-demand"]
    here = _on_demand(machine, region)
    if here is None and REGIONS[region].partition is Partition.AWS:
        here = _on_demand(machine, STAND_IN)
        caveats.append(f"price of {STAND_IN}; none was read for {region}")
        region = STAND_IN
    if here is None:
        return None
    return Price(
        here,
        here,
        region,
        "; ".join(caveats),
        "on-demand",
        *_from(_table() if region in _table().columns else _regional()),
    )


def _from(answering: _Table | _RegionalTable) -> tuple[str, str]:
    return answering.read, answering.sources[0]


def _on_demand(machine: str, region: str) -> float | None:
    own = _prices().get(machine, {})
    if region in own or region in _table().columns:
        return own.get(region)
    regional = _regional().prices.get(machine, {}).get(region)
    return None if regional is None else regional.on_demand


def priced_regions() -> tuple[frozenset[str], frozenset[str]]:
    """Regions with an on-demand price of anything, and with a spot price."""
    regional = [pair for each in _regional().prices.values() for pair in each.items()]
    whole = {region for region, found in regional if found.on_demand is not None}
    return frozenset({*whole, *_table().columns[1:]}), frozenset(
        region for region, found in regional if found.spot_low is not None
    )


def spot_price(name: str, region: str) -> Price | None:
    """Range over the zones of a region; None where no source has one. Raises NotFound."""
    found = _regional().prices.get(instance(name).name, {}).get(region)
    if found is None or found.spot_low is None or found.spot_high is None:
        return None
    caveat = f"spot price of one moment, {'one zone' if found.zones == 1 else 'the lowest and the highest zone'}; it moves, and nodes can be taken back"
    return Price(found.spot_high, found.spot_low, region, caveat, "spot", *_from(_regional()))


def prices_read() -> tuple[tuple[str, str], ...]:
    """Date and source of each table."""
    return tuple((each.read, source) for each in (_table(), _regional()) for source in each.sources)
