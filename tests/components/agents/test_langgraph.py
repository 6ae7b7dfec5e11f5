"""An agent, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.components import manifests
from tests.components.builders import ingress, names, only, types

if TYPE_CHECKING:
    from blueprint.graph import Resource, ResourceGraph

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
PARTS = ("approver", "runtime", "worker")
SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:claims-prod/agents/intake"


def containers(graph: ResourceGraph, part: str) -> Any:
    listed = only(graph, DEPLOYMENT, f"agents-intake-{part}").inputs["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each for each in listed}


def told(graph: ResourceGraph, part: str) -> dict[str, object]:
    return {each["name"]: each["value"] for each in containers(graph, part)["agent"]["env"]}


def policy(resource: Resource) -> Any:
    text: Any = resource.inputs["policy"]
    if isinstance(text, dict):
        pieces = text["$text"]
        text = "".join(piece if isinstance(piece, str) else piece["$ref"]["property"] for piece in pieces)
    return json.loads(str(text))["Statement"]


def rights(graph: ResourceGraph, part: str) -> Any:
    return policy(only(graph, "aws:iam/rolePolicy:RolePolicy", f"agents-intake-{part}-own"))


def test_every_kubernetes_object_fits_the_api(agent: ResourceGraph) -> None:
    checked = manifests.check(agent)
    assert {f"agents-intake-{part}" for part in PARTS} < set(checked)
    assert len(checked) == 32


def test_an_agent_of_an_image_alone_has_no_tool_and_no_worker(least: ResourceGraph) -> None:
    assert names(least, DEPLOYMENT) == ["agents-intake-approver", "agents-intake-runtime"]
    assert "MCP_URL" not in told(least, "runtime")
    assert "TEMPORAL_ADDRESS" not in told(least, "runtime")
    assert "aws:lb/listenerRule:ListenerRule" not in types(least)


def test_each_part_is_told_what_the_contract_promises(agent: ResourceGraph) -> None:
    runtime, approver = told(agent, "runtime"), told(agent, "approver")
    assert runtime.items() >= {
        "PART": "runtime", "OPENAI_BASE_URL": "https://gateway.gateway.svc/v1", "MCP_URL": "https://gateway.gateway.svc/mcp",
        "TOOLS": "case-notes/search", "AFTER_APPROVAL": "tickets/close", "MODELS": "chat", "CHECKPOINTS_DATABASE": "checkpoints",
        "MEMORY_DATABASE": "memory", "MEMORY_PASSWORD_FILE": "/etc/secrets/memory-password",
        "REDIS_URI": "redis://127.0.0.1:6379", "TEMPORAL_NAMESPACE": "agents", "TEMPORAL_TOKEN_FILE": "/run/temporal/token",
        "GATEWAY_KEY_FILE": "/etc/secrets/gateway-key", "SSL_CERT_FILE": "/etc/authority/ca.crt",
    }.items()  # fmt: skip
    assert "OPENAI_BASE_URL" not in approver
    assert approver["MCP_URL"] == "https://gateway.gateway.svc/mcp"


def test_no_secret_stands_in_any_environment(agent: ResourceGraph) -> None:
    for part in PARTS:
        for container in containers(agent, part).values():
            assert all("value" in each for each in container["env"])
            assert not {each["name"] for each in container["env"]} & {"OPENAI_API_KEY", "PGPASSWORD", "REDIS_PASSWORD"}


def test_the_approver_has_a_key_of_its_own_that_the_other_parts_are_denied(agent: ResourceGraph) -> None:
    for part, key in (("runtime", "gateway-key"), ("approver", "gateway-key-approver")):
        provider = only(
            agent, "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass", f"agents-intake-{part}-secrets"
        )
        listed = {
            each["objectAlias"]: each["objectName"]
            for each in json.loads(provider.inputs["spec"]["parameters"]["objects"])
        }
        assert listed["gateway-key"] == f"{SECRET}/{key}"
    for part in ("runtime", "worker"):
        (denied,) = (each for each in rights(agent, part) if each["Effect"] == "Deny")
        assert (denied["Resource"], denied["Action"][1]) == (
            f"{SECRET}/gateway-key-approver", "secretsmanager:GetSecretValue"
        )  # fmt: skip
    assert not [each for each in rights(agent, "approver") if each["Effect"] == "Deny"]


def test_who_asks_cannot_take_from_the_queue_and_who_decides_cannot_ask(agent: ResourceGraph) -> None:
    actions = {part: {action for each in rights(agent, part) for action in each["Action"] if action.startswith("sqs:")}
               for part in PARTS}  # fmt: skip
    assert actions["runtime"] == actions["worker"] == {"sqs:SendMessage", "sqs:GetQueueUrl"}
    assert actions["approver"] == {
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"
    }  # fmt: skip


def test_callers_come_in_by_the_load_balancer_and_approvals_go_to_the_approver(agent: ResourceGraph) -> None:
    rules = {each.name: each.inputs for each in agent.of("aws:lb/listenerRule:ListenerRule")}
    paths: Any = {name: rule["conditions"][1]["pathPattern"]["values"] for name, rule in rules.items()}  # type: ignore[index,call-overload]
    assert paths == {
        "agents-intake-approver-rule": ["/agents/intake/approvals", "/agents/intake/approvals/*"],
        "agents-intake-runtime-rule": ["/agents/intake/*"],
    }
    inner = ingress().inner_listener_arn
    assert {str(rule["listenerArn"]) for rule in rules.values()} == {inner}
    first, second = (rules[f"agents-intake-{part}-rule"]["priority"] for part in ("approver", "runtime"))
    assert second == first + 1  # type: ignore[operator]
    groups = agent.of("aws:lb/targetGroup:TargetGroup")
    assert len({each.inputs["port"] for each in groups}) == len({each.inputs["name"] for each in groups}) == 2
    assert all(len(str(each.inputs["name"])) <= 32 for each in groups)


def test_nobody_calls_a_worker(agent: ResourceGraph) -> None:
    assert set(containers(agent, "worker")) == {"agent", "cache-door"}
    assert set(containers(agent, "runtime")) == {"agent", "cache-door", "door"}
    assert names(agent, "kubernetes:core/v1:Service") == [
        "agents-intake-approver-service", "agents-intake-runtime-service"
    ]  # fmt: skip


def test_no_store_for_retrieval_is_made_for_memory(agent: ResourceGraph) -> None:
    assert not {each for each in types(agent) if "opensearch" in each or "StatefulSet" in each}
