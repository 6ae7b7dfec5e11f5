"""Who may do what with a customer managed key: administration and use are apart, and every principal is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import pulumi

if TYPE_CHECKING:
    from blueprint.types import Partition

Statement: TypeAlias = Mapping[str, object]

ADMINISTER = (
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
    "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListAliases",
    "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy",
    "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource",
    "kms:UpdateAlias", "kms:UpdateKeyDescription",
)  # fmt: skip
"""Everything but using the key, alone or through a grant."""

USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def policy(*statements: Statement) -> pulumi.Output[str]:
    """A key policy document."""
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def administrators(partition: Partition, account: str, arns: Sequence[str] = ()) -> Statement:
    """Named administrators; without names the account, which then decides by IAM policy who administers."""
    return {
        "Sid": "Administrators", "Effect": "Allow",
        "Principal": {"AWS": list(arns) or [f"arn:{partition}:iam::{account}:root"]},
        "Action": list(ADMINISTER), "Resource": "*",
    }  # fmt: skip


def users_through(services: Sequence[str], partition: Partition, account: str, region: str) -> tuple[Statement, ...]:
    """Principals of the account that IAM allows, but only through these services and never directly."""
    via = {"kms:ViaService": [f"{service}.{region}.amazonaws.com" for service in services]}
    root = {"AWS": f"arn:{partition}:iam::{account}:root"}
    return (
        {
            "Sid": "UsersThroughServices", "Effect": "Allow", "Principal": root, "Action": list(USE), "Resource": "*",
            "Condition": {"StringEquals": {**via, "kms:CallerAccount": account}},
        },
        {
            "Sid": "GrantsForServices", "Effect": "Allow", "Principal": root, "Action": "kms:CreateGrant", "Resource": "*",
            "Condition": {
                "StringEquals": {**via, "kms:CallerAccount": account},
                "Bool": {"kms:GrantIsForAWSResource": "true"},
            },
        },
    )  # fmt: skip


def service(sid: str, principals: Sequence[str], condition: Mapping[str, Mapping[str, object]]) -> Statement:
    """AWS services that use the key themselves."""
    return {
        "Sid": sid, "Effect": "Allow", "Principal": {"Service": list(principals)}, "Action": list(USE), "Resource": "*",
        "Condition": condition,
    }  # fmt: skip


def publishers(account: str) -> tuple[Statement, ...]:
    """Services that announce on an encrypted topic.

    EventBridge sends no source account along with its use of a key, so it stands apart, without a condition.
    """
    announce = {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*"}
    told = ("aps.amazonaws.com", "backup.amazonaws.com", "budgets.amazonaws.com", "cloudwatch.amazonaws.com")
    return (
        {"Sid": "Publishers", "Principal": {"Service": list(told)}, **announce,
         "Condition": {"StringEquals": {"aws:SourceAccount": account}}},
        {"Sid": "Events", "Principal": {"Service": "events.amazonaws.com"}, **announce},
    )  # fmt: skip


def node_launcher(partition: Partition, account: str) -> tuple[Statement, ...]:
    """The service-linked role that starts nodes of managed node groups with encrypted disks; it must exist already."""
    role = (
        f"arn:{partition}:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    )
    return (
        {"Sid": "NodeLauncher", "Effect": "Allow", "Principal": {"AWS": role}, "Action": list(USE), "Resource": "*"},
        {
            "Sid": "NodeLauncherGrants", "Effect": "Allow", "Principal": {"AWS": role}, "Action": "kms:CreateGrant",
            "Resource": "*", "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    )  # fmt: skip


def searcher(partition: Partition, account: str) -> Statement:
    """Macie reads what it searches with its service-linked role, which no policy but the key's can admit.

    The role must exist already, as it does once Macie was switched on in the account, or
    `aws iam create-service-linked-role --aws-service-name macie.amazonaws.com` was run.
    """
    role = f"arn:{partition}:iam::{account}:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie"
    return {"Sid": "Searcher", "Effect": "Allow", "Principal": {"AWS": role}, "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"}  # fmt: skip


def log_groups(partition: Partition, account: str, region: str) -> Statement:
    """CloudWatch Logs, for log groups of this account and region."""
    groups = f"arn:{partition}:logs:{region}:{account}:log-group:*"
    return service(
        "LogGroups", [f"logs.{region}.amazonaws.com"], {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}}
    )


def copying_account(partition: Partition, account: str, region: str) -> Statement:
    """The account that keeps copies of recovery points reads them under the key, through AWS Backup alone."""
    return {
        "Sid": "CopyingAccount", "Effect": "Allow", "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Resource": "*", "Condition": {"StringEquals": {"kms:ViaService": f"backup.{region}.amazonaws.com"}},
    }  # fmt: skip
