"""The network: VPCs with flow logs and routes, subnets, security groups, endpoints, firewalls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, inverted, mapped, some
from compliance.facts.network import EgressFilter, NetworkAcl, SecurityGroup, Subnet, Vpc, VpcEndpoint
from compliance.facts.policy import Statement
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import MISSING, Reading

Flows: TypeAlias = Literal["none", "reject", "all"]

INTERNET = frozenset({"0.0.0.0/0", "::/0"})
ADMIN_PORTS = (22, 3389)
_WORDLESS = frozenset({"", "Managed by Pulumi", "Managed by Terraform"})
_FLOWS: dict[str, Flows] = {"ALL": "all", "REJECT": "reject", "ACCEPT": "none"}
_RULES = {
    "ingress": ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "ingress"),
    "egress": ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "egress"),
}


def vpc(network: Reading) -> Vpc:
    """Fold a VPC. Flow logs of several kinds: the fullest one speaks."""
    logs = network.satellites("aws:ec2/flowLog:FlowLog", "vpcId")
    return Vpc(
        id=network.id("Vpc"),
        urns=(network.urn,),
        data_classes=network.classes(),
        flow_logs=_fullest(network, logs),
        flow_log_group=logs[0].link("logDestination") if logs else _none(network, "flowLog"),
        default_security_group_closed=_closed(network),
        internet_route=(way := some(_internet_routes(network))),
        unfiltered_way_out=every([way, inverted(_filtered(network))]),
        zones=_zones(network),
        segmentation=mapped(network.text("cidrBlock"), lambda _: "vpc"),
        endpoints=_endpoints(network),
        validates_names=_validates_names(network),
    )


def subnet(net: Reading) -> Subnet:
    """Fold a subnet; without a route table of its own it takes the VPC's main one."""
    tables = [
        table
        for association in net.satellites("aws:ec2/routeTableAssociation:RouteTableAssociation", "subnetId")
        if (table := association.target("routeTableId")) is not None
    ]
    routes = [leaf for table in tables for leaf in _routes_out(table)]
    return Subnet(
        id=net.id("Subnet"),
        urns=(net.urn,),
        data_classes=net.classes(),
        public_ip_on_launch=net.flag("mapPublicIpOnLaunch"),
        internet_route=some([*routes, net.absent_flag("routeToInternet")]),
    )


def security_group(group: Reading) -> SecurityGroup:
    """Fold a security group; rules stand inside it or beside it."""
    ingress, egress = tuple(_rules(group, "ingress")), tuple(_rules(group, "egress"))
    nothing = group.absent_flag("securityGroupRule")
    return SecurityGroup(
        id=group.id("SecurityGroup"),
        urns=(group.urn,),
        data_classes=group.classes(),
        open_ingress=some([*(_open(*rule) for rule in ingress), nothing]),
        open_admin_ingress=some([*(_open_admin(*rule) for rule in ingress), nothing]),
        open_egress=some([*(_open(*rule) for rule in egress), nothing]),
        described=every(_described(((group, ""), *ingress, *egress))),
    )


def group_of_cluster(cluster: Reading) -> SecurityGroup | None:
    """Fold the security group that EKS makes for a cluster, as far as rules of ours stand in it."""
    ingress, egress = tuple(_rules(cluster, "ingress")), tuple(_rules(cluster, "egress"))
    nothing = cluster.none("(securityGroupRule)")
    if not (ingress or egress or isinstance(nothing, Unknown)):
        return None
    return SecurityGroup(
        id=cluster.id("SecurityGroup"),
        urns=tuple(rule.urn for rule, _ in (*ingress, *egress)),
        data_classes=cluster.classes(),
        open_ingress=some([*(_open(*rule) for rule in ingress), nothing]),
        open_admin_ingress=some([*(_open_admin(*rule) for rule in ingress), nothing]),
        open_egress=some([*(_open(*rule) for rule in egress), nothing]),
        described=every((inverted(nothing), *_described((*ingress, *egress)))),
    )


def network_acl(table: Reading) -> NetworkAcl:
    """Fold a network access list."""
    return NetworkAcl(
        id=table.id("NetworkAcl"),
        urns=(table.urn,),
        data_classes=table.classes(),
        open_ingress=some([*_admitted(table), table.absent_flag("networkAclRule")]),
    )


def endpoint(way: Reading) -> VpcEndpoint:
    """Fold a VPC endpoint."""
    beside = way.satellite("aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy", "vpcEndpointId")
    holder = beside or way
    return VpcEndpoint(
        id=way.id("VpcEndpoint"),
        urns=(way.urn,),
        data_classes=way.classes(),
        service=mapped(way.text("serviceName"), service_name),
        policy_restricted=asked(holder, "policy", _restricted, way.absent_flag("policy")),
        private_dns=way.flag("privateDnsEnabled"),
        interface=mapped(way.text("vpcEndpointType"), lambda kind: kind == "Interface"),
    )


