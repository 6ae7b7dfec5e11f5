"""Marquez's pods: Marquez on the loopback, and before it the door that speaks TLS and asks for the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes

from components.certified import CERTIFICATE
from components.governance.marquez_config import ADMIN, CALLS
from components.governance.marquez_spec import HTTPS, KEY
from components.hardened import container_security, env, http_probe, resources
from components.versions import image

if TYPE_CHECKING:
    from blueprint.context import PlatformContext

core = kubernetes.core.v1

FOLDER, SECRETS = "/etc/lineage", "/etc/lineage-secrets"
DOOR = "lineage_door.py"
SETTINGS = "marquez.yml"
HEAP_PERCENT = 70
"""Part of the memory that Java takes for objects; the rest is for threads and code."""


def marquez(platform: PlatformContext) -> core.ContainerArgs:
    """Asked through the door, since it answers on the loopback alone; the jar's name carries its version."""
    start = f"exec java -XX:MaxRAMPercentage={HEAP_PERCENT} -jar /usr/src/app/marquez-*.jar server {FOLDER}/{SETTINGS}"
    return core.ContainerArgs(
        name="marquez", image=image("marquez").at(platform), command=["sh", "-c", start],
        startup_probe=http_probe("/alive", HTTPS, scheme="HTTPS", period=5, failures=60),
        liveness_probe=http_probe("/alive", HTTPS, scheme="HTTPS"),
        readiness_probe=http_probe("/ready", HTTPS, scheme="HTTPS"),
        resources=resources("250m", "1536Mi", cpu_limit="1"), security_context=container_security(),
        volume_mounts=[_settings(), core.VolumeMountArgs(name="tmp", mount_path="/tmp")],  # noqa: S108
    )  # fmt: skip


def door(platform: PlatformContext, certificate: core.VolumeMountArgs) -> core.ContainerArgs:
    """Takes requests over TLS, asks for the key and hands on what is allowed."""
    told = {
        "ADMIN_PORT": str(ADMIN), "CERTIFICATE": CERTIFICATE, "KEY_FILE": f"{SECRETS}/{KEY}", "PORT": str(HTTPS),
        "UPSTREAM_PORT": str(CALLS),
    }  # fmt: skip
    program = ["python", f"{FOLDER}/{DOOR}"]
    check = core.ProbeArgs(
        exec_=core.ExecActionArgs(command=[*program, "--check"]), period_seconds=15, timeout_seconds=10, failure_threshold=3
    )  # fmt: skip
    return core.ContainerArgs(
        name="lineage-door", image=image("litellm").at(platform), command=program, env=env(told),
        ports=[core.ContainerPortArgs(name="https", container_port=HTTPS)],
        liveness_probe=check, readiness_probe=check,
        resources=resources("50m", "192Mi", cpu_limit="500m"), security_context=container_security(),
        volume_mounts=[_settings(), core.VolumeMountArgs(name="secrets", mount_path=SECRETS, read_only=True), certificate],
    )  # fmt: skip


def _settings() -> core.VolumeMountArgs:
    return core.VolumeMountArgs(name="settings", mount_path=FOLDER, read_only=True)
