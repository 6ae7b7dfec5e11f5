"""The AWS service behind a resource type, by the name that its endpoint has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BY_MODULE: Mapping[str, str] = MappingProxyType(
    {
        "accessanalyzer": "access-analyzer",
        "alb": "elasticloadbalancing",
        "amp": "aps",
        "apigatewayv2": "apigateway",
        "bedrockmodel": "bedrock",
        "cfg": "config",
        "cognito": "cognito-idp",
        "lb": "elasticloadbalancing",
        "msk": "kafka",
        "mskconnect": "kafka",  # a feature of Amazon MSK, and listed by AWS as such
        "networkfirewall": "network-firewall",
        "opensearch": "es",
        "s3control": "s3",
        "vpc": "ec2",
        "ebs": "ec2",
    }
)
"""Module of the provider -> service, where they differ."""
BY_TYPE: Mapping[str, str] = MappingProxyType(
    {
        "aws:cloudwatch/logGroup:LogGroup": "logs",
        "aws:cloudwatch/logMetricFilter:LogMetricFilter": "logs",
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "logs",
        "aws:cloudwatch/eventRule:EventRule": "events",
        "aws:cloudwatch/eventTarget:EventTarget": "events",
        "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": "firehose",
    }
)


OF_ENDPOINT: Mapping[str, str] = MappingProxyType({"ec2messages": "ssm", "ssmmessages": "ssm"})
"""Endpoint -> the service that it belongs to, where AWS lists that and not the endpoint."""
WITHOUT_DATA = frozenset({"appautoscaling", "budgets"})
"""Services whose resources hold settings and figures of ours, and no data of anybody."""


def service_of(token: str) -> str | None:
    """The service of an AWS resource type; None for what is no AWS resource."""
    package, _, rest = token.partition(":")
    if package != "aws":
        return None
    module = rest.partition("/")[0].partition(":")[0]
    return BY_TYPE.get(token) or BY_MODULE.get(module, module)
