from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.errors import DocumentError
from blueprint.types import KeyPurpose
from blueprint.wiring import Needs
from components.foundation.random_rotator import SOURCE
from components.foundation.secrets import SecretStore
from components.foundation.secrets_spec import SecretStoreSpec
from tests.components.builders import ACCOUNT, arn, graph, identity, keys, names, network, only, platform, types

SECRET, ROTATION = "aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretRotation:SecretRotation"
FUNCTION = "aws:lambda/function:Function"
SPEC = SecretStoreSpec()
NEEDS = {
    "gateway": Needs(workloads=frozenset({"api"}), secrets=frozenset({"master-key", "salt"})),
    "egress": Needs(workloads=frozenset({"proxy"}), secrets=frozenset({"credentials"})),
    "silent": Needs(workloads=frozenset({"worker"})),
}


def made(spec: SecretStoreSpec = SPEC, needs: dict[str, Needs] | None = None) -> Any:
    def program() -> None:
        context = platform(NEEDS if needs is None else needs)
        SecretStore("secrets", spec, platform=context, keys=keys(), identity=identity(context), network=network())

    return graph(program)


@pytest.fixture(scope="module")
def store() -> Any:
    return made()


def statements(resource: Any) -> list[dict[str, Any]]:
    document = resource.inputs["policy"]
    text = document if isinstance(document, str) else "".join(
        part if isinstance(part, str) else part["$ref"]["urn"].rpartition("::")[2] for part in document["$text"]
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(text)["Statement"]
    return found


def test_there_is_a_secret_for_each_that_a_component_asks_for(store: Any) -> None:
    assert {each.inputs["name"] for each in store.of(SECRET)} == {
        "claims-prod/egress/credentials", "claims-prod/gateway/master-key", "claims-prod/gateway/salt",
    }  # fmt: skip
    assert {each.inputs["kmsKeyId"] for each in store.of(SECRET)} == {keys().arns[KeyPurpose.SECRETS]}
    assert {each.inputs["recoveryWindowInDays"] for each in store.of(SECRET)} == {30}


def test_a_secret_says_what_its_value_must_begin_with_and_the_others_say_nothing() -> None:
    asked = Needs(workloads=frozenset({"api"}), secrets=frozenset({"key", "salt"}), prefixes={"key": "sk-"})
    found = made(needs={"gateway": asked})
    tags = {
        each.inputs["name"].rpartition("/")[2]: each.inputs["tags"].get("value-prefix") for each in found.of(SECRET)
    }
    assert tags == {"key": "sk-", "salt": None}


def test_the_program_never_holds_a_value(store: Any) -> None:
    assert not types(store) & {
        "aws:secretsmanager/secretVersion:SecretVersion",
        "random:index/randomPassword:RandomPassword",
    }


def test_every_secret_is_renewed_as_often_as_the_posture_asks(store: Any) -> None:
    function = only(store, FUNCTION)
    assert len(store.of(ROTATION)) == 3
    for each in store.of(ROTATION):
        assert each.inputs["rotationRules"] == {"automaticallyAfterDays": 90}
        assert each.inputs["rotationLambdaArn"]["$ref"]["urn"] == function.urn


def test_other_accounts_and_plain_connections_are_denied(store: Any) -> None:
    for each in store.of("aws:secretsmanager/secretPolicy:SecretPolicy"):
        tls, own = statements(each)
        assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        assert own["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": ACCOUNT}
        assert each.inputs["blockPublicPolicy"] is True


def test_a_component_reads_its_own_secrets_and_no_others(store: Any) -> None:
    reads = {
        each.name: statements(each)[0]["Resource"]
        for each in store.of("aws:iam/rolePolicy:RolePolicy")
        if each.name.endswith("reads")
    }
    assert reads == {
        "secrets-egress-proxy-reads": ["secrets-egress-credentials"],
        "secrets-gateway-api-reads": ["secrets-gateway-master-key", "secrets-gateway-salt"],
    }


def test_the_rotator_runs_inside_the_vpc_with_its_log_and_dead_letters(store: Any) -> None:
    said = only(store, FUNCTION).inputs
    assert said["vpcConfig"]["subnetIds"] == list(network().workload_subnet_ids)
    assert said["kmsKeyArn"] == keys().arns[KeyPurpose.SECRETS]
    assert said["loggingConfig"] == {"logFormat": "JSON", "logGroup": "/aws/lambda/claims-prod-rotator"}
    assert said["deadLetterConfig"]["targetArn"]["$ref"]["urn"].endswith("::secrets-rotator-dead-letters")
    assert only(store, "aws:cloudwatch/logGroup:LogGroup").inputs["retentionInDays"] == 2192
    assert only(store, "aws:sqs/queue:Queue").inputs["kmsMasterKeyId"] == keys().arns[KeyPurpose.SECRETS]
    rule = only(store, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").inputs
    assert rule["referencedSecurityGroupId"] == network().endpoint_security_group_id
    assert "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule" not in types(store)


def test_the_rotator_may_touch_the_secrets_it_renews_and_no_others(store: Any) -> None:
    granted = {
        each["Sid"]: each for each in statements(only(store, "aws:iam/rolePolicy:RolePolicy", "secrets-rotator-grants"))
    }
    assert granted["Secrets"]["Resource"] == [
        "secrets-egress-credentials",
        "secrets-gateway-master-key",
        "secrets-gateway-salt",
    ]
    assert not any("*" in action for each in granted.values() for action in [*each["Action"]])
    caller = only(store, "aws:lambda/permission:Permission").inputs
    assert (caller["principal"], caller["sourceAccount"]) == ("secretsmanager.amazonaws.com", ACCOUNT)


def test_the_rotators_source_is_shipped_as_it_is() -> None:
    assert "def handle(" in SOURCE.read_text(encoding="utf-8")


def test_a_secret_without_rotator_is_not_renewed() -> None:
    found = made(SecretStoreSpec(rotators={"gateway/salt": "none"}))
    assert names(found, ROTATION) == ["secrets-egress-credentials-rotation", "secrets-gateway-master-key-rotation"]


def test_a_rotator_of_ones_own_is_used() -> None:
    own = arn("lambda", "function:their-rotator")
    rotations = {
        each.name: each.inputs["rotationLambdaArn"]
        for each in made(SecretStoreSpec(rotators={"gateway/salt": own})).of(ROTATION)
    }
    assert rotations["secrets-gateway-salt-rotation"] == own


def test_without_secrets_there_is_no_rotator() -> None:
    found = made(needs={"silent": NEEDS["silent"]})
    assert not [each for each in found.resources if each.custom]


def test_a_rotator_for_a_secret_that_nobody_asks_for_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DocumentError) as refused:
        made(SecretStoreSpec(rotators={"gateway/master-keys": "none", "nobody/nothing": "random"}))
    first, second = refused.value.problems
    assert first.path == ("secrets", "rotators", "gateway/master-keys")
    assert first.fix.startswith("did you mean gateway/master-key")
    assert second.value == "nobody/nothing"


@pytest.mark.parametrize(
    "said", [{"rotation_days": 0}, {"recovery_days": 3}, {"rotators": {"gateway/salt": "sometimes"}}]
)
def test_a_setting_that_could_not_work_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(said))):
        SecretStoreSpec.model_validate(said)
