"""The container that stands before a program of the organisation: TLS, keys, names of tools, and a line for each call."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes

from components.hardened import container_security, env, http_probe, resources
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from blueprint.component import Component

core = kubernetes.core.v1

PROGRAM = "door.py"
FOLDER = "/etc/door"
HEALTH = "/healthz"


def door_program(component: Component, space: pulumi.Input[str], opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Name of the ConfigMap with the program, which is named by its content."""
    text = files("components.agents.programs").joinpath(PROGRAM).read_text(encoding="utf-8")
    name = f"{component.named('door')}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
    return core.ConfigMap(
        component.named("door-program"), data={PROGRAM: text}, immutable=True, opts=opts,
        metadata=kubernetes.meta.v1.ObjectMetaArgs(name=name, namespace=space, labels=component.labels()),
    ).metadata.name.apply(str)  # fmt: skip


def door_volume(program: pulumi.Input[str]) -> core.VolumeArgs:
    """The program, for the pod."""
    return core.VolumeArgs(name="door", config_map=core.ConfigMapVolumeSourceArgs(name=program))


def door(
    component: Component, *, listen: int, told: Mapping[str, str], mounts: Sequence[core.VolumeMountArgs]
) -> core.ContainerArgs:
    """The container; `told` is what the program's Rules read, `mounts` are its certificate and, where it has one, its key."""
    platform = component.platform
    oldest = platform.posture.tls_min_version(platform.classes(component.noun))
    return core.ContainerArgs(
        name="door", image=image("litellm").at(component.platform), command=["python", f"{FOLDER}/{PROGRAM}"],
        env=env({**told, "LISTEN": str(listen), "OLDEST_TLS": oldest}), ports=[core.ContainerPortArgs(name="https", container_port=listen)],
        startup_probe=http_probe(HEALTH, listen, scheme="HTTPS", period=5, failures=60),
        readiness_probe=http_probe(HEALTH, listen, scheme="HTTPS"),
        liveness_probe=core.ProbeArgs(
            tcp_socket=core.TCPSocketActionArgs(port=listen), period_seconds=10, timeout_seconds=5, failure_threshold=3
        ),
        resources=resources("50m", "128Mi", cpu_limit="500m"), security_context=container_security(),
        volume_mounts=[core.VolumeMountArgs(name="door", mount_path=FOLDER, read_only=True), *mounts],
    )  # fmt: skip
