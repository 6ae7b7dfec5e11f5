from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.types import KeyPurpose
from blueprint.wiring import Needs
from components.foundation.network import Network
from components.foundation.network_spec import NetworkSpec
from tests.components.builders import CLASSES, ZONES, graph, keys, names, only, platform, types

SPEC = NetworkSpec(cidr="10.40.0.0/16")
SERVICES = frozenset({"s3", "logs", "ecr.api", "bedrock-runtime"})
OUTSIDE = {
    "aws:ec2/internetGateway:InternetGateway",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/eip:Eip",
    "aws:ec2/route:Route",
    "aws:networkfirewall/firewall:Firewall",
}


def made(spec: NetworkSpec = SPEC, *, egress: frozenset[str] = frozenset(), services: frozenset[str] = SERVICES) -> Any:
    def program() -> None:
        context = platform({"network": spec.needs(), "gateway": Needs(services=services, egress=egress)})
        Network("network", spec, platform=context, keys=keys())

    return graph(program)


@pytest.fixture(scope="module")
def closed() -> Any:
    return made()


@pytest.fixture(scope="module")
def inspected() -> Any:
    return made(egress=frozenset({"api.example.org", "*.example.com", "www.example.com"}))


def test_without_a_host_outside_aws_there_is_no_way_to_the_internet(closed: Any) -> None:
    assert not types(closed) & OUTSIDE


def test_without_a_host_outside_aws_only_the_private_tiers_exist(closed: Any) -> None:
    tiers = ("data", "endpoint", "workload")
    assert names(closed, "aws:ec2/subnet:Subnet") == [f"network-{tier}-{zone}" for tier in tiers for zone in ZONES]
    assert not any(each.inputs["mapPublicIpOnLaunch"] for each in closed.of("aws:ec2/subnet:Subnet"))


