# noqa: INP001  a Lambda package, not a package of this distribution
"""Renews a secret that the platform itself checks: a new random value, the old one still valid until the last step.

Runs in AWS Lambda, alone in its package: only the standard library and boto3. Secrets Manager calls it four times for
each rotation: createSecret, setSecret, testSecret, finishSecret. It never logs a value.
"""

from __future__ import annotations

import json
import os
import secrets
import string
from typing import TYPE_CHECKING, Protocol, TypedDict, cast

import boto3  # type: ignore[import-untyped]  # the runtime brings it
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LENGTH = 48
"""Characters; letters and digits give more than 280 bits."""
PREFIX = "value-prefix"
"""Tag of a secret that says what its value must begin with; it comes on top of the random characters."""
ALPHABET = string.ascii_letters + string.digits


class Event(TypedDict):
    """What Secrets Manager sends."""

    SecretId: str
    ClientRequestToken: str
    Step: str


class Store(Protocol):
    """The calls of the Secrets Manager client that are used here."""

    def describe_secret(self, **asked: str) -> Mapping[str, object]: ...
    def get_secret_value(self, **asked: str) -> Mapping[str, object]: ...
    def put_secret_value(self, **asked: str | list[str]) -> object: ...
    def update_secret_version_stage(self, **asked: str) -> object: ...


class RotationRefused(ValueError):
    """The call does not fit the state of the secret; Secrets Manager tries again later."""


def handle(event: Event, _context: object) -> None:
    """Do one step of a rotation."""
    rotate(event, cast("Store", boto3.client("secretsmanager", region_name=os.environ["AWS_REGION"])))


def rotate(event: Event, store: Store) -> None:
    """Do one step, or refuse: an unknown step, rotation switched off, a version that is not pending."""
    step = STEPS.get(event["Step"])
    if step is None:
        raise RotationRefused(f"{event['Step']!r} is no step of a rotation; allowed: {', '.join(STEPS)}")
    described = store.describe_secret(SecretId=event["SecretId"])
    if not described.get("RotationEnabled"):
        raise RotationRefused(f"rotation of {event['SecretId']} is switched off")
    stages = _stages(described).get(event["ClientRequestToken"], [])
    if "AWSCURRENT" in stages:
        return
    if "AWSPENDING" not in stages:
        raise RotationRefused(f"version {event['ClientRequestToken']} of {event['SecretId']} is not pending")
    step(event, store, _prefix(described))


def _create(event: Event, store: Store, prefix: str) -> None:
    """Store a new value as pending, once: a repeated call keeps the first one."""
    if _value(event, store, "AWSPENDING") is not None:
        return
    current = _value(event, store, "AWSCURRENT")
    store.put_secret_value(
        SecretId=event["SecretId"], ClientRequestToken=event["ClientRequestToken"],
        SecretString=_renewed(current, prefix + _random()), VersionStages=["AWSPENDING"],
    )  # fmt: skip


def _set(_event: Event, _store: Store, _prefix: str) -> None:
    """Nothing to tell anyone: whoever checks the secret reads it from the store."""


def _test(event: Event, store: Store, prefix: str) -> None:
    """The pending value can be read, begins as it must, is long enough and is not the current one."""
    pending = _value(event, store, "AWSPENDING")
    value = "" if pending is None else _secret_of(pending)
    if len(value) < LENGTH + len(prefix) or pending == _value(event, store, "AWSCURRENT"):
        raise RotationRefused(f"the pending value of {event['SecretId']} is missing, too short, or not new")
    if not value.startswith(prefix):
        raise RotationRefused(f"the pending value of {event['SecretId']} does not begin with {prefix!r}")


def _finish(event: Event, store: Store, _prefix: str) -> None:
    """Make the pending version the current one; the one before stays readable as AWSPREVIOUS."""
    versions = _stages(store.describe_secret(SecretId=event["SecretId"]))
    current = next((version for version, stages in versions.items() if "AWSCURRENT" in stages), None)
    moved = {"RemoveFromVersionId": current} if current is not None else {}
    store.update_secret_version_stage(
        SecretId=event["SecretId"], VersionStage="AWSCURRENT", MoveToVersionId=event["ClientRequestToken"], **moved
    )


STEPS: Mapping[str, Callable[[Event, Store, str], None]] = {
    "createSecret": _create,
    "setSecret": _set,
    "testSecret": _test,
    "finishSecret": _finish,
}


def _stages(described: Mapping[str, object]) -> Mapping[str, list[str]]:
    return cast("Mapping[str, list[str]]", described.get("VersionIdsToStages") or {})


def _prefix(described: Mapping[str, object]) -> str:
    tags = cast("list[Mapping[str, str]]", described.get("Tags") or [])
    return next((tag["Value"] for tag in tags if tag["Key"] == PREFIX), "")


def _value(event: Event, store: Store, stage: str) -> str | None:
    """The value of a stage, None when it has none yet."""
    asked = {"SecretId": event["SecretId"], "VersionStage": stage}
    if stage == "AWSPENDING":
        asked["VersionId"] = event["ClientRequestToken"]
    try:
        return str(store.get_secret_value(**asked)["SecretString"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise


def _random() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def _renewed(current: str | None, value: str) -> str:
    """A JSON secret keeps its other fields, such as a user name; a plain one is replaced."""
    fields = _fields(current)
    return value if fields is None else json.dumps({**fields, "password": value})


def _secret_of(text: str) -> str:
    fields = _fields(text)
    return text if fields is None else str(fields.get("password", ""))


def _fields(text: str | None) -> dict[str, object] | None:
    try:
        read = json.loads(text or "")
    except ValueError:
        return None
    return read if isinstance(read, dict) else None
