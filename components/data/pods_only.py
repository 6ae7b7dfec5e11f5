"""The security group of a store that pods of the cluster reach and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_aws as aws

if TYPE_CHECKING:
    import pulumi

    from blueprint.component import Component
    from blueprint.ports import NetworkPort
    from blueprint.types import DataClass


def pods_only(
    component: Component,
    part: str,
    *,
    name: str,
    store: str,
    protocol: str,
    port: int,
    network: NetworkPort,
    admits: pulumi.Input[str],
    classes: frozenset[DataClass],
) -> aws.ec2.SecurityGroup:
    """A group that lets nothing out and lets the cluster's pods in; `admits` is their group."""
    tags = component.tags(classes=classes)
    group = aws.ec2.SecurityGroup(
        component.named(part), name=name, description=f"{store} of {name}, for pods alone", vpc_id=network.vpc_id,
        tags=tags, opts=component.inside,
    )  # fmt: skip
    aws.vpc.SecurityGroupIngressRule(
        component.named("from-pods"), security_group_id=group.id, referenced_security_group_id=admits, ip_protocol="tcp",
        from_port=port, to_port=port, description=f"{protocol} from pods of the cluster", tags=tags, opts=component.inside,
    )  # fmt: skip
    return group
