"""What node groups need of the cluster beyond its Kubernetes API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.ports import ClusterPort

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pulumi

    from components.compute.cluster_spec import HardenedImage, Machine


@dataclass(frozen=True, kw_only=True)
class EksPort(ClusterPort):
    """A cluster that managed node groups can join."""

    version: str
    certificate_authority: pulumi.Input[str]
    service_cidr: str
    node_role_arn: pulumi.Input[str]
    hardened_images: Mapping[Machine, HardenedImage]
