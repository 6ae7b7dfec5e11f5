"""One connector of MSK Connect: a source that captures a database, or a sink that writes somewhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import KeyPurpose, Layer
from components.data.stream_rights import PORT
from components.foundation.log_group import log_group
from components.foundation.secret_access import decrypts_secrets, reads_secrets
from components.versions import KAFKA_CONNECT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, KeysPort, NetworkPort
    from blueprint.types import Noun
    from components.data.stream_rights import Rights
    from components.data.streaming_spec import Plugin
    from components.foundation.admission import Statement

STATE = "__amazon_msk_connect_"
"""Beginning of the topics and groups in which workers of MSK Connect keep offsets and settings."""
HTTPS = 443
BUSY, IDLE = 80, 20
"""Per cent of a worker's processors from which one more, and one less, is wanted."""


class Work(NamedTuple):
    """What a connector does, and what it must reach for it."""

    settings: Mapping[str, str]
    allow: Sequence[Statement]
    secrets: Sequence[str]
    """ARNs of secrets that its settings refer to."""
    objects: Sequence[str]
    """ARNs of objects in buckets that its settings refer to."""
    policies: Sequence[str]
    """ARNs of policies that its role gets besides."""
    secret_keys: Sequence[pulumi.Input[str]]
    ways: Sequence[tuple[pulumi.Input[str], int]]
    """Networks and ports besides brokers and endpoints."""
    max_workers: int | None
    """None: one worker and no more, for a connector that does its work in one task."""


