"""Events that raise an alarm whenever they occur, as CloudWatch Logs patterns over the trail's records.

The classes are those of the CIS AWS Foundations Benchmark and of PCI DSS 10.2.1, and what switches a security control off.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def _calls(source: str, *names: str) -> str:
    called = " || ".join(f"($.eventName = {name})" for name in names)
    return f"{{ ($.eventSource = {source}.amazonaws.com) && ({called}) }}"


EVENTS: Mapping[str, str] = MappingProxyType(
    {
        "root_use": (
            '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) '
            '&& ($.eventType != "AwsServiceEvent") }'
        ),
        "unauthorized_calls": (
            '{ (($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*")) '
            '&& ($.sourceIPAddress != "delivery.logs.amazonaws.com") }'
        ),
        "sign_in_without_mfa": (
            '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") '
            '&& ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }'
        ),
        "sign_in_failures": '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
        "iam_changes": _calls(
            "iam",
            *("AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy", "CreateAccessKey", "CreateLoginProfile"),
            *("CreatePolicy", "CreatePolicyVersion", "CreateUser", "DeleteAccountPasswordPolicy", "DeleteGroupPolicy"),
            *("DeletePolicy", "DeletePolicyVersion", "DeleteRolePermissionsBoundary", "DeleteRolePolicy"),
            *("DeleteUserPolicy", "DetachGroupPolicy", "DetachRolePolicy", "DetachUserPolicy", "PutGroupPolicy"),
            *("PutRolePermissionsBoundary", "PutRolePolicy", "PutUserPolicy", "UpdateAccountPasswordPolicy"),
            *("UpdateAssumeRolePolicy", "UpdateLoginProfile"),
        ),
        "trail_changes": _calls(
            "cloudtrail",
            *("CreateTrail", "DeleteTrail", "PutEventSelectors", "PutInsightSelectors", "StartLogging", "StopLogging"),
            "UpdateTrail",
        ),
        "log_group_changes": _calls(
            "logs",
            *("DeleteLogGroup", "DeleteLogStream", "DeleteMetricFilter", "DeleteRetentionPolicy", "DisassociateKmsKey"),
            *("PutMetricFilter", "PutRetentionPolicy"),
        ),
        "alarm_changes": _calls("monitoring", "DeleteAlarms", "DisableAlarmActions", "SetAlarmState"),
        "key_disabling": _calls("kms", "DisableKey", "DisableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion"),
        "bucket_policy_changes": _calls(
            "s3",
            *("DeleteBucketCors", "DeleteBucketEncryption", "DeleteBucketLifecycle", "DeleteBucketPolicy"),
            *("DeleteBucketPublicAccessBlock", "DeleteBucketReplication", "PutBucketAcl", "PutBucketCors"),
            *("PutBucketLifecycle", "PutBucketPolicy", "PutBucketPublicAccessBlock", "PutBucketReplication"),
        ),
        "config_changes": _calls(
            "config",
            *("DeleteConfigurationRecorder", "DeleteDeliveryChannel", "PutConfigurationRecorder"),
            *("PutDeliveryChannel", "StopConfigurationRecorder"),
        ),
        "detection_changes": (
            "{ (($.eventSource = guardduty.amazonaws.com) || ($.eventSource = securityhub.amazonaws.com) "
            "|| ($.eventSource = inspector2.amazonaws.com) || ($.eventSource = macie2.amazonaws.com) "
            "|| ($.eventSource = access-analyzer.amazonaws.com)) "
            "&& (($.eventName = Delete*) || ($.eventName = Disable*) || ($.eventName = UpdateDetector) "
            "|| ($.eventName = CreateFilter) || ($.eventName = BatchDisableStandards)) }"
        ),
        "security_group_changes": _calls(
            "ec2",
            *("AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress", "CreateSecurityGroup"),
            *("DeleteSecurityGroup", "ModifySecurityGroupRules", "RevokeSecurityGroupEgress"),
            "RevokeSecurityGroupIngress",
        ),
        "network_acl_changes": _calls(
            "ec2",
            *("CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry"),
            *("ReplaceNetworkAclAssociation", "ReplaceNetworkAclEntry"),
        ),
        "gateway_changes": _calls(
            "ec2",
            *("AttachInternetGateway", "CreateCustomerGateway", "CreateInternetGateway", "CreateNatGateway"),
            *("DeleteCustomerGateway", "DeleteInternetGateway", "DeleteNatGateway", "DetachInternetGateway"),
        ),
        "route_changes": _calls(
            "ec2",
            *("CreateRoute", "CreateRouteTable", "DeleteRoute", "DeleteRouteTable", "DisassociateRouteTable"),
            *("ReplaceRoute", "ReplaceRouteTableAssociation"),
        ),
        "vpc_changes": _calls(
            "ec2",
            *("AcceptVpcPeeringConnection", "CreateVpc", "CreateVpcPeeringConnection", "DeleteFlowLogs", "DeleteVpc"),
            *("DeleteVpcEndpoints", "DeleteVpcPeeringConnection", "ModifyVpcAttribute", "ModifyVpcEndpoint"),
        ),
        "firewall_changes": _calls(
            "network-firewall",
            *("DeleteFirewall", "DeleteFirewallPolicy", "DisassociateSubnets", "UpdateFirewallPolicy"),
            *("UpdateLoggingConfiguration", "UpdateRuleGroup"),
        ),
        "web_acl_changes": _calls(
            "wafv2", "DeleteLoggingConfiguration", "DeleteWebACL", "DisassociateWebACL", "UpdateWebACL"
        ),
        "backup_changes": _calls(
            "backup",
            *("DeleteBackupPlan", "DeleteBackupSelection", "DeleteBackupVault", "DeleteBackupVaultLockConfiguration"),
            *("DeleteRecoveryPoint", "UpdateBackupPlan"),
        ),
        "cluster_access_changes": _calls(
            "eks",
            *("AssociateAccessPolicy", "CreateAccessEntry", "DeleteAccessEntry", "DeleteCluster"),
            *("DisassociateAccessPolicy", "UpdateAccessEntry", "UpdateClusterConfig"),
        ),
        "secret_changes": _calls(
            "secretsmanager", "CancelRotateSecret", "DeleteResourcePolicy", "DeleteSecret", "PutResourcePolicy"
        ),
    }
)
"""Event class, also the name of its metric -> pattern."""


def role_assumed(role_arn: str) -> str:
    """The pattern of one role being taken on."""
    return f'{{ ($.eventName = "AssumeRole") && ($.requestParameters.roleArn = "{role_arn}") }}'
