"""The gateway, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from blueprint.errors import DocumentError
from blueprint.types import Dialect
from blueprint.wiring import Needs, Offer, Registration, Want
from components.gateway.litellm_spec import LiteLlmSpec
from tests.components import manifests
from tests.components.builders import CLASSES, names, only, types
from tests.components.gateway.conftest import DOCUMENT, WITH_TOOLS, synthesised
from tests.components.strictest import strictest

if TYPE_CHECKING:
    from blueprint.graph import Resource, ResourceGraph

DEPLOYMENT, CONFIG_MAP = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:ConfigMap"


def containers(graph: ResourceGraph) -> Any:
    listed: Any = only(graph, DEPLOYMENT).inputs["spec"]["template"]["spec"]["containers"]
    return {str(each["name"]): each for each in listed}


def settings(graph: ResourceGraph) -> Any:
    return only(graph, CONFIG_MAP, "gateway-settings").inputs["data"]


def policy(resource: Resource) -> Any:
    text: Any = resource.inputs["policy"]
    if isinstance(text, dict):
        pieces = text["$text"]
        text = "".join(piece if isinstance(piece, str) else piece["$ref"]["property"] for piece in pieces)
    return json.loads(str(text))["Statement"]


def test_the_posture_alone_makes_prompts_redacted_and_card_numbers_refused(gateway: ResourceGraph) -> None:
    config = yaml.safe_load(settings(gateway)["config.yaml"])
    assert [each["guardrail_name"] for each in config["guardrails"]] == ["card-data", "personal-data"]
    assert config["litellm_settings"]["turn_off_message_logging"] is False
    days = strictest(CLASSES).prompt_log_retention_days(CLASSES)
    assert config["general_settings"]["maximum_spend_logs_retention_period"] == f"{days}d"
    assert set(containers(gateway)) == {"litellm", "cache-door", "analyzer", "anonymizer"}


def test_a_stricter_document_wins_over_the_posture() -> None:
    graph = synthesised(LiteLlmSpec.model_validate({**DOCUMENT, "prompt_logging": "metadata"}))
    assert yaml.safe_load(settings(graph)["config.yaml"])["litellm_settings"]["turn_off_message_logging"] is True
    capture = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
    assert {"name": capture, "value": "NO_CONTENT"} in containers(graph)["litellm"]["env"]


def test_no_secret_and_no_salt_key_stands_in_any_environment(gateway: ResourceGraph) -> None:
    told = {each["name"] for container in containers(gateway).values() for each in container["env"]}
    assert not told & {"LITELLM_MASTER_KEY", "LITELLM_SALT_KEY", "DATABASE_URL", "REDIS_PASSWORD", "MASTER_KEY"}
    assert "SALT" not in settings(gateway)["config.yaml"].upper()


def test_pods_mount_the_parts_that_the_models_offer(gateway: ResourceGraph) -> None:
    volumes = only(gateway, DEPLOYMENT).inputs["spec"]["template"]["spec"]["volumes"]
    (models,) = (each["projected"]["sources"] for each in volumes if each["name"] == "models")
    assert models == [
        {"configMap": {"name": f"model-{name}", "items": [{"key": "route.yaml", "path": f"{name}.yaml"}]}}
        for name in ("large", "small")
    ]


def test_the_gateway_answers_with_a_certificate_that_its_jobs_verify(gateway: ResourceGraph) -> None:
    spec = only(gateway, DEPLOYMENT).inputs["spec"]["template"]["spec"]
    assert [each["name"] for each in spec["initContainers"]] == ["certificate"]
    told = {each["name"]: each.get("value") for each in containers(gateway)["litellm"]["env"]}
    assert told["OTEL_EXPORTER_OTLP_CERTIFICATE"] == "/etc/authority/ca.crt"
    job = only(gateway, "kubernetes:batch/v1:CronJob").inputs["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert {"name": "authority", "configMap": {"name": "kube-root-ca.crt"}} in job["volumes"]
    assert "initContainers" not in job


def test_every_kubernetes_object_fits_the_api(gateway: ResourceGraph) -> None:
    assert len(manifests.check(gateway)) == 19


def test_every_container_is_confined_limited_and_probed(gateway: ResourceGraph) -> None:
    for container in containers(gateway).values():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "privileged": False,
            "readOnlyRootFilesystem": True, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"},
            **({"runAsUser": 10001} if container["name"] in {"analyzer", "anonymizer"} else {}),
        }  # fmt: skip
        assert container.keys() >= {"livenessProbe", "readinessProbe", "resources"}


def test_each_workload_reads_its_own_secrets_and_no_other(gateway: ResourceGraph) -> None:
    held = {name: policy(only(gateway, "aws:iam/rolePolicy:RolePolicy", f"gateway-{name}-own")) for name in
            ("gateway", "migrations", "teams")}  # fmt: skip
    secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:"
    assert held["gateway"][0]["Resource"] == [f"{secret}claims-prod/gateway/master-key"]
    assert held["migrations"][0]["Resource"] == [f"{secret}rds!cluster-*"]
    assert held["migrations"][0]["Condition"] == {
        "StringEquals": {"aws:ResourceTag/aws:rds:primaryDBClusterArn": "arn"}
    }
    assert held["teams"][0]["Resource"] == [
        f"{secret}claims-prod/gateway/{name}" for name in ("master-key", "team-claims")
    ]
    assert [each["Action"] for each in held["gateway"]] == [
        ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"], "kms:Decrypt", "rds-db:connect",
        "elasticache:Connect",
    ]  # fmt: skip
    assert held["gateway"][2]["Resource"] == "arn:aws:rds-db:us-east-1:111122223333:dbuser:clusterResourceId/litellm"


def test_callers_reach_the_models_api_and_nothing_of_the_administration(gateway: ResourceGraph) -> None:
    rule = only(gateway, "aws:lb/listenerRule:ListenerRule").inputs
    assert rule["conditions"] == [
        {"hostHeader": {"values": ["ai.example.org"]}}, {"pathPattern": {"values": ["/v1/*"]}}
    ]  # fmt: skip
    group = only(gateway, "aws:lb/targetGroup:TargetGroup").inputs
    assert (group["protocol"], group["port"], group["targetType"]) == ("HTTPS", 4000, "ip")
    binding = only(gateway, "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding").inputs
    assert binding["spec"]["serviceRef"] == {"name": "gateway", "port": 443}


def test_another_setting_makes_another_config_map_and_so_new_pods(gateway: ResourceGraph) -> None:
    again, other = synthesised(LiteLlmSpec.model_validate(DOCUMENT)), synthesised(
        LiteLlmSpec.model_validate({**DOCUMENT, "switched_off": ["small"]})
    )  # fmt: skip
    first, same, changed = (
        only(graph, CONFIG_MAP, "gateway-settings").inputs["metadata"]["name"] for graph in (gateway, again, other)
    )
    assert first == same != changed
    assert yaml.safe_load(settings(other)["routes.yaml"])[1]["models"] == []


def caller(*secrets: str) -> Needs:
    wants = (
        Want(name="models", dialect=Dialect.OPENAI_V1, workload="runtime", allows=frozenset({"economy"})),
        Want(name="tools", dialect=Dialect.MCP, of="gateway", workload="runtime", allows=frozenset({"case-notes/search"})),
        Want(name="approved", dialect=Dialect.MCP, of="gateway", workload="approver",
             allows=frozenset({"tickets/close"}), approved=frozenset({"tickets/close"})),
    )  # fmt: skip
    return Needs(wants=wants, workloads=frozenset({"runtime", "approver"}), secrets=frozenset(secrets))


@pytest.fixture(scope="module")
def called() -> ResourceGraph:
    agents = {"agents/intake": caller("gateway-key", "gateway-key-approver")}
    return synthesised(LiteLlmSpec.model_validate(WITH_TOOLS), **agents)


def test_each_caller_is_a_team_with_its_own_key_and_rights(called: ResourceGraph) -> None:
    first, second, _ = json.loads(settings(called)["teams.json"])
    assert (first["name"], first["models"], first["tools"]) == (
        "platform-agents-intake", ["economy"], {"case_notes": ["search"]}
    )  # fmt: skip
    assert (second["name"], second["models"], second["tools"]) == (
        "platform-agents-intake-approver", ["no-default-models"], {"tickets": ["close"]}
    )  # fmt: skip
    objects = only(called, "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass", "gateway-teams-secrets")
    listed = json.loads(objects.inputs["spec"]["parameters"]["objects"])
    prefix = "arn:aws:secretsmanager:us-east-1:111122223333:secret:claims-prod/agents/intake/gateway-key"
    assert {each["objectAlias"]: each["objectName"] for each in listed}.items() >= {
        "team-platform-agents-intake": prefix, "team-platform-agents-intake-approver": f"{prefix}-approver"
    }.items()  # fmt: skip
    held = policy(only(called, "aws:iam/rolePolicy:RolePolicy", "gateway-teams-own"))
    assert {prefix, f"{prefix}-approver"} < set(held[0]["Resource"])


def test_a_caller_reaches_the_pods_and_gets_no_further_right(called: ResourceGraph) -> None:
    admitted = {each.name for each in called.resources if "admits" in each.name}
    edges = ("runtime-models", "runtime-tools", "approver-approved")
    assert admitted == {
        f"gateway-admits-agents-intake-{edge}{part}" for edge in edges for part in ("", "-egress", "-ingress")
    }


def test_a_caller_without_a_key_of_its_own_is_refused() -> None:
    with pytest.raises(DocumentError, match="calls gateway and declares no key of its own"):
        synthesised(LiteLlmSpec.model_validate(WITH_TOOLS), **{"agents/intake": caller()})


def test_tools_are_reached_by_their_servers_keys_and_are_named_one_by_one(called: ResourceGraph) -> None:
    told = json.loads(only(called, CONFIG_MAP, "gateway-tools").inputs["data"]["tools.json"])
    assert told["tickets"] == {
        "transport": "http", "auth_type": "bearer_token", "allowed_tools": ["close", "find"], "allow_all_keys": False,
        "extra_headers": ["x-blueprint-groups"], "timeout": 30, "mcp_info": {"after_approval": ["close"]}, "url": "https://tickets.example.svc/mcp",
        "authentication_token": "secretsmanager:arn:aws:secretsmanager:us-east-1:111122223333:secret:claims-prod/tools/tickets/key",
    }  # fmt: skip
    assert sorted(told) == ["case_notes", "tickets"]


def test_a_model_that_nobody_approved_gets_no_request() -> None:
    waiting = Registration(kind="model", name="small", owner="a@example.org", risk_class="high")
    offer = Offer(name="model-route", dialect=Dialect.MODEL_ROUTE)
    for approver, left in ((None, [["large"], []]), ("b@example.org", [["large", "small"], ["small"]])):
        register = waiting.model_copy(update={"approved_by": approver})
        more = {"serving/small": Needs(offers=(offer,), registers=(register,))}
        found = yaml.safe_load(settings(synthesised(LiteLlmSpec.model_validate(DOCUMENT), **more))["routes.yaml"])
        assert [[model["serving"] for model in route["models"]] for route in found] == left


def test_nothing_else_is_made(gateway: ResourceGraph) -> None:
    made = types(gateway)
    assert not {each for each in made if "secretsmanager" in each or "helm" in each or "kms" in each}
    assert "kubernetes:core/v1:Secret" not in made
    assert names(gateway, "kubernetes:core/v1:Service") == ["gateway-service"]
    assert names(gateway, DEPLOYMENT) == ["gateway"]
