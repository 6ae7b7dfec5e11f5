"""Pods that run the programs of a store, on an image that holds the libraries they stand on."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING

import pulumi_kubernetes as kubernetes

from components.certified import authority_mount, authority_volume
from components.hardened import container_security, env, pod_security, resources, scratch, secrets_volume
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from blueprint.component import Component
    from blueprint.ports import WorkloadIdentity

core, meta, batch = kubernetes.core.v1, kubernetes.meta.v1, kubernetes.batch.v1

PACKAGE = "components.retrieval.programs"
ROOT = "/opt/blueprint"
FOLDER = f"{ROOT}/{PACKAGE.replace('.', '/')}"
"""Where the programs are mounted: under the names by which they import each other."""
SECRETS = "/etc/retrieval/secrets"
COMMON = ("ages", "contract", "door", "freshness", "keys", "server", "stores", "traces")
DEADLINE = 1800


class ProgramPods:
    """Makes a ConfigMap of programs, and pods and jobs that run them; `told` is the environment that all of them get."""

    def __init__(
        self,
        component: Component,
        *,
        space: pulumi.Input[str],
        image_name: str,
        programs: Sequence[str],
        told: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions,
    ) -> None:
        self._component, self._space = component, space
        self.image = image(image_name).at(component.platform)
        self._told = {
            **told, "AWS_REGION": component.platform.region, "HOME": "/tmp", "PYTHONPATH": ROOT,  # noqa: S108
            "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        folder = files(PACKAGE)
        data = {
            f"{name}.py": folder.joinpath(f"{name}.py").read_text(encoding="utf-8")
            for name in sorted({*COMMON, *programs})
        }
        plain = {name: value for name, value in sorted(told.items()) if isinstance(value, str)}
        self.digest = _digest({**data, **plain, "image": self.image})
        name = f"{component.named('programs')}-{_digest(data)}"
        self._programs = core.ConfigMap(
            component.named("programs"), data=data, immutable=True, opts=opts,
            metadata=meta.ObjectMetaArgs(name=name, namespace=space, labels=component.labels()),
        ).metadata.name.apply(str)  # fmt: skip

    def container(
        self,
        program: str,
        *,
        name: str | None = None,
        told: Mapping[str, pulumi.Input[str]] | None = None,
        memory: str = "256Mi",
        mounts: Sequence[core.VolumeMountArgs] = (),
        ports: Sequence[core.ContainerPortArgs] = (),
        ready: core.ProbeArgs | None = None,
        alive: core.ProbeArgs | None = None,
    ) -> core.ContainerArgs:
        """A container that runs one program."""
        return core.ContainerArgs(
            name=name or program.replace("_", "-"), image=self.image, command=["python", "-m", f"{PACKAGE}.{program}"],
            env=env({**self._told, **(told or {})}), ports=list(ports) or None, security_context=container_security(),
            resources=resources("100m", memory, cpu_limit="1"), readiness_probe=ready, liveness_probe=alive,
            volume_mounts=[
                core.VolumeMountArgs(name="programs", mount_path=FOLDER, read_only=True), authority_mount(),
                core.VolumeMountArgs(name="tmp", mount_path="/tmp"), *mounts,  # noqa: S108
            ],
        )  # fmt: skip

    def volumes(self, secrets: pulumi.Input[str] | None = None) -> list[core.VolumeArgs]:
        """What such containers mount, and the pod's secrets."""
        return [
            core.VolumeArgs(name="programs", config_map=core.ConfigMapVolumeSourceArgs(name=self._programs)),
            authority_volume(), scratch("tmp", "64Mi"),
            *([] if secrets is None else [secrets_volume("secrets", secrets)]),
        ]  # fmt: skip

    def job(
        self,
        who: WorkloadIdentity,
        program: str,
        *,
        told: Mapping[str, pulumi.Input[str]] | None = None,
        secrets: pulumi.Input[str] | None = None,
    ) -> batch.JobSpecArgs:
        """A program that runs to its end."""
        mounts = [] if secrets is None else [secrets_mount()]
        pod = core.PodSpecArgs(
            containers=[self.container(program, told=told, mounts=mounts)], volumes=self.volumes(secrets),
            restart_policy="Never", service_account_name=who.service_account, automount_service_account_token=False,
            enable_service_links=False, security_context=pod_security(),
        )  # fmt: skip
        labels = {**self._component.labels(), **who.labels}
        template = core.PodTemplateSpecArgs(metadata=meta.ObjectMetaArgs(labels=labels), spec=pod)
        return batch.JobSpecArgs(backoff_limit=6, active_deadline_seconds=DEADLINE, template=template)

    def once(
        self,
        who: WorkloadIdentity,
        program: str,
        *,
        opts: pulumi.ResourceOptions,
        told: Mapping[str, pulumi.Input[str]] | None = None,
        secrets: pulumi.Input[str] | None = None,
    ) -> batch.Job:
        """A job for each version of what it is told at plan time."""
        plain = {name: value for name, value in (told or {}).items() if isinstance(value, str)}
        name = f"{self._component.named(program.replace('_', '-'))}-{_digest({**plain, 'all': self.digest})}"
        return batch.Job(
            self._component.named(program.replace("_", "-")), metadata=self._meta(who, name),
            spec=self.job(who, program, told=told, secrets=secrets), opts=opts,
        )  # fmt: skip

    def often(
        self,
        who: WorkloadIdentity,
        program: str,
        schedule: str,
        *,
        opts: pulumi.ResourceOptions,
        told: Mapping[str, pulumi.Input[str]] | None = None,
        secrets: pulumi.Input[str] | None = None,
    ) -> batch.CronJob:
        """A job on a schedule, one at a time."""
        name = self._component.named(program.replace("_", "-"))
        spec = self.job(who, program, told=told, secrets=secrets)
        return batch.CronJob(
            name, metadata=self._meta(who, name), opts=opts,
            spec=batch.CronJobSpecArgs(
                schedule=schedule, concurrency_policy="Forbid", successful_jobs_history_limit=1,
                failed_jobs_history_limit=3, job_template=batch.JobTemplateSpecArgs(spec=spec),
            ),
        )  # fmt: skip

    def _meta(self, who: WorkloadIdentity, name: str) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(name=name, namespace=self._space, labels={**self._component.labels(), **who.labels})


def secrets_mount() -> core.VolumeMountArgs:
    """Where programs read their secrets."""
    return core.VolumeMountArgs(name="secrets", mount_path=SECRETS, read_only=True)


def _digest(data: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:10]
