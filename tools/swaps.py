"""Other implementations for places of the regulated stack, so that every kind of every slot stands in some document."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

import yaml
from pydantic import JsonValue

from blueprint.config import find, load
from blueprint.document import ENVELOPE
from blueprint.plan import Plan, make_plan
from components.foundation.network_layout import layout

ROOT = Path(__file__).parent.parent
STACK = "regulated"
CIDR = "10.40.0.0/16"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
DAY = dt.date(2026, 11, 20)
"""A fixed day, so that the page does not change with the calendar."""
GROUP = "sg-0a1b2c3d4e5f60718"

Document: TypeAlias = Mapping[str, JsonValue]


@cache
def swaps() -> Mapping[str, Mapping[str, Document]]:
    """Slot -> kind -> what the document of regulated says instead."""
    written: dict[str, dict[str, Document]] = yaml.safe_load(Path(__file__).with_name("swaps.yaml").read_text("utf-8"))
    return {"network": {"existing": {"network": given_vpc()}}, **written}


def planned(changes: Document) -> Plan:
    """Regulated with some keys of its document replaced."""
    whole: dict[str, JsonValue] = yaml.safe_load(find(STACK, ROOT).read_text(encoding="utf-8"))
    inner: JsonValue = whole
    for key in ENVELOPE:
        assert isinstance(inner, dict)
        inner = inner[key]
    assert isinstance(inner, dict)
    inner.update(changes)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"Pulumi.{STACK}.yaml"
        file.write_text(yaml.safe_dump(whole), encoding="utf-8")
        return make_plan(load(file, STACK), ROOT, as_of=DAY)


def given_vpc() -> JsonValue:
    """The VPC that the managed network would have made, with its ids known."""
    ranges = layout(CIDR, len(ZONES))
    return {
        "kind": "existing", "vpc_id": "vpc-0a1b2c3d4e5f60718", "cidr": CIDR, "endpoint_security_group_id": GROUP,
        "endpoints": dict(endpoints()),
        "subnets": [
            {"id": f"subnet-0a1b2c3d4e5f60{tier}{place}", "zone": zone, "tier": name, "cidr": cidr}
            for tier, (name, cidrs) in enumerate(
                (("workload", ranges.workload), ("data", ranges.data), ("endpoint", ranges.endpoint)), start=71
            )
            for place, (zone, cidr) in enumerate(zip(ZONES, cidrs, strict=True))
        ],
    }  # fmt: skip


@cache
def endpoints() -> Mapping[str, str]:
    """An id for the endpoint of every service that regulated calls."""
    services = sorted(planned({}).wiring.services | {"s3"})
    return {service: f"vpce-0a1b2c3d4e5f6{place:04x}" for place, service in enumerate(services)}
