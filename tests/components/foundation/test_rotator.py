"""The rotator's handler against a simulated Secrets Manager."""

from __future__ import annotations

import importlib.util
import json
import uuid
from typing import TYPE_CHECKING, Any

import boto3  # type: ignore[import-untyped]
import pytest
from moto import mock_aws

from components.foundation.random_rotator import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-1"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
loaded = importlib.util.spec_from_file_location("rotator_handler", SOURCE)
assert loaded is not None
assert loaded.loader is not None
handler: Any = importlib.util.module_from_spec(loaded)
loaded.loader.exec_module(handler)


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_REGION", REGION)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name=REGION)


class Enabled:
    """The simulated store, with rotation switched on: moto wants a function of its own for that."""

    def __init__(self, manager: Any, *, on: bool = True) -> None:
        self._manager, self._on = manager, on

    def describe_secret(self, **asked: Any) -> dict[str, Any]:
        return {**self._manager.describe_secret(**asked), "RotationEnabled": self._on}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)


def secret(manager: Any, value: str = "old") -> str:
    made: str = manager.create_secret(Name="claims-prod/gateway/master-key", SecretString=value)["ARN"]
    return made


def pending(manager: Any, secret_id: str) -> str:
    """What Secrets Manager does before the first step: a version without value; moto needs some value for it."""
    token = str(uuid.uuid4())
    manager.put_secret_value(
        SecretId=secret_id, ClientRequestToken=token, SecretString="taken", VersionStages=["AWSPENDING"]
    )
    return token


def run(manager: Any, secret_id: str, token: str, *steps: str) -> None:
    for step in steps or STEPS:
        handler.rotate({"SecretId": secret_id, "ClientRequestToken": token, "Step": step}, Enabled(manager))


class Fresh(Enabled):
    """A pending version that has no value yet, as in the real service."""

    def __init__(self, manager: Any, token: str) -> None:
        super().__init__(manager)
        self._token, self._written = token, False

    def get_secret_value(self, **asked: Any) -> dict[str, Any]:
        if asked["VersionStage"] == "AWSPENDING" and not self._written:
            asked = {"SecretId": "claims-prod/not/there"}
        answer: dict[str, Any] = self._manager.get_secret_value(**asked)
        return answer

    def put_secret_value(self, **asked: Any) -> Any:
        self._written = True
        self.value = asked["SecretString"]
        asked["ClientRequestToken"] = self._token
        self._manager.update_secret_version_stage(
            SecretId=asked["SecretId"], VersionStage="AWSPENDING", RemoveFromVersionId=self._token
        )
        return None

    def describe_secret(self, **asked: Any) -> dict[str, Any]:
        answer = super().describe_secret(**asked)
        stages = {**answer["VersionIdsToStages"], self._token: ["AWSPENDING"]}
        return {**answer, "VersionIdsToStages": stages}


def test_the_new_value_is_long_random_and_not_the_old_one(manager: Any) -> None:
    secret_id = secret(manager)
    token = pending(manager, secret_id)
    store = Fresh(manager, token)
    handler.rotate({"SecretId": secret_id, "ClientRequestToken": token, "Step": "createSecret"}, store)
    assert len(store.value) == handler.LENGTH
    assert set(store.value) <= set(handler.ALPHABET)
    assert store.value != "old"


def test_a_value_begins_as_its_secret_says(manager: Any) -> None:
    secret_id = secret(manager)
    manager.tag_resource(SecretId=secret_id, Tags=[{"Key": "value-prefix", "Value": "sk-"}])
    token = pending(manager, secret_id)
    store = Fresh(manager, token)
    handler.rotate({"SecretId": secret_id, "ClientRequestToken": token, "Step": "createSecret"}, store)
    assert store.value.startswith("sk-")
    assert len(store.value) == len("sk-") + handler.LENGTH
    assert set(store.value.removeprefix("sk-")) <= set(handler.ALPHABET)


@pytest.mark.parametrize(("value", "why"), [("n" * 51, "does not begin with 'sk-'"), ("sk-" + "n" * 47, "too short")])
def test_a_value_that_begins_otherwise_or_is_short_behind_its_prefix_is_refused(
    manager: Any, value: str, why: str
) -> None:
    secret_id = secret(manager)
    manager.tag_resource(SecretId=secret_id, Tags=[{"Key": "value-prefix", "Value": "sk-"}])
    token = str(uuid.uuid4())
    manager.put_secret_value(
        SecretId=secret_id, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
    )
    with pytest.raises(handler.RotationRefused, match=why):
        run(manager, secret_id, token, "testSecret")


