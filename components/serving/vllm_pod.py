"""The pod of a vLLM replica: fetch and check the weights, then serve them, with nothing that the restricted level refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as kubernetes

from components.certified import AUTHORITY, authority_mount, authority_volume
from components.hardened import container_security, env, http_probe, pod_security, scratch, secrets_volume
from components.serving.vllm_server import ENVIRONMENT, PORT, RUN, WEIGHTS, arguments, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.ports import CapacityPort, OtlpPort, WeightsPort
    from components.certified import Certified
    from components.serving.vllm_plan import Served
    from components.serving.vllm_spec import VllmSpec

core = kubernetes.core.v1
PROGRAMS = "/etc/vllm/programs"
SECRETS = "/etc/vllm/secrets"
USER = 65534
GRACE = 30
"""Seconds on top of draining: to leave the service's endpoints, and to end."""
LEAVE = 15


@dataclass(frozen=True)
class Parts:
    """What the pod is put together from."""

    image: str
    namespace: pulumi.Input[str]
    service_account: str
    labels: Mapping[str, str]
    programs: pulumi.Input[str]
    """Name of the ConfigMap with the programs."""
    keys: pulumi.Input[str]
    """Name of the provider class that mounts the keys."""
    weights: WeightsPort
    pool: CapacityPort
    told: Served
    traces: OtlpPort | None
    certified: Certified


def pod(spec: VllmSpec, parts: Parts) -> core.PodSpecArgs:
    """The pod's specification."""
    return core.PodSpecArgs(
        service_account_name=parts.service_account, automount_service_account_token=False, enable_service_links=False,
        security_context=pod_security(USER), termination_grace_period_seconds=spec.drain_seconds + GRACE,
        node_selector=dict(parts.pool.node_labels),
        tolerations=[_toleration(each) for each in parts.pool.tolerations],
        topology_spread_constraints=_spread(parts.labels),
        init_containers=[_fetch(parts), parts.certified.keeper()], containers=[_serve(spec, parts)], volumes=_volumes(parts),
    )  # fmt: skip


def _toleration(told: Mapping[str, str]) -> core.TolerationArgs:
    return core.TolerationArgs(
        key=told["key"], operator=told["operator"], value=told.get("value"), effect=told.get("effect")
    )


def _spread(labels: Mapping[str, str]) -> list[core.TopologySpreadConstraintArgs]:
    """Apart as far as there are GPUs: a replica in the same zone is better than none."""
    selector = kubernetes.meta.v1.LabelSelectorArgs(match_labels=dict(labels))
    return [
        core.TopologySpreadConstraintArgs(
            max_skew=1, topology_key=key, when_unsatisfiable="ScheduleAnyway", label_selector=selector
        )
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]


def _fetch(parts: Parts) -> core.ContainerArgs:
    told = {
        "HOME": "/cache", "WEIGHTS_DIGEST": parts.weights.digest or "", "WEIGHTS_DIRECTORY": WEIGHTS,
        "WEIGHTS_URI": parts.weights.uri,
    }  # fmt: skip
    return core.ContainerArgs(
        name="weights", image=parts.image, command=["python3", f"{PROGRAMS}/fetch.py"], env=env(told),
        security_context=container_security(USER), resources=_resources({"cpu": "2", "memory": "4Gi"}),
        volume_mounts=[_mount("weights", WEIGHTS), _mount("programs", PROGRAMS, read_only=True), *_scratch_mounts()],
    )  # fmt: skip


def _serve(spec: VllmSpec, parts: Parts) -> core.ContainerArgs:
    words: list[pulumi.Input[str]] = [f"{PROGRAMS}/start.py", *arguments(spec, parts.told)]
    if parts.traces is not None:
        words.append(pulumi.Output.concat("--otlp-traces-endpoint=", parts.traces.grpc))
    trusts = {} if parts.traces is None else {"OTEL_EXPORTER_OTLP_CERTIFICATE": AUTHORITY}
    return core.ContainerArgs(
        name="vllm", image=parts.image, command=["python3"], args=words,
        env=env({**ENVIRONMENT, **trusts, "VLLM_ENGINE_READY_TIMEOUT_S": str(parts.told.startup_minutes * 60)}),
        ports=[core.ContainerPortArgs(name="https", container_port=PORT, protocol="TCP")],
        security_context=container_security(USER),
        resources=_resources(share(parts.pool.instance, parts.told.gpus), {parts.pool.accelerator_resource: str(parts.told.gpus)}),
        startup_probe=http_probe("/health", PORT, scheme="HTTPS", failures=parts.told.startup_minutes * 6),
        liveness_probe=http_probe("/health", PORT, scheme="HTTPS", failures=6),
        readiness_probe=http_probe("/health", PORT, scheme="HTTPS", period=5),
        lifecycle=core.LifecycleArgs(
            pre_stop=core.LifecycleHandlerArgs(sleep=core.SleepActionArgs(seconds=LEAVE))
        ),
        volume_mounts=[
            _mount("weights", WEIGHTS, read_only=True), _mount("programs", PROGRAMS, read_only=True),
            _mount("keys", SECRETS, read_only=True), _mount("run", RUN), _mount("shared-memory", "/dev/shm"),  # noqa: S108
            parts.certified.mount(), *([authority_mount()] if parts.traces else []), *_scratch_mounts(),
        ],
    )  # fmt: skip


def _resources(base: Mapping[str, str], devices: Mapping[str, str] | None = None) -> core.ResourceRequirementsArgs:
    """Limits equal requests, so that a replica never takes what another one counts on; weights lie on the node's disk."""
    whole = {**base, "ephemeral-storage": "50Gi", **(devices or {})}
    return core.ResourceRequirementsArgs(requests=whole, limits={**whole, "ephemeral-storage": "2Ti"})


def _mount(name: str, path: str, *, read_only: bool = False) -> core.VolumeMountArgs:
    return core.VolumeMountArgs(name=name, mount_path=path, read_only=read_only)


def _scratch_mounts() -> list[core.VolumeMountArgs]:
    return [_mount("cache", "/cache"), _mount("temporary", "/tmp")]  # noqa: S108  the pod's own volume


def _volumes(parts: Parts) -> list[core.VolumeArgs]:
    memory = {"run": "16Mi", "shared-memory": f"{parts.told.shared_memory_gib}Gi"}
    return [
        core.VolumeArgs(name="weights", empty_dir=core.EmptyDirVolumeSourceArgs()),
        core.VolumeArgs(name="programs", config_map=core.ConfigMapVolumeSourceArgs(name=parts.programs)),
        secrets_volume("keys", parts.keys),
        *parts.certified.volumes(),
        *([authority_volume(parts.traces.authorities)] if parts.traces else []),
        scratch("cache", "100Gi"),
        scratch("temporary", "20Gi"),
        *(
            core.VolumeArgs(name=name, empty_dir=core.EmptyDirVolumeSourceArgs(medium="Memory", size_limit=size))
            for name, size in memory.items()
        ),
    ]
