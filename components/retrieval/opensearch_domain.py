"""A domain of Amazon OpenSearch Service as a store of documents gets it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import Dialect, KeyPurpose, Layer
from components.data.pods_only import pods_only
from components.foundation.log_group import log_group
from components.versions import OPENSEARCH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort, NetworkPort
    from blueprint.types import DataClass, Noun
    from components.foundation.admission import Statement
    from components.retrieval.opensearch_spec import DomainSize

HTTPS = 443
LOGS: Mapping[str, str] = {
    "audit": "AUDIT_LOGS",
    "errors": "ES_APPLICATION_LOGS",
    "slow-indexing": "INDEX_SLOW_LOGS",
    "slow-search": "SEARCH_SLOW_LOGS",
}
TLS_POLICIES = {
    "1.2": "Policy-Min-TLS-1-2-PFS-2023-10",
    "1.3": "Policy-Min-TLS-1-2-PFS-2023-10",
}
"""Oldest version of TLS -> policy. The service's newest policy speaks 1.3 and lets 1.2 in; it has none that refuses 1.2."""
MANAGERS, MOST_ZONES = 3, 3
LONGEST_NAME = 28
SNAPSHOT_HOUR = 1


class OpenSearchDomain(Component):
    """Creates a domain over zones in the VPC, its logs, and what may reach it: pods whose roles sign their requests.

    There are no users and no passwords in it. One role administers it, and gives others their rights by role.
    AWS takes a snapshot every hour and keeps fourteen days of them; the store's own go to its own bucket.
    """

    LAYER: ClassVar[Layer] = Layer.RETRIEVAL

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        classes: frozenset[DataClass],
        size: DomainSize,
        administrator: pulumi.Input[str],
        admits: pulumi.Input[str],
        keep: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self.classes, self.keep = classes, keep
        self.zones = min(len(platform.zones), MOST_ZONES)
        self.name = _short(f"{platform.label}-{self.named()}")
        groups = {part: self._log(part, keys) for part in LOGS}
        first = [self._may_log(groups), *self._linked_role()]
        option = aws.opensearch.DomainLogPublishingOptionArgs
        self.domain = aws.opensearch.Domain(
            self.named("domain"), domain_name=self.name, engine_version=OPENSEARCH, ip_address_type="ipv4",
            cluster_config=self._nodes(size),
            ebs_options=aws.opensearch.DomainEbsOptionsArgs(
                ebs_enabled=True, volume_type="gp3", volume_size=size.disk_gib, iops=3000, throughput=125
            ),
            encrypt_at_rest=aws.opensearch.DomainEncryptAtRestArgs(
                enabled=True, kms_key_id=keys.arns[KeyPurpose.DATABASES]
            ),
            node_to_node_encryption=aws.opensearch.DomainNodeToNodeEncryptionArgs(enabled=True),
            domain_endpoint_options=aws.opensearch.DomainDomainEndpointOptionsArgs(
                enforce_https=True, tls_security_policy=TLS_POLICIES[platform.posture.tls_min_version(classes)]
            ),
            advanced_security_options=aws.opensearch.DomainAdvancedSecurityOptionsArgs(
                enabled=True, internal_user_database_enabled=False, anonymous_auth_enabled=False,
                master_user_options=aws.opensearch.DomainAdvancedSecurityOptionsMasterUserOptionsArgs(
                    master_user_arn=administrator
                ),
            ),
            vpc_options=aws.opensearch.DomainVpcOptionsArgs(
                subnet_ids=list(network.data_subnet_ids[: self.zones]),
                security_group_ids=[self._security_group(network, admits).id],
            ),
            log_publishing_options=[
                option(log_type=LOGS[part], cloudwatch_log_group_arn=group.arn, enabled=True)
                for part, group in groups.items()
            ],
            snapshot_options=aws.opensearch.DomainSnapshotOptionsArgs(automated_snapshot_start_hour=SNAPSHOT_HOUR),
            auto_tune_options=aws.opensearch.DomainAutoTuneOptionsArgs(
                desired_state="ENABLED", rollback_on_disable="NO_ROLLBACK", use_off_peak_window=True
            ),
            off_peak_window_options=self._off_peak(),
            software_update_options=aws.opensearch.DomainSoftwareUpdateOptionsArgs(auto_software_update_enabled=True),
            tags=self.tags(classes=classes),
            opts=self.within(protect=keep, retain_on_delete=keep, depends_on=first),
        )  # fmt: skip
        self.url = pulumi.Output.concat("https://", self.domain.endpoint)
        self.finish(url=self.url)

    def may(self, *methods: str) -> Statement:
        """What a role needs to send requests of these methods; the domain itself decides what they may do."""
        return {
            "Effect": "Allow", "Action": [f"es:ESHttp{method}" for method in methods],
            "Resource": pulumi.Output.concat(self.domain.arn, "/*"),
        }  # fmt: skip

    def _nodes(self, size: DomainSize) -> aws.opensearch.DomainClusterConfigArgs:
        """One zone stands by where there are three; with two, both answer."""
        return aws.opensearch.DomainClusterConfigArgs(
            instance_type=size.node, instance_count=size.nodes_per_zone * self.zones, dedicated_master_enabled=True,
            dedicated_master_type=size.manager, dedicated_master_count=MANAGERS, zone_awareness_enabled=True,
            zone_awareness_config=aws.opensearch.DomainClusterConfigZoneAwarenessConfigArgs(
                availability_zone_count=self.zones
            ),
            multi_az_with_standby_enabled=self.zones == MOST_ZONES,
        )  # fmt: skip

    def _off_peak(self) -> aws.opensearch.DomainOffPeakWindowOptionsArgs:
        start = aws.opensearch.DomainOffPeakWindowOptionsOffPeakWindowWindowStartTimeArgs(hours=3, minutes=0)
        window = aws.opensearch.DomainOffPeakWindowOptionsOffPeakWindowArgs(window_start_time=start)
        return aws.opensearch.DomainOffPeakWindowOptionsArgs(enabled=True, off_peak_window=window)

    def _security_group(self, network: NetworkPort, admits: pulumi.Input[str]) -> aws.ec2.SecurityGroup:
        return pods_only(
            self, "group", name=self.name, store="OpenSearch", protocol="HTTPS", port=HTTPS, network=network, admits=admits,
            classes=self.classes,
        )  # fmt: skip

    def _log(self, part: str, keys: KeysPort) -> aws.cloudwatch.LogGroup:
        return log_group(
            self, f"log-{part}", name=f"/aws/opensearch/{self.name}/{part}", key_arn=keys.arns[KeyPurpose.LOGS],
            days=self.platform.posture.audit_log_retention_days(self.classes), keep=self.keep,
        )  # fmt: skip

    def _may_log(self, groups: Mapping[str, aws.cloudwatch.LogGroup]) -> aws.cloudwatch.LogResourcePolicy:
        """The service itself, on behalf of this account's domains, and for these groups alone."""
        platform = self.platform
        domain = f"arn:{platform.partition}:es:{platform.region}:{platform.account}:domain/{self.name}"
        statement = {
            "Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [pulumi.Output.concat(group.arn, ":*") for group in groups.values()],
            "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}, "ArnLike": {"aws:SourceArn": domain}},
        }  # fmt: skip
        return aws.cloudwatch.LogResourcePolicy(
            self.named("may-log"), policy_name=f"{self.name}-logs", opts=self.inside,
            policy_document=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )  # fmt: skip

    def _linked_role(self) -> list[pulumi.Resource]:
        """By which the service places its interfaces in the VPC: once an account, so the first store's work, and kept."""
        needs = self.platform.wiring.needs
        first = min(
            noun for noun, asked in needs.items() if any(each.dialect is Dialect.OPENSEARCH for each in asked.offers)
        )
        if not self.platform.account_owner or not self.noun.startswith(f"{first}/"):
            return []
        return [
            aws.iam.ServiceLinkedRole(
                self.named("linked-role"), aws_service_name="opensearchservice.amazonaws.com",
                description="OpenSearch Service places its interfaces in the VPC", tags=self.tags(classes=frozenset()),
                opts=self.within(retain_on_delete=True),
            )
        ]  # fmt: skip


def _short(name: str) -> str:
    """A domain's name is short; where ours is longer, its beginning and a digest of the whole stand for it."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 7].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
