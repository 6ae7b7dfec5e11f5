from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from blueprint.planner.instances import instances
from components.compute.cluster_spec import HardenedImage
from components.compute.gpu_pool import GpuPool
from components.compute.gpu_pool_spec import GpuPoolSpec
from tests.components import builders
from tests.components.builders import names, types
from tests.components.compute.conftest import eks
from tests.components.manifests import check, every, only

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph
    from blueprint.ports import CapacityPort

GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
DAEMON = "kubernetes:apps/v1:DaemonSet"
RESERVED, BLOCK = "cr-0123456789abcdef0", "cr-0123456789abcdef1"


def pool(spec: GpuPoolSpec, hardened: HardenedImage | None = None) -> tuple[ResourceGraph, CapacityPort]:
    noun = f"gpu_pools/{spec.name}"
    context = builders.platform({noun: spec.needs()})
    ports: list[CapacityPort] = []

    def program() -> None:
        made = GpuPool(
            noun, spec, platform=context, network=builders.network(), keys=builders.keys(), audit=builders.audit(),
            cluster=eks(context, {"gpu": hardened} if hardened else {}),
        )  # fmt: skip
        ports.append(made.port)  # type: ignore[arg-type]  # a pool offers capacity

    return builders.graph(program), ports[0]


def test_what_a_pool_offers_follows_from_its_instance() -> None:
    found, port = pool(GpuPoolSpec(name="l40s", instance="g6e.12xlarge"))
    assert (port.accelerators, port.accelerator_resource, port.efa_interfaces) == (4, "nvidia.com/gpu", 0)
    assert port.node_labels == {"blueprint/pool": "l40s", "blueprint/accelerator": "l40s"}
    group = only(found, GROUP).inputs
    assert group["amiType"] == "BOTTLEROCKET_x86_64_NVIDIA_FIPS"
    assert group["taints"] == [{"effect": "NO_SCHEDULE", "key": "nvidia.com/gpu", "value": "true"}]
    assert len(group["subnetIds"]) == 3
    assert "ephemeral-storage" in base64.b64decode(only(found, TEMPLATE).inputs["userData"]).decode()


def test_bottlerocket_announces_its_gpus_itself_and_a_pool_of_single_nodes_has_no_placement_group() -> None:
    found, _ = pool(GpuPoolSpec(name="l40s", instance="g6e.12xlarge"))
    assert not types(found) & {DAEMON, "aws:ec2/placementGroup:PlacementGroup"}


def test_capacity_is_bought_in_the_order_of_the_list() -> None:
    spec = GpuPoolSpec(
        name="h100", instance="p5.48xlarge", capacity=("reserved", "on_demand", "spot", "capacity_block"),
        reservation=RESERVED, capacity_block=BLOCK, min_nodes=1, max_nodes=4,
    )  # fmt: skip
    found, _ = pool(spec)
    groups = {each.inputs["nodeGroupName"]: each.inputs for each in every(found, GROUP)}
    assert {name: each["capacityType"] for name, each in groups.items()} == {
        "claims-prod-h100-p0-reserved": "ON_DEMAND", "claims-prod-h100-p1-on-demand": "ON_DEMAND",
        "claims-prod-h100-p2-spot": "SPOT", "claims-prod-h100-p3-capacity-block": "CAPACITY_BLOCK",
    }  # fmt: skip
    assert [each["scalingConfig"]["minSize"] for _, each in sorted(groups.items())] == [1, 0, 0, 0]
    reserved = only(found, TEMPLATE, "gpu-pools-h100-reserved").inputs
    assert (
        reserved["capacityReservationSpecification"]["capacityReservationTarget"]["capacityReservationId"] == RESERVED
    )
    block = only(found, TEMPLATE, "gpu-pools-h100-capacity-block").inputs
    assert block["instanceMarketOptions"] == {"marketType": "capacity-block"}
    assert block["instanceType"] == "p5.48xlarge"
    assert "instanceTypes" not in groups["claims-prod-h100-p3-capacity-block"]


def test_a_model_over_several_nodes_is_joined_by_every_efa_interface_in_one_zone() -> None:
    found, port = pool(GpuPoolSpec(name="h200", instance="p5en.48xlarge", multi_node=True))
    cards = only(found, TEMPLATE).inputs["networkInterfaces"]
    assert port.efa_interfaces == len(cards) == 16
    assert [card["interfaceType"] for card in cards] == ["efa", *["efa-only"] * 15]
    assert all("associatePublicIpAddress" not in card for card in cards)
    assert len(only(found, GROUP).inputs["subnetIds"]) == 1
    assert only(found, "aws:ec2/placementGroup:PlacementGroup").inputs["strategy"] == "cluster"
    assert names(found, DAEMON) == ["gpu-pools-h200-efa-device-plugin"]


def test_an_image_without_a_device_plugin_gets_one() -> None:
    image = HardenedImage(id="ami-0123456789abcdef0", baseline="stig")
    found, _ = pool(GpuPoolSpec(name="l40s", instance="g6e.12xlarge"), image)
    daemon = only(found, DAEMON).inputs
    assert daemon["metadata"]["namespace"] == "kube-system"
    container = daemon["spec"]["template"]["spec"]["containers"][0]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["image"].startswith(
        "111122223333.dkr.ecr.us-east-1.amazonaws.com/claims-prod/nvidia/k8s-device-plugin:"
    )
    assert check(found) == ["gpu-pools-l40s-nvidia-device-plugin", "gpu-pools-l40s-nvidia-device-plugin-account"]


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        ("g6e.13xlarge", "did you mean g6e.16xlarge"),
        ("inf2.xlarge", "holds inferentia2; this kind of pool is for NVIDIA GPUs"),
        ("g6f.xlarge", "holds a fraction of one l4"),
    ],
)
def test_an_instance_that_cannot_be_used_is_refused_with_the_reason(instance: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        GpuPoolSpec(name="pool", instance=instance)


def test_an_image_that_announces_its_gpus_gets_no_daemon() -> None:
    image = HardenedImage(id="ami-0123456789abcdef0", baseline="stig", device_plugin=True)
    found, _ = pool(GpuPoolSpec(name="l40s", instance="g6e.12xlarge"), image)
    assert DAEMON not in types(found)
    told = only(found, TEMPLATE).inputs
    text = base64.b64decode(told["userData"]).decode()
    assert "apiVersion: node.eks.aws/v1alpha1" in text
    assert "strategy: RAID0" in text
    assert "server 169.254.169.123 prefer" in text


def test_every_contradiction_of_a_pool_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        GpuPoolSpec(
            name="pool", instance="g6e.xlarge", capacity=("reserved", "spot", "spot"), capacity_block=BLOCK, min_nodes=3,
            multi_node=True,
        )  # fmt: skip
    text = str(caught.value)
    for part in (
        "capacity names reserved and reservation is missing", "capacity_block is given and capacity does not name",
        "capacity names a kind twice", "min_nodes is 3, more than max_nodes 1", "multi_node needs EFA",
    ):  # fmt: skip
        assert part in text


@given(st.sampled_from(sorted(instances())))
def test_a_pool_takes_exactly_the_types_with_whole_nvidia_gpus(name: str) -> None:
    known = instances()[name]
    usable = known.vendor == "nvidia" and known.accelerators > 0
    try:
        GpuPoolSpec(name="pool", instance=name)
    except ValidationError:
        assert not usable
    else:
        assert usable
