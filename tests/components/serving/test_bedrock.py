from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from components.serving.bedrock_spec import BedrockSpec
from components.serving.guardrail import CARD, CONTENT, Filters
from tests.components.builders import types
from tests.components.manifests import every, only
from tests.components.serving.conftest import MODEL, bedrock_graph

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

SETTING = "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration"


def test_the_guardrail_filters_content_attacks_personal_and_card_data_under_a_key_of_ours(
    bedrock: ResourceGraph,
) -> None:
    inputs = only(bedrock, "aws:bedrock/guardrail:Guardrail").inputs
    filters = {each["type"]: each["inputStrength"] for each in inputs["contentPolicyConfig"]["filtersConfigs"]}
    assert filters == dict.fromkeys((*CONTENT, "PROMPT_ATTACK"), "HIGH")
    personal = {
        each["type"]: each["action"] for each in inputs["sensitiveInformationPolicyConfig"]["piiEntitiesConfigs"]
    }
    assert {personal[kind] for kind in CARD} == {"BLOCK"}
    assert (personal["NAME"], personal["US_SOCIAL_SECURITY_NUMBER"]) == ("ANONYMIZE", "ANONYMIZE")
    assert inputs["kmsKeyArn"] == "arn:aws:kms:us-east-1:111122223333:key/objects"


def test_callers_are_held_against_a_fixed_version_that_changes_with_the_filters(bedrock: ResourceGraph) -> None:
    told = only(bedrock, "aws:bedrock/guardrailVersion:GuardrailVersion").inputs["description"]
    assert told == f"Filters {Filters(redacts=True, card_data_allowed=False).digest}"
    assert Filters(redacts=True, card_data_allowed=True).digest not in told


def test_requests_stay_in_the_stacks_own_region(bedrock: ResourceGraph) -> None:
    source = only(bedrock, "aws:bedrock/inferenceProfile:InferenceProfile").inputs["modelSource"]["copyFrom"]
    assert source == f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"


def test_a_consumer_may_call_this_model_through_its_guardrail_only(bedrock: ResourceGraph) -> None:
    grant = only(
        bedrock, "aws:iam/rolePolicy:RolePolicy", "serving-chat-admits-gateway-gateway-route-chat-grant"
    ).inputs
    text = json.dumps(grant["policy"])
    assert grant["role"] == "gateway-gateway"
    for part in ("bedrock:InvokeModelWithResponseStream", "bedrock:GuardrailIdentifier", "bedrock:InferenceProfileArn"):
        assert part in text
    assert '\\"Resource\\": \\"*\\"' not in text


def test_the_route_looks_like_that_of_any_other_model(bedrock: ResourceGraph, vllm: ResourceGraph) -> None:
    name = "serving-chat-route-gateway-gateway-route-chat"
    ours, theirs = (only(found, "kubernetes:core/v1:ConfigMap", name) for found in (bedrock, vllm))
    assert ours.inputs["metadata"] == theirs.inputs["metadata"]
    assert list(ours.inputs["data"]) == list(theirs.inputs["data"]) == ["route.yaml"]


def test_the_account_records_calls_without_their_text_where_the_posture_wants_it_redacted(
    bedrock: ResourceGraph,
) -> None:
    told = only(bedrock, SETTING).inputs["loggingConfig"]
    assert told["textDataDeliveryEnabled"] is False
    assert only(bedrock, "aws:cloudwatch/logGroup:LogGroup").inputs["retentionInDays"] == 2192


def test_a_stack_that_does_not_own_the_account_leaves_its_setting_alone() -> None:
    found = bedrock_graph(BedrockSpec(name="chat", model=MODEL), account_owner=False)
    assert not types(found) & {SETTING, "aws:cloudwatch/logGroup:LogGroup"}


def test_without_a_consumer_nobody_may_call_it() -> None:
    found = bedrock_graph(BedrockSpec(name="chat", model=MODEL), routed=False)
    assert "kubernetes:core/v1:ConfigMap" not in types(found)
    assert [each.name for each in every(found, "aws:iam/rolePolicy:RolePolicy")] == ["serving-invocation-log-writes"]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (f"us.{MODEL}", "requests would leave the stack's region; name the model itself: anthropic"),
        (f"global.{MODEL}", "requests would leave the stack's region"),
        ("antropic.claude", "did you mean anthropic"),
        ("claude", "pattern"),
    ],
)
def test_a_model_that_is_unknown_or_leaves_the_region_is_refused(model: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        BedrockSpec(name="chat", model=model)


def test_the_models_maker_is_no_processor_of_the_data() -> None:
    assert BedrockSpec(name="chat", model=MODEL).needs().processors == frozenset()
    assert "bedrock-runtime" in BedrockSpec(name="chat", model=MODEL).needs().services
