"""How every node of the platform starts, whatever pool it belongs to."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi_aws as aws

from blueprint.types import KeyPurpose
from components.compute.node_image import user_data

if TYPE_CHECKING:
    import pulumi

    from blueprint.component import Component
    from blueprint.ports import KeysPort
    from components.compute.eks_port import EksPort
    from components.compute.node_image import NodeImage

_DEVICES = {"bottlerocket": ("/dev/xvda", "/dev/xvdb"), "al2023": ("/dev/xvda",)}
"""Devices of an image's disks; the last one holds containers and takes the size that was asked for."""
_BOTTLEROCKET_SYSTEM_GIB = 8


@dataclass(frozen=True)
class Purchase:
    """How capacity is bought, as a launch template says it."""

    market_type: str | None = None
    instance: str | None = None
    reservation: str | None = None
    placement_group: pulumi.Input[str] | None = None


def node_template(
    component: Component,
    part: str,
    *,
    image: NodeImage,
    cluster: EksPort,
    keys: KeysPort,
    disk_gib: int,
    local_disks: bool = False,
    efa: int = 0,
    purchase: Purchase | None = None,
) -> aws.ec2.LaunchTemplate:
    """A launch template: tokens for instance metadata and only on the node, encrypted disks, no SSH key, no public address."""
    bought = purchase or Purchase()
    tags = {**component.tags(), "hardening": image.baseline, "fips": image.fips}
    names = ("instance", "volume", "network-interface")
    return aws.ec2.LaunchTemplate(
        component.named(part), name=f"{component.platform.label}-{component.named(part)}",
        description=f"Nodes of {component.noun}", update_default_version=True, image_id=image.id,
        instance_type=bought.instance, user_data=user_data(image, cluster, local_disks=local_disks).apply(_encoded),
        metadata_options={
            "http_endpoint": "enabled", "http_tokens": "required", "http_put_response_hop_limit": 1,
            "instance_metadata_tags": "disabled",
        },
        monitoring={"enabled": True},
        block_device_mappings=[_disk(image, device, disk_gib, keys) for device in _DEVICES[image.family]],
        network_interfaces=_interfaces(cluster, efa),
        placement={"group_name": bought.placement_group} if bought.placement_group is not None else None,
        instance_market_options={"market_type": bought.market_type} if bought.market_type else None,
        capacity_reservation_specification={
            "capacity_reservation_target": {"capacity_reservation_id": bought.reservation}
        } if bought.reservation else None,
        tag_specifications=[{"resource_type": name, "tags": tags} for name in names], tags=tags, opts=component.inside,
    )  # fmt: skip


def _disk(image: NodeImage, device: str, disk_gib: int, keys: KeysPort) -> aws.ec2.LaunchTemplateBlockDeviceMappingArgs:
    holds_containers = device == _DEVICES[image.family][-1]
    return aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=device,
        ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            encrypted="true", kms_key_id=keys.arns[KeyPurpose.DISKS], volume_type="gp3",
            volume_size=disk_gib if holds_containers else _BOTTLEROCKET_SYSTEM_GIB, delete_on_termination="true",
        ),
    )  # fmt: skip


def _interfaces(cluster: EksPort, efa: int) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgs]:
    """One ordinary interface, or one EFA interface on each network card; EC2 refuses a public-address switch on several."""
    groups = [cluster.security_group_id]
    if efa == 0:
        return [
            aws.ec2.LaunchTemplateNetworkInterfaceArgs(
                device_index=0,
                associate_public_ip_address="false",
                delete_on_termination="true",
                security_groups=groups,
            )
        ]
    return [
        aws.ec2.LaunchTemplateNetworkInterfaceArgs(
            device_index=0 if card == 0 else 1, network_card_index=card, delete_on_termination="true",
            interface_type="efa" if card == 0 else "efa-only", security_groups=groups,
            associate_public_ip_address="false" if efa == 1 else None,
        )
        for card in range(efa)
    ]  # fmt: skip


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
