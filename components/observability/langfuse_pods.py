"""Langfuse's two kinds of pods: what takes traces, and what writes them down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes

from components.certified import authority_mount, authority_volume
from components.hardened import (
    container_security,
    env,
    http_probe,
    pod_security,
    resources,
    scratch,
    secrets_volume,
    spread,
)
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import WorkloadIdentity
    from components.certified import Certified
    from components.data.database_door import DatabaseDoor

core, apps, meta = kubernetes.core.v1, kubernetes.apps.v1, kubernetes.meta.v1

TLS_PORT, WEB_PORT, WORKER_PORT, DOOR_PORT, MIGRATION_PORT = 3005, 3001, 3030, 6380, 9000
"""The first is what callers see, and no other component's, so that the load balancer's rule for it is its own; all others
but the worker's, which answers probes, are on the pod's loopback."""
HEALTHY, READY, WORKER_HEALTHY = "/api/public/health", "/api/public/ready", "/api/health"
USER = 1001
"""As whom Langfuse's images run."""
PROGRAMS, SECRETS = "/etc/langfuse/programs", "/etc/langfuse/secrets"
DRAIN_SECONDS = 120


@dataclass(frozen=True)
class Mounts:
    """Names of what the pods mount."""

    programs: pulumi.Input[str]
    secrets: pulumi.Input[str]


def web(
    platform: PlatformContext,
    mounts: Mounts,
    who: WorkloadIdentity,
    environment: Mapping[str, pulumi.Input[str]],
    database: DatabaseDoor,
    certified: Certified,
) -> core.PodSpecArgs:
    """Takes traces and shows them: Langfuse on the loopback, our program before it, the door to the queue beside it."""
    told = {**environment, "HOSTNAME": "127.0.0.1", "PORT": str(WEB_PORT)}
    container = core.ContainerArgs(
        name="langfuse", image=image("langfuse").at(platform), command=["node", f"{PROGRAMS}/langfuse.js", "web"],
        working_dir="/app", env=env(told), ports=[core.ContainerPortArgs(name="https", container_port=TLS_PORT)],
        startup_probe=http_probe(HEALTHY, TLS_PORT, scheme="HTTPS", failures=60),
        liveness_probe=http_probe(HEALTHY, TLS_PORT, scheme="HTTPS", period=20),
        readiness_probe=http_probe(READY, TLS_PORT, scheme="HTTPS"),
        lifecycle=core.LifecycleArgs(pre_stop=core.LifecycleHandlerArgs(sleep=core.SleepActionArgs(seconds=15))),
        resources=resources("1", "2Gi", cpu_limit="2"), security_context=container_security(),
        volume_mounts=[*_mounts(), core.VolumeMountArgs(name="cache", mount_path="/app/web/.next/cache"), certified.mount()],
    )  # fmt: skip
    return _pod([container, _door(platform, environment)], mounts, who, database, first=[certified.keeper()],
                more=[scratch("cache", "256Mi"), *certified.volumes()])  # fmt: skip


def worker(
    platform: PlatformContext,
    mounts: Mounts,
    who: WorkloadIdentity,
    environment: Mapping[str, pulumi.Input[str]],
    database: DatabaseDoor,
) -> core.PodSpecArgs:
    """Writes down what the queue holds; nobody calls it, and its one port answers probes."""
    container = core.ContainerArgs(
        name="langfuse-worker", image=image("langfuse-worker").at(platform),
        command=["node", f"{PROGRAMS}/langfuse.js", "worker"], working_dir="/app",
        env=env({**environment, "PORT": str(WORKER_PORT)}),
        ports=[core.ContainerPortArgs(name="health", container_port=WORKER_PORT)],
        startup_probe=http_probe(WORKER_HEALTHY, WORKER_PORT, failures=60),
        liveness_probe=http_probe(WORKER_HEALTHY, WORKER_PORT, period=20),
        readiness_probe=http_probe(WORKER_HEALTHY, WORKER_PORT),
        resources=resources("1", "2Gi", cpu_limit="2"), security_context=container_security(), volume_mounts=_mounts(),
    )  # fmt: skip
    return _pod([container, _door(platform, environment)], mounts, who, database)


def deployment(
    pod: core.PodSpecArgs, labels: Mapping[str, str], who: WorkloadIdentity, replicas: int
) -> apps.DeploymentSpecArgs:
    """Replicas that are replaced one by one, the new before the old."""
    return apps.DeploymentSpecArgs(
        replicas=replicas, selector=meta.LabelSelectorArgs(match_labels=dict(who.labels)),
        strategy=apps.DeploymentStrategyArgs(
            type="RollingUpdate", rolling_update=apps.RollingUpdateDeploymentArgs(max_unavailable=0, max_surge=1)
        ),
        template=core.PodTemplateSpecArgs(metadata=meta.ObjectMetaArgs(labels={**labels, **who.labels}), spec=pod),
    )  # fmt: skip


def _door(platform: PlatformContext, environment: Mapping[str, pulumi.Input[str]]) -> core.ContainerArgs:
    """Signs in to the queue, which knows IAM and no passwords, for a program that knows passwords and no IAM."""
    program = ["python", f"{PROGRAMS}/cache_door.py"]
    check = core.ProbeArgs(
        exec_=core.ExecActionArgs(command=[*program, "--check"]), period_seconds=20, timeout_seconds=10, failure_threshold=3
    )  # fmt: skip
    own = {name: value for name, value in environment.items() if name.startswith(("CACHE_", "AWS_"))}
    return core.ContainerArgs(
        name="cache-door", image=image("litellm").at(platform), command=program,
        env=env({**own, "DOOR_PORT": str(DOOR_PORT), "HOME": "/tmp"}),  # noqa: S108
        liveness_probe=check, readiness_probe=check, resources=resources("50m", "128Mi", cpu_limit="500m"),
        security_context=container_security(),
        volume_mounts=[
            core.VolumeMountArgs(name="programs", mount_path=PROGRAMS, read_only=True),
            core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
        ],
    )  # fmt: skip


def _pod(
    containers: Sequence[core.ContainerArgs],
    mounts: Mounts,
    who: WorkloadIdentity,
    database: DatabaseDoor,
    *,
    more: Sequence[core.VolumeArgs] = (),
    first: Sequence[core.ContainerArgs] = (),
) -> core.PodSpecArgs:
    return core.PodSpecArgs(
        init_containers=[*first, database.keeper()], containers=list(containers), service_account_name=who.service_account,
        automount_service_account_token=False, enable_service_links=False, security_context=pod_security(USER),
        termination_grace_period_seconds=DRAIN_SECONDS, topology_spread_constraints=spread(who.labels),
        volumes=[
            core.VolumeArgs(name="programs", config_map=core.ConfigMapVolumeSourceArgs(name=mounts.programs)),
            secrets_volume("secrets", mounts.secrets), scratch("tmp", "512Mi"), authority_volume(), database.volume(), *more,
        ],
    )  # fmt: skip


def _mounts() -> list[core.VolumeMountArgs]:
    return [
        core.VolumeMountArgs(name="programs", mount_path=PROGRAMS, read_only=True),
        core.VolumeMountArgs(name="secrets", mount_path=SECRETS, read_only=True),
        core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
        authority_mount(),
    ]
