"""What is told of Langfuse and ClickHouse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.tracing import ClickHouseServer, TraceStore
from tests.compliance.sources.planned.estate import estate, only, ref, resource, value

DEPLOYMENT, STATEFUL_SET = "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"
CONFIG_MAP, CRON_JOB = "kubernetes:core/v1:ConfigMap", "kubernetes:batch/v1:CronJob"
STORAGE_CLASS, BUCKET = "kubernetes:storage.k8s.io/v1:StorageClass", "aws:s3/bucket:Bucket"
REGISTRY = "111122223333.dkr.ecr.us-east-1.amazonaws.com/claims-prod"
SHARED: dict[str, JsonValue] = {
    "CLICKHOUSE_URL": "https://clickhouse.tracing.svc:8443", "REDIS_HOST": "127.0.0.1", "TELEMETRY_ENABLED": "false",
    "DATABASE_URL": "postgresql://langfuse@127.0.0.1:5432/langfuse?sslmode=disable",
}  # fmt: skip
WEB: dict[str, JsonValue] = {
    **SHARED, "AUTH_DISABLE_SIGNUP": "true", "AUTH_DISABLE_USERNAME_PASSWORD": "true", "AUTH_SESSION_MAX_AGE": "15",
    "LANGFUSE_S3_EVENT_UPLOAD_BUCKET": ref(BUCKET, "events"),
}  # fmt: skip
HOSTS: list[JsonValue] = [{"host": f"replica-{number}", "secure": 1} for number in range(3)]
SERVER: dict[str, JsonValue] = {
    "https_port": 8443, "tcp_port_secure": 9440,
    "openSSL": {"server": {"disableProtocols": "sslv2,sslv3,tlsv1,tlsv1_1"}, "client": {"verificationMode": "strict"}},
    "keeper_server": {"tcp_port_secure": 9281, "raft_configuration": {"secure": True, "server": [{"id": 1}, {"id": 2}, {"id": 3}]}},
    "zookeeper": {"node": HOSTS}, "remote_servers": {"default": {"shard": {"replica": HOSTS}}},
    "query_log": {"ttl": "event_date + INTERVAL 30 DAY DELETE"}, "send_crash_reports": {"enabled": False},
}  # fmt: skip
USERS: dict[str, JsonValue] = {"users": {"langfuse": {"password_sha256_hex": "@CLICKHOUSE@"}}}
STORAGE: dict[str, JsonValue] = {"encrypted": "true", "tagSpecification_1": "backup=claims-prod"}


def store(
    web: Mapping[str, JsonValue] = WEB, worker: Mapping[str, JsonValue] = SHARED, scheme: str = "HTTPS"
) -> TraceStore:
    probe: JsonValue = {"httpGet": {"scheme": scheme}}
    return only(
        TraceStore, _pods(DEPLOYMENT, "web", "langfuse", web, readinessProbe=probe),
        _pods(DEPLOYMENT, "worker", "langfuse-worker", worker), resource(BUCKET, "events", {}),
    )  # fmt: skip


def clickhouse(
    server: Mapping[str, JsonValue] = SERVER,
    users: Mapping[str, JsonValue] = USERS,
    storage: Mapping[str, JsonValue] = STORAGE,
    job: Mapping[str, JsonValue] | None = None,
) -> ClickHouseServer:
    meta: JsonValue = {"name": "config", "namespace": "tracing"}
    files: JsonValue = {"config.yaml": json.dumps(dict(server)), "users.yaml": json.dumps(dict(users))}
    claim: JsonValue = {"spec": {"storageClassName": "disks"}}
    return only(
        ClickHouseServer,
        _pods(STATEFUL_SET, "clickhouse", "clickhouse-server", {}, volumes=[{"name": "c", "configMap": {"name": "config"}}],
              claims=[claim]),
        resource(CONFIG_MAP, "config", {"metadata": meta, "data": files}),
        resource(STORAGE_CLASS, "disks", {"metadata": {"name": "disks"}, "parameters": dict(storage)}),
        *([_job(job)] if job else []),
    )  # fmt: skip


def _pods(
    token: str,
    name: str,
    image: str,
    env: Mapping[str, JsonValue],
    *,
    volumes: list[JsonValue] | None = None,
    claims: list[JsonValue] | None = None,
    **more: JsonValue,
) -> Resource:
    listed: list[JsonValue] = [{"name": key, "value": each} for key, each in env.items()]
    container: JsonValue = {"name": name, "image": f"{REGISTRY}/langfuse/{image}:4.38.0", "env": listed, **more}
    template: JsonValue = {"spec": {"containers": [container], "volumes": volumes or []}}
    spec: JsonValue = {"template": template, "volumeClaimTemplates": claims or []}
    return resource(token, name, {"metadata": {"name": name, "namespace": "tracing"}, "spec": spec})


def _job(told: Mapping[str, JsonValue]) -> Resource:
    container: JsonValue = {"name": "retention", "env": [{"name": "RETENTION_DAYS", "value": told["days"]}]}
    template: JsonValue = {"spec": {"containers": [container]}}
    spec: JsonValue = {"suspend": told.get("suspend", False), "jobTemplate": {"spec": {"template": template}}}
    return resource(CRON_JOB, "retention", {"metadata": {"name": "retention", "namespace": "tracing"}, "spec": spec})


def changed(whole: Mapping[str, JsonValue], path: str, to: JsonValue) -> dict[str, JsonValue]:
    """A document with one part changed; points separate keys."""
    copied = deepcopy(dict(whole))
    here: JsonValue = copied
    *way, last = path.split(".")
    for key in way:
        here = here[key]  # type: ignore[index,call-overload]
    here[last] = to  # type: ignore[index,call-overload]
    return copied


def test_a_sound_store_is_read_so() -> None:
    found = store()
    assert (value(found.encrypted), value(found.encrypted_out), value(found.private)) == (True, True, True)
    assert (value(found.reports_home), value(found.accounts), value(found.passwords)) == (False, "nobody", False)
    assert value(found.session_minutes) == 15
    assert len(found.urns) == 2


@pytest.mark.parametrize(
    ("name", "to", "leaf", "told"),
    [
        ("TELEMETRY_ENABLED", "true", "reports_home", True),
        ("CLICKHOUSE_URL", "http://clickhouse.tracing.svc:8123", "encrypted_out", False),
        ("REDIS_HOST", "queue.example.org", "encrypted_out", False),
        ("DATABASE_URL", "postgresql://langfuse@db.example.org/langfuse", "encrypted_out", False),
        ("DATABASE_URL", "postgresql://langfuse@db.example.org/langfuse?sslmode=require", "encrypted_out", True),
        ("AUTH_DISABLE_USERNAME_PASSWORD", "false", "passwords", True),
        ("AUTH_SESSION_MAX_AGE", "43200", "session_minutes", 43200),
        ("AUTH_SESSION_MAX_AGE", {"$unknown": True}, "session_minutes", "?cloud_decides"),
    ],
)
def test_each_setting_of_the_environment_is_read(name: str, to: JsonValue, leaf: str, told: object) -> None:
    assert value(getattr(store({**WEB, name: to}), leaf)) == told


@pytest.mark.parametrize(
    ("name", "leaf", "told"),
    [("TELEMETRY_ENABLED", "reports_home", True), ("AUTH_DISABLE_USERNAME_PASSWORD", "passwords", True),
     ("AUTH_SESSION_MAX_AGE", "session_minutes", 43200), ("AUTH_DISABLE_SIGNUP", "accounts", "anybody")],
)  # fmt: skip
def test_what_is_left_out_is_as_langfuse_comes(name: str, leaf: str, told: object) -> None:
    assert value(getattr(store({key: each for key, each in WEB.items() if key != name}), leaf)) == told


def test_with_passwords_off_an_identity_provider_gives_accounts() -> None:
    opened = {**WEB, "AUTH_DISABLE_SIGNUP": "false"}
    assert value(store({**opened, "AUTH_CUSTOM_ISSUER": "https://login.example.org"}).accounts) == "provider"
    with_passwords: dict[str, JsonValue] = {
        **opened, "AUTH_CUSTOM_ISSUER": "https://login.example.org", "AUTH_DISABLE_USERNAME_PASSWORD": "false"
    }  # fmt: skip
    assert value(store(with_passwords).accounts) == "anybody"


def test_the_worker_counts_too_and_a_store_that_answers_in_clear_is_seen() -> None:
    assert value(store(worker={**SHARED, "TELEMETRY_ENABLED": "true"}).reports_home) is True
    assert value(store(scheme="HTTP").encrypted) is False


def test_a_deployment_of_something_else_is_no_store() -> None:
    other = _pods(DEPLOYMENT, "web", "litellm", WEB)
    assert estate([other]).all(TraceStore) == ()


def test_a_sound_clickhouse_is_read_so() -> None:
    found = clickhouse(job={"days": "400"})
    told = [found.encrypted, found.peers_verified, found.authenticated, found.private, found.logs_end]
    assert [value(leaf) for leaf in (*told, found.volumes_encrypted, found.volumes_backed_up)] == [True] * 7
    assert (value(found.tls_min_version), value(found.keepers), value(found.rows_kept)) == ("1.2", 3, 400)
    assert value(found.reports_home) is False


@pytest.mark.parametrize(
    ("path", "to", "leaf", "told"),
    [
        ("http_port", 8123, "encrypted", False),
        ("tcp_port", 9000, "encrypted", False),
        ("interserver_http_port", 9009, "encrypted", False),
        ("keeper_server.tcp_port", 9181, "encrypted", False),
        ("keeper_server.raft_configuration.secure", False, "encrypted", False),
        ("zookeeper.node", [{"host": "replica-0"}], "encrypted", False),
        ("remote_servers.default.shard.replica", {"host": "replica-0"}, "encrypted", False),
        ("openSSL.server.disableProtocols", "", "tls_min_version", "1.0"),
        ("openSSL.server.disableProtocols", "tlsv1,tlsv1_1,tlsv1_2", "tls_min_version", "1.3"),
        ("openSSL.client.verificationMode", "none", "peers_verified", False),
        ("openSSL.client.invalidCertificateHandler", {"name": "AcceptCertificateHandler"}, "peers_verified", False),
        ("keeper_server.raft_configuration.server", {"id": 1}, "keepers", 1),
        ("query_log.ttl", "", "logs_end", False),
        ("text_log", {"database": "system"}, "logs_end", False),
        ("send_crash_reports.enabled", True, "reports_home", True),
    ],
)
def test_each_part_of_the_configuration_is_read(path: str, to: JsonValue, leaf: str, told: object) -> None:
    assert value(getattr(clickhouse(changed(SERVER, path, to)), leaf)) == told


@pytest.mark.parametrize(
    "user", [{}, {"password": ""}, {"no_password": None}, {"password": "in clear"}, {"password_sha256_hex": ""}]
)
def test_a_user_without_a_hash_is_seen_beside_one_that_has_one(user: JsonValue) -> None:
    assert value(clickhouse(users=changed(USERS, "users.default", user)).authenticated) is False


@pytest.mark.parametrize(
    ("job", "kept"),
    [(None, "forever"), ({"days": "30"}, 30), ({"days": "30", "suspend": True}, "forever"),
     ({"days": {"$unknown": True}}, "?cloud_decides")],
)  # fmt: skip
def test_rows_are_kept_until_a_job_that_runs_ends_them(job: Mapping[str, JsonValue] | None, kept: object) -> None:
    assert value(clickhouse(job=job).rows_kept) == kept


def test_volumes_are_as_their_storage_class_makes_them() -> None:
    assert value(clickhouse(storage={**STORAGE, "encrypted": "false"}).volumes_encrypted) is False
    assert value(clickhouse(storage={"encrypted": "true"}).volumes_backed_up) is False
    assert value(clickhouse(storage={"tagSpecification_1": "owner=me"}).volumes_backed_up) is False
    absent = only(ClickHouseServer, _pods(STATEFUL_SET, "clickhouse", "clickhouse-server", {}, claims=[{"spec": {}}]))
    assert (value(absent.volumes_encrypted), value(absent.encrypted)) == ("?not_read", "?not_read")


@pytest.mark.parametrize("name", ["AUTH_DISABLE_SIGNUP", "AUTH_DISABLE_USERNAME_PASSWORD"])
def test_who_may_have_an_account_is_unknown_where_the_cloud_decides_it(name: str) -> None:
    told: dict[str, JsonValue] = {**WEB, "AUTH_DISABLE_SIGNUP": "false", name: {"$unknown": True}}
    assert value(store(told).accounts) == "?cloud_decides"


def test_the_bucket_is_a_link_where_it_is_one() -> None:
    assert str(value(store().bucket)).find("Bucket::events") > 0
    assert value(store({**WEB, "LANGFUSE_S3_EVENT_UPLOAD_BUCKET": "events"}).bucket) == "?not_read"
    assert value(store({name: each for name, each in WEB.items() if "BUCKET" not in name}).bucket) is None


def test_a_session_that_is_no_number_was_not_read() -> None:
    assert value(store({**WEB, "AUTH_SESSION_MAX_AGE": "soon"}).session_minutes) == "?not_read"
