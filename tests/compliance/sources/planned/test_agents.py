"""What is told of agents, servers of tools and queues of approvals, where something of it cannot be read."""

from __future__ import annotations

from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.agents import Agent, ApprovalQueue, KernelClass, ToolServer
from tests.compliance.sources.planned.estate import estate, only, ref, resource, value

DEPLOYMENT, POLICY = "kubernetes:apps/v1:Deployment", "kubernetes:networking.k8s.io/v1:NetworkPolicy"
QUEUE, ALARM = "aws:sqs/queue:Queue", "aws:cloudwatch/metricAlarm:MetricAlarm"
UNKNOWN: JsonValue = {"$unknown": True}


def deployment(component: str, *containers: JsonValue, **pod: JsonValue) -> Resource:
    told: JsonValue = {"containers": list(containers), **pod}
    labels: JsonValue = {"app": component}
    return resource(DEPLOYMENT, component, {
        "metadata": {"name": component, "namespace": component, "labels": {"blueprint/component": component}},
        "spec": {"template": {"metadata": {"labels": labels}, "spec": told}},
    })  # fmt: skip


def policy(name: str, spec: dict[str, JsonValue]) -> Resource:
    return resource(POLICY, name, {"metadata": {"name": name, "namespace": "tools-tickets"}, "spec": spec})


def egress(*peers: JsonValue) -> dict[str, JsonValue]:
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": list(peers)}]}


def address(cidr: JsonValue) -> JsonValue:
    return {"ipBlock": {"cidr": cidr}}


SERVER: JsonValue = {"name": "server", "image": "i"}


def test_a_deployment_of_another_component_is_neither() -> None:
    found = estate([deployment("gateway", SERVER), deployment("serving-chat", {"name": "agent", "image": "i"})])
    assert found.all(ToolServer) == ()
    assert found.all(Agent) == ()


def test_a_server_without_a_door_is_open_and_one_whose_resources_may_be_missing_is_unknown() -> None:
    bare = only(ToolServer, deployment("tools-tickets", SERVER))
    assert (value(bare.encrypted), value(bare.authenticated), value(bare.egress_closed)) == (False, False, False)
    part = only(ToolServer, deployment("tools-tickets", SERVER), incomplete="a part")
    assert (value(part.encrypted), value(part.egress_closed)) == ("?not_read", "?not_read")


def test_every_way_out_counts_and_one_that_only_the_cloud_knows_is_unknown() -> None:
    server = deployment("tools-tickets", SERVER)
    resolver: JsonValue = {"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    closed = policy("closed", egress(resolver, address("172.20.0.1/32")))
    for more, told in (
        ([], True), ([policy("wide", egress(address("10.40.0.0/16")))], False), ([policy("cloud", egress(address(UNKNOWN)))], "?cloud_decides"),
        ([policy("any", {**egress(), "egress": [{}]})], False),
        ([policy("other", {**egress(address("10.0.0.0/8")), "podSelector": {"matchLabels": {"app": "another"}}})], True),
    ):  # fmt: skip
        assert value(only(ToolServer, server, closed, *more).egress_closed) == told


def test_a_runtime_class_says_by_its_handler_what_it_is() -> None:
    made = resource("kubernetes:node.k8s.io/v1:RuntimeClass", "gvisor", {"handler": "runsc"})
    assert value(only(KernelClass, made).handler) == "runsc"


def agent(**variables: JsonValue) -> Agent:
    env: JsonValue = [{"name": name, "value": each} for name, each in variables.items()]
    return only(Agent, deployment("agents-intake", {"name": "agent", "image": "i", "env": env}))


def test_an_agent_that_is_told_nothing_has_nothing() -> None:
    found = agent()
    leaves = (found.own_key, found.asks_first, found.resumable, found.memory_apart, found.memory_ends, found.traced)
    assert {value(leaf) for leaf in leaves} == {False}
    assert value(found.encrypted) is True, "nobody can call it"


def test_an_address_that_only_the_cloud_knows_is_unknown() -> None:
    assert value(agent(MCP_URL=UNKNOWN).gateway_only) == "?cloud_decides"
    assert value(agent(MCP_URL="https://gateway.gateway.svc.example.org/mcp").gateway_only) is False
    assert value(agent(MCP_URL="https://gateway.gateway.svc:443/mcp").gateway_only) is True


def queue(name: str, **inputs: JsonValue) -> Resource:
    return resource(
        QUEUE, name, {"name": name, "tags": {"component": "agents-intake-approvals", "data-class": "none"}, **inputs}
    )


def test_a_queue_is_folded_with_where_its_messages_go_and_who_is_told() -> None:
    redrive: JsonValue = {"deadLetterTargetArn": ref(QUEUE, "lost", "arn"), "maxReceiveCount": 24}
    alarm = resource(ALARM, "undecided", {
        "metricName": "ApproximateNumberOfMessagesVisible", "dimensions": {"QueueName": ref(QUEUE, "lost", "name")},
        "alarmActions": ["arn:aws:sns:us-east-1:111122223333:alerts"],
    })  # fmt: skip
    found = only(ApprovalQueue, queue("waiting", fifoQueue=True, redrivePolicy=redrive), queue("lost"), alarm)
    assert (value(found.ordered), value(found.undecided_alarm), value(found.waiting_alarm)) == (True, True, False)
    assert len(found.urns) == 2


def test_a_queue_of_another_component_is_none_of_an_agent() -> None:
    other = resource(QUEUE, "rotator", {"name": "rotator", "tags": {"component": "secrets", "data-class": "none"}})
    assert estate([other]).all(ApprovalQueue) == ()
