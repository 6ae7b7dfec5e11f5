"""What is told of managed models, guardrails and the record of calls."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.serving import Guardrail, ManagedModel, ModelInvocationLog
from compliance.sources.planned.bedrock import CONTENT, PERSONAL
from tests.compliance.sources.planned.estate import only, ref, resource, urn, value

PROFILE = "aws:bedrock/inferenceProfile:InferenceProfile"
GUARDRAIL = "aws:bedrock/guardrail:Guardrail"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
SETTING = "aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration"
HERE = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude"
ACROSS = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.anthropic.claude"


def profile(source: str = HERE) -> Resource:
    return resource(PROFILE, "chat", {"modelSource": {"copyFrom": source}})


def grant(name: str, condition: JsonValue = None, action: JsonValue = "bedrock:InvokeModel") -> Resource:
    statement: dict[str, JsonValue] = {"Effect": "Allow", "Action": action, "Resource": ref(PROFILE, "chat", "arn")}
    if condition is not None:
        statement["Condition"] = condition
    return resource(
        "aws:iam/rolePolicy:RolePolicy", name, {"policy": {"Version": "2012-10-17", "Statement": [statement]}}
    )


def held(operator: str = "StringEquals") -> JsonValue:
    return {operator: {"bedrock:GuardrailIdentifier": {"$text": [ref(GUARDRAIL, "guard", "guardrailArn"), ":1"]}}}


def guard(*resources: Resource) -> object:
    found = value(only(ManagedModel, profile(), *resources).guardrail)
    return found if found is None or isinstance(found, str) else found.urn  # type: ignore[attr-defined]


def test_a_guardrail_stands_before_a_model_when_every_permission_demands_it() -> None:
    assert guard(grant("one", held())) == urn(GUARDRAIL, "guard")
    assert guard(grant("one", held()), grant("two")) is None
    assert guard(grant("one", held("StringEqualsIfExists"))) is None
    assert guard(grant("one", held()), grant("two", action="bedrock:ApplyGuardrail")) == urn(GUARDRAIL, "guard")
    assert guard() is None


def test_permissions_written_as_json_text_are_read_too() -> None:
    pieces: list[JsonValue] = [
        '{"Statement": [{"Effect": "Allow", "Action": ["bedrock:InvokeModel"], "Resource": "', ref(PROFILE, "chat", "arn"),
        '", "Condition": {"StringEquals": {"bedrock:GuardrailIdentifier": "', ref(GUARDRAIL, "guard", "guardrailArn"), '"}}}]}',
    ]  # fmt: skip
    assert guard(resource("aws:iam/rolePolicy:RolePolicy", "one", {"policy": {"$text": pieces}})) == urn(
        GUARDRAIL, "guard"
    )


def test_a_profile_across_regions_leaves_the_region() -> None:
    assert value(only(ManagedModel, profile()).one_region) is True
    assert value(only(ManagedModel, profile(ACROSS)).one_region) is False


def test_a_model_is_called_privately_through_an_endpoint_that_nobody_can_pass_by() -> None:
    def private(*resources: Resource) -> object:
        return value(only(ManagedModel, profile(), *resources).private_endpoint)

    def endpoint(*, resolves: bool, service: str = "bedrock-runtime") -> Resource:
        return resource(
            ENDPOINT, "e", {"serviceName": f"com.amazonaws.us-east-1.{service}", "privateDnsEnabled": resolves}
        )

    assert private() is False
    assert private(endpoint(resolves=True)) is True
    assert private(endpoint(resolves=False)) is False
    assert private(endpoint(resolves=True, service="logs")) is False
    assert private(resource("aws:ec2/vpc:Vpc", "vpc", {}, external=True)) == "?existing"


def guardrail(filters: list[JsonValue], entities: list[JsonValue]) -> Guardrail:
    return only(Guardrail, resource(GUARDRAIL, "guard", {
        "contentPolicyConfig": {"filtersConfigs": filters},
        "sensitiveInformationPolicyConfig": {"piiEntitiesConfigs": entities},
    }))  # fmt: skip


def content(*, but: str = "") -> list[JsonValue]:
    return [
        {"type": kind, "inputStrength": "HIGH", "outputStrength": "NONE" if kind == but else "HIGH"} for kind in CONTENT
    ]


def personal(*more: JsonValue, but: str = "") -> list[JsonValue]:
    kinds: list[JsonValue] = [{"type": kind, "action": "ANONYMIZE"} for kind in PERSONAL if kind != but]
    return [*kinds, *more]


def test_every_kind_of_content_is_filtered_both_ways() -> None:
    attack: JsonValue = {"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"}
    whole = guardrail([*content(), attack], [])
    assert [value(whole.content), value(whole.prompt_attack)] == [True, True]
    for kind in CONTENT:
        assert value(guardrail(content(but=kind), []).content) is False
    assert value(guardrail(content(), []).prompt_attack) is False


def test_personal_data_is_redacted_when_every_kind_is() -> None:
    assert value(guardrail([], personal()).redacts) is True
    for kind in PERSONAL:
        assert value(guardrail([], personal(but=kind)).redacts) is False
    one_way: JsonValue = {"type": "NAME", "action": "ANONYMIZE", "outputEnabled": False}
    assert value(guardrail([], [*personal(but="NAME"), one_way]).redacts) is False


@pytest.mark.parametrize(
    ("entity", "allowed"),
    [
        ({"type": "CREDIT_DEBIT_CARD_NUMBER", "action": "BLOCK"}, False),
        ({"type": "CREDIT_DEBIT_CARD_NUMBER", "action": "NONE"}, True),
        ({"type": "CREDIT_DEBIT_CARD_NUMBER", "action": "BLOCK", "inputAction": "NONE"}, True),
        ({"type": "CREDIT_DEBIT_CARD_NUMBER", "action": {"$unknown": True}}, "?cloud_decides"),
        ({"type": "PIN", "action": "BLOCK"}, True),
    ],
)
def test_a_card_number_passes_unless_it_is_stopped_both_ways(entity: JsonValue, allowed: object) -> None:
    assert value(guardrail([], personal(entity)).card_data_allowed) == allowed


@pytest.mark.parametrize(
    ("text", "level"), [(False, "metadata"), (True, "full"), ({"$unknown": True}, "?cloud_decides")]
)
def test_bedrock_writes_whole_prompts_or_none(text: JsonValue, level: str) -> None:
    names = (
        "textDataDeliveryEnabled",
        "imageDataDeliveryEnabled",
        "embeddingDataDeliveryEnabled",
        "videoDataDeliveryEnabled",
    )
    told: JsonValue = {**dict.fromkeys(names, False), "textDataDeliveryEnabled": text}
    assert value(only(ModelInvocationLog, resource(SETTING, "log", {"loggingConfig": told})).prompt_logging) == level


def test_a_record_that_says_nothing_of_delivery_writes_everything() -> None:
    found = only(ModelInvocationLog, resource(SETTING, "log", {"loggingConfig": {}}))
    assert [value(found.prompt_logging), value(found.enabled), value(found.destination)] == ["full", False, None]


@pytest.mark.parametrize("name", ["/aws/bedrock/calls", ref(LOG_GROUP, "calls", "name")])
def test_the_log_group_is_found_by_name_and_by_reference(name: JsonValue) -> None:
    group = resource(LOG_GROUP, "calls", {"name": "/aws/bedrock/calls"})
    setting = resource(SETTING, "log", {"loggingConfig": {"cloudwatchConfig": {"logGroupName": name}}})
    found = only(ModelInvocationLog, setting, group)
    assert value(found.enabled) is True
    assert value(found.destination).urn == urn(LOG_GROUP, "calls")  # type: ignore[attr-defined]
