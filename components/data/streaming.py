"""Event streaming: brokers, topics, schemas, connectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import KafkaPort
from blueprint.types import KeyPurpose, Layer
from components.data import stream_work
from components.data.stream_access import StreamAccess
from components.data.stream_alarm import BY_BROKER, BY_CLUSTER, alarm
from components.data.stream_connector import StreamConnector
from components.data.stream_rights import PORT, Rights
from components.data.stream_topic import Brokers, DeadLetters, topic
from components.data.streaming_spec import Topic
from components.foundation.log_group import log_group
from components.versions import KAFKA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from blueprint.context import PlatformContext
    from blueprint.ports import AuditPort, ClusterPort, IdentityPort, KeysPort, NetworkPort, Port
    from blueprint.types import DataClass, Noun
    from components.data.stream_connector import Work
    from components.data.streaming_spec import Sink, Source, StreamingSpec

msk = aws.msk
REPLICAS = 3
"""Copies of each record; a write waits for all but one, so that the loss of one broker neither stops nor loses anything."""
WEEK = 7
FULL = 60
"""Per cent of a broker's storage in use at which more is added."""
CAPTURED_PARTITIONS = 6
WATCHED = (
    ("offline", "MAX(OfflinePartitionsCount)", BY_CLUSTER, 0, "Partitions have no broker that answers for them"),
    (
        "under-copied",
        "MAX(UnderMinIsrPartitionCount)",
        BY_BROKER,
        0,
        "Partitions have too few copies and refuse writes",
    ),
    ("storage-full", "MAX(KafkaDataLogsDiskUsed)", BY_BROKER, 85, "A broker's storage fills faster than it grows"),
)
"""What stops streams, and from which value somebody is told."""


