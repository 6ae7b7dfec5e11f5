"""An Aurora PostgreSQL cluster as every component of the platform gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.naming import fitted
from blueprint.snaps import snap
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from components.data.pods_only import pods_only
from components.foundation.log_group import log_group
from components.foundation.secret_access import reads_secrets
from components.versions import AURORA_POSTGRESQL

if TYPE_CHECKING:
    from blueprint.context import PlatformContext
    from blueprint.ports import BackupPort, KeysPort, NetworkPort
    from blueprint.types import DataClass, Noun
    from components.foundation.admission import Statement

PORT = 5432
LONGEST = 50
"""Characters of a name from which the longest others are made: RDS takes 63, IAM 64."""
MASTER = "blueprint_admin"
EXPORTS = ("iam-db-auth-error", "postgresql")
PARAMETERS = {
    "log_connections": "1",
    "log_disconnections": "1",
    "log_statement": "ddl",
    "password_encryption": "scram-sha-256",
    "rds.force_ssl": "1",
}
"""Plain connections are refused; connections, schema and role changes are written to the log."""
MONITORING_SECONDS = 60
INSIGHTS_DAYS = 7
"""Performance Insights keeps as long without further cost."""


class Aurora(Component):
    """Creates a serverless PostgreSQL cluster over zones, reachable from the cluster's pods alone.

    Applications sign in by IAM. The master password is RDS's own secret: made, encrypted under our key and renewed there.
    RDS's own backups last 35 days at most; the backup plan finds the cluster by its tag and keeps recovery points longer.
    `classes` are those of the component whose state it holds; `admits` is the security group that may connect.
    """

    LAYER: ClassVar[Layer] = Layer.DATA

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        network: NetworkPort,
        keys: KeysPort,
        backup: BackupPort,
        classes: frozenset[DataClass],
        database: str,
        units: tuple[float, float],
        instances: int,
        admits: pulumi.Input[str],
        keep: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self.classes, self.keep = classes, keep
        key, days = keys.arns[KeyPurpose.DATABASES], platform.posture.backup_retention_days(classes)
        self.identifier = fitted(f"{platform.label}-{self.named()}", LONGEST)
        logs: list[pulumi.Resource] = [self._log(name, keys) for name in EXPORTS]
        group = self._security_group(network, admits)
        self.cluster = aws.rds.Cluster(
            self.named("cluster"), cluster_identifier=self.identifier, engine="aurora-postgresql", engine_mode="provisioned",
            engine_version=AURORA_POSTGRESQL, database_name=database, port=PORT, network_type="IPV4",
            master_username=MASTER, manage_master_user_password=True,
            master_user_secret_kms_key_id=keys.arns[KeyPurpose.SECRETS],
            iam_database_authentication_enabled=True, storage_encrypted=True, kms_key_id=key,
            db_subnet_group_name=self._subnets(network).name, vpc_security_group_ids=[group.id],
            db_cluster_parameter_group_name=self._parameters().id,
            backup_retention_period=int(snap("rds_backup_retention", days, "down")), preferred_backup_window="03:00-04:00",
            preferred_maintenance_window="sun:04:30-sun:05:30", copy_tags_to_snapshot=True,
            deletion_protection=keep or platform.posture.deletion_protection(classes), skip_final_snapshot=False,
            final_snapshot_identifier=f"{self.identifier}-final", delete_automated_backups=False,
            enabled_cloudwatch_logs_exports=list(EXPORTS), enable_http_endpoint=False,
            serverlessv2_scaling_configuration=aws.rds.ClusterServerlessv2ScalingConfigurationArgs(
                min_capacity=units[0], max_capacity=units[1]
            ),
            tags=self._tags(backup),
            opts=self._kept(depends_on=logs, ignore_changes=["engineVersion"]),
        )  # fmt: skip
        monitoring = self._monitoring()
        self.instances = [self._instance(number, key, monitoring, backup) for number in range(instances)]
        self.finish(endpoint=self.cluster.endpoint)

    @property
    def master_secret_arn(self) -> pulumi.Output[str]:
        """The secret that RDS keeps for the master user."""
        return self.cluster.master_user_secrets[0].secret_arn

    def reads_master(self) -> Statement:
        """The right to read that secret: RDS names it when it makes it, and tags it with the cluster that it belongs to."""
        platform = self.platform
        arn = f"arn:{platform.partition}:secretsmanager:{platform.region}:{platform.account}:secret:rds!cluster-*"
        mine = {"StringEquals": {"aws:ResourceTag/aws:rds:primaryDBClusterArn": self.cluster.arn}}
        return {**reads_secrets([arn]), "Condition": mine}

    def sign_in_arn(self, user: str) -> pulumi.Output[str]:
        """What a role has to be allowed to connect to, for one database user."""
        platform = self.platform
        place = f"arn:{platform.partition}:rds-db:{platform.region}:{platform.account}:dbuser"
        return pulumi.Output.concat(place, ":", self.cluster.cluster_resource_id, "/", user)

    def _instance(
        self, number: int, key: pulumi.Input[str], monitoring: aws.iam.Role, backup: BackupPort
    ) -> aws.rds.ClusterInstance:
        zones = self.platform.zones
        return aws.rds.ClusterInstance(
            self.named("instance", str(number)), identifier=f"{self.identifier}-{number}",
            cluster_identifier=self.cluster.id, engine=aws.rds.EngineType.AURORA_POSTGRESQL, instance_class="db.serverless",
            availability_zone=zones[number % len(zones)], promotion_tier=min(number, 15), publicly_accessible=False,
            auto_minor_version_upgrade=True, copy_tags_to_snapshot=True, ca_cert_identifier="rds-ca-rsa2048-g1",
            monitoring_interval=MONITORING_SECONDS, monitoring_role_arn=monitoring.arn,
            performance_insights_enabled=True, performance_insights_kms_key_id=key,
            performance_insights_retention_period=INSIGHTS_DAYS, tags=self._tags(backup), opts=self._kept(),
        )  # fmt: skip

    def _subnets(self, network: NetworkPort) -> aws.rds.SubnetGroup:
        return aws.rds.SubnetGroup(
            self.named("subnets"), name=self.identifier, description=f"Private subnets of {self.identifier}",
            subnet_ids=list(network.data_subnet_ids), tags=self.tags(classes=self.classes), opts=self.inside,
        )  # fmt: skip

    def _security_group(self, network: NetworkPort, admits: pulumi.Input[str]) -> aws.ec2.SecurityGroup:
        return pods_only(
            self, "group", name=self.identifier, store="PostgreSQL", protocol="PostgreSQL", port=PORT, network=network, admits=admits,
            classes=self.classes,
        )  # fmt: skip

    def _parameters(self) -> aws.rds.ClusterParameterGroup:
        oldest = f"TLSv{self.platform.posture.tls_min_version(self.classes)}"
        wanted = {**PARAMETERS, "ssl_min_protocol_version": oldest}
        return aws.rds.ClusterParameterGroup(
            self.named("parameters"), name=self.identifier, family=f"aurora-postgresql{AURORA_POSTGRESQL.split('.')[0]}",
            description="TLS only, connections and schema changes logged",
            parameters=[
                aws.rds.ClusterParameterGroupParameterArgs(name=name, value=wanted[name], apply_method="pending-reboot")
                for name in sorted(wanted)
            ],
            tags=self.tags(classes=self.classes), opts=self.inside,
        )  # fmt: skip

    def _monitoring(self) -> aws.iam.Role:
        """RDS itself, so that it can write the operating system's figures; it can do nothing else."""
        platform = self.platform
        trust = {
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "monitoring.rds.amazonaws.com"},
                "Condition": {"StringEquals": {"aws:SourceAccount": platform.account}},
            }],
        }  # fmt: skip
        role = aws.iam.Role(
            self.named("monitoring"), name=f"{self.identifier}-monitoring", path="/blueprint/", max_session_duration=3600,
            description=f"RDS writes operating system figures of {self.identifier}",
            assume_role_policy=pulumi.Output.json_dumps(trust), tags=self.tags(classes=frozenset()), opts=self.inside,
        )  # fmt: skip
        group = f"arn:{platform.partition}:logs:{platform.region}:{platform.account}:log-group:RDSOSMetrics"
        allow = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": [
                        "logs:CreateLogStream",
                        "logs:DescribeLogStreams",
                        "logs:GetLogEvents",
                        "logs:PutLogEvents",
                    ],
                    "Resource": f"{group}:log-stream:*",
                },
                {
                    "Effect": "Allow",
                    "Action": ["logs:CreateLogGroup", "logs:PutRetentionPolicy"],
                    "Resource": f"{group}:*",
                },
            ],
        }
        aws.iam.RolePolicy(
            self.named("monitoring", "writes"), role=role.name, policy=pulumi.Output.json_dumps(allow), opts=self.inside
        )
        return role

    def _log(self, export: str, keys: KeysPort) -> aws.cloudwatch.LogGroup:
        return log_group(
            self, f"log-{export}", name=f"/aws/rds/cluster/{self.identifier}/{export}",
            key_arn=keys.arns[KeyPurpose.LOGS], days=self.platform.posture.audit_log_retention_days(self.classes),
            keep=self.keep,
        )  # fmt: skip

    def _tags(self, backup: BackupPort) -> dict[str, str]:
        return self.tags(classes=self.classes, more={Tag.BACKUP: backup.tag[1]})

    def _kept(self, **options: list[pulumi.Resource] | list[str]) -> pulumi.ResourceOptions:
        return self.within(protect=self.keep, retain_on_delete=self.keep, **options)
