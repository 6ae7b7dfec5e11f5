"""Who may act: a role for every workload of the wiring, and the emergency role."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

import pulumi
import pulumi_aws as aws

from blueprint.component import Component
from blueprint.naming import labels, namespace, service_account
from blueprint.ports import IdentityPort, WorkloadIdentity
from blueprint.tags import Tag
from blueprint.types import Layer
from blueprint.wiring import slug
from components.foundation.identity_spec import break_glass_role_name
from components.foundation.posture_facts import posture_facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.context import PlatformContext
    from blueprint.ports import Port
    from blueprint.types import Noun
    from components.foundation.identity_spec import IdentitySpec

HOUR = 3600
"""Shortest session that IAM accepts, in seconds."""
NAME_LIMIT = 64

BOUNDARY = (
    "aps:RemoteWrite", "bedrock:ApplyGuardrail", "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream",
    "cloudwatch:PutMetricData",
    "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer",
    "elasticache:Connect", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "logs:CreateLogStream",
    "logs:DescribeLogStreams", "logs:PutLogEvents", "rds-db:connect", "s3:AbortMultipartUpload", "s3:DeleteObject",
    "s3:GetBucketLocation", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListMultipartUploadParts",
    "s3:PutObject", "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage", "sts:AssumeRole",
    "sts:TagSession", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
)  # fmt: skip
"""Actions on data, none on configuration: a workload that is taken over cannot change the platform."""

LOOK = (
    "autoscaling:DescribeAutoScalingGroups", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData", "ec2:DescribeInstances",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "eks:ListClusters",
    "elasticloadbalancing:DescribeTargetHealth",
)  # fmt: skip
ACT = (
    "autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup", "backup:StartRestoreJob",
    "ec2:RebootInstances", "ec2:TerminateInstances", "eks:AssociateAccessPolicy", "eks:CreateAccessEntry",
    "eks:DeleteAccessEntry", "eks:DescribeCluster", "eks:UpdateNodegroupConfig", "elasticloadbalancing:ModifyListener",
    "kms:CancelKeyDeletion", "kms:EnableKey", "network-firewall:UpdateRuleGroup", "rds:FailoverDBCluster",
    "rds:RebootDBInstance", "rds:RestoreDBClusterToPointInTime", "secretsmanager:RestoreSecret",
    "secretsmanager:RotateSecret", "wafv2:UpdateWebACL",
)  # fmt: skip
"""What an emergency takes: give oneself access to the cluster, stop, restart, restore, undo a deletion, close a door."""


class Identity(Component):
    """Creates a role for each workload, the boundary that none of them can exceed, and the emergency role if asked.

    The roles hold no permission yet: whoever offers a port grants what the wiring names.
    """

    LAYER: ClassVar[Layer] = Layer.FOUNDATION

    def __init__(
        self,
        noun: Noun,
        spec: IdentitySpec,
        *,
        platform: PlatformContext,
        ports: Mapping[str, Port] | None = None,  # noqa: ARG002  every component is called alike
        uses: Mapping[Noun, Port] | None = None,  # noqa: ARG002
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(noun, platform=platform, opts=opts)
        boundary = self._boundary()
        workloads = {each: self._workload(*each, boundary) for each in platform.wiring.workloads}
        if spec.break_glass_principal_arn is not None:
            self._break_glass(spec.break_glass_principal_arn)
        posture_facts(self, {
            "mfa": spec.mfa, "session_idle_minutes": spec.session_idle_minutes, "failed_logons": spec.failed_logons,
            "sign_in_arn": spec.sign_in_arn, "break_glass": spec.break_glass_principal_arn is not None,
        })  # fmt: skip
        self.ports = {
            "identity": IdentityPort(provider=noun, workloads=workloads, permissions_boundary_arn=boundary.arn)
        }
        self.finish(permissions_boundary_arn=boundary.arn)

    def _boundary(self) -> aws.iam.Policy:
        """The most that any workload can be granted: actions on data, in this region, over TLS."""
        platform = self.platform
        return aws.iam.Policy(
            self.named("boundary"), name=f"{platform.label}-boundary", path="/blueprint/",
            description="The most that a workload of the platform can ever be granted",
            policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": "ServicesOfWorkloads", "Effect": "Allow", "Action": list(BOUNDARY), "Resource": "*"},
                    {"Sid": "NoOtherRegion", "Effect": "Deny", "NotAction": ["sts:*"], "Resource": "*",
                     "Condition": {"StringNotEquals": {"aws:RequestedRegion": platform.region}}},
                    {"Sid": "TlsOnly", "Effect": "Deny", "Action": "*", "Resource": "*",
                     "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
                ],
            }),
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip

    def _workload(self, noun: Noun, workload: str, boundary: aws.iam.Policy) -> WorkloadIdentity:
        platform = self.platform
        name = f"{slug(noun)}-{workload}"
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "PodIdentity",
                    "Effect": "Allow",
                    "Principal": {"Service": "pods.eks.amazonaws.com"},
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Condition": {
                        "StringEquals": {
                            "aws:SourceAccount": platform.account,
                            "aws:RequestTag/kubernetes-namespace": namespace(noun),
                            "aws:RequestTag/kubernetes-service-account": service_account(workload),
                        }
                    },
                }
            ],
        }
        role = aws.iam.Role(
            self.named(name), name=_short(f"{platform.label}-{name}"), path="/blueprint/",
            description=f"Workload {workload} of {noun}", assume_role_policy=pulumi.Output.json_dumps(trust),
            max_session_duration=HOUR, permissions_boundary=boundary.arn,
            tags=platform.tags(self.LAYER, noun), opts=self.inside,
        )  # fmt: skip
        return WorkloadIdentity(
            role_name=role.name, role_arn=role.arn, namespace=namespace(noun),
            service_account=service_account(workload), labels=labels(noun, workload),
        )  # fmt: skip

    def _break_glass(self, principal_arn: str) -> None:
        """Rights to bring the platform back, for an hour, for one named principal with several factors; use raises an alarm."""
        platform = self.platform
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "NamedPrincipalWithSeveralFactors",
                    "Effect": "Allow",
                    "Principal": {"AWS": principal_arn},
                    "Action": "sts:AssumeRole",
                    "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
                }
            ],
        }
        role = aws.iam.Role(
            self.named("break-glass"), name=break_glass_role_name(platform.label), path="/",
            description="Emergencies only; every use raises an alarm",
            assume_role_policy=pulumi.Output.json_dumps(trust), max_session_duration=HOUR,
            tags=self.tags(), opts=self.inside,
        )  # fmt: skip
        aws.iam.RolePolicy(
            self.named("break-glass-rights"), role=role.name,
            policy=pulumi.Output.json_dumps({
                "Version": "2012-10-17",
                "Statement": [
                    {"Sid": "Look", "Effect": "Allow", "Action": list(LOOK), "Resource": "*"},
                    {"Sid": "ActOnThePlatform", "Effect": "Allow", "Action": list(ACT), "Resource": "*",
                     "Condition": {"StringEquals": {
                         f"aws:ResourceTag/{Tag.PLATFORM}": platform.name,
                         f"aws:ResourceTag/{Tag.ENVIRONMENT}": platform.environment,
                     }}},
                ],
            }),
            opts=self.inside,
        )  # fmt: skip


def _short(name: str) -> str:
    """A role name within the 64 characters that IAM allows, still told apart from others."""
    return name if len(name) <= NAME_LIMIT else f"{name[: NAME_LIMIT - 9]}-{sha256(name.encode()).hexdigest()[:8]}"
