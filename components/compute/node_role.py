"""The IAM role of nodes: what a node itself must do, and nothing for the pods on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from blueprint.component import Component

POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore")
"""Join the cluster, pull images, be administered through Systems Manager. The CNI has a role of its own."""


def node_role(component: Component, part: str, *, description: str) -> aws.iam.Role:
    """A role for EC2 instances that are nodes."""
    platform = component.platform
    role = aws.iam.Role(
        component.named(part), name=f"{platform.label}-{part}", path="/blueprint/", description=description,
        assume_role_policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
        }]}),
        tags=component.tags(), opts=component.inside,
    )  # fmt: skip
    for policy in POLICIES:
        aws.iam.RolePolicyAttachment(
            component.named(part, policy), role=role.name,
            policy_arn=f"arn:{platform.partition}:iam::aws:policy/{policy}", opts=component.inside,
        )  # fmt: skip
    return role
