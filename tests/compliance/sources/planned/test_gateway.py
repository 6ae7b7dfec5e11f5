"""What is told of the gateway, from the files that its pod mounts."""

from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.gateway import Gateway
from tests.compliance.sources.planned.estate import estate, only, resource, value

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/claims-prod/litellm-database:v1"
MASKS: JsonValue = {
    "guardrail_name": "personal-data",
    "litellm_params": {
        "guardrail": "presidio",
        "mode": "pre_call",
        "default_on": True,
        "pii_entities_config": {"PERSON": "MASK"},
    },
}
STOPS: JsonValue = {
    "guardrail_name": "card-data",
    "litellm_params": {
        "guardrail": "litellm_content_filter", "mode": "pre_call", "default_on": True,
        "patterns": [{"pattern_type": "prebuilt", "pattern_name": "credit_card", "action": "BLOCK"}],
    },
}  # fmt: skip


def deployment(**container: JsonValue) -> Resource:
    told: JsonValue = {"name": "litellm", "image": IMAGE, **container}
    spec: JsonValue = {"containers": [told], "volumes": [{"name": "settings", "configMap": {"name": "settings"}}]}
    return resource(
        DEPLOYMENT,
        "gateway",
        {"metadata": {"name": "gateway", "namespace": "gateway"}, "spec": {"template": {"spec": spec}}},
    )


def settings(files: dict[str, JsonValue]) -> Resource:
    written = {key: content if key.endswith(".py") else json.dumps(content) for key, content in files.items()}
    data: JsonValue = {key: str(content) for key, content in written.items()}
    return resource(CONFIG_MAP, "settings", {"metadata": {"name": "settings", "namespace": "gateway"}, "data": data})


def gateway(
    config: dict[str, JsonValue], *more: Resource, files: dict[str, JsonValue] | None = None, **container: JsonValue
) -> Gateway:
    return only(
        Gateway,
        deployment(**container),
        settings({"config.yaml": {"general_settings": {}, **config}, **(files or {})}),
        *more,
    )


def test_a_gateway_whose_configuration_cannot_be_read_is_unknown_not_bare() -> None:
    found = only(Gateway, deployment())
    told = {
        value(leaf)
        for leaf in (found.authenticated, found.prompt_logging, found.redacts, found.guardrails, found.budgets)
    }
    assert told == {"?not_read"}


def test_a_gateway_that_says_nothing_has_nothing() -> None:
    found = gateway({})
    told = [
        value(leaf)
        for leaf in (
            found.authenticated,
            found.encrypted,
            found.redacts,
            found.budgets,
            found.rate_limits,
            found.fallbacks,
        )
    ]
    assert told == [False] * 6
    assert [value(found.card_data_allowed), value(found.admin_ui), value(found.reports_home)] == [True, True, True]
    assert value(found.guardrails) == frozenset()


@pytest.mark.parametrize(
    ("config", "level"),
    [
        ({}, "metadata"),
        ({"general_settings": {"disable_spend_logs": True}}, "off"),
        ({"litellm_settings": {"callbacks": ["otel"]}}, "full"),
        ({"litellm_settings": {"callbacks": ["prometheus"]}}, "metadata"),
        ({"litellm_settings": {"callbacks": ["otel"], "turn_off_message_logging": True}}, "metadata"),
        ({"litellm_settings": {"callbacks": ["otel"]}, "guardrails": [MASKS]}, "redacted"),
        ({"general_settings": {"store_prompts_in_spend_logs": True}}, "full"),
    ],
)
def test_how_much_of_prompts_is_written(config: dict[str, JsonValue], level: str) -> None:
    assert value(gateway(config).prompt_logging) == level


def test_a_guardrail_counts_only_when_it_always_runs_before_the_call() -> None:
    def changed(**params: JsonValue) -> Gateway:
        told: JsonValue = {**MASKS, "litellm_params": {**MASKS["litellm_params"], **params}}  # type: ignore[dict-item,index,call-overload]
        return gateway({"guardrails": [told]})

    assert value(changed().redacts) is True
    assert value(changed(default_on=False).redacts) is False
    assert value(changed(mode="post_call").redacts) is False
    assert value(changed(mode=["pre_call", "post_call"]).redacts) is True
    assert value(changed(pii_entities_config={}).redacts) is False
    assert value(changed(pii_entities_config={"CREDIT_CARD": "BLOCK"}).card_data_allowed) is False


