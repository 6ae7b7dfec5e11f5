"""What containers write to their output, in CloudWatch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.types import KeyPurpose, Layer
from components.compute.pod_trust import pod_trust
from components.foundation.log_group import log_group
from components.versions import CLOUDWATCH_ADDON

if TYPE_CHECKING:
    from typing import Literal

    from blueprint.context import PlatformContext
    from blueprint.ports import ClusterPort, KeysPort
    from blueprint.types import Noun

NAMESPACE, ACCOUNT = "amazon-cloudwatch", "cloudwatch-agent"
STREAMS = ("application", "dataplane", "host", "performance")
CONFIGURATION = {"containerLogs": {"enabled": True}}


class ContainerLogs(Component):
    """Creates the CloudWatch add-on of EKS, the log groups that it writes to, and its role, which can write there alone.

    An add-on that AWS makes and renews, so that no workload of ours reads the nodes' own files. The groups are made first,
    since the agent would make them without key and without end.
    """

    LAYER: ClassVar[Layer] = Layer.OBSERVABILITY

    def __init__(
        self,
        noun: Noun,
        *,
        platform: PlatformContext,
        cluster: ClusterPort,
        keys: KeysPort,
        days: int | Literal["forever"],
        keep: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        groups = [
            log_group(
                self, name, name=f"/aws/containerinsights/{platform.label}/{name}", key_arn=keys.arns[KeyPurpose.LOGS],
                days=days, keep=keep,
            )
            for name in STREAMS
        ]  # fmt: skip
        role = self._role(groups)
        aws.eks.Addon(
            self.named("agent"), cluster_name=cluster.name, addon_name="amazon-cloudwatch-observability",
            addon_version=CLOUDWATCH_ADDON, configuration_values=json.dumps(CONFIGURATION, sort_keys=True),
            pod_identity_associations=[aws.eks.AddonPodIdentityAssociationArgs(service_account=ACCOUNT, role_arn=role.arn)],
            resolve_conflicts_on_create="OVERWRITE", resolve_conflicts_on_update="OVERWRITE", tags=self.tags(),
            opts=self.within(depends_on=[*groups]),
        )  # fmt: skip
        self.finish()

    def _role(self, groups: list[aws.cloudwatch.LogGroup]) -> aws.iam.Role:
        platform = self.platform
        role = aws.iam.Role(
            self.named("role"), name=f"{platform.label}-{self.named()}", path="/blueprint/", max_session_duration=3600,
            description="The CloudWatch agent of the cluster writes container logs",
            assume_role_policy=pod_trust(platform, namespace=NAMESPACE, service_account=ACCOUNT),
            tags=self.tags(classes=frozenset()), opts=self.inside,
        )  # fmt: skip
        arns = [pulumi.Output.concat(group.arn, ":*") for group in groups]
        aws.iam.RolePolicy(
            self.named("writes"), role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                 "Resource": arns},
                {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*",
                 "Condition": {"StringEquals": {"cloudwatch:namespace": "ContainerInsights"}}},
            ]}),
            opts=self.inside,
        )  # fmt: skip
        return role
