"""A Valkey replication group as every component of the platform gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.naming import fitted
from blueprint.snaps import snap
from blueprint.types import KeyPurpose, Layer
from components.data.pods_only import pods_only
from components.foundation.log_group import log_group
from components.versions import VALKEY

if TYPE_CHECKING:
    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import KeysPort, NetworkPort
    from blueprint.types import DataClass, Noun

PORT = 6379
LONGEST = 40
"""Characters that ElastiCache allows a group, and a user, in its name."""
LOGS = ("engine-log", "slow-log")
COMMANDS = "on ~* &* -@all +@read +@write +@connection +@scripting +@transaction +@pubsub -@dangerous +info"
"""What the one user may do: everything with keys, nothing with the server but to ask for its state."""
WhenFull: TypeAlias = Literal["volatile-ttl", "noeviction"]
"""What a full cache does: drop what would expire soonest, or refuse writes. Queues must lose nothing, and so refuse."""
_FULL = {"volatile-ttl": "Drops what expires soonest when full", "noeviction": "Refuses writes when full"}


class Valkey(Component):
    """Creates a replication group over zones with TLS, one user who signs in by IAM, and no default user.

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
        classes: frozenset[DataClass],
        node: str,
        replicas: int,
        admits: pulumi.Input[str],
        keep: bool,
        opts: pulumi.ResourceOptions,
        when_full: WhenFull = "volatile-ttl",
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self.classes = classes
        self.identifier = fitted(f"{platform.label}-{self.named()}", LONGEST)
        self.user = self._user()
        days = platform.posture.backup_retention_days(classes)
        self.group = aws.elasticache.ReplicationGroup(
            self.named("group"), replication_group_id=self.identifier, description=f"Valkey of {self.identifier}",
            engine="valkey", engine_version=VALKEY, node_type=node, port=PORT, num_cache_clusters=1 + replicas,
            automatic_failover_enabled=True, multi_az_enabled=True,
            at_rest_encryption_enabled=True, kms_key_id=keys.arns[KeyPurpose.DATABASES],
            transit_encryption_enabled=True, transit_encryption_mode="required",
            user_group_ids=[self._users().user_group_id], subnet_group_name=self._subnets(network).name,
            security_group_ids=[self._security_group(network, admits).id],
            parameter_group_name=self._parameters(when_full).name,
            snapshot_retention_limit=int(snap("rds_backup_retention", days, "down")), snapshot_window="02:00-03:00",
            maintenance_window="sun:05:30-sun:06:30", final_snapshot_identifier=f"{self.identifier}-final",
            auto_minor_version_upgrade=True, apply_immediately=False,
            log_delivery_configurations=[self._log(name, keys, keep=keep) for name in LOGS],
            tags=self.tags(classes=classes), opts=self.within(protect=keep, retain_on_delete=keep),
        )  # fmt: skip
        self.finish(endpoint=self.group.primary_endpoint_address)

    @property
    def connect_arns(self) -> list[pulumi.Output[str]]:
        """What a role has to be allowed to connect to: the group, as the user."""
        return [self.group.arn, self.user.arn]

    def _user(self) -> aws.elasticache.User:
        return aws.elasticache.User(
            self.named("user"), user_id=self.identifier, user_name=self.identifier, engine="valkey", access_string=COMMANDS,
            authentication_mode=aws.elasticache.UserAuthenticationModeArgs(type="iam"),
            tags=self.tags(classes=self.classes), opts=self.inside,
        )  # fmt: skip

    def _users(self) -> aws.elasticache.UserGroup:
        return aws.elasticache.UserGroup(
            self.named("users"), user_group_id=self.identifier, engine="valkey", user_ids=[self.user.user_id],
            tags=self.tags(classes=self.classes), opts=self.inside,
        )  # fmt: skip

    def _subnets(self, network: NetworkPort) -> aws.elasticache.SubnetGroup:
        return aws.elasticache.SubnetGroup(
            self.named("subnets"), name=self.identifier, description=f"Private subnets of {self.identifier}",
            subnet_ids=list(network.data_subnet_ids), tags=self.tags(classes=self.classes), opts=self.inside,
        )  # fmt: skip

    def _parameters(self, when_full: WhenFull) -> aws.elasticache.ParameterGroup:
        """A cache that drops what would expire soonest never refuses a write: limits keep being counted."""
        return aws.elasticache.ParameterGroup(
            self.named("parameters"), name=self.identifier, family=f"valkey{VALKEY.split('.')[0]}",
            description=_FULL[when_full],
            parameters=[aws.elasticache.ParameterGroupParameterArgs(name="maxmemory-policy", value=when_full)],
            tags=self.tags(classes=self.classes), opts=self.inside,
        )  # fmt: skip

    def _security_group(self, network: NetworkPort, admits: pulumi.Input[str]) -> aws.ec2.SecurityGroup:
        return pods_only(
            self, "door", name=self.identifier, store="Valkey", protocol="Valkey", port=PORT, network=network, admits=admits,
            classes=self.classes,
        )  # fmt: skip

    def _log(
        self, kind: str, keys: KeysPort, *, keep: bool
    ) -> aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs:
        group = log_group(
            self, kind, name=f"/aws/elasticache/{self.identifier}/{kind}", key_arn=keys.arns[KeyPurpose.LOGS],
            days=self.platform.posture.audit_log_retention_days(self.classes), keep=keep,
        )  # fmt: skip
        return aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs(
            destination=group.name, destination_type="cloudwatch-logs", log_format="json", log_type=kind
        )
