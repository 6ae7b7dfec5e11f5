"""The Valkey group that components get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pytest

from blueprint.types import DataClass
from components.data.valkey import Valkey
from tests.components import builders
from tests.components.builders import graph, names, only

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph


@pytest.fixture(scope="module")
def made() -> ResourceGraph:
    def program() -> None:
        Valkey(
            "gateway/cache", platform=builders.platform({}), network=builders.network(), keys=builders.keys(),
            classes=frozenset({DataClass.PHI}), node="cache.m7g.large", replicas=1, admits="sg-pods", keep=True, opts=pulumi.ResourceOptions(),
        )  # fmt: skip

    return graph(program)


def test_it_is_encrypted_and_survives_a_zone(made: ResourceGraph) -> None:
    group = only(made, "aws:elasticache/replicationGroup:ReplicationGroup").inputs
    asked = {
        "engine": "valkey", "atRestEncryptionEnabled": True, "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/databases",
        "transitEncryptionEnabled": True, "transitEncryptionMode": "required", "multiAzEnabled": True,
        "automaticFailoverEnabled": True, "numCacheClusters": 2, "snapshotRetentionLimit": 35,
    }  # fmt: skip
    assert {name: group[name] for name in asked} == asked
    assert "authToken" not in group


def test_its_one_user_signs_in_by_iam_and_cannot_administer(made: ResourceGraph) -> None:
    user = only(made, "aws:elasticache/user:User").inputs
    assert user["authenticationMode"] == {"type": "iam"}
    assert user["userName"] == user["userId"] == "claims-prod-gateway-cache"
    assert str(user["accessString"]).endswith("-@dangerous +info")
    users = only(made, "aws:elasticache/userGroup:UserGroup")
    assert users.inputs["userIds"] == ["claims-prod-gateway-cache"]


def test_both_of_its_logs_go_to_groups_of_ours(made: ResourceGraph) -> None:
    assert names(made, "aws:cloudwatch/logGroup:LogGroup") == ["gateway-cache-engine-log", "gateway-cache-slow-log"]
    group = only(made, "aws:elasticache/replicationGroup:ReplicationGroup").inputs
    assert [each["logType"] for each in group["logDeliveryConfigurations"]] == ["engine-log", "slow-log"]


def test_what_a_full_cache_does_is_the_choice_of_whoever_uses_it(made: ResourceGraph) -> None:
    def program() -> None:
        Valkey(
            "tracing/queue", platform=builders.platform({}), network=builders.network(), keys=builders.keys(),
            classes=frozenset(), node="cache.m7g.large", replicas=1, admits="sg-pods", keep=True,
            opts=pulumi.ResourceOptions(), when_full="noeviction",
        )  # fmt: skip

    token = "aws:elasticache/parameterGroup:ParameterGroup"
    policies = [only(found, token).inputs["parameters"][0]["value"] for found in (made, graph(program))]
    assert policies == ["volatile-ttl", "noeviction"]
