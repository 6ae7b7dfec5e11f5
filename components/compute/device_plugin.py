"""Announces devices of a node to Kubernetes where the image does not do it itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes

from components.versions import image as pinned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.component import Component
    from components.compute.eks_port import EksPort

SOCKETS = "/var/lib/kubelet/device-plugins"
"""Where the kubelet listens for device plugins; the only path of the node that a pod sees besides its devices."""


def device_plugin(
    component: Component, cluster: EksPort, *, image: str, only_on: Mapping[str, str], devices: str | None = None
) -> None:
    """A DaemonSet in kube-system, since namespaces of workloads refuse paths of the node."""
    name = component.named(image)
    paths = {"sockets": SOCKETS, **({"devices": devices} if devices else {})}
    selects = {"app.kubernetes.io/name": name}
    labels = {**component.labels(), **selects}
    there = component.within(provider=cluster.provider_resource)
    account = kubernetes.core.v1.ServiceAccount(
        component.named(image, "account"), metadata={"name": name, "namespace": "kube-system", "labels": labels},
        automount_service_account_token=False, opts=there,
    )  # fmt: skip
    kubernetes.apps.v1.DaemonSet(
        name,
        metadata={"name": name, "namespace": "kube-system", "labels": labels},
        spec={
            "selector": {"match_labels": selects},
            "update_strategy": {"type": "RollingUpdate"},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "node_selector": dict(only_on),
                    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
                    "priority_class_name": "system-node-critical",
                    "service_account_name": account.metadata.name.apply(str),
                    "automount_service_account_token": False,
                    "security_context": {"seccomp_profile": {"type": "RuntimeDefault"}},
                    "containers": [
                        {
                            "name": "plugin",
                            "image": pinned(image).at(component.platform),
                            "security_context": {
                                "allow_privilege_escalation": False,
                                "capabilities": {"drop": ["ALL"]},
                                "read_only_root_filesystem": True,
                            },
                            "resources": {
                                "requests": {"cpu": "50m", "memory": "64Mi"},
                                "limits": {"cpu": "200m", "memory": "128Mi"},
                            },
                            "volume_mounts": [{"name": key, "mount_path": path} for key, path in paths.items()],
                        }
                    ],
                    "volumes": [
                        {"name": key, "host_path": {"path": path, "type": "Directory"}} for key, path in paths.items()
                    ],
                },
            },
        },
        opts=there,
    )
