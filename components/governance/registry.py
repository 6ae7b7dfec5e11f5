"""The register of models and use cases, as rows that anybody may ask for and whose every change is evidence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import AuditPort
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from blueprint.wiring import slug
from components.foundation.delivery import Delivery, Destination
from components.governance.budgets import limit_spending

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import BackupPort, IdentityPort, KeysPort, Port
    from blueprint.types import Noun
    from blueprint.wiring import Registration
    from components.governance.registry_spec import RegistrySpec

SCHEMA = "blueprint.registry/1"
KEPT_HOURS = 168
"""A week of changes that wait in the stream while their delivery is mended."""


class Registry(Component):
    """Creates the table with a row for each model and use case of the wiring, the way of its changes into the archive, and budgets.

    A change is made in the document and approved with it; whoever changes the table by hand leaves the same trace.
    """

    LAYER: ClassVar[Layer] = Layer.GOVERNANCE

    def __init__(
        self,
        noun: Noun,
        spec: RegistrySpec,
        *,
        platform: PlatformContext,
        keys: KeysPort,
        audit: AuditPort,
        identity: IdentityPort,
        backup: BackupPort,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  the archive is the one that the audit slot has
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002  every component is called alike
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._keys, self._audit = spec, keys, audit
        table = self._table(backup)
        recorded = self._record(table)
        for owner, entry in platform.wiring.registered:
            self._row(table, owner, entry, recorded)
        for limit in spec.budgets:
            limit_spending(self, limit, identity=identity, audit=audit)
        self.finish(table=table.name)

    def _table(self, backup: BackupPort) -> aws.dynamodb.Table:
        key, value = backup.tag
        kept = self._spec.keep
        return aws.dynamodb.Table(
            self.named("table"), name=f"{self.platform.label}-registry", billing_mode="PAY_PER_REQUEST",
            hash_key="noun", range_key="entry",
            attributes=[aws.dynamodb.TableAttributeArgs(name=name, type="S") for name in ("noun", "entry")],
            server_side_encryption=aws.dynamodb.TableServerSideEncryptionArgs(
                enabled=True, kms_key_arn=self._keys.arns[KeyPurpose.DATABASES]
            ),
            point_in_time_recovery=aws.dynamodb.TablePointInTimeRecoveryArgs(enabled=True),
            deletion_protection_enabled=kept, tags={**self.tags(), key: value},
            opts=self.within(protect=kept, retain_on_delete=kept),
        )  # fmt: skip

    def _record(self, table: aws.dynamodb.Table) -> aws.dynamodb.KinesisStreamingDestination:
        """Every change flows through a stream of ours into the archive of audit records."""
        platform, key = self.platform, self._keys.arns[KeyPurpose.STREAMS]
        stream = aws.kinesis.Stream(
            self.named("changes"), name=f"{platform.label}-registry-changes", encryption_type="KMS", kms_key_id=key,
            stream_mode_details=aws.kinesis.StreamStreamModeDetailsArgs(stream_mode="ON_DEMAND"),
            retention_period=KEPT_HOURS, tags=self.tags(more={Tag.AUDIT_RELEVANT: "true"}), opts=self.inside,
        )  # fmt: skip
        delivery = Delivery(
            f"{self.noun}/delivery", of=self.noun, platform=platform, destination=self._archive(), source=stream,
            key_arn=key, log_key_arn=self._keys.arns[KeyPurpose.LOGS], alert_topic_arn=self._audit.alert_topic_arn,
            opts=self.inside,
        )  # fmt: skip
        self._alarm(table)
        return aws.dynamodb.KinesisStreamingDestination(
            self.named("to-changes"), table_name=table.name, stream_arn=stream.arn,
            approximate_creation_date_time_precision="MILLISECOND", opts=self.within(depends_on=[delivery]),
        )  # fmt: skip

    def _archive(self) -> Destination:
        """Its key is named by account alone, for a landing zone does not tell which; the key's own policy names us."""
        platform = self.platform
        account = platform.accounts.get("log_archive", platform.account)
        return Destination(
            bucket_arn=pulumi.Output.concat(f"arn:{platform.partition}:s3:::", self._audit.log_archive_bucket),
            key_arn=f"arn:{platform.partition}:kms:{platform.region}:{account}:key/*",
        )  # fmt: skip

    def _alarm(self, table: aws.dynamodb.Table) -> None:
        """What DynamoDB could not hand to the stream, whatever the operation was."""
        lost = pulumi.Output.concat(
            'SELECT SUM(FailedToReplicateRecordCount) FROM "AWS/DynamoDB" WHERE TableName = \'', table.name, "'"
        )
        aws.cloudwatch.MetricAlarm(
            self.named("changes-lost"), name=f"{self.platform.label}-registry-changes-lost",
            alarm_description="Changes of the register did not reach the stream that leads to the archive",
            metric_queries=[
                aws.cloudwatch.MetricAlarmMetricQueryArgs(
                    id="lost", expression=lost, period=300, return_data=True, label="changes that were lost"
                )
            ],
            evaluation_periods=1, threshold=0, comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching", alarm_actions=[self._audit.alert_topic_arn], tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _row(self, table: aws.dynamodb.Table, owner: Noun, entry: Registration, recorded: pulumi.Resource) -> None:
        """After the stream is there, so that the first version of a row is on record as well."""
        aws.dynamodb.TableItem(
            self.named("entry", slug(owner), *(() if owner.endswith(entry.name) else (entry.name,))),
            table_name=table.name, hash_key="noun", range_key="entry", item=row(owner, entry),
            opts=self.within(depends_on=[recorded]),
        )  # fmt: skip


def row(owner: Noun, entry: Registration) -> str:
    """A row in DynamoDB's own JSON; what nobody stated is left out."""
    stated = {
        "schema": SCHEMA, "noun": owner, "entry": f"{entry.kind}/{entry.name}", "kind": entry.kind, "name": entry.name,
        "owner": entry.owner, "risk_class": entry.risk_class, "digest": entry.digest,
        "approved_by": entry.approved_by, "approved_on": entry.approved_on, **entry.about,
    }  # fmt: skip
    item: dict[str, object] = {key: {"S": value} for key, value in stated.items() if value}
    if entry.of:
        item["of"] = {"SS": sorted(entry.of)}
    return json.dumps(item, sort_keys=True)
