"""What happens to the verdicts when something of the store of traces is made weaker, one thing at a time."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from blueprint.types import Mode
from compliance.engine import judge
from compliance.findings import Outcome
from compliance.resolve import resolve
from compliance.rule import load_rules
from compliance.sources.planned.source import subjects
from components.observability.langfuse_spec import LangfuseSpec
from tests.components import builders
from tests.components.observability.test_langfuse import synthesised
from tests.components.strictest import FRAMEWORKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from blueprint.graph import ResourceGraph
    from blueprint.posture import JoinedPosture
    from compliance.rule import Rule

WEB, SERVERS = "tracing-web-pods", "tracing-clickhouse-servers"
CONFIG, STORAGE = "tracing-clickhouse-config", "tracing-clickhouse-storage"


@pytest.fixture(scope="module")
def tracing() -> ResourceGraph:
    return synthesised(LangfuseSpec())


def variable(name: str, value: str) -> Callable[[Any], None]:
    def change(inputs: Any) -> None:
        for each in inputs["spec"]["template"]["spec"]["containers"][0]["env"]:
            if each["name"] == name:
                each["value"] = value

    return change


def days(value: str) -> Callable[[Any], None]:
    def change(inputs: Any) -> None:
        variable("RETENTION_DAYS", value)(inputs["spec"]["jobTemplate"])

    return change


def text(file: str, before: str, after: str) -> Callable[[Any], None]:
    def change(inputs: Any) -> None:
        assert before in inputs["data"][file]
        inputs["data"][file] = inputs["data"][file].replace(before, after)

    return change


def entry(path: str, value: object) -> Callable[[Any], None]:
    def change(inputs: Any) -> None:
        *way, last = path.split(".")
        for key in way:
            inputs = inputs[int(key)] if key.isdigit() else inputs[key]
        inputs[last] = value

    return change


WEAKENED = [
    (WEB, variable("TELEMETRY_ENABLED", "true"), "langfuse_store_calls_nobody"),
    (WEB, variable("AUTH_DISABLE_SIGNUP", "false"), "langfuse_store_accounts_governed"),
    (WEB, variable("AUTH_DISABLE_USERNAME_PASSWORD", "false"), "langfuse_store_accounts_governed"),
    (WEB, variable("AUTH_SESSION_MAX_AGE", "600"), "langfuse_store_sessions_end"),
    (WEB, variable("CLICKHOUSE_URL", "http://clickhouse:8123"), "langfuse_store_encrypted_out"),
    (WEB, entry("spec.template.spec.containers.0.readinessProbe.httpGet.scheme", "HTTP"), "langfuse_store_encrypted"),
    (WEB, entry("spec.replicas", 1), "kubernetes_workload_survives_node"),
    ("tracing-service", entry("spec.type", "LoadBalancer"), "langfuse_store_private"),
    ("tracing-events-ageing", entry("rules.0.expiration", {"days": 5}), "langfuse_store_events_removed"),
    (CONFIG, text("config.yaml", "https_port: 8443", "http_port: 8123"), "clickhouse_server_encrypted"),
    (CONFIG, text("config.yaml", ",tlsv1_1", ""), "clickhouse_server_tls_version"),
    (CONFIG, text("config.yaml", "verificationMode: strict", "verificationMode: none"), "clickhouse_server_peers_verified"),
    (CONFIG, text("config.yaml", "enabled: false", "enabled: true"), "clickhouse_server_calls_nobody"),
    (CONFIG, text("config.yaml", "INTERVAL 30 DAY DELETE", ""), "clickhouse_server_logs_end"),
    (CONFIG, text("users.yaml", "password_sha256_hex: '@CLICKHOUSE@'", "password: ''"), "clickhouse_server_authenticated"),
    ("tracing-clickhouse-service", entry("spec.type", "NodePort"), "clickhouse_server_private"),
    ("tracing-clickhouse-forgets", days("5"), "clickhouse_server_rows_kept"),
    (STORAGE, entry("parameters.encrypted", "false"), "clickhouse_server_volumes_encrypted"),
    (STORAGE, entry("parameters", {"encrypted": "true"}), "clickhouse_server_volumes_backed_up"),
    (STORAGE, entry("parameters", {"encrypted": "true"}), "kubernetes_storage_class_key_own"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "weaken", "rule"), WEAKENED, ids=[f"{name} {rule}" for name, _, rule in WEAKENED])
def test_each_weakening_is_found(tracing: ResourceGraph, name: str, weaken: Callable[[Any], None], rule: str) -> None:
    assert rule not in failed(tracing, rule)
    (found,) = [each for each in tracing.resources if each.name == name]
    inputs = deepcopy(found.inputs)
    weaken(inputs)
    weaker = replace(found, inputs=inputs)
    changed = [weaker if each is found else each for each in tracing.resources]
    assert rule in failed(replace(tracing, resources=tuple(changed)), rule)


def failed(graph: ResourceGraph, rule: str) -> set[str]:
    judged = judge(subjects(graph), [each for each in rules() if each.id == rule], joined())
    return {each.rule for each in judged if each.verdict.outcome is Outcome.FAIL}


@cache
def rules() -> tuple[Rule, ...]:
    return load_rules()


@cache
def joined() -> JoinedPosture:
    return resolve(FRAMEWORKS, Mode.PRACTICE, frozenset(), builders.CLASSES)
