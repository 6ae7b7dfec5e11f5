"""Who may take the role of a controller: one service account of one namespace of this account, by Pod Identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from blueprint.context import PlatformContext


def pod_trust(platform: PlatformContext, *, namespace: str, service_account: str) -> pulumi.Output[str]:
    """The trust policy of such a role."""
    only = {
        "aws:SourceAccount": platform.account,
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": only},
    }
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})
