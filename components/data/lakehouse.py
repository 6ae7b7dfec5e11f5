"""The lakehouse: zones, catalogue, permissions, queries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import IcebergPort
from blueprint.tags import Tag, data_class_text
from blueprint.types import KeyPurpose, Layer
from components.data.lake_access import LakeAccess, Queries
from components.data.lake_zone import LakeZone
from components.data.lakehouse_spec import ZONES
from components.foundation.log_group import log_group
from components.foundation.private_bucket import Ageing, PrivateBucket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, BackupPort, ClusterPort, IdentityPort, KeysPort, NetworkPort, Port
    from blueprint.types import Noun
    from components.data.lakehouse_spec import LakehouseSpec

glue = aws.glue
Catalogue = glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsArgs
AtRest = glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsEncryptionAtRestArgs
Passwords = glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsConnectionPasswordEncryptionArgs

ENGINE = "Athena engine version 3"
UPKEEP_LOGS = ("compaction", "retention", "orphan-file-deletion")
GIB = 2**30
SERIOUS = 3
"""Severity of a Macie finding from which somebody is told: high."""


class Lakehouse(Component):
    """Creates three zones with their tables, the workgroup that asks them, and the permissions that the wiring names.

    Once an account, by the stack that owns it: what Lake Formation grants by default, which becomes nothing, how the
    catalogue is encrypted, and the log groups of table upkeep. Not created: engines; Athena answers queries, and an
    engine of the cluster is a consumer like any other.
    """

    LAYER: ClassVar[Layer] = Layer.DATA

    def __init__(
        self,
        noun: Noun,
        spec: LakehouseSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        audit: AuditPort,
        backup: BackupPort,
        identity: IdentityPort,
        cluster: ClusterPort | None = None,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._key, self._classes = spec, keys.arns[KeyPurpose.OBJECTS], platform.classes(noun)
        closed = self._account(keys) if platform.account_owner else []
        tag_key = self._tag(closed)
        self._zones: Mapping[str, LakeZone] = {
            zone: LakeZone(
                f"{noun}/{zone}", zone, spec, platform=platform, key_arn=self._key, audit=audit, backup=backup,
                classes=self._classes, tag_key=tag_key, after=closed, opts=self.inside,
            )
            for zone in ZONES
        }  # fmt: skip
        limit = platform.posture.data_retention_max_days(self._classes)
        results = PrivateBucket(
            f"{noun}/results", platform=platform, key_arn=self._key, access_log_bucket=audit.access_log_bucket,
            ageing=Ageing(expire_after_days=min(spec.results_days, limit or spec.results_days), noncurrent_days=1), classes=self._classes,
            more={Tag.AUDIT_RELEVANT: "false"}, keep=False, opts=self.inside,
        )  # fmt: skip
        workgroup = self._workgroup(results)
        if platform.posture.sensitive_data_discovery(self._classes):
            self._discover(self._zones["raw"], audit)
        if cluster is not None:
            for edge in platform.wiring.to(noun):
                LakeAccess(
                    edge, platform=platform, zones=self._zones, known=[f"{each.zone}/{each.name}" for each in spec.datasets],
                    consumer=identity.workloads[edge.consumer, edge.workload], cluster=cluster, network=network,
                    queries=Queries(workgroup.arn, results.arn), key_arn=self._key, opts=self.inside,
                )  # fmt: skip
        self.ports = {
            "iceberg": IcebergPort(
                provider=noun, workgroup=workgroup.name, buckets={zone: each.bucket for zone, each in self._zones.items()},
                databases={zone: each.database.name for zone, each in self._zones.items()},
            )
        }  # fmt: skip
        self.finish(workgroup=workgroup.name)

    def _account(self, keys: KeysPort) -> list[pulumi.Resource]:
        """What holds for every catalogue entry of the account, whoever makes it."""
        for name in UPKEEP_LOGS:
            log_group(
                self, f"log-{name}", name=f"/aws-glue/iceberg-{name}/logs", key_arn=keys.arns[KeyPurpose.LOGS],
                days=self.platform.posture.audit_log_retention_days(self._classes),
            )  # fmt: skip
        encryption = glue.DataCatalogEncryptionSettings(
            self.named("catalogue"), catalog_id=self.platform.account,
            data_catalog_encryption_settings=Catalogue(
                encryption_at_rest=AtRest(catalog_encryption_mode="SSE-KMS", sse_aws_kms_key_id=self._key),
                connection_password_encryption=Passwords(
                    return_connection_password_encrypted=True, aws_kms_key_id=self._key
                ),
            ),
            opts=self.within(retain_on_delete=True),
        )  # fmt: skip
        settings = aws.lakeformation.DataLakeSettings(
            self.named("settings"), catalog_id=self.platform.account, admins=list(self._spec.administrators),
            create_database_default_permissions=[], create_table_default_permissions=[], trusted_resource_owners=[],
            allow_external_data_filtering=False, allow_full_table_external_data_access=False,
            parameters={"CROSS_ACCOUNT_VERSION": "4"}, opts=self.within(retain_on_delete=True),
        )  # fmt: skip
        return [encryption, settings]

    def _tag(self, closed: list[pulumi.Resource]) -> pulumi.Output[str]:
        """What a database or a table may hold, as Lake Formation's own tag, by which permissions can be given too."""
        told = {data_class_text(self._classes)}
        told |= {data_class_text(each.data_classes) for each in self._spec.datasets if each.data_classes is not None}
        tag = aws.lakeformation.LfTag(
            self.named("data-class"), catalog_id=self.platform.account, key=f"{self.platform.label}-{Tag.DATA_CLASS}",
            values=sorted(told), opts=self.within(depends_on=closed),
        )  # fmt: skip
        return tag.key

    def _workgroup(self, results: PrivateBucket) -> aws.athena.Workgroup:
        athena = aws.athena
        return athena.Workgroup(
            self.named("queries"), name=f"{self.platform.label}-{self.named()}", state="ENABLED", force_destroy=False,
            description="Queries of the platform's components",
            configuration=athena.WorkgroupConfigurationArgs(
                enforce_workgroup_configuration=True, publish_cloudwatch_metrics_enabled=True, requester_pays_enabled=False,
                bytes_scanned_cutoff_per_query=self._spec.query_limit_gib * GIB,
                engine_version=athena.WorkgroupConfigurationEngineVersionArgs(selected_engine_version=ENGINE),
                result_configuration=athena.WorkgroupConfigurationResultConfigurationArgs(
                    output_location=pulumi.Output.concat("s3://", results.name, "/queries/"),
                    expected_bucket_owner=self.platform.account,
                    encryption_configuration=athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgs(
                        encryption_option="SSE_KMS", kms_key_arn=self._key
                    ),
                ),
            ),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _discover(self, raw: LakeZone, audit: AuditPort) -> None:
        """Macie looks at what arrived each day; the account's baseline switches it on."""
        name = f"{self.platform.label}-{self.named()}"
        macie = aws.macie2
        macie.ClassificationJob(
            self.named("discovery"), name=f"{name}-raw", description="Sensitive data among what arrived", job_type="SCHEDULED",
            job_status="RUNNING", initial_run=True, sampling_percentage=100,
            schedule_frequency=macie.ClassificationJobScheduleFrequencyArgs(daily_schedule=True),
            s3_job_definition=macie.ClassificationJobS3JobDefinitionArgs(
                bucket_definitions=[
                    macie.ClassificationJobS3JobDefinitionBucketDefinitionArgs(
                        account_id=self.platform.account, buckets=[raw.bucket]
                    )
                ]
            ),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        pattern = {
            "source": ["aws.macie"], "detail-type": ["Macie Finding"],
            "detail": {"severity": {"score": [{"numeric": [">=", SERIOUS]}]}},
        }  # fmt: skip
        rule = aws.cloudwatch.EventRule(
            self.named("macie-findings"), name=f"{name}-macie-findings", state="ENABLED",
            description="Findings of sensitive data that Macie rates high", event_pattern=json.dumps(pattern),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        aws.cloudwatch.EventTarget(
            self.named("macie-findings", "topic"), rule=rule.name, arn=audit.alert_topic_arn, opts=self.inside
        )
