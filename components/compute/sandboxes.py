"""How a pod asks for a kernel of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes

if TYPE_CHECKING:
    from blueprint.component import Component
    from components.compute.eks_port import EksPort

GVISOR = "gvisor"
HANDLER = "runsc"
"""What an image with gVisor calls it in containerd's configuration."""


def sandboxes(component: Component, cluster: EksPort) -> str | None:
    """Register the RuntimeClass where nodes for everything have it; give its name, None where they have not."""
    image = cluster.hardened_images.get("system")
    if image is None or not image.gvisor:
        return None
    kubernetes.node.v1.RuntimeClass(
        component.named(GVISOR), metadata=kubernetes.meta.v1.ObjectMetaArgs(name=GVISOR, labels=component.labels()),
        handler=HANDLER, scheduling=kubernetes.node.v1.SchedulingArgs(node_selector={"blueprint/pool": "system"}), opts=component.within(provider=cluster.provider_resource),
    )  # fmt: skip
    return GVISOR
