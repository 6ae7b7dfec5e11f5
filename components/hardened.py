"""Pods as every workload of the platform runs them: the restricted level of pod security, read-only, mounted secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.component import Component
    from blueprint.ports import ClusterPort, NetworkPort

core = kubernetes.core.v1
CREDENTIALS_AGENT = "169.254.170.23/32"
"""Where EKS Pod Identity hands out credentials, on every node."""
NOBODY = 65534


def pod_security(user: int = NOBODY) -> core.PodSecurityContextArgs:
    """For a whole pod: no root, the runtime's own system call filter."""
    return core.PodSecurityContextArgs(
        run_as_non_root=True, run_as_user=user, run_as_group=user, fs_group=user,
        seccomp_profile=core.SeccompProfileArgs(type="RuntimeDefault"),
    )  # fmt: skip


def container_security(user: int | None = None) -> core.SecurityContextArgs:
    """For one container: no capability, nothing to write to but its volumes."""
    return core.SecurityContextArgs(
        allow_privilege_escalation=False, capabilities=core.CapabilitiesArgs(drop=["ALL"]), privileged=False,
        read_only_root_filesystem=True, run_as_non_root=True, run_as_user=user,
        seccomp_profile=core.SeccompProfileArgs(type="RuntimeDefault"),
    )  # fmt: skip


def resources(cpu: str, memory: str, *, cpu_limit: str) -> core.ResourceRequirementsArgs:
    """Memory is never lent, so its limit is its request; processor time may be, up to its limit."""
    return core.ResourceRequirementsArgs(
        requests={"cpu": cpu, "memory": memory}, limits={"cpu": cpu_limit, "memory": memory}
    )


def env(values: Mapping[str, pulumi.Input[str]]) -> list[core.EnvVarArgs]:
    """Environment in clear, sorted; a secret is mounted instead."""
    return [core.EnvVarArgs(name=name, value=values[name]) for name in sorted(values)]


def http_probe(path: str, port: int, *, scheme: str = "HTTP", period: int = 10, failures: int = 3) -> core.ProbeArgs:
    """Asks a path of the container itself."""
    return core.ProbeArgs(
        http_get=core.HTTPGetActionArgs(path=path, port=port, scheme=scheme),
        period_seconds=period, timeout_seconds=5, failure_threshold=failures,
    )  # fmt: skip


def scratch(name: str, size: str) -> core.VolumeArgs:
    """Room to write that ends with the pod."""
    return core.VolumeArgs(name=name, empty_dir=core.EmptyDirVolumeSourceArgs(size_limit=size))


def spread(labels: Mapping[str, str]) -> list[core.TopologySpreadConstraintArgs]:
    """Replicas in different zones as far as there are any, and on different nodes where that is possible."""
    selector = kubernetes.meta.v1.LabelSelectorArgs(match_labels=dict(labels))
    return [
        core.TopologySpreadConstraintArgs(
            max_skew=1, topology_key=key, when_unsatisfiable=otherwise, label_selector=selector
        )
        for key, otherwise in (
            ("topology.kubernetes.io/zone", "DoNotSchedule"),
            ("kubernetes.io/hostname", "ScheduleAnyway"),
        )
    ]


def mounted_secrets(
    component: Component,
    part: str,
    *,
    namespace: pulumi.Input[str],
    files: Mapping[str, pulumi.Input[str]],
    opts: pulumi.ResourceOptions,
    fields: Mapping[str, tuple[pulumi.Input[str], str]] | None = None,
) -> kubernetes.apiextensions.CustomResource:
    """Files of a pod, each holding one secret by its ARN, fetched with the pod's own role as it starts and renewed.

    `fields` are files that hold one field of a secret that is JSON: file -> (ARN, field).
    """
    name = component.named(part)
    objects: list[dict[str, object]] = [
        {"objectName": arn, "objectType": "secretsmanager", "objectAlias": file} for file, arn in files.items()
    ]
    objects += [
        {"objectName": arn, "objectType": "secretsmanager", "jmesPath": [{"path": field, "objectAlias": file}]}
        for file, (arn, field) in (fields or {}).items()
    ]
    return kubernetes.apiextensions.CustomResource(
        name, api_version="secrets-store.csi.x-k8s.io/v1", kind="SecretProviderClass",
        metadata={"name": name, "namespace": namespace, "labels": component.labels()},
        spec={
            "provider": "aws",
            "parameters": {
                "objects": pulumi.Output.json_dumps(objects),
                "region": component.platform.region,
                "usePodIdentity": "true",
                "preferredAddressType": "IPv4",
            },
        },
        opts=opts,
    )  # fmt: skip


