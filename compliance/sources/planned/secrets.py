"""Secrets."""

from __future__ import annotations

from compliance.facts.base import Known, Leaf, Ref
from compliance.facts.leaf import mapped
from compliance.facts.policy import open_to_anybody
from compliance.facts.secrets import Secret
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import MISSING, Reading


def secret(held: Reading) -> Secret:
    """Fold a secret; one that its service manages, or that names no rotation, has no rotator."""
    rotation = held.satellite("aws:secretsmanager/secretRotation:SecretRotation", "secretId")
    policy = held.satellite("aws:secretsmanager/secretPolicy:SecretPolicy", "secretArn") or held
    return Secret(
        id=held.id("Secret"),
        urns=(held.urn, *((rotation.urn,) if rotation else ())),
        data_classes=held.classes(),
        key=held.link("kmsKeyId"),
        rotation_days=_days(held, rotation),
        rotator=_rotator(held, rotation),
        open_policy=asked(policy, "policy", open_to_anybody, held.absent_flag("open policy")),
    )


def _rotator(held: Reading, rotation: Reading | None) -> Leaf[Ref | None]:
    if rotation is None:
        return mapped(held.absent("secretRotation"), lambda _: None)
    return rotation.link("rotationLambdaArn")


def _days(held: Reading, rotation: Reading | None) -> Leaf[int | None]:
    if rotation is None:
        return mapped(held.absent("secretRotation"), lambda _: None)
    enabled = rotation.flag("rotationEnabled")
    if isinstance(enabled, Known) and not enabled.value:
        return mapped(enabled, lambda _: None)
    if rotation.raw("rotationRules.automaticallyAfterDays") is MISSING:
        return mapped(rotation.text("rotationRules.scheduleExpression"), _rate)
    return mapped(rotation.number("rotationRules.automaticallyAfterDays"), lambda days: days)


def _rate(expression: str) -> int | None:
    """rate(30 days) → 30, rate(12 hours) → 1; a cron expression is not counted here."""
    number, _, unit = expression.removeprefix("rate(").removesuffix(")").partition(" ")
    if not number.isdigit():
        return None
    return int(number) if unit.startswith("day") else -(-int(number) // 24)


ADAPTERS = (Adapter("aws:secretsmanager/secret:Secret", secret),)
