"""What is done once for each version of Temporal: the schema of its databases, the namespace of the workflows."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes

from components.agents.temporal_service import PROGRAMS, USER_ID
from components.certified import authority_mount, authority_volume
from components.hardened import container_security, env, pod_security, resources, scratch
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from blueprint.component import Component
    from blueprint.ports import WorkloadIdentity
    from components.data.database_door import DatabaseDoor

batch, core, meta = kubernetes.batch.v1, kubernetes.core.v1, kubernetes.meta.v1


def job(
    component: Component,
    part: str,
    *,
    program: str,
    told: Mapping[str, str],
    programs: pulumi.Input[str],
    who: WorkloadIdentity,
    space: pulumi.Input[str],
    door: DatabaseDoor | None,
    content: str,
    opts: pulumi.ResourceOptions,
) -> batch.Job:
    """A job that runs one of our programs in the image of Temporal's tools, anew whenever anything of it changes."""
    tools = image("temporal-admin-tools")
    digest = hashlib.sha256(json.dumps([content, dict(told), tools.tag], sort_keys=True).encode()).hexdigest()[:10]
    mounts = [
        core.VolumeMountArgs(name="programs", mount_path=PROGRAMS, read_only=True),
        core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
        authority_mount(),
    ]
    container = core.ContainerArgs(
        name=part, image=tools.at(component.platform), command=["sh", f"{PROGRAMS}/{program}"],
        env=env({**told, "HOME": "/tmp"}), volume_mounts=mounts,  # noqa: S108  an empty volume of the pod
        resources=resources("50m", "256Mi", cpu_limit="500m"), security_context=container_security(),
    )  # fmt: skip
    volumes: Sequence[core.VolumeArgs] = [
        core.VolumeArgs(name="programs", config_map=core.ConfigMapVolumeSourceArgs(name=programs)),
        scratch("tmp", "64Mi"), authority_volume(), *([door.volume()] if door else []),
    ]  # fmt: skip
    pod = core.PodSpecArgs(
        init_containers=[door.keeper()] if door else None, containers=[container], restart_policy="Never",
        service_account_name=who.service_account, automount_service_account_token=False, enable_service_links=False,
        security_context=pod_security(USER_ID), volumes=volumes,
    )  # fmt: skip
    labels = {**component.labels(), **who.labels}
    return batch.Job(
        component.named(part),
        metadata=meta.ObjectMetaArgs(name=f"{part}-{digest}", namespace=space, labels=labels),
        spec=batch.JobSpecArgs(
            backoff_limit=6, active_deadline_seconds=1800,
            template=core.PodTemplateSpecArgs(metadata=meta.ObjectMetaArgs(labels=labels), spec=pod),
        ),
        opts=opts,
    )  # fmt: skip
