"""Secrets: who renews them, and how often."""

from typing import Any

import pytest

from compliance.facts.secrets import Secret
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, value

SECRET = drawn("aws:secretsmanager/secret:Secret", "secret", name="claims/secret")


def rotated(**inputs: Any) -> Secret:
    rotation = drawn(
        "aws:secretsmanager/secretRotation:SecretRotation", "rotation", secretId=link(SECRET, "id"), **inputs
    )
    return only(Secret, SECRET, rotation)


def test_a_secret_without_a_rotation_is_renewed_by_nobody() -> None:
    found = only(Secret, SECRET)
    assert (value(found.rotator), value(found.rotation_days), value(found.key), value(found.open_policy)) == (
        None,
        None,
        None,
        False,
    )


@pytest.mark.parametrize(
    ("rules", "days"),
    [({"automaticallyAfterDays": 30}, 30), ({"scheduleExpression": "rate(60 days)"}, 60), ({"scheduleExpression": "rate(12 hours)"}, 1),
     ({"scheduleExpression": "cron(0 0 1 * ? *)"}, None), ({"automaticallyAfterDays": UNKNOWN}, "<cloud_decides>"), ({}, "<no_default>")],
)  # fmt: skip
def test_the_days_between_two_renewals(rules: Any, days: object) -> None:
    assert value(rotated(rotationRules=rules).rotation_days) == days


def test_a_rotation_that_is_switched_off_renews_nothing() -> None:
    assert value(rotated(rotationEnabled=False, rotationRules={"automaticallyAfterDays": 30}).rotation_days) is None


def test_a_rotator_of_ours_or_of_somebody_else_is_a_link() -> None:
    arn = "arn:aws:lambda:us-east-1:111122223333:function:rotator"
    assert getattr(value(rotated(rotationLambdaArn=arn).rotator), "urn", None) == arn
    code = drawn("aws:lambda/function:Function", "rotator")
    assert getattr(value(rotated(rotationLambdaArn=link(code)).rotator), "urn", None) == code.urn
    assert value(rotated().rotator) is None


def test_a_policy_beside_the_secret_is_read() -> None:
    policy: Any = {
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]
    }
    beside = drawn("aws:secretsmanager/secretPolicy:SecretPolicy", "policy", secretArn=link(SECRET), policy=policy)
    assert value(only(Secret, SECRET, beside).open_policy) is True
