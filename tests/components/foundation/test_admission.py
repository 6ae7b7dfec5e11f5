from __future__ import annotations

import json
from typing import Any

import pulumi

from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer, Want
from components.foundation.admission import Admission, Statement, ToNetwork, ToPods
from tests.components.builders import cluster, graph, identity, names, only, platform

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
NEEDS = {
    "store": Needs(offers=(Offer(name="weights", dialect=Dialect.WEIGHTS),), workloads=frozenset({"server"})),
    "serving/chat": Needs(wants=(Want(name="model", dialect=Dialect.WEIGHTS),), workloads=frozenset({"vllm"})),
}
GRANT: Statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::weights/*"}
PODS = ToPods("store", {"app": "server"}, 8443)


def made(way: ToPods | ToNetwork, *allow: Statement) -> Any:
    def program() -> None:
        context = platform(NEEDS)
        (edge,) = context.wiring.to("store")
        consumer = identity(context).workloads[edge.consumer, edge.workload]
        Admission(
            edge, platform=context, consumer=consumer, cluster=cluster(context), allow=allow, way=way,
            opts=pulumi.ResourceOptions(),
        )  # fmt: skip

    return graph(program)


def test_the_consumers_role_is_granted_what_the_port_needs_and_no_more() -> None:
    grant = only(made(PODS, GRANT), "aws:iam/rolePolicy:RolePolicy").inputs
    assert grant["role"] == "serving-chat-vllm"
    assert json.loads(grant["policy"]) == {"Version": "2012-10-17", "Statement": [GRANT]}


def test_the_way_between_pods_is_opened_on_both_ends() -> None:
    found = made(PODS, GRANT)
    out, into = found.of(POLICY)
    assert (out.inputs["metadata"]["namespace"], into.inputs["metadata"]["namespace"]) == ("serving-chat", "store")
    assert (
        out.inputs["spec"]["egress"][0]["ports"]
        == into.inputs["spec"]["ingress"][0]["ports"]
        == [{"protocol": "TCP", "port": 8443}]
    )
    (caller,) = into.inputs["spec"]["ingress"][0]["from"]
    assert caller["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "serving-chat"}}
    assert caller["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": "vllm",
        "app.kubernetes.io/part-of": "serving-chat",
    }
    assert into.inputs["spec"]["podSelector"] == {"matchLabels": {"app": "server"}}


def test_the_way_into_the_network_is_opened_on_the_consumers_end_alone() -> None:
    found = made(ToNetwork(("10.40.192.0/21", "10.40.200.0/21")), GRANT)
    policy = only(found, POLICY).inputs["spec"]
    assert policy["policyTypes"] == ["Egress"]
    assert [peer["ipBlock"]["cidr"] for peer in policy["egress"][0]["to"]] == ["10.40.192.0/21", "10.40.200.0/21"]


def test_a_port_without_aws_permission_makes_no_role_policy() -> None:
    assert names(made(PODS), "aws:iam/rolePolicy:RolePolicy") == []
    assert len(made(PODS).of(POLICY)) == 2
