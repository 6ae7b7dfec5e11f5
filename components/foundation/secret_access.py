"""Statements by which a role may read secrets of the secret store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi

    from blueprint.context import PlatformContext
    from components.foundation.admission import Statement

READS = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")


def reads_secrets(arns: pulumi.Input[str] | Sequence[pulumi.Input[str]]) -> Statement:
    """The right to read them; they arrive encrypted."""
    return {"Effect": "Allow", "Action": list(READS), "Resource": arns}


def decrypts_secrets(platform: PlatformContext, key_arns: pulumi.Input[str] | Sequence[pulumi.Input[str]]) -> Statement:
    """The right to have them decrypted on the way, and nothing else that the key encrypts."""
    through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{platform.region}.amazonaws.com"}}
    return {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key_arns, "Condition": through}
