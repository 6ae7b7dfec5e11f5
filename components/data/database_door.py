"""A pod whose program signs in to Aurora by IAM without knowing how: it finds the database on its own loopback."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from components.data.aurora import PORT
from components.data.databases import signs_in
from components.hardened import Peer, container_security, env, network_policy, resources
from components.versions import image

if TYPE_CHECKING:
    from blueprint.component import Component
    from blueprint.ports import ClusterPort, NetworkPort, WorkloadIdentity
    from components.data.aurora import Aurora

core = kubernetes.core.v1

PROGRAM = "database_door.py"
FOLDER = "/etc/database-door"
VOLUME = "database-door"
ADDRESS = f"127.0.0.1:{PORT}"
"""Where the pod's program finds the database, in clear and without a password."""


class DatabaseDoor:
    """What a workload's pods need to sign in as one user: the right, the way, and a container that opens the loopback.

    For programs that cannot sign in by IAM themselves. A password would be renewed under a running program, which goes on
    with the old one until it opens a connection; here there is none. The container starts first and runs beside the others.
    Making this creates a ConfigMap, a role policy and a network policy.
    """

    def __init__(
        self,
        component: Component,
        *,
        who: WorkloadIdentity,
        aurora: Aurora,
        user: str,
        cluster: ClusterPort,
        network: NetworkPort,
        space: pulumi.Input[str],
    ) -> None:
        """`space` is the pods' namespace as the cluster made it."""
        self._component, self._aurora, self._user = component, aurora, user
        objects = component.within(provider=cluster.provider_resource)
        aws.iam.RolePolicy(
            component.named("signs-in"), role=who.role_name, opts=component.inside,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [signs_in(aurora, user)]}),
        )  # fmt: skip
        network_policy(
            component, "database-way", namespace=space, selects=who.labels, opts=objects,
            egress=[(Peer(cidr=network.vpc_cidr), [PORT])],
        )  # fmt: skip
        text = files("components.data.programs").joinpath(PROGRAM).read_text(encoding="utf-8")
        name = f"{component.named(VOLUME)}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
        self._program = kubernetes.core.v1.ConfigMap(
            component.named(VOLUME), data={PROGRAM: text}, immutable=True, opts=objects,
            metadata=kubernetes.meta.v1.ObjectMetaArgs(name=name, namespace=space, labels=component.labels()),
        ).metadata.name.apply(str)  # fmt: skip

    def keeper(self) -> core.ContainerArgs:
        """An init container that goes on: the others start when the door is open."""
        platform, program = self._component.platform, ["python", f"{FOLDER}/{PROGRAM}"]
        told: dict[str, pulumi.Input[str]] = {
            "AWS_REGION": platform.region, "DATABASE_HOST": self._aurora.cluster.endpoint, "DATABASE_PORT": str(PORT),
            "DATABASE_USER": self._user, "DOOR_PORT": str(PORT),
        }  # fmt: skip
        return core.ContainerArgs(
            name=VOLUME, image=image("litellm").at(platform), restart_policy="Always", command=program, env=env(told),
            startup_probe=_check(program, period=3, failures=40), liveness_probe=_check(program, period=20, failures=3),
            resources=resources("100m", "192Mi", cpu_limit="1"), security_context=container_security(),
            volume_mounts=[core.VolumeMountArgs(name=VOLUME, mount_path=FOLDER, read_only=True)],
        )  # fmt: skip

    def volume(self) -> core.VolumeArgs:
        """Its program."""
        return core.VolumeArgs(name=VOLUME, config_map=core.ConfigMapVolumeSourceArgs(name=self._program))


def _check(program: list[str], *, period: int, failures: int) -> core.ProbeArgs:
    return core.ProbeArgs(
        exec_=core.ExecActionArgs(command=[*program, "--check"]),
        period_seconds=period, timeout_seconds=10, failure_threshold=failures,
    )  # fmt: skip
