"""A pod that answers over TLS under its service's name, with a certificate of the cluster's authority in its memory."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes

from components.hardened import Peer, container_security, env, network_policy, resources
from components.versions import image

if TYPE_CHECKING:
    import pulumi

    from blueprint.component import Component
    from blueprint.ports import ClusterPort, NetworkPort, WorkloadIdentity

core, rbac = kubernetes.core.v1, kubernetes.rbac.v1

ASKS, APPROVES = "asks-for-certificates", "approves-certificates"
"""Cluster roles that the cluster makes: one for every pod that answers over TLS, one for what approves."""
PROGRAM = "certificates.py"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_VOLUMES = {
    "certificate": "/run/certificate",
    "certificate-program": "/etc/certificate",
    "certificate-account": ACCOUNT,
}
CERTIFICATE = "/run/certificate/server.pem"
"""Key and certificate, both in one file."""
AUTHORITIES = "kube-root-ca.crt"
"""ConfigMap that Kubernetes keeps in every namespace: whom callers trust."""
AUTHORITY = "/etc/authority/ca.crt"
"""Where a caller's pod has it."""
TOKEN_SECONDS = 3600


class Certified:
    """What a workload's pods need to hold a certificate: the right to ask, the way to the API, a container that keeps it.

    The container starts first and runs beside the others, which wait until there is a certificate; it alone has a token
    of the Kubernetes API. Making this creates a ConfigMap, a cluster role binding and a network policy.
    """

    def __init__(
        self,
        component: Component,
        *,
        who: WorkloadIdentity,
        service: str,
        cluster: ClusterPort,
        network: NetworkPort,
        space: pulumi.Input[str] | None = None,
        apart: bool = False,
    ) -> None:
        """`space` is the namespace as the cluster made it; left out: the component's own.

        `apart` lets the pod reach the API by its address in the cluster alone: nothing else of the VPC is in reach.
        """
        self._component, self._service, self._space = component, service, who.namespace
        self._api = "https://kubernetes.default.svc" if apart else cluster.endpoint
        peer = Peer(cidr=f"{cluster.service_address}/32") if apart else Peer(cidr=network.vpc_cidr)
        objects = component.within(provider=cluster.provider_resource)
        space = cluster.namespaces[component.noun] if space is None else space
        self._program = program(component, space, objects)
        bind(component, ASKS, who.service_account, who.namespace, objects)
        network_policy(
            component, "certificate-way", namespace=space, selects=who.labels, opts=objects,
            egress=[(peer, [443])],
        )  # fmt: skip

    def keeper(self) -> core.ContainerArgs:
        """An init container that goes on: it is ready, and the others start, when there is a certificate."""
        told = {
            "KUBERNETES_API": self._api,
            "NAMESPACE": self._space,
            "SERVICE": self._service,
        }
        return core.ContainerArgs(
            name="certificate", image=image("litellm").at(self._component.platform), restart_policy="Always",
            command=command("keep"), env=env(told), security_context=container_security(),
            startup_probe=check("keep", period=5, failures=60), liveness_probe=check("keep", period=60, failures=3),
            resources=resources("20m", "128Mi", cpu_limit="200m"),
            volume_mounts=[core.VolumeMountArgs(name=name, mount_path=path, read_only=name != "certificate")
                           for name, path in _VOLUMES.items()],
        )  # fmt: skip

    def volumes(self) -> list[core.VolumeArgs]:
        """What it needs; the certificate lies in memory."""
        memory = core.EmptyDirVolumeSourceArgs(medium="Memory", size_limit="1Mi")
        return [core.VolumeArgs(name="certificate", empty_dir=memory), *program_volumes(self._program)]

    def mount(self) -> core.VolumeMountArgs:
        """For the container that answers."""
        return core.VolumeMountArgs(name="certificate", mount_path=_VOLUMES["certificate"], read_only=True)


def authority_volume(config_map: str = AUTHORITIES) -> core.VolumeArgs:
    """For a caller's pod: the authority that signed the certificates of those it calls."""
    return core.VolumeArgs(name="authority", config_map=core.ConfigMapVolumeSourceArgs(name=config_map))


def authority_mount() -> core.VolumeMountArgs:
    """Likewise, for its container."""
    return core.VolumeMountArgs(name="authority", mount_path=AUTHORITY.rpartition("/")[0], read_only=True)


def command(part: str) -> list[str]:
    """Runs one part of the program."""
    return ["python", f"{_VOLUMES['certificate-program']}/{PROGRAM}", part]


def check(part: str, *, period: int, failures: int) -> core.ProbeArgs:
    """Asks the program whether that part goes well."""
    return core.ProbeArgs(
        exec_=core.ExecActionArgs(command=[*command(part), "check"]),
        period_seconds=period, timeout_seconds=20, failure_threshold=failures,
    )  # fmt: skip


def program(component: Component, space: pulumi.Input[str], opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Name of the ConfigMap with the program, which is named by its content."""
    text = files("components.compute.programs").joinpath(PROGRAM).read_text(encoding="utf-8")
    name = f"{component.named('certificate')}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
    return kubernetes.core.v1.ConfigMap(
        component.named("certificate-program"), metadata={"name": name, "namespace": space, "labels": component.labels()},
        data={PROGRAM: text}, immutable=True, opts=opts,
    ).metadata.name.apply(str)  # fmt: skip


def program_volumes(name: pulumi.Input[str]) -> list[core.VolumeArgs]:
    """The program, and the account as whom it calls the Kubernetes API."""
    account = [
        core.VolumeProjectionArgs(service_account_token=core.ServiceAccountTokenProjectionArgs(
            path="token", expiration_seconds=TOKEN_SECONDS)),
        core.VolumeProjectionArgs(config_map=core.ConfigMapProjectionArgs(
            name=AUTHORITIES, items=[core.KeyToPathArgs(key="ca.crt", path="ca.crt")])),
    ]  # fmt: skip
    return [
        core.VolumeArgs(name="certificate-program", config_map=core.ConfigMapVolumeSourceArgs(name=name)),
        core.VolumeArgs(name="certificate-account", projected=core.ProjectedVolumeSourceArgs(sources=account)),
    ]


def program_mounts() -> list[core.VolumeMountArgs]:
    """Likewise, for a container."""
    return [
        core.VolumeMountArgs(name=name, mount_path=_VOLUMES[name], read_only=True)
        for name in ("certificate-program", "certificate-account")
    ]


def bind(component: Component, role: str, account: str, namespace: str, opts: pulumi.ResourceOptions) -> None:
    """Give a service account one of the cluster's two roles around certificates."""
    rbac.ClusterRoleBinding(
        component.named(role), metadata={"name": component.named(role), "labels": component.labels()},
        role_ref=rbac.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=role),
        subjects=[rbac.SubjectArgs(kind="ServiceAccount", name=account, namespace=namespace)], opts=opts,
    )  # fmt: skip
