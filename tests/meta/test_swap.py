"""Another implementation of the same noun: whoever uses its port does not notice."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.assembly import assemble
from blueprint.graph import ResourceGraph
from blueprint.plan import Plan
from components.foundation.network_layout import layout
from tests.conftest import graph_of, plan_of
from tests.meta.subtrees import differences
from tests.meta.variants import variant

pytestmark = pytest.mark.xdist_group("swap")

CHAT = "serving/chat"
CIDR = "10.40.0.0/16"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
GROUP = "sg-0a1b2c3d4e5f60718"


def on_bedrock(document: dict[str, Any]) -> None:
    document["serving"] = [{"kind": "bedrock", "name": "chat", "model": "anthropic.claude-sonnet-4-5-20250929-v1:0"}]


def in_a_given_vpc(document: dict[str, Any]) -> None:
    """The VPC that the managed network would have made, with its ids known."""
    ranges = layout(CIDR, len(ZONES))
    document["network"] = {
        "kind": "existing", "vpc_id": "vpc-0a1b2c3d4e5f60718", "cidr": CIDR, "endpoint_security_group_id": GROUP,
        "endpoints": endpoints(),
        "subnets": [
            {"id": f"subnet-0a1b2c3d4e5f60{tier}{place}", "zone": zone, "tier": name, "cidr": cidr}
            for tier, (name, cidrs) in enumerate(
                (("workload", ranges.workload), ("data", ranges.data), ("endpoint", ranges.endpoint)), start=71
            )
            for place, (zone, cidr) in enumerate(zip(ZONES, cidrs, strict=True))
        ],
    }  # fmt: skip


def endpoints() -> dict[str, str]:
    services = sorted(plan_of("regulated").wiring.services | {"s3"})
    return {service: f"vpce-0a1b2c3d4e5f6{place:04x}" for place, service in enumerate(services)}


@pytest.fixture(scope="module")
def bedrock(tmp_path_factory: pytest.TempPathFactory) -> ResourceGraph:
    return assemble(variant(tmp_path_factory.mktemp("bedrock"), "regulated", on_bedrock), project="ai-platform")


@pytest.fixture(scope="module")
def existing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, ResourceGraph]:
    plan = variant(tmp_path_factory.mktemp("existing"), "regulated", in_a_given_vpc)
    return plan, assemble(plan, project="ai-platform")


def test_the_gateway_does_not_notice_that_vllm_becomes_bedrock(bedrock: ResourceGraph) -> None:
    assert not differences(graph_of("regulated"), bedrock, "gateway", CHAT)


def test_only_who_reads_the_served_models_own_wants_changes_when_vllm_becomes_bedrock(bedrock: ResourceGraph) -> None:
    """Its identity, secret and namespace go, an endpoint comes; the weights and the collector admit one consumer less."""
    before = graph_of("regulated")
    nouns = set(plan_of("regulated").specs) - {CHAT}
    assert {noun for noun in nouns if differences(before, bedrock, noun, CHAT)} == {
        "identity", "secrets", "cluster", "network", "models/qwen3-32b", "observability",
    }  # fmt: skip


def test_the_swap_is_real(bedrock: ResourceGraph) -> None:
    before, after = (
        {each.type for each in graph.component(CHAT).values()} for graph in (graph_of("regulated"), bedrock)
    )
    assert {"blueprint:serving:Vllm", "kubernetes:apps/v1:Deployment"} <= before - after
    assert {"blueprint:serving:Bedrock", "aws:bedrock/guardrail:Guardrail"} <= after - before


def test_nobody_notices_that_the_managed_network_becomes_an_existing_one(existing: tuple[Plan, ResourceGraph]) -> None:
    plan, after = existing
    told = {*endpoints().values(), GROUP}
    others = [noun for noun in plan.specs if noun != "network"]
    assert others == [noun for noun in plan_of("regulated").specs if noun != "network"]
    found = {noun: differences(graph_of("regulated"), after, noun, "network", told) for noun in others}
    assert not {noun: lines for noun, lines in found.items() if lines}
    assert all(each.external for each in after.of("aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"))


def test_without_the_mask_the_network_swap_shows(existing: tuple[Plan, ResourceGraph]) -> None:
    """The comparison can fail: the same subtrees differ as soon as the ports are read."""
    _, after = existing
    before = graph_of("regulated")
    unmasked = {
        noun for noun in plan_of("regulated").specs if differences(before, after, noun, noun) and noun != "network"
    }
    assert {"cluster", "ingress", "gateway"} <= unmasked