def test_card_data_is_stopped_by_the_content_filter() -> None:
    found = gateway({"guardrails": [STOPS]})
    assert [value(found.card_data_allowed), value(found.redacts), value(found.guardrails)] == [
        False,
        False,
        frozenset({"card-data"}),
    ]


def test_one_team_without_a_limit_leaves_callers_unlimited() -> None:
    full: JsonValue = {"name": "a", "budget_usd_month": 10, "requests_per_minute": 5, "tokens_per_minute": 5}
    half: JsonValue = {"name": "b", "budget_usd_month": 10, "requests_per_minute": 5}
    assert value(gateway({}, files={"teams.json": [full]}).budgets) is True
    both = gateway({}, files={"teams.json": [full, half]})
    assert [value(both.budgets), value(both.rate_limits)] == [True, False]


def test_a_mounted_program_that_the_container_runs_gives_its_arguments() -> None:
    program = 'run(["litellm", "--telemetry", "False", "--ssl_certfile_path", path])'
    told: dict[str, JsonValue] = {
        "command": ["python", "/etc/start.py"], "env": [{"name": "LITELLM_LOCAL_MODEL_COST_MAP", "value": "True"}],
    }  # fmt: skip
    found = gateway({}, files={"start.py": program}, **told)
    assert [value(found.reports_home), value(found.encrypted)] == [False, True]
    unused = gateway({}, files={"other.py": program}, **told)
    assert [value(unused.reports_home), value(unused.encrypted)] == [True, False]


def test_a_master_key_is_mounted_named_or_set() -> None:
    provider = resource("kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass", "secrets", {
        "metadata": {"name": "secrets", "namespace": "gateway"},
        "spec": {"parameters": {"objects": json.dumps([{"objectName": "arn:aws:x", "objectAlias": "master-key"}])}},
    })  # fmt: skip
    mounted = deployment()
    mounted.inputs["spec"]["template"]["spec"]["volumes"].append(  # type: ignore[index,call-overload,union-attr]
        {"name": "keys", "csi": {"volumeAttributes": {"secretProviderClass": "secrets"}}}
    )
    assert value(only(Gateway, mounted, provider).authenticated) is True
    named: JsonValue = {"name": "LITELLM_MASTER_KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    assert value(gateway({}, env=[named]).authenticated) is True
    assert value(gateway({"general_settings": {"master_key": "os.environ/KEY"}}).authenticated) is True


@pytest.mark.parametrize(
    ("params", "private"),
    [
        ({"model": "hosted_vllm/chat", "api_base": "https://vllm.serving-chat.svc.cluster.local:8000/v1"}, True),
        ({"model": "openai/gpt", "api_base": "https://api.openai.com/v1"}, False),
        ({"model": "bedrock/converse/anthropic.claude"}, False),
    ],
)
def test_a_route_is_private_when_it_stays_inside(params: JsonValue, private: bool) -> None:
    route: JsonValue = [{"model_name": "chat", "litellm_params": params}]
    assert value(gateway({"model_list": route}).private_models) is private


def test_routes_that_cannot_be_read_are_not_known_to_be_private() -> None:
    assert value(gateway({"model_list": []}).private_models) == "?not_read"


def test_bedrock_is_private_through_an_endpoint_of_the_network() -> None:
    endpoint = resource("aws:ec2/vpcEndpoint:VpcEndpoint", "bedrock", {
        "serviceName": "com.amazonaws.us-east-1.bedrock-runtime", "privateDnsEnabled": True,
    })  # fmt: skip
    route: JsonValue = [{"model_name": "chat", "litellm_params": {"model": "bedrock/converse/anthropic.claude"}}]
    assert value(gateway({"model_list": route}, endpoint).private_models) is True


def test_a_deployment_that_runs_something_else_is_no_gateway() -> None:
    other = deployment(image="111122223333.dkr.ecr.us-east-1.amazonaws.com/claims-prod/nginx:1")
    assert estate([other]).all(Gateway) == ()