def firewall(wall: Reading) -> EgressFilter:
    """Fold a network firewall with its policy and rule groups."""
    policy = wall.target("firewallPolicyArn")
    logging = wall.satellite("aws:networkfirewall/loggingConfiguration:LoggingConfiguration", "firewallArn")
    path = "loggingConfiguration.logDestinationConfigs"
    return EgressFilter(
        id=wall.id("EgressFilter"),
        urns=(wall.urn, *((policy.urn,) if policy else ())),
        data_classes=wall.classes(),
        default_deny=_denies(policy) if policy else Unknown("existing", wall.origin("firewallPolicyArn")),
        allowed=_allowed(wall, policy),
        logged=logging.present(path) if logging else wall.absent_flag("loggingConfiguration"),
        deletion_protected=wall.flag("deleteProtection"),
        key=wall.link("encryptionConfiguration.keyId"),
    )


def service_name(name: str) -> str:
    """com.amazonaws.us-east-1.ecr.api → ecr.api."""
    return ".".join(name.split(".")[3:]) if name.startswith(("com.amazonaws.", "cn.com.amazonaws.")) else name


def _fullest(network: Reading, logs: tuple[Reading, ...]) -> Leaf[Flows]:
    kinds = [mapped(log.text("trafficType"), lambda kind: _FLOWS.get(kind, "none")) for log in logs]
    if not kinds:
        return mapped(network.absent("flowLog"), lambda _: "none")
    order: tuple[Flows, ...] = ("all", "reject", "none")
    for kind in order[:1]:
        found = next((leaf for leaf in kinds if isinstance(leaf, Known) and leaf.value == kind), None)
        if found:
            return found
    unknown = next((leaf for leaf in kinds if isinstance(leaf, Unknown)), None)
    return unknown or min((leaf for leaf in kinds if isinstance(leaf, Known)), key=lambda leaf: order.index(leaf.value))


def _closed(network: Reading) -> Leaf[bool]:
    default = network.satellite("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId")
    if default is None:
        return network.absent_flag("defaultSecurityGroup")
    return every(inverted(default.present(side)) for side in ("ingress", "egress"))


def _internet_routes(network: Reading) -> Iterator[Leaf[bool]]:
    for table in network.satellites("aws:ec2/routeTable:RouteTable", "vpcId"):
        yield from _routes_out(table)
    yield network.absent_flag("routeToInternet")


def _routes_out(table: Reading) -> Iterator[Leaf[bool]]:
    for path in table.items("routes"):
        yield _leads_out(table, f"{path}.gatewayId")
    for route in table.satellites("aws:ec2/route:Route", "routeTableId"):
        yield _leads_out(route, "gatewayId")


def _leads_out(route: Reading, path: str) -> Leaf[bool]:
    value = route.raw(path)
    if value is MISSING:
        return route.known(path, value=False)
    target = route.target(path)
    if target is not None:
        return route.known(path, target.resource.type == "aws:ec2/internetGateway:InternetGateway")
    return mapped(route.text(path), lambda gateway: gateway.startswith("igw-"))


def _filtered(network: Reading) -> Leaf[bool]:
    walls = network.satellites("aws:networkfirewall/firewall:Firewall", "vpcId")
    return walls[0].known("vpcId", value=True) if walls else network.absent_flag("firewall")


def _validates_names(network: Reading) -> Leaf[bool]:
    """Making the setting switches validation on; there is no property that says so."""
    found = network.satellites("aws:route53/resolverDnsSecConfig:ResolverDnsSecConfig", "resourceId")
    return found[0].known("resourceId", value=True) if found else network.absent_flag("resolverDnsSecConfig")


def _zones(network: Reading) -> Leaf[int]:
    found = [net.text("availabilityZone") for net in network.satellites("aws:ec2/subnet:Subnet", "vpcId")]
    known = {leaf.value for leaf in found if isinstance(leaf, Known)}
    unknown = next((leaf for leaf in found if isinstance(leaf, Unknown)), network.doubt("(subnet)"))
    if unknown:
        return unknown
    if not found:
        return mapped(network.absent("subnet"), lambda _: 0)
    return Known(len(known), found[0].origin)


def _endpoints(network: Reading) -> Leaf[frozenset[str]]:
    ways = network.satellites("aws:ec2/vpcEndpoint:VpcEndpoint", "vpcId")
    names = [mapped(way.text("serviceName"), service_name) for way in ways]
    unknown = next((leaf for leaf in names if isinstance(leaf, Unknown)), network.doubt("(vpcEndpoint)"))
    if unknown:
        return unknown
    if not names:
        return mapped(network.absent("vpcEndpoint"), lambda _: frozenset())
    return Known(frozenset(leaf.value for leaf in names if isinstance(leaf, Known)), names[0].origin)


def _none(network: Reading, satellite: str) -> Leaf[None]:
    return mapped(network.absent(satellite), lambda _: None)


def _rules(group: Reading, side: str) -> Iterator[tuple[Reading, str]]:
    """Every rule of one side as the resource it stands in and the path to it ("" for a resource of its own)."""
    token, inline = _RULES[side]
    yield from ((group, f"{path}.") for path in group.items(inline))
    yield from ((rule, "") for rule in group.satellites(token, "securityGroupId"))
    for rule in group.satellites("aws:ec2/securityGroupRule:SecurityGroupRule", "securityGroupId"):
        if rule.raw("type") == side:
            yield rule, ""


