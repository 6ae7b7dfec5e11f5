"""Brings a model's weights from their hub into its bucket, once."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from blueprint.component import Component
from blueprint.types import Layer
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
from components.models.open_weights_spec import MIRROR
from components.versions import image

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, HttpProxyPort, NetworkPort, WorkloadIdentity
    from blueprint.types import Noun
    from components.foundation.private_bucket import PrivateBucket
    from components.models.open_weights_spec import OpenWeightsSpec

core = kubernetes.core.v1
PROGRAM = "mirror.py"
PROGRAMS, SECRETS = "/etc/mirror/programs", "/etc/mirror/secrets"
HTTPS = 443


class Mirror(Component):
    """Creates a job that copies one revision through the proxy, its right to write that revision, and its ways.

    The job is not waited for: weights may take an hour, and servers wait for them themselves.
    """

    LAYER: ClassVar[Layer] = Layer.MODELS

    def __init__(
        self,
        noun: Noun,
        spec: OpenWeightsSpec,
        hub: str,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        cluster: ClusterPort,
        who: WorkloadIdentity,
        proxy: HttpProxyPort,
        bucket: PrivateBucket,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(f"{noun}/{MIRROR}", platform=platform, opts=opts)
        self._spec, self._who, self._space = spec, who, cluster.namespaces[noun]
        self._objects = self.within(provider=cluster.provider_resource)
        self._may_write(bucket, key_arn)
        mounted_secrets(self, "secrets", namespace=self._space, files={"proxy": proxy.secret_arn}, opts=self._objects)
        network_policy(
            self, "to-the-bucket", namespace=self._space, selects=who.labels, opts=self._objects,
            egress=[(Peer(cidr=cidr), [HTTPS]) for cidr in network.endpoint_subnet_cidrs],
        )  # fmt: skip
        self._run({
            "AWS_REGION": platform.region, "BUCKET": bucket.name, "HOME": "/tmp", "HUB": hub, "MODEL": spec.source,  # noqa: S108
            "PROXY_URL": proxy.url, "REVISION": spec.revision, "WEIGHTS_DIGEST": spec.digest or "",
        })  # fmt: skip
        self.finish()

    def _may_write(self, bucket: PrivateBucket, key_arn: pulumi.Input[str]) -> None:
        through = {"kms:ViaService": f"s3.{self.platform.region}.amazonaws.com"}
        revision = self._spec.revision
        aws.iam.RolePolicy(
            self.named("writes"), role=self._who.role_name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
                 "Resource": pulumi.Output.concat(bucket.arn, "/", revision, "/*")},
                {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket.arn,
                 "Condition": {"StringLike": {"s3:prefix": f"{revision}/*"}}},
                {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": key_arn,
                 "Condition": {"StringEquals": through}},
            ]}),
            opts=self.inside,
        )  # fmt: skip

    def _run(self, told: dict[str, pulumi.Input[str]]) -> None:
        text = files("components.models.programs").joinpath(PROGRAM).read_text(encoding="utf-8")
        told_now = [text, *(value for value in told.values() if isinstance(value, str))]
        digest = hashlib.sha256("\0".join(told_now).encode()).hexdigest()[:10]
        labels = {**self.labels(), **self._who.labels}
        program = core.ConfigMap(
            self.named("program"), metadata={"name": f"{self.named('program')}-{digest}", "namespace": self._space, "labels": labels},
            data={PROGRAM: text}, immutable=True, opts=self._objects,
        )  # fmt: skip
        container = core.ContainerArgs(
            name=MIRROR, image=image("litellm").at(self.platform), command=["python", f"{PROGRAMS}/{PROGRAM}"], env=env(told),
            security_context=container_security(), resources=resources("1", "2Gi", cpu_limit="2"),
            volume_mounts=[
                core.VolumeMountArgs(name="program", mount_path=PROGRAMS, read_only=True),
                core.VolumeMountArgs(name="secrets", mount_path=SECRETS, read_only=True),
                core.VolumeMountArgs(name="tmp", mount_path="/tmp"),  # noqa: S108
            ],
        )  # fmt: skip
        pod = core.PodSpecArgs(
            service_account_name=self._who.service_account, automount_service_account_token=False,
            enable_service_links=False, security_context=pod_security(), restart_policy="Never", containers=[container],
            volumes=[
                core.VolumeArgs(
                    name="program", config_map=core.ConfigMapVolumeSourceArgs(name=program.metadata.name.apply(str))
                ),
                secrets_volume("secrets", self.named("secrets")),
                scratch("tmp", "1Gi"),
            ],
        )  # fmt: skip
        kubernetes.batch.v1.Job(
            self.named("job"),
            metadata=kubernetes.meta.v1.ObjectMetaArgs(
                name=f"{MIRROR}-{digest}", namespace=self._space, labels=labels, annotations={"pulumi.com/skipAwait": "true"}
            ),
            spec=kubernetes.batch.v1.JobSpecArgs(
                backoff_limit=6,
                template=core.PodTemplateSpecArgs(metadata=kubernetes.meta.v1.ObjectMetaArgs(labels=labels), spec=pod),
            ),
            opts=self._objects,
        )  # fmt: skip