class Streaming(Component):
    """Creates brokers over zones that take roles as identities over TLS, topics with schemas, and connectors.

    Not created: passwords of clients, plain listeners, a port for metrics that anybody could read. Topics are made here and
    by nobody else. A record that a sink or a reader cannot process goes to a topic of its own, whose alarm any record raises.
    """

    LAYER: ClassVar[Layer] = Layer.DATA

    def __init__(
        self,
        noun: Noun,
        spec: StreamingSpec,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        audit: AuditPort,
        identity: IdentityPort,
        cluster: ClusterPort | None = None,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec, self._network, self._keys, self._audit = spec, network, keys, audit
        self._classes, self.identifier = platform.classes(noun), f"{platform.label}-{noun}"
        zones = len(platform.zones)
        count = zones * max(spec.brokers_per_zone, -(-REPLICAS // zones))
        self._group = self._security_group(cluster)
        brokers = self._brokers(count)
        self._grow(brokers)
        self._where = Brokers(self.identifier, brokers.arn, brokers.cluster_uuid, REPLICAS, REPLICAS - 1)
        self._watch()
        registry = aws.glue.Registry(
            self.named("registry"), registry_name=self.identifier, description=f"Schemas of {self.identifier}",
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        self._rights = Rights(platform, self._where, self.identifier)
        streams = {name: self._stream(name, registry) for name in spec.streams}
        if spec.sources or spec.sinks:
            self._connect(brokers.bootstrap_brokers_sasl_iam, streams)
        if cluster is not None:
            for edge in platform.wiring.to(noun):
                StreamAccess(
                    edge, platform=platform, rights=self._rights, topics=spec.streams, cluster=cluster, network=network,
                    consumer=identity.workloads[edge.consumer, edge.workload], audit=audit, keep=spec.keep, opts=self.inside,
                )  # fmt: skip
        self.ports = {
            "kafka": KafkaPort(
                provider=noun, bootstrap=brokers.bootstrap_brokers_sasl_iam, cluster_arn=brokers.arn,
                registry=registry.registry_name,
            )
        }  # fmt: skip
        self.finish(bootstrap=brokers.bootstrap_brokers_sasl_iam)

    def _brokers(self, count: int) -> aws.msk.Cluster:
        log = log_group(
            self, "log", name=f"/aws/vendedlogs/kafka/{self.identifier}", key_arn=self._keys.arns[KeyPurpose.LOGS],
            days=self.platform.posture.audit_log_retention_days(self._classes), keep=self._spec.keep,
        )  # fmt: skip
        configuration = msk.Configuration(
            self.named("configuration"), name=self.identifier, kafka_versions=[KAFKA], server_properties=_properties(),
            description="No topic by accident, no record on fewer brokers than two", opts=self.inside,
        )  # fmt: skip
        cluster = msk.Cluster(
            self.named("brokers"), cluster_name=self.identifier, kafka_version=KAFKA, number_of_broker_nodes=count,
            enhanced_monitoring="PER_TOPIC_PER_BROKER", storage_mode="LOCAL",
            broker_node_group_info=msk.ClusterBrokerNodeGroupInfoArgs(
                instance_type=self._spec.instance, client_subnets=list(self._network.data_subnet_ids),
                security_groups=[self._group.id], az_distribution="DEFAULT",
                connectivity_info=msk.ClusterBrokerNodeGroupInfoConnectivityInfoArgs(
                    public_access=msk.ClusterBrokerNodeGroupInfoConnectivityInfoPublicAccessArgs(type="DISABLED")
                ),
                storage_info=msk.ClusterBrokerNodeGroupInfoStorageInfoArgs(
                    ebs_storage_info=msk.ClusterBrokerNodeGroupInfoStorageInfoEbsStorageInfoArgs(
                        volume_size=self._spec.storage_gib
                    )
                ),
            ),
            client_authentication=msk.ClusterClientAuthenticationArgs(
                sasl=msk.ClusterClientAuthenticationSaslArgs(iam=True, scram=False), unauthenticated=False
            ),
            encryption_info=msk.ClusterEncryptionInfoArgs(
                encryption_at_rest_kms_key_arn=self._keys.arns[KeyPurpose.STREAMS],
                encryption_in_transit=msk.ClusterEncryptionInfoEncryptionInTransitArgs(client_broker="TLS", in_cluster=True),
            ),
            configuration_info=msk.ClusterConfigurationInfoArgs(
                arn=configuration.arn, revision=configuration.latest_revision
            ),
            logging_info=msk.ClusterLoggingInfoArgs(
                broker_logs=msk.ClusterLoggingInfoBrokerLogsArgs(
                    cloudwatch_logs=msk.ClusterLoggingInfoBrokerLogsCloudwatchLogsArgs(enabled=True, log_group=log.name)
                )
            ),
            tags=self.tags(),
            opts=self.within(
                protect=self._spec.keep, retain_on_delete=self._spec.keep,
                ignore_changes=["brokerNodeGroupInfo.storageInfo.ebsStorageInfo.volumeSize"],
            ),
        )  # fmt: skip
        statement = {
            "Sid": "OwnAccount", "Effect": "Allow",
            "Principal": {"AWS": f"arn:{self.platform.partition}:iam::{self.platform.account}:root"},
            "Action": ["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"],
            "Resource": cluster.arn,
        }  # fmt: skip
        msk.ClusterPolicy(
            self.named("policy"), cluster_arn=cluster.arn,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]}), opts=self.inside,
        )  # fmt: skip
        return cluster

    def _grow(self, brokers: aws.msk.Cluster) -> None:
        """Storage grows by itself and never shrinks; the provider leaves the size alone."""
        scaling = aws.appautoscaling
        target = scaling.Target(
            self.named("storage"), service_namespace="kafka", scalable_dimension="kafka:broker-storage:VolumeSize",
            resource_id=brokers.arn, min_capacity=1, max_capacity=self._spec.max_storage_gib, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        scaling.Policy(
            self.named("storage", "grows"), name=f"{self.identifier}-storage", policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace, scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration=scaling.PolicyTargetTrackingScalingPolicyConfigurationArgs(
                target_value=FULL, disable_scale_in=True,
                predefined_metric_specification=scaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs(
                    predefined_metric_type="KafkaBrokerStorageUtilization"
                ),
            ),
            opts=self.inside,
        )  # fmt: skip

    def _security_group(self, cluster: ClusterPort | None) -> aws.ec2.SecurityGroup:
        """A group that lets nothing out and lets the cluster's pods in; connectors add themselves."""
        group = aws.ec2.SecurityGroup(
            self.named("group"), name=self.identifier, description=f"Brokers of {self.identifier}, for named clients alone",
            vpc_id=self._network.vpc_id, tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        if cluster is not None:
            aws.vpc.SecurityGroupIngressRule(
                self.named("from-pods"), security_group_id=group.id, referenced_security_group_id=cluster.security_group_id,
                ip_protocol="tcp", from_port=PORT, to_port=PORT, description="Kafka from pods of the cluster",
                tags=self.tags(), opts=self.inside,
            )  # fmt: skip
        return group

    def _watch(self) -> None:
        """Somebody is told before records are lost or refused."""
        for part, measure, dimensions, above, meaning in WATCHED:
            alarm(
                self, part, measure=measure, dimensions=dimensions, where={"Cluster Name": self.identifier}, above=above,
                meaning=meaning, topic_arn=self._audit.alert_topic_arn,
            )  # fmt: skip

    def _stream(self, name: str, registry: aws.glue.Registry) -> aws.msk.Topic:
        asked = self._spec.streams[name]
        if not isinstance(asked, Topic):
            return self._topic(name, CAPTURED_PARTITIONS, None, self._classes)
        aws.glue.Schema(
            self.named("schema", name), schema_name=name, registry_arn=registry.arn, data_format=asked.shape.format.upper(),
            compatibility=asked.shape.compatibility.upper(), schema_definition=asked.shape.definition,
            description=f"Records of {name}", tags=self.tags(classes=asked.data_classes),
            opts=self.within(protect=self._spec.keep, retain_on_delete=self._spec.keep),
        )  # fmt: skip
        return self._topic(name, asked.partitions, asked.retention_days, asked.data_classes or self._classes)

    def _topic(self, name: str, partitions: int, days: int | None, classes: frozenset[DataClass]) -> aws.msk.Topic:
        limit = self.platform.posture.data_retention_max_days(classes)
        kept = days or (WEEK if limit is None else min(WEEK, limit))
        return topic(self, name, brokers=self._where, partitions=partitions, days=kept, keep=self._spec.keep)

    def _connect(self, bootstrap: pulumi.Input[str], streams: Mapping[str, aws.msk.Topic]) -> None:
        for source in self._spec.sources:
            work = stream_work.captures(source, self._rights, self._keys, self._network)
            self._connector(source, work, bootstrap, [streams[f"{source.name}.{table}"] for table in source.tables])
        for sink in self._spec.sinks:
            dead = stream_work.dead_letters_of(sink)
            letters = DeadLetters(
                f"{self.noun}/{dead}", dead, platform=self.platform, brokers=self._where, keep=self._spec.keep,
                topic_arn=self._audit.alert_topic_arn, classes=self._classes, opts=self.inside,
            )  # fmt: skip
            work = stream_work.writes(sink, self._rights, self._keys)
            self._connector(sink, work, bootstrap, [letters, *(streams[name] for name in sink.topics)])

    def _connector(
        self, asked: Source | Sink, work: Work, bootstrap: pulumi.Input[str], after: Sequence[pulumi.Resource]
    ) -> None:
        StreamConnector(
            f"{self.noun}/{asked.name}", asked.plugin, work, platform=self.platform, network=self._network, keys=self._keys,
            audit=self._audit, rights=self._rights, bootstrap=bootstrap, brokers_group=self._group.id, after=after,
            properties=stream_work.properties(self.platform, self.identifier, asked.name), opts=self.inside,
        )  # fmt: skip


def _properties() -> str:
    """What brokers do with topics that say nothing else."""
    wanted = {
        "allow.everyone.if.no.acl.found": "false",
        "auto.create.topics.enable": "false",
        "default.replication.factor": str(REPLICAS),
        "min.insync.replicas": str(REPLICAS - 1),
        "unclean.leader.election.enable": "false",
    }
    return "".join(f"{name}={wanted[name]}\n" for name in sorted(wanted))
