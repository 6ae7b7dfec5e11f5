"""What writes groups into tokens, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from blueprint.types import KeyPurpose
from tests.components.application.conftest import entered
from tests.components.builders import keys, names, network, only

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

FUNCTION, POOL = "aws:lambda/function:Function", "aws:cognito/userPool:UserPool"


def test_the_pool_asks_it_before_every_access_token(entry: ResourceGraph) -> None:
    asked = only(entry, POOL).inputs["lambdaConfig"]["preTokenGenerationConfig"]
    assert asked["lambdaVersion"] == "V2_0"
    assert asked["lambdaArn"]["$ref"]["urn"] == only(entry, FUNCTION).urn


def test_this_pool_may_call_it_and_nobody_else(entry: ResourceGraph) -> None:
    said = only(entry, "aws:lambda/permission:Permission").inputs
    assert (said["principal"], said["sourceAccount"]) == ("cognito-idp.amazonaws.com", "111122223333")
    assert said["sourceArn"]["$ref"]["urn"] == only(entry, POOL).urn


def test_it_runs_inside_the_vpc_and_reaches_nobody(entry: ResourceGraph) -> None:
    said = only(entry, FUNCTION).inputs
    assert tuple(said["vpcConfig"]["subnetIds"]) == network().workload_subnet_ids
    group = only(entry, "aws:ec2/securityGroup:SecurityGroup", "application-sign-in-groups-security-group")
    assert said["vpcConfig"]["securityGroupIds"][0]["$ref"]["urn"] == group.urn
    assert names(entry, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule") == ["application-to-balancer"]


def test_it_holds_no_right_on_data(entry: ResourceGraph) -> None:
    policy = only(entry, "aws:iam/rolePolicy:RolePolicy", "application-sign-in-groups-grants").inputs["policy"]
    text = "".join(part if isinstance(part, str) else "log" for part in policy["$text"])
    log, other = json.loads(text)["Statement"]
    assert (log["Action"], log["Resource"]) == (["logs:CreateLogStream", "logs:PutLogEvents"], "log:*")
    assert {action.partition(":")[0] for action in other["Action"]} == {"ec2", "xray"}
    group = only(entry, "aws:cloudwatch/logGroup:LogGroup", "application-sign-in-groups-log").inputs
    assert (group["retentionInDays"], group["kmsKeyId"]) == (2192, keys().arns[KeyPurpose.LOGS])


def test_groups_come_from_the_attribute_that_the_document_names(entry: ResourceGraph) -> None:
    token = "aws:cognito/identityProvider:IdentityProvider"
    mapped = only(entry, token).inputs["attributeMapping"]
    assert mapped["custom:groups"] == "http://schemas.xmlsoap.org/claims/Group"
    assert only(entered(groups_attribute="memberOf"), token).inputs["attributeMapping"]["custom:groups"] == "memberOf"
    client = only(entry, "aws:cognito/userPoolClient:UserPoolClient").inputs
    assert client["writeAttributes"] == client["readAttributes"] == ["email", "custom:groups"]
    assert not [scope for scope in client["allowedOauthScopes"] if scope.startswith("aws.cognito")]
