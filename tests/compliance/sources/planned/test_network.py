"""VPCs, subnets, security groups, endpoints, firewalls."""

from typing import Any

import pytest

from blueprint.graph import Resource
from compliance.facts.network import EgressFilter, SecurityGroup, Subnet, Vpc, VpcEndpoint
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, value

VPC = drawn("aws:ec2/vpc:Vpc", "vpc", cidrBlock="10.0.0.0/16")
IGW = drawn("aws:ec2/internetGateway:InternetGateway", "igw", vpcId=link(VPC, "id"))
NAT = drawn("aws:ec2/natGateway:NatGateway", "nat")
TABLE = drawn("aws:ec2/routeTable:RouteTable", "table", vpcId=link(VPC, "id"))


def flow_log(kind: Any, name: str = "flows") -> Resource:
    return drawn(
        "aws:ec2/flowLog:FlowLog", name, vpcId=link(VPC, "id"), trafficType=kind, logDestination="arn:aws:logs:x"
    )


def route(to: Any, by: str = "gatewayId") -> Resource:
    return drawn(
        "aws:ec2/route:Route", "route", routeTableId=link(TABLE, "id"), destinationCidrBlock="0.0.0.0/0", **{by: to}
    )


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [((), "none"), (("ALL",), "all"), (("REJECT",), "reject"), (("ACCEPT",), "none"), (("REJECT", "ALL"), "all"),
     ((UNKNOWN,), "<cloud_decides>"), ((UNKNOWN, "ALL"), "all"), ((UNKNOWN, "REJECT"), "<cloud_decides>")],
)  # fmt: skip
def test_the_fullest_flow_log_speaks(kinds: tuple[Any, ...], expected: str) -> None:
    logs = [flow_log(kind, f"flows-{index}") for index, kind in enumerate(kinds)]
    assert value(only(Vpc, VPC, *logs).flow_logs) == expected


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, True),
        ({"ingress": []}, True),
        ({"egress": [{"protocol": "-1"}]}, False),
        ({"ingress": UNKNOWN}, "<cloud_decides>"),
    ],
)
def test_the_default_group_is_closed_when_it_has_no_rule(inputs: dict[str, Any], expected: object) -> None:
    group = drawn("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "default", vpcId=link(VPC, "id"), **inputs)
    assert value(only(Vpc, VPC, group).default_security_group_closed) == expected
    assert value(only(Vpc, VPC).default_security_group_closed) is False


@pytest.mark.parametrize(
    ("way", "expected"),
    [(None, False), (route(link(IGW, "id")), True), (route("igw-0123456789abcdef0"), True),
     (route(link(NAT, "id"), "natGatewayId"), False), (route(UNKNOWN), "<cloud_decides>")],
)  # fmt: skip
def test_a_way_to_the_internet_is_a_route_to_its_gateway(way: Resource | None, expected: object) -> None:
    found = only(Vpc, VPC, IGW, NAT, TABLE, *([way] if way else []))
    assert value(found.internet_route) == expected
    assert value(found.unfiltered_way_out) == expected


def test_a_firewall_in_the_vpc_filters_the_way_out() -> None:
    wall = drawn("aws:networkfirewall/firewall:Firewall", "wall", vpcId=link(VPC, "id"))
    assert value(only(Vpc, VPC, IGW, TABLE, route(link(IGW, "id")), wall).unfiltered_way_out) is False


def test_a_vpc_validates_names_when_its_resolver_was_told_to() -> None:
    setting = drawn("aws:route53/resolverDnsSecConfig:ResolverDnsSecConfig", "signed", resourceId=link(VPC, "id"))
    assert value(only(Vpc, VPC, setting).validates_names) is True
    assert value(only(Vpc, VPC).validates_names) is False


def test_zones_are_those_of_the_subnets() -> None:
    nets = [
        drawn("aws:ec2/subnet:Subnet", f"net-{zone}-{n}", vpcId=link(VPC, "id"), availabilityZone=zone)
        for zone in "abc"
        for n in (1, 2)
    ]
    assert value(only(Vpc, VPC, *nets).zones) == 3
    hidden = drawn("aws:ec2/subnet:Subnet", "hidden", vpcId=link(VPC, "id"), availabilityZone=UNKNOWN)
    assert value(only(Vpc, VPC, *nets, hidden).zones) == "<cloud_decides>"
    assert value(only(Vpc, VPC).zones) == 0


def test_a_subnet_is_public_by_its_own_route_table() -> None:
    net = drawn("aws:ec2/subnet:Subnet", "net", vpcId=link(VPC, "id"))
    tied = drawn(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "tie",
        subnetId=link(net, "id"),
        routeTableId=link(TABLE, "id"),
    )
    assert value(only(Subnet, net, TABLE, IGW, tied, route(link(IGW, "id"))).internet_route) is True
    assert value(only(Subnet, net, TABLE, IGW, route(link(IGW, "id"))).internet_route) is False
    assert value(only(Subnet, net).public_ip_on_launch) is False


GROUP = drawn("aws:ec2/securityGroup:SecurityGroup", "group", vpcId=link(VPC, "id"), description="Gateway")


def admits(side: str = "Ingress", **rule: Any) -> Resource:
    return drawn(
        f"aws:vpc/securityGroup{side}Rule:SecurityGroup{side}Rule", "rule", securityGroupId=link(GROUP, "id"), **rule
    )


@pytest.mark.parametrize(
    ("rule", "open_ingress", "open_admin"),
    [
        (admits(cidrIpv4="0.0.0.0/0", fromPort=443, toPort=443, ipProtocol="tcp"), True, False),
        (admits(cidrIpv6="::/0", fromPort=0, toPort=1024, ipProtocol="tcp"), True, True),
        (admits(cidrIpv4="0.0.0.0/0", ipProtocol="-1"), True, True),
        (admits(cidrIpv4="10.0.0.0/8", fromPort=22, toPort=22, ipProtocol="tcp"), False, False),
        (admits(referencedSecurityGroupId="sg-1", fromPort=22, toPort=22, ipProtocol="tcp"), False, False),
        (admits(cidrIpv4=UNKNOWN, fromPort=443, toPort=443, ipProtocol="tcp"), "<cloud_decides>", False),
        (drawn("aws:ec2/securityGroupRule:SecurityGroupRule", "rule", securityGroupId=link(GROUP, "id"), type="ingress",
               cidrBlocks=["0.0.0.0/0"], protocol="tcp", fromPort=3389, toPort=3389), True, True),
        (drawn("aws:ec2/securityGroupRule:SecurityGroupRule", "rule", securityGroupId=link(GROUP, "id"), type="egress",
               cidrBlocks=["0.0.0.0/0"], protocol="-1"), False, False),
    ],
)  # fmt: skip
def test_a_group_is_open_when_a_rule_beside_it_is(rule: Resource, open_ingress: object, open_admin: object) -> None:
    group = only(SecurityGroup, GROUP, rule)
    assert (value(group.open_ingress), value(group.open_admin_ingress)) == (open_ingress, open_admin)


def test_a_group_is_open_when_a_rule_inside_it_is() -> None:
    inside = drawn("aws:ec2/securityGroup:SecurityGroup", "group", vpcId=link(VPC, "id"),
                   ingress=[{"cidrBlocks": ["10.0.0.0/8"], "protocol": "tcp", "fromPort": 443, "toPort": 443}],
                   egress=[{"cidrBlocks": ["0.0.0.0/0"], "protocol": "-1", "fromPort": 0, "toPort": 0}])  # fmt: skip
    group = only(SecurityGroup, inside)
    assert (value(group.open_ingress), value(group.open_egress), value(group.described)) == (False, True, False)
    assert value(only(SecurityGroup, GROUP).described) is True


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (None, False),
        ({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}, False),
        ({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
                         "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}]}, True),
        ({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::x/*"}]}, True),
    ],
)  # fmt: skip
def test_an_endpoint_is_restricted_by_a_policy_that_names_something(policy: Any, expected: bool) -> None:
    inputs: dict[str, Any] = {"policy": policy} if policy else {}
    way = drawn("aws:ec2/vpcEndpoint:VpcEndpoint", "way", vpcId=link(VPC, "id"), serviceName="com.amazonaws.us-east-1.ecr.api",
                vpcEndpointType="Interface", privateDnsEnabled=True, **inputs)  # fmt: skip
    found = only(VpcEndpoint, way)
    assert (value(found.policy_restricted), value(found.service), value(found.private_dns)) == (
        expected,
        "ecr.api",
        True,
    )
    assert value(only(Vpc, VPC, way).endpoints) == frozenset({"ecr.api"})


def firewall(policy: Any) -> tuple[Resource, ...]:
    names = drawn("aws:networkfirewall/ruleGroup:RuleGroup", "names", ruleGroup={
        "rulesSource": {"rulesSourceList": {"generatedRulesType": "ALLOWLIST", "targets": ["api.example.com"], "targetTypes": ["TLS_SNI"]}}})  # fmt: skip
    rules = drawn("aws:networkfirewall/firewallPolicy:FirewallPolicy", "rules", firewallPolicy=policy)
    wall = drawn("aws:networkfirewall/firewall:Firewall", "wall", vpcId=link(VPC, "id"), firewallPolicyArn=link(rules))
    return names, rules, wall


def test_a_firewall_denies_by_default_with_a_dropping_default_in_strict_order() -> None:
    strict = {
        "statefulDefaultActions": ["aws:drop_established"],
        "statefulEngineOptions": {"ruleOrder": "STRICT_ORDER"},
    }
    assert value(only(EgressFilter, *firewall(strict)).default_deny) is True
    assert value(only(EgressFilter, *firewall({**strict, "statefulEngineOptions": {}})).default_deny) is False
    assert value(only(EgressFilter, *firewall({})).default_deny) is False


def test_a_firewall_allows_the_names_of_its_lists() -> None:
    names = drawn("aws:networkfirewall/ruleGroup:RuleGroup", "names")
    found = only(EgressFilter, *firewall({"statefulRuleGroupReferences": [{"resourceArn": link(names)}]}))
    assert (value(found.allowed), value(found.default_deny), value(found.logged)) == (
        frozenset({"api.example.com"}),
        True,
        False,
    )
