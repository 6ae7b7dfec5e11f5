"""A store of documents in Amazon OpenSearch Service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from blueprint.ports import OpenSearchPort
from blueprint.tags import Tag
from blueprint.types import Dialect, KeyPurpose
from components.foundation.admission import ToNetwork
from components.foundation.private_bucket import Ageing, PrivateBucket
from components.retrieval.document_store import HTTPS, DocumentStore, Native
from components.retrieval.opensearch_domain import OpenSearchDomain
from components.retrieval.opensearch_spec import SETUP, OpenSearchSpec
from components.retrieval.programs.opensearch import INDEX
from components.retrieval.store_spec import FRESHNESS, SERVER

if TYPE_CHECKING:
    from components.foundation.admission import Statement

OBJECTS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")


class OpenSearch(DocumentStore[OpenSearchSpec]):
    """Creates a domain, the job that administers it, a bucket for its snapshots, and what every store has.

    The domain gives roles their rights: those that search read documents that name a group, and nothing else of it.
    """

    PROGRAMS = ("calls", "opensearch", "opensearch_setup")

    def made(self) -> Native:
        """The domain and its bucket."""
        self._domain = OpenSearchDomain(
            f"{self.noun}/domain", platform=self.platform, network=self.network, keys=self.keys, classes=self.classes,
            size=self.spec.domain, administrator=self.who(SETUP).role_arn, admits=self.cluster.security_group_id,
            keep=self.spec.keep, opts=self.inside,
        )  # fmt: skip
        self._days = self.platform.posture.backup_retention_days(self.classes)
        self._bucket = PrivateBucket(
            f"{self.noun}/snapshots", platform=self.platform, key_arn=self.keys.arns[KeyPurpose.OBJECTS],
            access_log_bucket=self.audit.access_log_bucket, classes=self.classes, keep=self.spec.keep,
            ageing=Ageing(noncurrent_days=30), more={Tag.AUDIT_RELEVANT: "false"}, opts=self.inside,
        )  # fmt: skip
        self._native = Native(
            port=OpenSearchPort(provider=self.noun, url=self._domain.url, index=INDEX),
            told={"STORE_URL": self._domain.url}, way=ToNetwork((self.network.vpc_cidr,), HTTPS),
            reads=[self._domain.may("Get", "Post")], writes=[self._domain.may("Delete", "Get", "Head", "Post", "Put")],
        )  # fmt: skip
        return self._native

    def brought_in_order(self) -> None:
        """Index, rights by role and snapshots, by the domain's only administrator."""
        role = self._snapshot_role()
        passes: Statement = {
            "Effect": "Allow", "Action": "iam:PassRole", "Resource": role.arn,
            "Condition": {"StringEquals": {"iam:PassedToService": "es.amazonaws.com"}},
        }  # fmt: skip
        self.grant(SETUP, "administers", [self._domain.may("Delete", "Get", "Head", "Patch", "Post", "Put"), passes])
        self.opened(SETUP, self._native)
        writers = [
            self.identity.workloads[edge.consumer, edge.workload].role_arn
            for edge in self.platform.wiring.to(self.noun) if edge.offer.dialect is Dialect.OPENSEARCH
        ]  # fmt: skip
        days = self._days if isinstance(self._days, int) else 36500
        self.pods.once(
            self.who(SETUP), "opensearch_setup", opts=self.within(provider=self.cluster.provider_resource),
            told={
                "READERS": pulumi.Output.json_dumps([self.who(each).role_arn for each in (SERVER, FRESHNESS)]),
                "REPLICAS": str(self._domain.zones - 1), "SNAPSHOT_BUCKET": self._bucket.name,
                "SNAPSHOT_DAYS": str(days), "SNAPSHOT_ROLE": role.arn, "WRITERS": pulumi.Output.json_dumps(writers),
            },
        )  # fmt: skip

    def _snapshot_role(self) -> aws.iam.Role:
        """As which the service writes snapshots into the bucket; it can do nothing else."""
        platform = self.platform
        trust = {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "es.amazonaws.com"},
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": platform.account},
                    "ArnLike": {"aws:SourceArn": self._domain.domain.arn},
                },
            }],
        }  # fmt: skip
        role = aws.iam.Role(
            self.named("snapshot-role"), name=f"{self._domain.name}-snapshots", path="/blueprint/",
            max_session_duration=3600, description=f"OpenSearch writes snapshots of {self._domain.name}",
            assume_role_policy=pulumi.Output.json_dumps(trust), tags=self.tags(classes=frozenset()), opts=self.inside,
        )  # fmt: skip
        through = {"StringEquals": {"kms:ViaService": f"s3.{platform.region}.amazonaws.com"}}
        allow = [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": self._bucket.arn},
            {"Effect": "Allow", "Action": list(OBJECTS), "Resource": pulumi.Output.concat(self._bucket.arn, "/*")},
            {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Condition": through,
             "Resource": self.keys.arns[KeyPurpose.OBJECTS]},
        ]  # fmt: skip
        aws.iam.RolePolicy(
            self.named("snapshot-role", "writes"), role=role.name, opts=self.inside,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": allow}),
        )  # fmt: skip
        return role
