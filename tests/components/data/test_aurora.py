"""The Aurora cluster that components get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pytest

from blueprint.types import DataClass
from components.data.aurora import Aurora
from tests.components import builders
from tests.components.builders import graph, names, only, types

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph


def database(*, keep: bool = True) -> ResourceGraph:
    def program() -> None:
        context = builders.platform({})
        Aurora(
            "gateway/database", platform=context, network=builders.network(), keys=builders.keys(), backup=builders.backup(),
            classes=frozenset({DataClass.PHI}), database="litellm", units=(0.5, 4), instances=2, admits="sg-pods",
            keep=keep, opts=pulumi.ResourceOptions(),
        )  # fmt: skip

    return graph(program)


@pytest.fixture(scope="module")
def made() -> ResourceGraph:
    return database()


def test_it_is_encrypted_backed_up_and_signed_into_by_iam(made: ResourceGraph) -> None:
    cluster = only(made, "aws:rds/cluster:Cluster")
    asked = {
        "storageEncrypted": True, "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/databases",
        "iamDatabaseAuthenticationEnabled": True, "manageMasterUserPassword": True, "backupRetentionPeriod": 35,
        "masterUserSecretKmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/secrets", "deletionProtection": True,
        "skipFinalSnapshot": False, "copyTagsToSnapshot": True, "enabledCloudwatchLogsExports": ["iam-db-auth-error", "postgresql"],
    }  # fmt: skip
    assert {name: cluster.inputs[name] for name in asked} == asked
    assert cluster.inputs["tags"]["backup"] == "claims-prod"
    assert cluster.inputs["tags"]["data-class"] == "phi"
    assert "masterPassword" not in cluster.inputs
    assert (cluster.protect, cluster.retain_on_delete) == (True, True)


def test_plain_connections_are_refused_and_changes_logged(made: ResourceGraph) -> None:
    group = only(made, "aws:rds/clusterParameterGroup:ClusterParameterGroup")
    assert {each["name"]: each["value"] for each in group.inputs["parameters"]} == {
        "log_connections": "1", "log_disconnections": "1", "log_statement": "ddl", "password_encryption": "scram-sha-256",
        "rds.force_ssl": "1", "ssl_min_protocol_version": "TLSv1.2",
    }  # fmt: skip


def test_instances_stand_in_different_zones_and_are_not_public(made: ResourceGraph) -> None:
    instances = made.of("aws:rds/clusterInstance:ClusterInstance")
    assert [(each.inputs["availabilityZone"], each.inputs["publiclyAccessible"]) for each in instances] == [
        ("us-east-1a", False), ("us-east-1b", False),
    ]  # fmt: skip


def test_pods_alone_may_connect_and_nothing_may_leave(made: ResourceGraph) -> None:
    rule = only(made, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs
    assert (rule["referencedSecurityGroupId"], rule["fromPort"], rule["toPort"]) == ("sg-pods", 5432, 5432)
    assert "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule" not in types(made)
    assert not only(made, "aws:ec2/securityGroup:SecurityGroup").inputs.keys() & {"ingress", "egress"}


def test_its_logs_are_kept_as_long_as_the_posture_asks(made: ResourceGraph) -> None:
    assert names(made, "aws:cloudwatch/logGroup:LogGroup") == [
        "gateway-database-log-iam-db-auth-error", "gateway-database-log-postgresql",
    ]  # fmt: skip
    assert {each.inputs["retentionInDays"] for each in made.of("aws:cloudwatch/logGroup:LogGroup")} == {2192}


def test_without_keep_it_goes_with_the_stack_but_stays_protected_by_aws() -> None:
    cluster = only(database(keep=False), "aws:rds/cluster:Cluster")
    assert (cluster.protect, cluster.retain_on_delete) == (False, False)
    assert cluster.inputs["deletionProtection"] is True
