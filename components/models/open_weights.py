"""A model whose weights the platform holds: the bytes, and the entry that says what they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import HttpProxyPort, WeightsPort
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from components.foundation.admission import Admission, ToNetwork
from components.foundation.private_bucket import Ageing, PrivateBucket
from components.models.mirror import Mirror
from components.models.open_weights_spec import MIRROR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, ClusterPort, IdentityPort, KeysPort, NetworkPort, Port
    from blueprint.types import Noun
    from blueprint.wiring import Edge
    from components.models.open_weights_spec import OpenWeightsSpec

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
"""Lists every file of the mirror with its sha256; the entry's digest is the sha256 of this list."""

NONCURRENT_DAYS = 90


class OpenWeights(Component):
    """Creates a private bucket for one model and writes its catalogue entry into it.

    Not created: the weights. They are mirrored into `<revision>/` together with SHA256SUMS, by a job where the document
    asks for it, else by whoever may write to the bucket; servers check every file against that list before they load it.
    """

    LAYER: ClassVar[Layer] = Layer.MODELS

    def __init__(
        self,
        noun: Noun,
        spec: OpenWeightsSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        audit: AuditPort,
        identity: IdentityPort,
        cluster: ClusterPort | None = None,
        ports: Mapping[str, Port] | None = None,
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._key = keys.arns[KeyPurpose.OBJECTS]
        self._spec, self._network, self._identity = spec, network, identity
        bucket = PrivateBucket(
            f"{noun}/weights", platform=platform, key_arn=self._key, access_log_bucket=audit.access_log_bucket,
            ageing=Ageing(noncurrent_days=NONCURRENT_DAYS), classes=frozenset(), more={Tag.AUDIT_RELEVANT: "false", Tag.MODEL: spec.name},
            keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        aws.s3.BucketObjectv2(
            self.named("entry"), bucket=bucket.name, key=f"{spec.revision}/{MANIFEST}", content=entry(spec),
            content_type="application/json", kms_key_id=self._key, server_side_encryption="aws:kms",
            tags=self.tags(classes=frozenset(), more={Tag.MODEL: spec.name}), opts=self.inside,
        )  # fmt: skip
        if cluster is not None:
            for edge in platform.wiring.to(noun):
                self._admit(edge, bucket, cluster)
        proxy = (ports or {}).get("http-proxy")
        if spec.mirror is not None and cluster is not None and isinstance(proxy, HttpProxyPort):
            Mirror(
                noun, spec, spec.mirror.hub, platform=platform, network=network, cluster=cluster, proxy=proxy,
                who=identity.workloads[noun, MIRROR], bucket=bucket, key_arn=self._key, opts=self.inside,
            )  # fmt: skip
        self.ports = {
            "weights": WeightsPort(
                provider=noun, bucket=bucket.name, uri=pulumi.Output.concat("s3://", bucket.name, "/", spec.revision),
                digest=spec.digest, model=spec.source,
            )
        }  # fmt: skip
        self.finish(bucket=bucket.name)

    def _admit(self, edge: Edge, bucket: PrivateBucket, cluster: ClusterPort) -> None:
        through = {"kms:ViaService": f"s3.{self.platform.region}.amazonaws.com"}
        Admission(
            edge, platform=self.platform, consumer=self._identity.workloads[edge.consumer, edge.workload], cluster=cluster,
            allow=[
                {"Effect": "Allow", "Action": "s3:GetObject",
                 "Resource": pulumi.Output.concat(bucket.arn, "/", self._spec.revision, "/*")},
                {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": self._key, "Condition": {"StringEquals": through}},
            ],
            way=ToNetwork(self._network.endpoint_subnet_cidrs), opts=self.inside,
        )  # fmt: skip


def entry(spec: OpenWeightsSpec) -> str:
    """The catalogue entry as JSON; what nobody stated is null."""
    known = spec.model_dump(mode="json", exclude={"kind", "keep", "mirror"})
    return json.dumps({"schema": "blueprint.model/1", **known}, sort_keys=True)