def object_name(made: kubernetes.apiextensions.CustomResource) -> pulumi.Output[str]:
    """Name of an operator's object, known once it is there; `metadata` is an output that its type does not declare."""
    metadata: pulumi.Output[Mapping[str, str]] = vars(made)["metadata"]
    return metadata["name"]


def secrets_volume(name: str, provider_class: pulumi.Input[str]) -> core.VolumeArgs:
    """The volume that brings them in."""
    return core.VolumeArgs(
        name=name,
        csi=core.CSIVolumeSourceArgs(
            driver="secrets-store.csi.k8s.io", read_only=True, volume_attributes={"secretProviderClass": provider_class}
        ),
    )


def network_policy(
    component: Component,
    part: str,
    *,
    namespace: pulumi.Input[str],
    selects: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    ingress: Sequence[tuple[Peer, Sequence[int]]] = (),
    egress: Sequence[tuple[Peer, Sequence[int]]] = (),
) -> kubernetes.networking.v1.NetworkPolicy:
    """What pods of a component may receive and reach besides the edges of the wiring; peers with TCP ports."""
    net = kubernetes.networking.v1
    name = component.named(part)
    return net.NetworkPolicy(
        name, metadata={"name": name, "namespace": namespace, "labels": component.labels()},
        spec=net.NetworkPolicySpecArgs(
            pod_selector=kubernetes.meta.v1.LabelSelectorArgs(match_labels=dict(selects)),
            policy_types=[*(["Ingress"] if ingress else []), *(["Egress"] if egress else [])],
            ingress=[net.NetworkPolicyIngressRuleArgs(from_=[_peer(peer)], ports=_tcp(ports)) for peer, ports in ingress],
            egress=[net.NetworkPolicyEgressRuleArgs(to=[_peer(peer)], ports=_tcp(ports)) for peer, ports in egress],
        ),
        opts=opts,
    )  # fmt: skip


class Peer:
    """The other side of a connection: pods by label, in this or another namespace, or addresses."""

    def __init__(
        self,
        *,
        labels: Mapping[str, str] | None = None,
        namespace: str | None = None,
        cidr: pulumi.Input[str] | None = None,
    ) -> None:
        self.labels, self.namespace, self.cidr = labels, namespace, cidr


def kubernetes_api(network: NetworkPort, cluster: ClusterPort) -> list[tuple[Peer, Sequence[int]]]:
    """Ways to the Kubernetes API: its interfaces in the VPC, and the address by which libraries find it in a cluster."""
    return [(Peer(cidr=network.vpc_cidr), [443]), (Peer(cidr=f"{cluster.service_address}/32"), [443])]


def _peer(peer: Peer) -> kubernetes.networking.v1.NetworkPolicyPeerArgs:
    selector = kubernetes.meta.v1.LabelSelectorArgs
    if peer.cidr is not None:
        return kubernetes.networking.v1.NetworkPolicyPeerArgs(
            ip_block=kubernetes.networking.v1.IPBlockArgs(cidr=peer.cidr)
        )
    where = {"kubernetes.io/metadata.name": peer.namespace} if peer.namespace else None
    return kubernetes.networking.v1.NetworkPolicyPeerArgs(
        pod_selector=selector(match_labels=dict(peer.labels or {})),
        namespace_selector=selector(match_labels=where) if where else None,
    )


def _tcp(ports: Sequence[int]) -> list[kubernetes.networking.v1.NetworkPolicyPortArgs]:
    return [kubernetes.networking.v1.NetworkPolicyPortArgs(protocol="TCP", port=port) for port in ports]
