"""The resources of the small program: links, a policy, a secret, an existing network, Kubernetes."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
from pydantic import JsonValue


class Archive(pulumi.ComponentResource):
    """A bucket under its own key."""

    def __init__(self, name: str) -> None:
        super().__init__("blueprint:data:Archive", name)
        inside = pulumi.ResourceOptions(parent=self)
        self.key = aws.kms.Key(name, enable_key_rotation=True, opts=inside)
        self.bucket = aws.s3.Bucket(name, tags={"blueprint:data-classes": "phi"}, opts=inside)
        aws.s3.BucketPolicy(
            name,
            bucket=self.bucket.id,
            policy=pulumi.Output.json_dumps(
                {"Resource": [self.bucket.arn, pulumi.Output.concat(self.bucket.arn, "/*")]}
            ),
            opts=inside,
        )
        self.register_outputs({})


def register(retention: JsonValue) -> None:
    """Register everything; the log group keeps its events for `retention` days."""
    archive = Archive("archive")
    days = retention if isinstance(retention, int) else 2192
    aws.cloudwatch.LogGroup("chat", retention_in_days=days, kms_key_id=archive.key.arn)
    network = aws.ec2.Vpc.get("landing-zone", "vpc-0123456789abcdef0")
    aws.ec2.Subnet("private", vpc_id=network.id, cidr_block="10.0.0.0/24")
    kubernetes.core.v1.ConfigMap("where", metadata={"name": "where"}, data={"bucket": archive.bucket.id})
    password = pulumi.Config().get_secret("password") or pulumi.Output.secret("placeholder")
    kubernetes.core.v1.Secret("token", metadata={"name": "token"}, string_data={"token": password})
    pulumi.export("password", password)
