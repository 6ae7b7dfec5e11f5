"""One customer managed key for each purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pulumi_aws as aws

from blueprint.component import Component
from blueprint.ports import KeysPort
from blueprint.tags import Tag
from blueprint.types import KeyPurpose, Layer
from components.foundation.key_policy import (
    administrators,
    copying_account,
    log_groups,
    node_launcher,
    policy,
    publishers,
    searcher,
    users_through,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi

    from blueprint.context import PlatformContext
    from blueprint.ports import Port
    from blueprint.types import Noun
    from components.foundation.key_policy import Statement
    from components.foundation.keys_spec import KeyRingSpec

THROUGH: Mapping[KeyPurpose, Sequence[str]] = {
    KeyPurpose.LOGS: ("s3", "lambda"),
    KeyPurpose.DISKS: ("ec2", "autoscaling"),
    KeyPurpose.CLUSTER_SECRETS: ("eks",),
    KeyPurpose.SECRETS: ("secretsmanager", "lambda", "sqs"),
    KeyPurpose.DATABASES: ("rds", "dynamodb", "elasticache", "es", "secretsmanager"),
    KeyPurpose.OBJECTS: ("s3", "ecr", "bedrock", "aps", "glue", "network-firewall", "sqs"),
    KeyPurpose.BACKUP: ("backup", "rds", "dynamodb", "ec2", "s3"),
    KeyPurpose.ALERTS: ("sns", "sqs"),
    KeyPurpose.STREAMS: ("firehose", "kafka", "kinesis"),
}
"""AWS services through which principals of the account may use a key; nobody uses a key directly."""


class KeyRing(Component):
    """Creates a rotating key, its alias and its policy for each purpose that the wiring names."""

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: KeyRingSpec,
        *,
        platform: PlatformContext,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        self._spec = spec
        arns = {purpose: self._key(purpose) for purpose in sorted(platform.wiring.keys)}
        self.ports = {"keys": KeysPort(provider=noun, arns=arns)}
        self.finish(**{purpose.value: arn for purpose, arn in arns.items()})

    def _key(self, purpose: KeyPurpose) -> pulumi.Output[str]:
        platform, spec = self.platform, self._spec
        rotation = spec.rotation_days or platform.posture.kms_rotation_days(platform.classes(self.noun))
        key = aws.kms.Key(
            self.named(purpose), description=f"{platform.label}: {purpose}", enable_key_rotation=True,
            rotation_period_in_days=rotation, deletion_window_in_days=spec.deletion_window_days,
            policy=policy(*self._statements(purpose)), tags=self.tags(more={Tag.PURPOSE: purpose.value}),
            opts=self.within(protect=True),
        )  # fmt: skip
        aws.kms.Alias(
            self.named(purpose, "alias"), name=f"alias/{platform.label}/{purpose}", target_key_id=key.key_id,
            opts=self.inside,
        )  # fmt: skip
        return key.arn

    def _statements(self, purpose: KeyPurpose) -> tuple[Statement, ...]:
        platform = self.platform
        everywhere = (
            administrators(platform.partition, platform.account, self._spec.administrator_arns),
            *users_through(THROUGH[purpose], platform.partition, platform.account, platform.region),
        )
        match purpose:
            case KeyPurpose.LOGS:
                return (*everywhere, log_groups(platform.partition, platform.account, platform.region))
            case KeyPurpose.ALERTS:
                return (*everywhere, *publishers(platform.account))
            case KeyPurpose.DISKS:
                return (*everywhere, *node_launcher(platform.partition, platform.account))
            case KeyPurpose.OBJECTS if platform.posture.sensitive_data_discovery(platform.classes(self.noun)):
                return (*everywhere, searcher(platform.partition, platform.account))
            case KeyPurpose.BACKUP if "backup" in platform.accounts:
                return (*everywhere, copying_account(platform.partition, platform.accounts["backup"], platform.region))
            case _:
                return everywhere
