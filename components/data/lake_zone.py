"""One zone of the lakehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.tags import Tag, data_class_text
from blueprint.types import Layer
from components.data.lake_table import LakeTable
from components.foundation.private_bucket import Ageing, PrivateBucket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, BackupPort
    from blueprint.types import DataClass, Noun
    from components.data.lakehouse_spec import LakehouseSpec, Zone

CHANGES = ("ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT")
"""What upkeep of a table needs, and whoever writes to it."""
LOGS = "/aws-glue/iceberg-*"
"""Where Glue writes what upkeep did; the names are its own."""


class LakeZone(Component):
    """Creates a bucket, its database, the role through which Lake Formation reaches it, and the zone's tables.

    Each zone has a role of its own, so that nothing handed out for one zone opens another. The bucket's expiry is the
    last resort: it removes objects whatever tables still name them, so jobs delete rows before that.
    """

    LAYER: ClassVar[Layer] = Layer.DATA

    def __init__(
        self,
        noun: Noun,
        zone: Zone,
        spec: LakehouseSpec,
        *,
        platform: PlatformContext,
        key_arn: pulumi.Input[str],
        audit: AuditPort,
        backup: BackupPort,
        classes: frozenset[DataClass],
        tag_key: pulumi.Input[str],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`after` is what makes the catalogue closed, before anything is in it."""
        super().__init__(noun, platform=platform, opts=opts)
        self._zone, self._spec, self._key, self._classes = zone, spec, key_arn, classes
        settings = spec.settings(zone)
        days = settings.retention_days or platform.posture.data_retention_max_days(classes)
        bucket = PrivateBucket(
            noun, platform=platform, key_arn=key_arn, access_log_bucket=audit.access_log_bucket, classes=classes,
            ageing=Ageing(expire_after_days=days, noncurrent_days=min(settings.noncurrent_days, days or settings.noncurrent_days)),
            more={Tag.AUDIT_RELEVANT: "false", Tag.BACKUP: backup.tag[1], Tag.PURPOSE: zone}, keep=spec.keep, opts=self.inside,
        )  # fmt: skip
        self.bucket, self.bucket_arn = bucket.name, bucket.arn
        self.database_name = f"{platform.label}_{zone}".replace("-", "_")
        self.role = self._role()
        location = aws.lakeformation.Resource(
            self.named("location"), arn=bucket.arn, role_arn=self.role.arn, use_service_linked_role=False,
            hybrid_access_enabled=False, opts=self.within(depends_on=[*after]),
        )  # fmt: skip
        may_use = [self._may_use(number, arn, location) for number, arn in enumerate(spec.administrators)]
        self.database = self._database([*after, location, *may_use])
        aws.lakeformation.ResourceLfTags(
            self.named("tags"), catalog_id=platform.account,
            database=aws.lakeformation.ResourceLfTagsDatabaseArgs(name=self.database.name),
            lf_tags=[aws.lakeformation.ResourceLfTagsLfTagArgs(key=tag_key, value=data_class_text(classes))],
            opts=self.inside,
        )  # fmt: skip
        self._tables(tag_key)
        self.finish(bucket=bucket.name, database=self.database.name)

    def _database(self, after: Sequence[pulumi.Resource]) -> aws.glue.CatalogDatabase:
        return aws.glue.CatalogDatabase(
            self.named("database"), name=self.database_name, catalog_id=self.platform.account,
            description=f"Zone {self._zone} of {self.platform.label}", location_uri=pulumi.Output.concat("s3://", self.bucket),
            create_table_default_permissions=[], tags=self.tags(classes=self._classes, more={Tag.PURPOSE: self._zone}),
            opts=self.within(protect=self._spec.keep, retain_on_delete=self._spec.keep, depends_on=list(after)),
        )  # fmt: skip

    def _may_use(self, number: int, arn: str, location: aws.lakeformation.Resource) -> aws.lakeformation.Permissions:
        """Administrators grant everything and yet may not place a table until they are told that they may."""
        return aws.lakeformation.Permissions(
            self.named("administrator", str(number)), principal=arn, permissions=["DATA_LOCATION_ACCESS"],
            data_location=aws.lakeformation.PermissionsDataLocationArgs(arn=location.arn), opts=self.inside,
        )  # fmt: skip

    def _tables(self, tag_key: pulumi.Input[str]) -> None:
        datasets = self._spec.within(self._zone)
        if not datasets:
            return
        keeps_in_order = aws.lakeformation.Permissions(
            self.named("upkeep"), principal=self.role.arn, permissions=list(CHANGES),
            table=aws.lakeformation.PermissionsTableArgs(database_name=self.database.name, wildcard=True), opts=self.inside,
        )  # fmt: skip
        for dataset in datasets:
            LakeTable(
                f"{self.noun}/{dataset.name}", dataset, platform=self.platform, database=self.database.name,
                bucket=self.bucket, role_arn=self.role.arn, tag_key=tag_key, keep=self._spec.keep,
                classes=self._classes if dataset.data_classes is None else dataset.data_classes,
                after=[keeps_in_order], opts=self.inside,
            )  # fmt: skip

    def _role(self) -> aws.iam.Role:
        """Lake Formation hands it out for as long as a query lasts; Glue compacts with it."""
        platform, name = self.platform, f"{self.platform.label}-{self.named()}"
        trust = {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": {"Service": ["glue.amazonaws.com", "lakeformation.amazonaws.com"]},
                "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}},
            }],
        }  # fmt: skip
        role = aws.iam.Role(
            self.named("role"), name=name, path="/blueprint/", max_session_duration=3600,
            description=f"Objects and tables of zone {self._zone}", assume_role_policy=pulumi.Output.json_dumps(trust),
            tags=self.tags(classes=frozenset()), opts=self.inside,
        )  # fmt: skip
        aws.iam.RolePolicy(
            self.named("role", "reaches"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": self._reaches()}), opts=self.inside,
        )  # fmt: skip
        return role

    def _reaches(self) -> list[dict[str, object]]:
        platform = self.platform
        catalogue = f"arn:{platform.partition}:glue:{platform.region}:{platform.account}"
        logs = f"arn:{platform.partition}:logs:{platform.region}:{platform.account}:log-group:{LOGS}"
        through = {"kms:ViaService": [f"{service}.{platform.region}.amazonaws.com" for service in ("glue", "s3")]}
        return [
            {"Effect": "Allow", "Action": ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
             "Resource": pulumi.Output.concat(self.bucket_arn, "/*")},
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": self.bucket_arn},
            {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": self._key,
             "Condition": {"StringEquals": through}},
            {"Effect": "Allow", "Action": ["glue:GetTable", "glue:UpdateTable"],
             "Resource": [f"{catalogue}:catalog", f"{catalogue}:database/{self.database_name}",
                          f"{catalogue}:table/{self.database_name}/*"]},
            {"Effect": "Allow", "Action": "lakeformation:GetDataAccess", "Resource": "*"},
            {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": f"{logs}:*"},
        ]  # fmt: skip
