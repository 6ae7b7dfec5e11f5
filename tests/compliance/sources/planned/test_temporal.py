"""What is told of Temporal, from the files that its pods mount; each weakening of them is seen."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from blueprint.graph import Resource
from compliance.facts.temporal import TemporalServer, WorkflowNamespace
from tests.compliance.sources.planned.estate import only, resource, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import JsonValue

DEPLOYMENT, CONFIG_MAP, JOB = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:ConfigMap", "kubernetes:batch/v1:Job"
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/claims-prod/temporalio/server:1.29.1"
DOOR: JsonValue = {"name": "database-door", "image": "x", "command": ["python", "/etc/database-door/database_door.py"]}


def sound() -> Any:
    speaks: Any = {
        "server": {"certFile": "/c", "keyFile": "/c"},
        "client": {"serverName": "temporal", "rootCaFiles": ["/ca"], "disableHostVerification": False},
    }
    store = {"sql": {"connectAddr": "127.0.0.1:5432", "user": "temporal"}}
    return {
        "persistence": {"datastores": {"default": store, "visibility": {**store}}},
        "global": {
            "tls": {"internode": speaks, "frontend": copy.deepcopy(speaks)},
            "authorization": {
                "jwtKeyProvider": {"keySourceURIs": ["http://127.0.0.1:7299/keys"]}, "authorizer": "default",
                "claimMapper": "default", "audience": "a", "permissionsRegex": "^a$",
            },
        },
    }  # fmt: skip


LIMITS = {
    name: [{"value": 10}]
    for name in (
        "frontend.globalNamespaceRPS", "limit.blobSize.error", "limit.historySize.error", "limit.historyCount.error"
    )
}  # fmt: skip


def server(
    config: Any = None, *, role: str = "frontend", limits: Any = None, beside: tuple[JsonValue, ...] = (DOOR,),
    command: JsonValue = None,
) -> TemporalServer:  # fmt: skip
    told: JsonValue = {
        "name": "temporal", "image": IMAGE,
        "command": command or ["temporal-server", "--env", "server", "start", f"--service={role}"],
    }  # fmt: skip
    volumes: JsonValue = [{"name": "settings", "configMap": {"name": "settings"}}]
    spec: JsonValue = {"containers": [told], "initContainers": list(beside), "volumes": volumes}
    data: JsonValue = {
        "server.yaml": yaml.safe_dump(sound() if config is None else config),
        "dynamic.yaml": yaml.safe_dump(LIMITS if limits is None else limits),
    }
    meta: dict[str, JsonValue] = {"name": role, "namespace": "durable-execution"}
    return only(
        TemporalServer,
        resource(DEPLOYMENT, role, {"metadata": meta, "spec": {"template": {"spec": spec}}}),
        resource(CONFIG_MAP, "settings", {"metadata": {**meta, "name": "settings"}, "data": data}),
    )


def weakened(path: str, new: object) -> Any:
    config = sound()
    *way, last = path.split(".")
    place = config
    for key in way:
        place = place[key]
    place[last] = new
    return config


def test_a_sound_server_is_sound() -> None:
    found = server()
    for leaf in (
        "answers_callers",
        "authenticated",
        "encrypted",
        "siblings_encrypted",
        "database_encrypted",
        "limited",
        "private",
    ):
        assert value(getattr(found, leaf)) is True, leaf
    assert value(found.database_password) is False


def test_only_a_frontend_and_a_server_in_one_process_answer_callers() -> None:
    roles = {role: value(server(role=role).answers_callers) for role in ("frontend", "history", "internal-frontend")}
    assert roles == {"frontend": True, "history": False, "internal-frontend": False}
    assert value(server(command=["temporal-server", "--env=server", "start"]).answers_callers) is True


@pytest.mark.parametrize(
    ("path", "new", "leaf"),
    [("global.authorization.authorizer", "", "authenticated"), ("global.authorization.claimMapper", "", "authenticated"),
     ("global.authorization.audience", "", "authenticated"), ("global.authorization.permissionsRegex", None, "authenticated"),
     ("global.authorization.jwtKeyProvider", {"keySourceURIs": ["http://keys.example.org"]}, "authenticated"),
     ("global.authorization.jwtKeyProvider", {}, "authenticated"), ("global.authorization", None, "authenticated"),
     ("global.tls.frontend.server", {}, "encrypted"), ("global.tls.frontend.server.keyFile", "", "encrypted"),
     ("global.tls.internode.server", {}, "siblings_encrypted"), ("global.tls.internode.client.rootCaFiles", [], "siblings_encrypted"),
     ("global.tls.internode.client.disableHostVerification", True, "siblings_encrypted"), ("global.tls", None, "siblings_encrypted"),
     ("persistence.datastores.visibility", {"sql": {"connectAddr": "db.example.org:5432"}}, "database_encrypted"),
     ("persistence.datastores", {}, "database_encrypted")],
)  # fmt: skip
def test_each_weakening_is_seen(path: str, new: object, leaf: str) -> None:
    assert value(getattr(server(weakened(path, new)), leaf)) is False


def test_a_loopback_without_the_door_is_no_way_over_tls() -> None:
    assert value(server(beside=()).database_encrypted) is False
    over_tls = {"sql": {"connectAddr": "db.example.org:5432", "tls": {"enabled": True}}}
    assert (
        value(server(weakened("persistence.datastores", {"default": over_tls}), beside=()).database_encrypted) is True
    )


def test_a_password_in_the_configuration_is_seen() -> None:
    config = weakened("persistence.datastores.visibility", {"sql": {"connectAddr": "127.0.0.1:5432", "password": "p"}})
    assert value(server(config).database_password) is True


@pytest.mark.parametrize(
    "change", [lambda told: told.popitem(), lambda told: told.update({"limit.blobSize.error": [{"value": 0}]})]
)
def test_a_missing_limit_is_seen(change: Callable[[dict[str, object]], object]) -> None:
    limits: dict[str, object] = dict(LIMITS)
    change(limits)
    assert value(server(limits=limits).limited) is False


def test_what_cannot_be_read_is_unknown() -> None:
    found = server(command={"$unknown": True})
    for leaf in (
        "answers_callers",
        "authenticated",
        "encrypted",
        "siblings_encrypted",
        "database_encrypted",
        "database_password",
    ):
        assert str(value(getattr(found, leaf))).startswith("?"), leaf
    other = server(command=["temporal-server", "--env", "other", "start"])
    assert value(other.authenticated) == value(other.encrypted) == "?not_read"


def namespace(**env: JsonValue) -> WorkflowNamespace:
    told: JsonValue = {
        "name": "namespaces", "image": "x", "command": ["sh", "/etc/temporal-programs/temporal_namespace.sh"],
        "env": [{"name": name, "value": each} for name, each in env.items()],
    }  # fmt: skip
    job: Resource = resource(
        JOB, "namespaces",
        {"metadata": {"name": "n", "namespace": "d"}, "spec": {"template": {"spec": {"containers": [told]}}}},
    )  # fmt: skip
    return only(WorkflowNamespace, job)


def test_the_retention_of_histories_is_what_the_job_is_told() -> None:
    assert value(namespace(RETENTION_DAYS="30").retention) == 30
    assert value(namespace(RETENTION_DAYS={"$unknown": True}).retention) == "?cloud_decides"
    assert value(namespace().retention) == value(namespace(RETENTION_DAYS="x").retention) == "?not_read"
