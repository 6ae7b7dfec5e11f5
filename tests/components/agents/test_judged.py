"""Gateway, tools and agents under the strictest posture, as they are and with one value changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from blueprint.types import Dialect
from blueprint.wiring import Needs, Want
from compliance.findings import Outcome
from components.gateway.litellm_spec import LiteLlmSpec
from tests.components.agents.test_tool_server import synthesised as tool_server
from tests.components.gateway.conftest import WITH_TOOLS
from tests.components.gateway.conftest import synthesised as gateway
from tests.components.verdicts import GONE, changed, verdicts, without

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.graph import ResourceGraph

TEMPLATE = "spec.template.spec"
AGENT, QUEUE = "agents-intake-runtime", "agents-intake-approvals"


@pytest.fixture(scope="module")
def tools() -> ResourceGraph:
    return tool_server("gvisor")


@pytest.fixture(scope="module")
def called() -> ResourceGraph:
    wants = (
        Want(name="models", dialect=Dialect.OPENAI_V1, workload="runtime"),
        Want(name="approved", dialect=Dialect.MCP, of="gateway", workload="approver",
             allows=frozenset({"tickets/close"}), approved=frozenset({"tickets/close"})),
    )  # fmt: skip
    caller = Needs(wants=wants, workloads=frozenset({"runtime", "approver"}),
                   secrets=frozenset({"gateway-key", "gateway-key-approver"}))  # fmt: skip
    return gateway(LiteLlmSpec.model_validate(WITH_TOOLS), **{"agents/intake": caller})


def failed(found: ResourceGraph) -> set[str]:
    """Rules that fail; that the use case is registered is for the whole document to say."""
    told = {rule for (rule, _), outcome in verdicts(found).items() if outcome is Outcome.FAIL}
    return told - {"registry_use_registered"}


def decided(found: ResourceGraph, beginning: str) -> Mapping[str, set[Outcome]]:
    told: dict[str, set[Outcome]] = {}
    for (rule, _), outcome in verdicts(found).items():
        if rule.startswith(beginning):
            told.setdefault(rule, set()).add(outcome)
    return told


def test_nothing_fails_as_it_is(
    agent: ResourceGraph, least: ResourceGraph, tools: ResourceGraph, called: ResourceGraph
) -> None:
    assert failed(agent) == failed(least) == failed(tools) == failed(called) == set()


def test_every_rule_of_agents_tools_and_of_the_gateway_is_decided(
    agent: ResourceGraph, tools: ResourceGraph, called: ResourceGraph
) -> None:
    for found, beginning, number in (
        (agent, "agents_", 13),
        (tools, "tools_server", 7),
        (called, "litellm_gateway", 20),
    ):
        told = decided(found, beginning)
        undecided = {rule for rule, outcomes in told.items() if outcomes - {Outcome.PASS, Outcome.NOT_APPLICABLE}}
        assert undecided <= {"litellm_gateway_models_private"}, "models tell it themselves, and are not there"
        assert len(told) == number


def place(found: ResourceGraph, name: str, container: str, variable: str) -> str:
    (deployment,) = (each for each in found.of("kubernetes:apps/v1:Deployment") if each.name == name)
    inputs: Any = deployment.inputs
    containers = inputs["spec"]["template"]["spec"]["containers"]
    at = next(number for number, each in enumerate(containers) if each["name"] == container)
    number = next(number for number, each in enumerate(containers[at]["env"]) if each["name"] == variable)
    return f"{TEMPLATE}.containers.{at}.env.{number}.value"


@pytest.mark.parametrize(
    ("variable", "value", "rule"),
    [
        ("OPENAI_BASE_URL", "https://api.example.org/v1", "agents_agent_gateway_only"),
        ("MCP_URL", "http://gateway.gateway.svc/mcp", "agents_agent_gateway_only"),
        ("GATEWAY_KEY_FILE", "", "agents_agent_own_key"),
        ("TOOLS", "case-notes/search,tickets/close", "agents_agent_asks_first"),
        ("APPROVALS_QUEUE_URL", "", "agents_agent_asks_first"),
        ("CHECKPOINTS_DATABASE", "", "agents_agent_resumable"),
        ("MEMORY_DATABASE", "checkpoints", "agents_agent_memory_apart"),
        ("REDIS_URI", "redis://vector-stores.svc:6379", "agents_agent_memory_apart"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.observability.svc:4317", "agents_agent_traced"),
    ],
)
def test_each_weaker_word_to_an_agent_fails_a_rule(agent: ResourceGraph, variable: str, value: str, rule: str) -> None:
    assert rule in failed(changed(agent, AGENT, place(agent, AGENT, "agent", variable), value))


@pytest.mark.parametrize(
    ("name", "path", "value", "rule"),
    [
        (AGENT, f"{TEMPLATE}.containers.2.readinessProbe.httpGet.scheme", "HTTP", "agents_agent_encrypted"),
        (f"{AGENT}-service", "spec.type", "LoadBalancer", "agents_agent_private"),
        (f"{QUEUE}-queue", "fifoQueue", False, "agents_approval_queue_ordered"),
        (f"{QUEUE}-queue", "redrivePolicy", GONE, "agents_approval_queue_nothing_lost"),
        (f"{QUEUE}-undecided", "alarmActions", [], "agents_approval_queue_nothing_lost"),
        (f"{QUEUE}-waiting", "alarmActions", [], "agents_approval_queue_watched"),
        (f"{QUEUE}-queue", "kmsMasterKeyId", GONE, "sqs_queue_encrypted_with_own_key"),
    ],
)
def test_each_weaker_part_of_an_agent_fails_a_rule(
    agent: ResourceGraph, name: str, path: str, value: object, rule: str
) -> None:
    assert rule in failed(changed(agent, name, path, value))


def test_memory_that_never_ends_and_an_alarm_that_is_gone_fail(agent: ResourceGraph) -> None:
    assert "agents_agent_memory_ends" in failed(without(agent, "agents-intake-databases-script"))
    assert "agents_approval_queue_watched" in failed(without(agent, f"{QUEUE}-waiting"))


def test_a_part_that_asks_and_could_decide_fails(agent: ResourceGraph) -> None:
    (held,) = (each for each in agent.of("aws:iam/rolePolicy:RolePolicy") if each.name == "agents-intake-runtime-own")
    policy: Any = held.inputs["policy"]
    assert failed(agent) == set()
    for before, after in (("Deny", "Allow"), ("sqs:GetQueueUrl", "sqs:ReceiveMessage")):
        pieces = [each.replace(before, after) if isinstance(each, str) else each for each in policy["$text"]]
        weaker = changed(agent, held.name, "policy", {"$text": pieces})
        assert "agents_asker_rights_cannot_decide" in failed(weaker)


@pytest.mark.parametrize(
    ("name", "path", "value", "rule"),
    [
        ("tools-tickets", f"{TEMPLATE}.containers.0.readinessProbe.httpGet.scheme", "HTTP", "tools_server_encrypted"),
        ("tools-tickets", f"{TEMPLATE}.containers.0.env.0.value", "", "tools_server_key_asked"),
        ("tools-tickets", "spec.template.metadata.annotations", {}, "tools_server_without_credentials"),
        (
            "tools-tickets",
            f"{TEMPLATE}.containers.1.volumeMounts.0.name",
            "secrets",
            "tools_server_without_credentials",
        ),
        ("tools-tickets-service", "spec.type", "NodePort", "tools_server_private"),
        ("tools-tickets-certificate-way", "spec.egress.0.to.0.ipBlock.cidr", "10.40.0.0/16", "tools_server_no_way_out"),
        ("tools-tickets-certificate-way", "spec.egress.0.to", GONE, "tools_server_no_way_out"),
    ],
)
def test_each_weaker_part_of_a_server_of_tools_fails_a_rule(
    tools: ResourceGraph, name: str, path: str, value: object, rule: str
) -> None:
    assert rule in failed(changed(tools, name, path, value))


def test_a_server_that_answers_any_tool_or_has_no_door_fails(tools: ResourceGraph) -> None:
    assert "tools_server_tools_named" in failed(
        changed(tools, "tools-tickets", place(tools, "tools-tickets", "door", "TOOLS"), "")
    )
    assert {"tools_server_encrypted", "tools_server_key_asked", "tools_server_tools_named"} <= failed(
        changed(tools, "tools-tickets", f"{TEMPLATE}.containers.0.name", "other")
    )
    assert "tools_server_no_way_out" in failed(without(tools, "tools-tickets-certificate-way"))


def test_a_shared_kernel_fails_where_nodes_have_another(tools: ResourceGraph) -> None:
    shared = changed(tools, "tools-tickets", f"{TEMPLATE}.runtimeClassName", GONE)
    assert "tools_server_kernel_apart" not in failed(shared)
    deployment = next(iter(tools.of("kubernetes:apps/v1:Deployment")))
    offered = replace(
        deployment, name="gvisor", type="kubernetes:node.k8s.io/v1:RuntimeClass", inputs={"handler": "runsc"},
        urn=deployment.urn.replace("apps/v1:Deployment", "node.k8s.io/v1:RuntimeClass"),
    )  # fmt: skip
    assert "tools_server_kernel_apart" in failed(replace(shared, resources=(*shared.resources, offered)))


def settings(found: ResourceGraph, name: str, file: str, before: str, after: str) -> ResourceGraph:
    (held,) = (each for each in found.of("kubernetes:core/v1:ConfigMap") if each.name == name)
    data: Any = held.inputs["data"]
    assert before in data[file]
    texts = {**data, file: data[file].replace(before, after)}
    return changed(found, name, "data", texts)


@pytest.mark.parametrize(
    ("name", "file", "before", "after", "rule"),
    [
        (
            "gateway-settings",
            "routes.yaml",
            "approved: true",
            "approved: false",
            "litellm_gateway_serves_approved_models",
        ),
        (
            "gateway-tools",
            "tools.json",
            '"allow_all_keys": false',
            '"allow_all_keys": true',
            "litellm_gateway_tools_named",
        ),
        ("gateway-tools", "tools.json", '"search"\n', "\n", "litellm_gateway_tools_named"),
        ("gateway-tools", "tools.json", "https://", "http://", "litellm_gateway_tools_guarded"),
        ("gateway-tools", "tools.json", "bearer_token", "none", "litellm_gateway_tools_guarded"),
        ("gateway-settings", "teams.json", "no-default-models", "chat", "litellm_gateway_held_tools_apart"),
        ("gateway-settings", "config.yaml", "- otel", "- prometheus", "litellm_gateway_tool_calls_recorded"),
    ],
)
def test_each_weaker_setting_of_the_gateway_fails_a_rule(
    called: ResourceGraph, name: str, file: str, before: str, after: str, rule: str
) -> None:
    assert rule in failed(settings(called, name, file, before, after))


def test_callers_that_share_a_key_fail(called: ResourceGraph) -> None:
    (held,) = (each for each in called.resources if each.name == "gateway-teams-secrets")
    inputs: Any = held.inputs
    told = inputs["spec"]["parameters"]["objects"].replace("gateway-key-approver", "gateway-key")
    assert "litellm_gateway_keys_own" in failed(changed(called, held.name, "spec.parameters.objects", told))
    assert "litellm_gateway_keys_own" in failed(without(called, "gateway-teams-secrets"))
