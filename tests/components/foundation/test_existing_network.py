from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.foundation.existing_network import ExistingNetwork
from components.foundation.existing_network_spec import ExistingNetworkSpec
from tests.components.builders import graph, platform

TIERS = ("workload", "data", "endpoint")
SUBNETS = [
    {"id": f"subnet-{number:017x}", "zone": f"us-east-1{zone}", "tier": tier, "cidr": f"10.0.{number}.0/24"}
    for number, (tier, zone) in enumerate((tier, zone) for tier in TIERS for zone in "abc")
]
DOCUMENT: dict[str, Any] = {
    "kind": "existing",
    "vpc_id": "vpc-0123456789abcdef0",
    "cidr": "10.0.0.0/16",
    "subnets": SUBNETS,
    "endpoint_security_group_id": "sg-0123456789abcdef0",
    "endpoints": {"s3": "vpce-0123456789abcdef0"},
}


def with_subnet(number: int, **changed: str) -> dict[str, Any]:
    subnets = [{**each, **(changed if index == number else {})} for index, each in enumerate(SUBNETS)]
    return {**DOCUMENT, "subnets": subnets}


def test_nothing_is_made_everything_is_registered_as_it_is() -> None:
    found = graph(used)
    registered = [each for each in found.resources if each.custom]
    assert all(each.external for each in registered)
    assert len(found.of("aws:ec2/subnet:Subnet")) == 9
    assert [each.id for each in found.of("aws:ec2/vpc:Vpc")] == ["vpc-0123456789abcdef0"]
    assert (
        found.of("aws:ec2/routeTable:RouteTable", "aws:ec2/route:Route", "aws:ec2/internetGateway:InternetGateway")
        == ()
    )


def used() -> None:
    spec = ExistingNetworkSpec.model_validate(DOCUMENT)
    made = ExistingNetwork("network", spec, platform=platform())
    port: Any = made.port
    assert port.vpc_cidr == "10.0.0.0/16"
    assert len(port.workload_subnet_ids) == 3
    assert port.endpoint_subnet_cidrs == ("10.0.6.0/24", "10.0.7.0/24", "10.0.8.0/24")


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({**DOCUMENT, "vpc_id": "vpc-xyz"}, "vpc_id"),
        (with_subnet(0, id="subnet-1"), r"subnets\.0\.id"),
        (
            with_subnet(0, zone="us-east-1b"),
            r"workload subnets span 2 zones \(us-east-1b, us-east-1c\) and 3 are asked for",
        ),
        ({**DOCUMENT, "subnets": SUBNETS[:6]}, r"endpoint subnets span 0 zones \(none\)"),
        (with_subnet(4, cidr="10.9.0.0/24"), "10.9.0.0/24 is not inside the VPC's 10.0.0.0/16"),
        (with_subnet(4, cidr="10.0.0.0/25"), "overlap"),
        (with_subnet(1, id=str(SUBNETS[0]["id"])), "is listed 2 times"),
        ({**DOCUMENT, "zones": 1}, "greater than or equal to 2"),
    ],
)
def test_a_network_that_cannot_serve_is_refused(document: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        ExistingNetworkSpec.model_validate(document)


def test_every_problem_is_told_at_once() -> None:
    document = with_subnet(4, cidr="10.9.0.0/24")
    document["subnets"][0]["zone"] = "us-east-1b"
    with pytest.raises(ValidationError) as refused:
        ExistingNetworkSpec.model_validate(document)
    assert "span 2 zones" in str(refused.value)
    assert "is not inside the VPC" in str(refused.value)
