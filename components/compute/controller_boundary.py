"""The most that a controller of the cluster can ever be granted: what it changes is the cluster's own machinery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from blueprint.component import Component

ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations", "autoscaling:DescribeScalingActivities", "autoscaling:SetDesiredCapacity",
    "autoscaling:TerminateInstanceInAutoScalingGroup", "ec2:AssignPrivateIpAddresses", "ec2:AttachNetworkInterface",
    "ec2:AttachVolume", "ec2:CreateNetworkInterface", "ec2:CreateSnapshot", "ec2:CreateTags", "ec2:CreateVolume",
    "ec2:DeleteNetworkInterface", "ec2:DeleteSnapshot", "ec2:DeleteTags", "ec2:DeleteVolume",
    "ec2:DescribeAvailabilityZones", "ec2:DescribeImages", "ec2:DescribeInstanceTypes", "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots", "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVolumes",
    "ec2:DescribeVolumesModifications", "ec2:DescribeVpcs", "ec2:DetachNetworkInterface", "ec2:DetachVolume", "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:ModifyVolume", "ec2:UnassignPrivateIpAddresses", "ecr:BatchGetImage", "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer", "eks:DescribeNodegroup", "elasticloadbalancing:DeregisterTargets",
    "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
    "elasticloadbalancing:RegisterTargets", "kms:CreateGrant", "kms:Decrypt",
    "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
)  # fmt: skip
"""Network interfaces, volumes, numbers of nodes and targets of load balancers; no identity, no key policy, no trail, no security service."""


def controller_boundary(component: Component) -> aws.iam.Policy:
    """A permissions boundary for roles of add-ons and of the autoscaler; it grants nothing by itself."""
    platform = component.platform
    return aws.iam.Policy(
        component.named("controller-boundary"), name=f"{platform.label}-controller-boundary", path="/blueprint/",
        description="The most that a controller of the cluster can ever be granted",
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [
            {"Sid": "MachineryOfTheCluster", "Effect": "Allow", "Action": list(ACTIONS), "Resource": "*"},
            {"Sid": "NoOtherRegion", "Effect": "Deny", "NotAction": ["sts:*"], "Resource": "*",
             "Condition": {"StringNotEquals": {"aws:RequestedRegion": platform.region}}},
        ]}),
        tags=component.tags(), opts=component.inside,
    )  # fmt: skip
