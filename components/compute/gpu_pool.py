"""A pool of accelerated nodes; what it holds follows from the instance type."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.planner.instances import instance
from blueprint.ports import CapacityPort
from blueprint.types import Layer
from components.compute.device_plugin import device_plugin
from components.compute.node_image import node_image
from components.compute.node_renewal import renew
from components.compute.node_template import Purchase, node_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, KeysPort, NetworkPort, Port
    from blueprint.types import Noun
    from components.compute.eks_port import EksPort
    from components.compute.gpu_pool_spec import Capacity, GpuPoolSpec

GPU = "nvidia.com/gpu"
POOL = "blueprint/pool"
ACCELERATOR = "blueprint/accelerator"
CAPACITY = "blueprint/capacity"

CAPACITY_TYPE: dict[Capacity, str] = {
    "reserved": "ON_DEMAND", "on_demand": "ON_DEMAND", "spot": "SPOT", "capacity_block": "CAPACITY_BLOCK",
}  # fmt: skip
"""How EKS calls each kind; reserved is on-demand that names its reservation."""


class GpuPool(Component):
    """Creates one managed node group for each kind of capacity, tainted so that only pods that ask for GPUs run there.

    The order of the kinds stands in the groups' names, where the cluster autoscaler reads it. Only the first one keeps
    its fewest nodes running.
    """

    LAYER: ClassVar[Layer] = Layer.COMPUTE

    def __init__(
        self,
        noun: Noun,
        spec: GpuPoolSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        cluster: EksPort,
        audit: AuditPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._network, self._keys, self._cluster = spec, network, keys, cluster
        self._instance = instance(spec.instance)
        fips = platform.posture.fips_validated_crypto(platform.classes(noun))
        self._image = node_image(cluster.hardened_images.get("gpu"), fips=fips, gpu=True)
        self._efa = self._instance.efa if spec.multi_node else 0
        self._labels = {POOL: spec.name, ACCELERATOR: self._instance.accelerator}
        self._placement = self._group() if spec.multi_node else None
        groups = {kind.replace("_", "-"): self._nodes(kind, order) for order, kind in enumerate(spec.capacity)}
        if self._image.id is None:
            days = platform.posture.patch_high_days(platform.classes(noun))
            renew(self, groups, cluster=cluster, days=days, alert_topic_arn=audit.alert_topic_arn)
        if not self._image.device_plugin:
            device_plugin(self, cluster, image="nvidia-device-plugin", only_on=self._labels)
        if self._efa:
            device_plugin(self, cluster, image="efa-device-plugin", only_on=self._labels, devices="/dev/infiniband")
        self.ports = {
            "capacity": CapacityPort(
                provider=noun, instance=spec.instance, accelerators=self._instance.accelerators,
                accelerator_resource=GPU, node_labels=self._labels, efa_interfaces=self._efa,
                tolerations=({"key": GPU, "operator": "Exists", "effect": "NoSchedule"},),
            )
        }  # fmt: skip
        self.finish(instance=spec.instance)

    def _group(self) -> aws.ec2.PlacementGroup:
        return aws.ec2.PlacementGroup(
            self.named("placement"), name=f"{self.platform.label}-{self.named('placement')}", strategy="cluster",
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _purchase(self, kind: Capacity) -> Purchase:
        placement = None if self._placement is None else self._placement.name
        if kind == "capacity_block":
            return Purchase("capacity-block", self._spec.instance, self._spec.capacity_block, placement)
        return Purchase(reservation=self._spec.reservation if kind == "reserved" else None, placement_group=placement)

    def _nodes(self, kind: Capacity, order: int) -> str:
        spec, image, cluster = self._spec, self._image, self._cluster
        purchase, part = self._purchase(kind), kind.replace("_", "-")
        template = node_template(
            self, part, image=image, cluster=cluster, keys=self._keys, disk_gib=spec.disk_gib,
            local_disks=self._instance.nvme_gb > 0, efa=self._efa, purchase=purchase,
        )  # fmt: skip
        subnets = self._network.workload_subnet_ids
        fewest = spec.min_nodes if order == 0 else 0
        name = f"{self.platform.label}-{spec.name}-p{order}-{part}"
        aws.eks.NodeGroup(
            self.named(part, "group"), cluster_name=cluster.name, node_group_name=name,
            node_role_arn=cluster.node_role_arn, subnet_ids=list(subnets[:1] if spec.multi_node else subnets),
            ami_type=image.ami_type, version=None if image.id else cluster.version, capacity_type=CAPACITY_TYPE[kind],
            instance_types=None if purchase.instance else [spec.instance],
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={"min_size": fewest, "max_size": spec.max_nodes, "desired_size": fewest},
            update_config={"max_unavailable": 1}, node_repair_config={"enabled": True},
            taints=[{"key": GPU, "value": "true", "effect": "NO_SCHEDULE"}],
            labels={**self._labels, CAPACITY: part},
            tags={**self.tags(), "hardening": image.baseline, "fips": image.fips},
            opts=self.within(ignore_changes=["scalingConfig.desiredSize"]),
        )  # fmt: skip
        return name