def test_the_default_security_group_lets_nothing_in_or_out(closed: Any) -> None:
    group = only(closed, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert group.inputs["ingress"] == []
    assert group.inputs["egress"] == []


def test_names_are_looked_up_with_their_signatures(closed: Any) -> None:
    vpc = only(closed, "aws:ec2/vpc:Vpc")
    setting = only(closed, "aws:route53/resolverDnsSecConfig:ResolverDnsSecConfig")
    assert setting.inputs["resourceId"] == {"$ref": {"urn": vpc.urn, "property": "id"}}


def test_the_default_acl_knows_the_vpc_alone(closed: Any) -> None:
    acl = only(closed, "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl").inputs
    assert [each["cidrBlock"] for each in (*acl["ingress"], *acl["egress"])] == ["10.40.0.0/16", "10.40.0.0/16"]


def test_all_flows_are_recorded_for_as_long_as_the_posture_asks(closed: Any) -> None:
    assert only(closed, "aws:ec2/flowLog:FlowLog").inputs["trafficType"] == "ALL"
    group = only(closed, "aws:cloudwatch/logGroup:LogGroup", "network-flows").inputs
    assert group["retentionInDays"] == platform().posture.audit_log_retention_days(CLASSES) == 2192
    assert group["kmsKeyId"] == keys().arns[KeyPurpose.LOGS]
    assert group["tags"]["audit-relevant"] == "true"


def test_there_is_one_private_endpoint_for_each_service_of_the_wiring(closed: Any) -> None:
    endpoints = closed.of("aws:ec2/vpcEndpoint:VpcEndpoint")
    assert {each.inputs["serviceName"] for each in endpoints} == {
        f"com.amazonaws.us-east-1.{name}" for name in SERVICES
    }
    assert {each.inputs["vpcEndpointType"] for each in endpoints} == {"Interface"}
    assert all(each.inputs["privateDnsEnabled"] for each in endpoints)


def test_endpoints_admit_the_platforms_accounts_alone(closed: Any) -> None:
    for endpoint in closed.of("aws:ec2/vpcEndpoint:VpcEndpoint"):
        first, *_ = json.loads(endpoint.inputs["policy"])["Statement"]
        assert first["Condition"]["StringEquals"]["aws:PrincipalAccount"] == ["111122223333"]
    s3 = only(closed, "aws:ec2/vpcEndpoint:VpcEndpoint", "network-endpoints-s3")
    own, layers = json.loads(s3.inputs["policy"])["Statement"]
    assert own["Condition"]["StringEquals"]["aws:ResourceAccount"] == ["111122223333"]
    assert layers["Action"] == "s3:GetObject"


def test_callers_of_private_apis_belong_to_no_account_and_reach_apis_of_ours_alone() -> None:
    found = made(services=frozenset({"execute-api"}))
    (said,) = json.loads(only(found, "aws:ec2/vpcEndpoint:VpcEndpoint").inputs["policy"])["Statement"]
    assert (said["Action"], said["Resource"]) == ("execute-api:Invoke", "arn:aws:execute-api:us-east-1:111122223333:*")
    assert "Condition" not in said


def test_endpoints_are_called_over_https_from_the_vpc_and_call_nobody(closed: Any) -> None:
    rule = only(closed, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("10.40.0.0/16", 443, 443)
    assert "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule" not in types(closed)


def test_the_vpc_is_protected_unless_the_document_gives_it_up(closed: Any) -> None:
    assert only(closed, "aws:ec2/vpc:Vpc").protect
    assert not only(made(SPEC.model_copy(update={"keep": False})), "aws:ec2/vpc:Vpc").protect


def test_hosts_outside_aws_open_one_inspected_way_in_each_zone(inspected: Any) -> None:
    assert types(inspected) >= OUTSIDE
    for zone in ZONES:
        firewall = only(inspected, "aws:networkfirewall/firewall:Firewall", f"network-egress-{zone}-firewall")
        out = only(inspected, "aws:ec2/route:Route", f"network-egress-workload-{zone}-out")
        assert out.inputs["vpcEndpointId"]["$ref"]["urn"] == firewall.urn
        assert out.inputs["destinationCidrBlock"] == "0.0.0.0/0"


def test_no_workload_subnet_reaches_the_internet_gateway_directly(inspected: Any) -> None:
    through = [each for each in inspected.of("aws:ec2/route:Route") if "gatewayId" in each.inputs]
    assert [each.name for each in through] == [f"network-egress-public-{zone}-out" for zone in ZONES]


def test_the_firewall_lets_through_the_names_of_the_wiring_and_drops_the_rest(inspected: Any) -> None:
    group = only(inspected, "aws:networkfirewall/ruleGroup:RuleGroup").inputs["ruleGroup"]
    source = group["rulesSource"]["rulesSourceList"]
    assert source == {
        "generatedRulesType": "ALLOWLIST",
        "targetTypes": ["TLS_SNI"],
        "targets": [".example.com", "api.example.org"],
    }
    policy = only(inspected, "aws:networkfirewall/firewallPolicy:FirewallPolicy").inputs["firewallPolicy"]
    assert policy["statefulDefaultActions"] == ["aws:drop_established", "aws:alert_established"]
    assert policy["statefulEngineOptions"]["ruleOrder"] == "STRICT_ORDER"


def test_the_firewalls_are_logged_and_protected_against_deletion(inspected: Any) -> None:
    assert all(each.inputs["deleteProtection"] for each in inspected.of("aws:networkfirewall/firewall:Firewall"))
    logged = inspected.of("aws:networkfirewall/loggingConfiguration:LoggingConfiguration")
    assert len(logged) == len(ZONES)
    for each in logged:
        kinds = [one["logType"] for one in each.inputs["loggingConfiguration"]["logDestinationConfigs"]]
        assert kinds == ["ALERT", "FLOW"]


def test_two_zones_make_two_subnets_in_each_tier() -> None:
    assert len(made(SPEC.model_copy(update={"zones": 2})).of("aws:ec2/subnet:Subnet")) == 6


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"cidr": "10.40.0.0/24"}, "use /16 to /20"),
        ({"cidr": "8.8.0.0/16"}, "private address space"),
        ({"cidr": "10.40.0.1/16"}, "not an IPv4 network"),
        ({"cidr": "10.40.0.0/16", "zones": 1}, "greater than or equal to 2"),
        ({"cidr": "10.40.0.0/16", "zonez": 3}, "Extra inputs"),
    ],
)
def test_a_network_that_cannot_be_is_refused(said: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        NetworkSpec.model_validate(said)