def test_the_other_fields_of_a_json_secret_stay(manager: Any) -> None:
    secret_id = secret(manager, json.dumps({"username": "platform", "password": "old"}))
    token = pending(manager, secret_id)
    store = Fresh(manager, token)
    handler.rotate({"SecretId": secret_id, "ClientRequestToken": token, "Step": "createSecret"}, store)
    fields = json.loads(store.value)
    assert fields["username"] == "platform"
    assert len(fields["password"]) == handler.LENGTH


def test_a_repeated_creation_keeps_the_first_value(manager: Any) -> None:
    secret_id = secret(manager)
    token = pending(manager, secret_id)
    run(manager, secret_id, token, "createSecret")
    held = manager.get_secret_value(SecretId=secret_id, VersionId=token, VersionStage="AWSPENDING")
    assert held["SecretString"] == "taken"


def test_the_pending_version_becomes_current_and_the_one_before_stays_readable(manager: Any) -> None:
    secret_id = secret(manager)
    token = pending(manager, secret_id)
    run(manager, secret_id, token, "finishSecret")
    assert manager.get_secret_value(SecretId=secret_id, VersionStage="AWSCURRENT")["VersionId"] == token
    assert manager.get_secret_value(SecretId=secret_id, VersionStage="AWSPREVIOUS")["SecretString"] == "old"


def test_a_finished_rotation_is_left_alone(manager: Any) -> None:
    secret_id = secret(manager)
    token = pending(manager, secret_id)
    run(manager, secret_id, token, "finishSecret")
    run(manager, secret_id, token)
    assert manager.get_secret_value(SecretId=secret_id, VersionStage="AWSCURRENT")["SecretString"] == "taken"


@pytest.mark.parametrize("value", ["old", "short"])
def test_a_value_that_is_old_or_short_does_not_pass_the_test_step(manager: Any, value: str) -> None:
    secret_id = secret(manager, "old")
    token = str(uuid.uuid4())
    manager.put_secret_value(
        SecretId=secret_id, ClientRequestToken=token, SecretString=value, VersionStages=["AWSPENDING"]
    )
    with pytest.raises(handler.RotationRefused, match="missing, too short, or not new"):
        run(manager, secret_id, token, "testSecret")


def test_a_good_value_passes_the_test_step(manager: Any) -> None:
    secret_id = secret(manager)
    token = str(uuid.uuid4())
    manager.put_secret_value(
        SecretId=secret_id, ClientRequestToken=token, SecretString="n" * 48, VersionStages=["AWSPENDING"]
    )
    run(manager, secret_id, token, "setSecret", "testSecret")
    assert manager.get_secret_value(SecretId=secret_id)["SecretString"] == "old"


def test_an_unknown_step_is_refused_with_the_known_ones(manager: Any) -> None:
    secret_id = secret(manager)
    with pytest.raises(handler.RotationRefused, match="'deleteSecret' is no step of a rotation; allowed: createSecret"):
        run(manager, secret_id, "any", "deleteSecret")


def test_a_version_that_is_not_pending_is_refused(manager: Any) -> None:
    secret_id = secret(manager)
    with pytest.raises(handler.RotationRefused, match="is not pending"):
        run(manager, secret_id, str(uuid.uuid4()), "createSecret")


def test_a_secret_whose_rotation_is_off_is_refused(manager: Any) -> None:
    secret_id = secret(manager)
    with pytest.raises(handler.RotationRefused, match="is switched off"):
        handler.rotate(
            {"SecretId": secret_id, "ClientRequestToken": "any", "Step": "createSecret"}, Enabled(manager, on=False)
        )


def test_the_entry_point_talks_to_the_store_of_its_region(manager: Any) -> None:
    secret_id = secret(manager)
    with pytest.raises(handler.RotationRefused, match="is switched off"):
        handler.handle({"SecretId": secret_id, "ClientRequestToken": "any", "Step": "createSecret"}, None)


def test_no_value_is_ever_printed(manager: Any, capsys: pytest.CaptureFixture[str]) -> None:
    secret_id = secret(manager)
    token = pending(manager, secret_id)
    run(manager, secret_id, token, "createSecret", "setSecret", "finishSecret")
    assert "".join(capsys.readouterr()) == ""