def _open(rule: Reading, at: str) -> Leaf[bool]:
    leaves = []
    for name in ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks"):
        if rule.raw(f"{at}{name}") is MISSING:
            continue
        listed = name.endswith("Blocks")
        leaves.append(
            mapped(rule.words(f"{at}{name}"), lambda cidrs: bool(cidrs & INTERNET))
            if listed
            else mapped(rule.text(f"{at}{name}"), lambda cidr: cidr in INTERNET)
        )
    return some(leaves) if leaves else rule.known(f"{at}cidrIpv4", value=False)


def _described(rules: tuple[tuple[Reading, str], ...]) -> Iterator[Leaf[bool]]:
    for holder, at in rules:
        yield mapped(holder.text(f"{at}description"), lambda text: text not in _WORDLESS)


def _admitted(table: Reading) -> Iterator[Leaf[bool]]:
    """For each rule that allows something in, whether it is for the whole internet."""
    rules = [(table, f"{path}.", "action") for path in table.items("ingress")]
    beside = table.satellites("aws:ec2/networkAclRule:NetworkAclRule", "networkAclId")
    rules += [(rule, "", "ruleAction") for rule in beside if rule.raw("egress") is not True]
    for holder, at, verb in rules:
        allowed = mapped(holder.text(f"{at}{verb}"), lambda action: action.lower() == "allow")
        for name in ("cidrBlock", "ipv6CidrBlock"):
            if holder.raw(f"{at}{name}") is not MISSING:
                yield every([allowed, mapped(holder.text(f"{at}{name}"), lambda cidr: cidr in INTERNET)])


def _open_admin(rule: Reading, at: str) -> Leaf[bool]:
    return every([_open(rule, at), _admin_ports(rule, at)])


def _admin_ports(rule: Reading, at: str) -> Leaf[bool]:
    protocol = next(
        (rule.raw(f"{at}{name}") for name in ("ipProtocol", "protocol") if rule.raw(f"{at}{name}") is not MISSING), ""
    )
    if protocol in ("-1", "all"):
        return rule.known(f"{at}ipProtocol", value=True)
    low, high = rule.number(f"{at}fromPort"), rule.number(f"{at}toPort")
    if isinstance(low, Unknown):
        return low
    if isinstance(high, Unknown):
        return high
    return Known(any(low.value <= port <= high.value for port in ADMIN_PORTS), low.origin)


def _restricted(found: tuple[Statement, ...]) -> bool:
    return not any(
        each.allow and each.anybody and not each.conditions and "*" in each.actions and "*" in each.resources
        for each in found
    )


def _denies(policy: Reading) -> Leaf[bool]:
    """Strict order and a dropping default, or an allow-list, which drops what it does not name."""
    default = policy.words("firewallPolicy.statefulDefaultActions")
    drops = mapped(
        default,
        lambda actions: bool(actions & {"aws:drop_strict", "aws:drop_established", "aws:drop_established_app_layer"}),
    )
    strict = mapped(
        policy.text("firewallPolicy.statefulEngineOptions.ruleOrder"), lambda order: order == "STRICT_ORDER"
    )
    lists = [
        mapped(group.text(f"{path}.generatedRulesType"), lambda kind: kind == "ALLOWLIST")
        for group, path in _sources(policy)
    ]
    return some([every([drops, strict]), *lists])


def _sources(policy: Reading) -> Iterator[tuple[Reading, str]]:
    path = "firewallPolicy.statefulRuleGroupReferences"
    for item in policy.items(path):
        group = policy.target(f"{item}.resourceArn")
        if group is not None and group.items("ruleGroup.rulesSource.rulesSourceList"):
            yield group, "ruleGroup.rulesSource.rulesSourceList"


def _allowed(wall: Reading, policy: Reading | None) -> Leaf[frozenset[str]]:
    if policy is None:
        return Unknown("existing", wall.origin("firewallPolicyArn"))
    names = [group.words(f"{path}.targets") for group, path in _sources(policy)]
    unknown = next((leaf for leaf in names if isinstance(leaf, Unknown)), None)
    if unknown or not names:
        return unknown or policy.known("firewallPolicy.statefulRuleGroupReferences", frozenset())
    return Known(frozenset().union(*(leaf.value for leaf in names if isinstance(leaf, Known))), names[0].origin)


ADAPTERS = (
    Adapter("aws:ec2/vpc:Vpc", vpc),
    Adapter("aws:ec2/subnet:Subnet", subnet),
    Adapter("aws:ec2/securityGroup:SecurityGroup", security_group),
    Adapter("aws:eks/cluster:Cluster", group_of_cluster),
    Adapter("aws:ec2/networkAcl:NetworkAcl", network_acl),
    Adapter("aws:ec2/vpcEndpoint:VpcEndpoint", endpoint),
    Adapter("aws:networkfirewall/firewall:Firewall", firewall),
)