class StreamConnector(Component):
    """Creates a plugin, workers with a role, a security group and a log of their own, and an alarm for failed tasks.

    The archive of the plugin is named by the version of its object, so that it is the one whose digest was checked.
    """

    LAYER: ClassVar[Layer] = Layer.DATA

    def __init__(
        self,
        noun: Noun,
        plugin: Plugin,
        work: Work,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        audit: AuditPort,
        rights: Rights,
        bootstrap: pulumi.Input[str],
        brokers_group: pulumi.Input[str],
        properties: str,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._network, self._work = network, work
        self.identifier = f"{platform.label}-{self.named()}"
        group = self._group(brokers_group)
        log = log_group(
            self, "log", name=f"/aws/vendedlogs/kafkaconnect/{self.identifier}", key_arn=keys.arns[KeyPurpose.LOGS],
            days=platform.posture.audit_log_retention_days(platform.classes(noun)),
        )  # fmt: skip
        archive, role, connect = self._plugin(plugin), self._role(rights), aws.mskconnect
        workers = self._workers(properties)
        vpc = connect.ConnectorKafkaClusterApacheKafkaClusterVpcArgs(
            security_groups=[group.id], subnets=list(network.workload_subnet_ids)
        )
        connect.Connector(
            self.named("connector"), name=self.identifier, kafkaconnect_version=KAFKA_CONNECT, capacity=_capacity(work.max_workers),
            connector_configuration=dict(work.settings), service_execution_role_arn=role.arn,
            description=f"{self.named()} of {platform.label}",
            kafka_cluster=connect.ConnectorKafkaClusterArgs(
                apache_kafka_cluster=connect.ConnectorKafkaClusterApacheKafkaClusterArgs(bootstrap_servers=bootstrap, vpc=vpc)
            ),
            kafka_cluster_client_authentication=connect.ConnectorKafkaClusterClientAuthenticationArgs(authentication_type="IAM"),
            kafka_cluster_encryption_in_transit=connect.ConnectorKafkaClusterEncryptionInTransitArgs(encryption_type="TLS"),
            plugins=[
                connect.ConnectorPluginArgs(
                    custom_plugin=connect.ConnectorPluginCustomPluginArgs(arn=archive.arn, revision=archive.latest_revision)
                )
            ],
            worker_configuration=connect.ConnectorWorkerConfigurationArgs(arn=workers.arn, revision=workers.latest_revision),
            log_delivery=connect.ConnectorLogDeliveryArgs(
                worker_log_delivery=connect.ConnectorLogDeliveryWorkerLogDeliveryArgs(
                    cloudwatch_logs=connect.ConnectorLogDeliveryWorkerLogDeliveryCloudwatchLogsArgs(
                        enabled=True, log_group=log.name
                    )
                )
            ),
            tags=self.tags(), opts=self.within(depends_on=list(after), delete_before_replace=True),
        )  # fmt: skip
        aws.cloudwatch.MetricAlarm(
            self.named("failed"), name=f"{self.identifier}-failed", namespace="AWS/KafkaConnect", metric_name="ErroredTaskCount",
            dimensions={"ConnectorName": self.identifier}, statistic="Maximum", period=300, evaluation_periods=1, threshold=0,
            comparison_operator="GreaterThanThreshold", treat_missing_data="notBreaching", actions_enabled=True,
            alarm_description=f"A task of {self.identifier} failed and reads no further", alarm_actions=[audit.alert_topic_arn],
            tags=self.tags(classes=frozenset()), opts=self.inside,
        )  # fmt: skip
        self.finish(name=self.identifier)

    def _workers(self, properties: str) -> aws.mskconnect.WorkerConfiguration:
        """Named after its content, like the plugin."""
        short = hashlib.sha256(properties.encode()).hexdigest()[:10]
        return aws.mskconnect.WorkerConfiguration(
            self.named("workers"), name=f"{self.identifier}-{short}", properties_file_content=properties,
            description="Records with registered schemas; topics made by nobody", tags=self.tags(classes=frozenset()),
            opts=self.inside,
        )  # fmt: skip

    def _plugin(self, plugin: Plugin) -> aws.mskconnect.CustomPlugin:
        """Named after its content: MSK changes no plugin, so another archive is another plugin."""
        short = plugin.digest.partition(":")[2][:12]
        return aws.mskconnect.CustomPlugin(
            self.named("plugin"), name=f"{self.identifier}-{short}", description=plugin.digest,
            content_type="JAR" if plugin.key.endswith(".jar") else "ZIP",
            location=aws.mskconnect.CustomPluginLocationArgs(
                s3=aws.mskconnect.CustomPluginLocationS3Args(
                    bucket_arn=f"arn:{self.platform.partition}:s3:::{plugin.bucket}", file_key=plugin.key,
                    object_version=plugin.version,
                )
            ),
            tags=self.tags(classes=frozenset()), opts=self.inside,
        )  # fmt: skip

    def _role(self, rights: Rights) -> aws.iam.Role:
        platform, work = self.platform, self._work
        trust = {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "kafkaconnect.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}},
            }],
        }  # fmt: skip
        role = aws.iam.Role(
            self.named("role"), name=self.identifier, path="/blueprint/", max_session_duration=3600,
            description=f"Workers of {self.identifier}", assume_role_policy=pulumi.Output.json_dumps(trust),
            tags=self.tags(classes=frozenset()), opts=self.inside,
        )  # fmt: skip
        allow = [rights.connect(), rights.keep_topics(STATE), rights.join(f"{STATE}*"), *work.allow]
        if work.secrets:
            allow += [reads_secrets(list(work.secrets)), decrypts_secrets(platform, list(work.secret_keys))]
        if work.objects:
            allow.append({"Effect": "Allow", "Action": "s3:GetObject", "Resource": list(work.objects)})
        aws.iam.RolePolicy(
            self.named("role", "works"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": allow}), opts=self.inside,
        )  # fmt: skip
        for number, arn in enumerate(work.policies):
            aws.iam.RolePolicyAttachment(
                self.named("role", str(number)), role=role.name, policy_arn=arn, opts=self.inside
            )
        return role

    def _group(self, brokers_group: pulumi.Input[str]) -> aws.ec2.SecurityGroup:
        """A group that lets nobody in, and out to brokers, endpoints, and what the connector is for."""
        group = aws.ec2.SecurityGroup(
            self.named("group"), name=self.identifier, description=f"Workers of {self.identifier}",
            vpc_id=self._network.vpc_id, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        ways = [(self._network.vpc_cidr, PORT), (self._network.vpc_cidr, HTTPS), *self._work.ways]
        for number, (cidr, port) in enumerate(ways):
            aws.vpc.SecurityGroupEgressRule(
                self.named("to", str(number)), security_group_id=group.id, cidr_ipv4=cidr, ip_protocol="tcp", from_port=port,
                to_port=port, description=f"Port {port} of what it works with", tags=self.tags(), opts=self.inside,
            )  # fmt: skip
        aws.vpc.SecurityGroupIngressRule(
            self.named("to-brokers"), security_group_id=brokers_group, referenced_security_group_id=group.id,
            ip_protocol="tcp", from_port=PORT, to_port=PORT, description=f"Kafka from {self.identifier}",
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        return group


def _capacity(most: int | None) -> aws.mskconnect.ConnectorCapacityArgs:
    connect = aws.mskconnect
    if most is None:
        return connect.ConnectorCapacityArgs(
            provisioned_capacity=connect.ConnectorCapacityProvisionedCapacityArgs(worker_count=1, mcu_count=1)
        )
    return connect.ConnectorCapacityArgs(
        autoscaling=connect.ConnectorCapacityAutoscalingArgs(
            min_worker_count=1, max_worker_count=most, mcu_count=1,
            scale_in_policy=connect.ConnectorCapacityAutoscalingScaleInPolicyArgs(cpu_utilization_percentage=IDLE),
            scale_out_policy=connect.ConnectorCapacityAutoscalingScaleOutPolicyArgs(cpu_utilization_percentage=BUSY),
        )
    )  # fmt: skip
