"""Nodes for everything that needs no accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import Layer
from components.compute.node_image import node_image
from components.compute.node_renewal import renew
from components.compute.node_template import node_template

if TYPE_CHECKING:
    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort, NetworkPort
    from components.compute.cluster_spec import ClusterSpec
    from components.compute.eks_port import EksPort


class SystemNodes(Component):
    """Creates one managed node group over all zones, with its launch template."""

    LAYER: ClassVar[Layer] = Layer.COMPUTE

    def __init__(
        self,
        spec: ClusterSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        cluster: EksPort,
        alert_topic_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("cluster/system-nodes", platform=platform, opts=opts)
        nodes, classes = spec.system_nodes, platform.classes("cluster")
        fips = platform.posture.fips_validated_crypto(classes)
        image = node_image(spec.hardened_images.get("system"), fips=fips, gpu=False)
        name = f"{platform.label}-system"
        template = node_template(self, "template", image=image, cluster=cluster, keys=keys, disk_gib=nodes.disk_gib)
        self.group = aws.eks.NodeGroup(
            self.named("group"), cluster_name=cluster.name, node_group_name=name,
            node_role_arn=cluster.node_role_arn, subnet_ids=list(network.workload_subnet_ids), ami_type=image.ami_type,
            version=None if image.id else cluster.version, capacity_type="ON_DEMAND",
            instance_types=[nodes.instance], launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={"min_size": nodes.min_nodes, "max_size": nodes.max_nodes, "desired_size": nodes.min_nodes},
            update_config={"max_unavailable": 1}, node_repair_config={"enabled": True},
            labels={"blueprint/pool": "system"}, tags={**self.tags(), "hardening": image.baseline, "fips": image.fips},
            opts=self.within(ignore_changes=["scalingConfig.desiredSize"]),
        )  # fmt: skip
        if image.id is None:
            days = platform.posture.patch_high_days(classes)
            renew(self, {"group": name}, cluster=cluster, days=days, alert_topic_arn=alert_topic_arn)
        self.finish(group=self.group.node_group_name)
