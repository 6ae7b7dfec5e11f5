"""How good the answers are, measured on a schedule."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.ports import McpPort, OpenAiPort, OpenLineagePort, OtlpPort
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from components.certified import authority_mount, authority_volume
from components.foundation.private_bucket import Ageing, PrivateBucket
from components.hardened import (
    Peer,
    container_security,
    env,
    mounted_secrets,
    network_policy,
    pod_security,
    resources,
    scratch,
    secrets_volume,
)
from components.observability.evaluation_spec import SCHEDULES, WORKLOAD
from components.versions import image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import (
        AuditPort,
        BackupPort,
        ClusterPort,
        IdentityPort,
        KeysPort,
        NetworkPort,
        Port,
        SecretsPort,
    )
    from blueprint.types import Noun
    from components.observability.evaluation_spec import EvaluationSpec

core, meta, batch = kubernetes.core.v1, kubernetes.meta.v1, kubernetes.batch.v1

PACKAGE = "components.observability.programs"
PROGRAMS = ("evaluate", "gateway_calls", "mcp_tools", "measures", "otlp")
FOLDER, SETTINGS, SECRETS = "/etc/evaluation/programs", "/etc/evaluation/settings", "/etc/evaluation/secrets"
NONCURRENT_DAYS = 90
"""How long a dataset that was replaced can be brought back."""
HTTPS = 443


class Evaluation(Component):
    """Creates the schedule, the bucket with the questions, and the right to read them.

    Its results are metrics; the alerts on them are among those of the metrics workspace. Not created: the questions.
    """

    LAYER: ClassVar[Layer] = Layer.OBSERVABILITY

    def __init__(
        self,
        noun: Noun,
        spec: EvaluationSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        audit: AuditPort,
        backup: BackupPort,
        identity: IdentityPort,
        cluster: ClusterPort,
        secrets: SecretsPort,
        ports: Mapping[str, Port],
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._who, self._space = spec, identity.workloads[noun, WORKLOAD], cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        bucket = PrivateBucket(
            f"{noun}/questions", platform=platform, key_arn=keys.arns[KeyPurpose.OBJECTS],
            access_log_bucket=audit.access_log_bucket, ageing=Ageing(noncurrent_days=NONCURRENT_DAYS),
            more={Tag.AUDIT_RELEVANT: "false", Tag.DATASET: "evaluation", Tag.BACKUP: backup.tag[1]}, keep=spec.keep,
            opts=self.inside,
        )  # fmt: skip
        self._may_read(bucket, keys.arns[KeyPurpose.OBJECTS])
        network_policy(
            self, "to-the-questions", namespace=self._space, selects=self._who.labels, opts=self._objects,
            egress=[(Peer(cidr=cidr), [HTTPS]) for cidr in network.endpoint_subnet_cidrs],
        )  # fmt: skip
        environment, files_ = _told(ports)
        mounted_secrets(
            self, "secrets", namespace=self._space,
            files={"gateway-key": secrets.arns[f"{noun}/gateway-key"], **files_}, opts=self._objects,
        )  # fmt: skip
        self._schedule({**environment, "AWS_REGION": platform.region, "HOME": "/tmp", "PYTHONPATH": FOLDER}, bucket)  # noqa: S108
        self.finish(bucket=bucket.name)

    def _may_read(self, bucket: PrivateBucket, key_arn: pulumi.Input[str]) -> None:
        through = {"kms:ViaService": f"s3.{self.platform.region}.amazonaws.com"}
        aws.iam.RolePolicy(
            self.named("reads"), role=self._who.role_name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "s3:GetObject",
                 "Resource": pulumi.Output.concat(bucket.arn, "/", self._spec.dataset.key)},
                {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key_arn, "Condition": {"StringEquals": through}},
            ]}),
            opts=self.inside,
        )  # fmt: skip

    def _schedule(self, environment: Mapping[str, pulumi.Input[str]], bucket: PrivateBucket) -> None:
        spec = self._spec
        settings = pulumi.Output.json_dumps({
            **spec.model_dump(mode="json", include={"models", "judge", "retrieval", "thresholds"}),
            "dataset": {**spec.dataset.model_dump(mode="json"), "bucket": bucket.name},
            "interval_seconds": spec.every_hours * 3600, "platform": self.platform.label,
        }, sort_keys=True, indent=1)  # fmt: skip
        told = kubernetes.core.v1.ConfigMap(
            self.named("settings"), metadata=self._meta(self.named("settings")), data={"evaluation.json": settings},
            opts=self._objects,
        ).metadata.name.apply(str)  # fmt: skip
        batch.CronJob(
            self.named("runs"), metadata=self._meta(self.named()),
            spec=batch.CronJobSpecArgs(
                schedule=SCHEDULES[spec.every_hours], time_zone="Etc/UTC", concurrency_policy="Forbid", suspend=False,
                starting_deadline_seconds=3600, successful_jobs_history_limit=3, failed_jobs_history_limit=3,
                job_template=batch.JobTemplateSpecArgs(
                    spec=batch.JobSpecArgs(
                        backoff_limit=1, active_deadline_seconds=spec.minutes * 60,
                        template=core.PodTemplateSpecArgs(
                            metadata=meta.ObjectMetaArgs(labels={**self.labels(), **self._who.labels}),
                            spec=self._pod(environment, told),
                        ),
                    ),
                ),
            ),
            opts=self._objects,
        )  # fmt: skip

    def _pod(self, environment: Mapping[str, pulumi.Input[str]], told: pulumi.Input[str]) -> core.PodSpecArgs:
        container = core.ContainerArgs(
            name=WORKLOAD, image=image("litellm").at(self.platform), command=["python", "-m", f"{PACKAGE}.evaluate"],
            env=env(environment), security_context=container_security(), resources=resources("250m", "512Mi", cpu_limit="1"),
            volume_mounts=[
                *(core.VolumeMountArgs(name=name, mount_path=path, read_only=True) for name, path in (
                    ("programs", FOLDER), ("settings", SETTINGS), ("secrets", SECRETS))),
                core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
                authority_mount(),
            ],
        )  # fmt: skip
        folder = PACKAGE.replace(".", "/")
        placed = [core.KeyToPathArgs(key=f"{name}.py", path=f"{folder}/{name}.py") for name in PROGRAMS]
        return core.PodSpecArgs(
            containers=[container], restart_policy="Never", service_account_name=self._who.service_account,
            automount_service_account_token=False, enable_service_links=False, security_context=pod_security(),
            volumes=[
                core.VolumeArgs(name="programs", config_map=core.ConfigMapVolumeSourceArgs(name=self._programs(), items=placed)),
                core.VolumeArgs(name="settings", config_map=core.ConfigMapVolumeSourceArgs(name=told)),
                secrets_volume("secrets", self.named("secrets")), scratch("tmp", "64Mi"), authority_volume(),
            ],
        )  # fmt: skip

    def _programs(self) -> pulumi.Output[str]:
        data = {f"{name}.py": files(PACKAGE).joinpath(f"{name}.py").read_text(encoding="utf-8") for name in PROGRAMS}
        digest = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:10]
        return kubernetes.core.v1.ConfigMap(
            self.named("programs"), metadata=self._meta(f"{self.named('programs')}-{digest}"), data=data, immutable=True,
            opts=self._objects,
        ).metadata.name.apply(str)  # fmt: skip

    def _meta(self, name: str) -> meta.ObjectMetaArgs:
        return meta.ObjectMetaArgs(name=name, namespace=self._space, labels={**self.labels(), **self._who.labels})


def _told(ports: Mapping[str, Port]) -> tuple[dict[str, pulumi.Input[str]], dict[str, pulumi.Input[str]]]:
    """Addresses for the environment, and secrets that others share with whom they admit."""
    environment: dict[str, pulumi.Input[str]] = {}
    shared: dict[str, pulumi.Input[str]] = {}
    for name, port in ports.items():
        match name, port:
            case "models", OpenAiPort():
                environment["MODELS_URL"] = port.url
            case "tools", McpPort():
                environment["TOOLS_URL"] = port.url
            case "otlp", OtlpPort():
                environment["OTLP_URL"] = port.http
            case "lineage", OpenLineagePort():
                environment["LINEAGE_URL"] = port.url
                shared["lineage-key"] = port.secret_arn
            case _:
                raise TypeError(f"the port {name} speaks {port.DIALECT}")
    return environment, shared
