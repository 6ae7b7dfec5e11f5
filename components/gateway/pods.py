"""The gateway's pods: LiteLLM, what stands beside it, and the two jobs that keep database and teams in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes

from components.certified import authority_mount, authority_volume
from components.gateway.litellm_config import ANALYZER_PORT, ANONYMIZER_PORT, DOOR_PORT
from components.hardened import container_security, env, http_probe, pod_security, resources, scratch, secrets_volume

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from blueprint.ports import ModelRoutePort

core = kubernetes.core.v1

PORT = 4000
LIVE, READY = "/health/liveliness", "/health/readiness"
PROGRAMS, SETTINGS, MODELS, TOOLS, SECRETS, RUN = "programs", "settings", "models", "tools", "secrets", "run"
PRESIDIO_USER = 10001
DRAIN_SECONDS = 150
"""Longer than an answer usually takes: requests that run are finished, new ones go elsewhere."""


@dataclass(frozen=True)
class Images:
    """References of the images that the pods pull."""

    litellm: str
    analyzer: str
    anonymizer: str


@dataclass(frozen=True)
class Mounts:
    """Names of what is mounted: ConfigMaps of ours, one of each served model, and the pod's secrets."""

    programs: pulumi.Input[str]
    settings: pulumi.Input[str]
    secrets: pulumi.Input[str]
    models: Mapping[str, ModelRoutePort]
    """Serving -> its part; empty for the jobs."""
    tools: pulumi.Input[str] | None = None
    """Where the tools are; None for the jobs."""

    def volumes(self) -> list[core.VolumeArgs]:
        """The pod's volumes."""
        parts = [
            core.VolumeProjectionArgs(
                config_map=core.ConfigMapProjectionArgs(
                    name=port.config_map, items=[core.KeyToPathArgs(key=port.key, path=f"{serving}.yaml")]
                )
            )
            for serving, port in sorted(self.models.items())
        ]
        models = (
            [core.VolumeArgs(name=MODELS, projected=core.ProjectedVolumeSourceArgs(sources=parts))] if parts else []
        )
        return [
            core.VolumeArgs(name=PROGRAMS, config_map=core.ConfigMapVolumeSourceArgs(name=self.programs)),
            core.VolumeArgs(name=SETTINGS, config_map=core.ConfigMapVolumeSourceArgs(name=self.settings)),
            secrets_volume(SECRETS, self.secrets),
            *models,
            *(
                []
                if self.tools is None
                else [core.VolumeArgs(name=TOOLS, config_map=core.ConfigMapVolumeSourceArgs(name=self.tools))]
            ),
            authority_volume(),
            scratch(RUN, "256Mi"),
            scratch("tmp", "512Mi"),
        ]


def gateway(
    images: Images,
    mounts: Mounts,
    environment: Mapping[str, pulumi.Input[str]],
    *,
    redacts: bool,
    certificate: core.VolumeMountArgs,
) -> Sequence[core.ContainerArgs]:
    """LiteLLM, the door to the cache, and Presidio where prompts are redacted, all on one loopback.

    Presidio stands in the same pod so that prompts do not cross the network in clear on their way to it.
    """
    presidio = [
        _presidio("analyzer", images.analyzer, ANALYZER_PORT, "250m", "2Gi"),
        _presidio("anonymizer", images.anonymizer, ANONYMIZER_PORT, "100m", "512Mi"),
    ]
    return [
        _litellm(images, environment, certificate, has_models=bool(mounts.models)),
        _door(images, environment),
        *(presidio if redacts else []),
    ]


def job(images: Images, program: str, environment: Mapping[str, pulumi.Input[str]]) -> core.ContainerArgs:
    """A program that runs to its end."""
    return core.ContainerArgs(
        name=program, image=images.litellm, command=["python", f"/etc/gateway/{PROGRAMS}/{program}.py"],
        env=env({**environment, "HOME": "/tmp"}), security_context=container_security(),  # noqa: S108
        resources=resources("250m", "1Gi", cpu_limit="1"),
        volume_mounts=[*_mounts(PROGRAMS, SETTINGS, SECRETS, RUN), authority_mount()],
    )  # fmt: skip


