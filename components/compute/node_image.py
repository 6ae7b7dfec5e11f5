"""Which image a node boots, what it was hardened to, and what it is told at boot; pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pulumi

if TYPE_CHECKING:
    from components.compute.cluster_spec import HardenedImage
    from components.compute.eks_port import EksPort

TIME_SERVER = "169.254.169.123"
"""Amazon Time Sync, reached on the node itself."""

_BOTTLEROCKET = f"""\
[settings.ntp]
time-servers = ["{TIME_SERVER}"]

[settings.host-containers.admin]
enabled = false

[settings.host-containers.control]
enabled = true

[settings.metrics]
send-metrics = false
"""
_BOTTLEROCKET_NVME = """
[settings.bootstrap-commands.local-disks]
commands = [
  ["apiclient", "ephemeral-storage", "init"],
  ["apiclient", "ephemeral-storage", "bind", "--dirs", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"],
]
essential = true
mode = "always"
"""


_CHRONY = f"""\
#!/bin/sh
echo "server {TIME_SERVER} prefer iburst minpoll 4 maxpoll 4" > /etc/chrony.d/amazon-time.sources
systemctl restart chronyd"""


@dataclass(frozen=True)
class NodeImage:
    """One image: its EKS type, or CUSTOM with an id, and what can be said about it."""

    ami_type: str
    id: str | None
    family: Literal["al2023", "bottlerocket"]
    baseline: Literal["stig", "cis2", "cis1"]
    fips: Literal["off", "require"]
    device_plugin: bool
    """Whether the image itself announces its GPUs to Kubernetes."""


def node_image(hardened: HardenedImage | None, *, fips: str, gpu: bool) -> NodeImage:
    """The organisation's own image when there is one, else Bottlerocket, which AWS hardens to CIS level 1."""
    if hardened is not None:
        return NodeImage(
            ami_type="CUSTOM", id=hardened.id, family=hardened.family, baseline=hardened.baseline,
            fips="require" if hardened.fips else "off", device_plugin=_announces(hardened),
        )  # fmt: skip
    validated = fips != "off"
    name = f"BOTTLEROCKET_x86_64{'_NVIDIA' if gpu else ''}{'_FIPS' if validated else ''}"
    return NodeImage(
        ami_type=name, id=None, family="bottlerocket", baseline="cis1", fips="require" if validated else "off",
        device_plugin=True,
    )  # fmt: skip


def _announces(hardened: HardenedImage) -> bool:
    return hardened.family == "bottlerocket" if hardened.device_plugin is None else hardened.device_plugin


def user_data(image: NodeImage, cluster: EksPort, *, local_disks: bool) -> pulumi.Output[str]:
    """What a node reads at boot. EKS adds how to join, except to an image of one's own."""
    if image.family == "al2023":
        return _nodeadm(cluster, local_disks=local_disks)
    text = _BOTTLEROCKET + (_BOTTLEROCKET_NVME if local_disks else "")
    if image.id is None:
        return pulumi.Output.from_input(text)
    dns = str(ipaddress.IPv4Network(cluster.service_cidr)[10])
    return pulumi.Output.format(
        '{0}\n[settings.kubernetes]\ncluster-name = "{1}"\napi-server = "{2}"\ncluster-certificate = "{3}"\n'
        'cluster-dns-ip = "{4}"\n',
        text, cluster.name, cluster.endpoint, cluster.certificate_authority, dns,
    )  # fmt: skip


def _nodeadm(cluster: EksPort, *, local_disks: bool) -> pulumi.Output[str]:
    disks = "  instance:\n    localStorage:\n      strategy: RAID0\n" if local_disks else ""
    return pulumi.Output.format(
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="BOUNDARY"\n\n--BOUNDARY\n'
        "Content-Type: application/node.eks.aws\n\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n"
        "  cluster:\n    name: {0}\n    apiServerEndpoint: {1}\n    certificateAuthority: {2}\n    cidr: {3}\n{4}\n--BOUNDARY\n"
        "Content-Type: text/x-shellscript\n\n" + _CHRONY + "\n--BOUNDARY--\n",
        cluster.name, cluster.endpoint, cluster.certificate_authority, cluster.service_cidr, disks,
    )  # fmt: skip
