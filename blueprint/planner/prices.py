"""What an instance type costs an hour, as far as a dated source says so."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import yaml

from blueprint.planner.instances import instance
from blueprint.types import Frozen

Purchase = Literal["on-demand", "spot", "reserved"]
HOURS = 730
"""Of a month."""
STAND_IN = "us-east-1"
"""Region whose price stands in for one that the table does not have, and is named as such."""


class Price(NamedTuple):
    """USD an hour, the region it was read for, and what is not known about it."""

    usd_per_hour: float
    region: str
    caveat: str


class _Table(Frozen):
    read: str
    sources: tuple[str, ...]
    capacity: Literal["on-demand"]
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


@cache
def _table() -> _Table:
    text = files(__package__).joinpath("prices.yaml").read_text(encoding="utf-8")
    return _Table.model_validate(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506  safe


@cache
def _prices() -> Mapping[str, Mapping[str, float]]:
    regions = _table().columns[1:]
    return {
        str(name): {region: float(value) for region, value in zip(regions, values, strict=True) if value is not None}
        for name, *values in _table().rows
    }


def price(name: str, region: str, purchase: Purchase = "on-demand") -> Price | None:
    """Price of an instance type; None where no source has one, not even for another region. Raises NotFound."""
    known = _prices().get(instance(name).name, {})
    caveats = [] if purchase == "on-demand" else [f"no source has {purchase} prices; this is on-demand"]
    if region in known:
        return Price(known[region], region, "; ".join(caveats))
    if STAND_IN not in known or region.startswith("us-gov-"):
        return None
    caveats.append(f"price of {STAND_IN}; none was read for {region}")
    return Price(known[STAND_IN], STAND_IN, "; ".join(caveats))


def prices_read() -> tuple[str, tuple[str, ...]]:
    """Date of the table, and its sources."""
    return _table().read, _table().sources