def pod(
    containers: Sequence[core.ContainerArgs],
    *,
    account: str,
    volumes: Sequence[core.VolumeArgs],
    restart: str = "Always",
    first: Sequence[core.ContainerArgs] = (),
    spreads: Sequence[core.TopologySpreadConstraintArgs] = (),
) -> core.PodSpecArgs:
    """The pod around containers; none of ours talks to the Kubernetes API, so none gets a token for it."""
    return core.PodSpecArgs(
        init_containers=list(first) or None, containers=list(containers), volumes=list(volumes), service_account_name=account,
        automount_service_account_token=False, enable_service_links=False, security_context=pod_security(),
        restart_policy=restart, termination_grace_period_seconds=DRAIN_SECONDS,
        topology_spread_constraints=list(spreads) or None,
    )  # fmt: skip


def _litellm(
    images: Images,
    environment: Mapping[str, pulumi.Input[str]],
    certificate: core.VolumeMountArgs,
    *,
    has_models: bool,
) -> core.ContainerArgs:
    mounted = (PROGRAMS, SETTINGS, TOOLS, SECRETS, RUN, *((MODELS,) if has_models else ()))
    return core.ContainerArgs(
        name="litellm", image=images.litellm, command=["python", f"/etc/gateway/{PROGRAMS}/start.py"],
        ports=[core.ContainerPortArgs(name="https", container_port=PORT)], env=env(environment),
        startup_probe=http_probe(LIVE, PORT, scheme="HTTPS", period=5, failures=60),
        liveness_probe=http_probe(LIVE, PORT, scheme="HTTPS"),
        readiness_probe=http_probe(READY, PORT, scheme="HTTPS"),
        lifecycle=core.LifecycleArgs(pre_stop=core.LifecycleHandlerArgs(sleep=core.SleepActionArgs(seconds=15))),
        resources=resources("1", "2Gi", cpu_limit="2"), security_context=container_security(),
        volume_mounts=[*_mounts(*mounted), authority_mount(), certificate],
    )  # fmt: skip


def _door(images: Images, environment: Mapping[str, pulumi.Input[str]]) -> core.ContainerArgs:
    program = ["python", f"/etc/gateway/{PROGRAMS}/cache_door.py"]
    check = core.ProbeArgs(
        exec_=core.ExecActionArgs(command=[*program, "--check"]),
        period_seconds=20,
        timeout_seconds=10,
        failure_threshold=3,
    )
    own = {name: value for name, value in environment.items() if name.startswith(("CACHE_", "DOOR_", "AWS_"))}
    return core.ContainerArgs(
        name="cache-door", image=images.litellm, command=program, env=env({**own, "DOOR_PORT": str(DOOR_PORT)}),
        liveness_probe=check, readiness_probe=check, resources=resources("50m", "128Mi", cpu_limit="500m"),
        security_context=container_security(), volume_mounts=_mounts(PROGRAMS),
    )  # fmt: skip


def _presidio(name: str, image: str, port: int, cpu: str, memory: str) -> core.ContainerArgs:
    return core.ContainerArgs(
        name=name, image=image, env=env({"PORT": str(port), "WORKERS": "1", "HOME": "/tmp"}),  # noqa: S108
        startup_probe=http_probe("/health", port, period=5, failures=60), liveness_probe=http_probe("/health", port),
        readiness_probe=http_probe("/health", port), resources=resources(cpu, memory, cpu_limit="1"),
        security_context=container_security(PRESIDIO_USER), volume_mounts=_mounts(),
    )  # fmt: skip


def _mounts(*names: str) -> list[core.VolumeMountArgs]:
    paths = {RUN: "/run/gateway"}
    named = [
        core.VolumeMountArgs(name=name, mount_path=paths.get(name, f"/etc/gateway/{name}"), read_only=name != RUN)
        for name in names
    ]
    return [*named, core.VolumeMountArgs(name="tmp", mount_path="/tmp")]  # noqa: S108
