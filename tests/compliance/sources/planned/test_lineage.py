"""What is told of the record of lineage; each weakening of it is seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from compliance.facts.lineage import LineageStore
from tests.compliance.sources.planned.estate import only, resource, value

if TYPE_CHECKING:
    from pydantic import JsonValue

DEPLOYMENT, CONFIG_MAP = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:ConfigMap"
SECRETS = "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass"
DATABASE_DOOR: JsonValue = {"name": "database-door", "image": "x", "command": ["python", "/d/database_door.py"]}
ENV = {"CERTIFICATE": "/run/certificate/server.pem", "KEY_FILE": "/etc/lineage-secrets/key"}


def sound() -> Any:
    return {
        "server": {
            "applicationConnectors": [{"type": "http", "bindHost": "127.0.0.1", "port": 5000}],
            "adminConnectors": [{"type": "http", "bindHost": "127.0.0.1", "port": 5001}],
        },
        "db": {"url": "jdbc:postgresql://127.0.0.1:5432/marquez?sslmode=disable"},
        "graphql": {"enabled": False},
        "search": {"enabled": False},
    }


def store(
    config: Any = None, *, env: dict[str, JsonValue] | None = None, door: bool = True, database_door: bool = True,
    secret: str = "key", secrets_in: JsonValue = "lineage", incomplete: str | None = None,
) -> LineageStore:  # fmt: skip
    told: JsonValue = [{"name": name, "value": each} for name, each in (ENV if env is None else env).items()]
    entrance: JsonValue = {
        "name": "lineage-door",
        "image": "x",
        "command": ["python", "/e/lineage_door.py"],
        "env": told,
    }
    marquez: JsonValue = {"name": "marquez", "image": "x/claims-prod/marquezproject/marquez:0.51.1"}
    csi: JsonValue = {"driver": "secrets-store.csi.k8s.io", "volumeAttributes": {"secretProviderClass": "secrets"}}
    spec: JsonValue = {
        "containers": [marquez, *([entrance] if door else [])],
        "initContainers": [DATABASE_DOOR] if database_door else [],
        "volumes": [{"name": "settings", "configMap": {"name": "settings"}}, {"name": "secrets", "csi": csi}],
    }
    place: JsonValue = {"name": "settings", "namespace": "lineage"}
    held: JsonValue = {"parameters": {"objects": json.dumps([{"objectName": "arn", "objectAlias": secret}])}}
    data: JsonValue = {"marquez.yml": yaml.safe_dump(sound() if config is None else config)}
    return only(
        LineageStore,
        resource(DEPLOYMENT, "lineage", {"metadata": {"name": "l", "namespace": "lineage"}, "spec": {"template": {"spec": spec}}}),
        resource(CONFIG_MAP, "settings", {"metadata": place, "data": data}),
        resource(SECRETS, "secrets", {"metadata": {"name": "secrets", "namespace": secrets_in}, "spec": held}),
        incomplete=incomplete,
    )  # fmt: skip


def test_a_sound_store_is_sound() -> None:
    found = store()
    for leaf in ("authenticated", "encrypted", "database_encrypted", "narrow", "private"):
        assert value(getattr(found, leaf)) is True, leaf
    assert value(found.retention) == "forever"


@pytest.mark.parametrize("host", ["0.0.0.0", None, "10.0.0.1"])
@pytest.mark.parametrize("kind", ["applicationConnectors", "adminConnectors"])
def test_a_connector_that_listens_elsewhere_is_a_way_around_the_door(kind: str, host: str | None) -> None:
    config = sound()
    config["server"][kind][0]["bindHost"] = host
    assert value(store(config).authenticated) is value(store(config).encrypted) is False


def test_a_key_that_may_be_mounted_from_something_unseen_is_neither_there_nor_missing() -> None:
    assert value(store(secret="other").authenticated) is False
    assert value(store(secret="other", incomplete="half a preview").authenticated) == "?not_read"
    assert value(store(secret="other", secrets_in={"$unknown": True}).authenticated) == "?cloud_decides"


def test_connectors_left_out_listen_everywhere() -> None:
    assert value(store({**sound(), "server": {}}).authenticated) is False


def test_without_door_key_or_certificate_nobody_is_asked_and_nothing_encrypted() -> None:
    assert value(store(door=False).authenticated) is value(store(door=False).encrypted) is False
    assert value(store(env={"CERTIFICATE": "/c"}).authenticated) is False
    assert value(store(env={"KEY_FILE": "/etc/lineage-secrets/key"}).encrypted) is False
    assert value(store(secret="another").authenticated) is False


def test_a_database_elsewhere_or_without_its_door_is_reached_in_clear() -> None:
    assert value(store(database_door=False).database_encrypted) is False
    config = {**sound(), "db": {"url": "jdbc:postgresql://db.example.org:5432/marquez"}}
    assert value(store(config).database_encrypted) is False


@pytest.mark.parametrize("way", ["graphql", "search"])
@pytest.mark.parametrize("setting", [{"enabled": True}, {}, None])
def test_a_further_way_is_seen_also_when_it_is_on_by_default(way: str, setting: object) -> None:
    assert value(store({**sound(), way: setting}).narrow) is False


@pytest.mark.parametrize(("told", "days"), [({"retentionDays": 365}, 365), ({"frequencyMins": 5}, 7), ({}, 7)])
def test_the_retention_is_what_marquez_is_told_or_its_own_week(told: dict[str, int], days: int) -> None:
    assert value(store({**sound(), "dbRetention": told}).retention) == days


def test_what_cannot_be_read_is_unknown() -> None:
    assert value(store(env={**ENV, "KEY_FILE": {"$unknown": True}}).authenticated) == "?cloud_decides"
    assert value(store(env={**ENV, "CERTIFICATE": {"$unknown": True}}).encrypted) == "?cloud_decides"
