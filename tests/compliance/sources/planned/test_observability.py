"""What is told of collectors and metrics workspaces."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.observability import Collector, MetricsWorkspace
from tests.compliance.sources.planned.estate import estate, only, ref, resource, value

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
WORKSPACE = "aws:amp/workspace:Workspace"
DELETES = 'delete_matching_keys(attributes, "^gen_ai\\\\.(prompt|input\\\\.messages|completion|output\\\\.messages)")'
DELETES_ANSWERS = 'delete_matching_keys(attributes, "^gen_ai\\\\.(completion|output\\\\.messages)")'
STRIKES = 'replace_all_patterns(attributes, "value", "[0-9]{13,19}", "[card]")'
SOUND: dict[str, JsonValue] = {
    "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "0.0.0.0:4317", "tls": {"cert_file": "/tls.crt"}}}}},
    "processors": {"memory_limiter": {}, "batch": {}, "transform": {"trace_statements": [{"statements": [DELETES]}]}},
    "exporters": {"awsxray": {}, "prometheusremotewrite": {"endpoint": "${env:METRICS}"}},
    "service": {
        "extensions": ["health_check"],
        "pipelines": {
            "traces": {
                "receivers": ["otlp"],
                "processors": ["memory_limiter", "transform", "batch"],
                "exporters": ["awsxray"],
            },
            "metrics": {
                "receivers": ["otlp"],
                "processors": ["memory_limiter", "batch"],
                "exporters": ["prometheusremotewrite"],
            },
        },
    },
}


def collector(config: JsonValue = None, endpoint: JsonValue = "https://metrics.example.org") -> Collector:
    return only(Collector, *pod(config, endpoint))


def pod(config: JsonValue, endpoint: JsonValue) -> list[Resource]:
    container: JsonValue = {
        "name": "collector", "env": [{"name": "METRICS", "value": endpoint}],
        "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/x/opentelemetry-collector-contrib:1",
    }  # fmt: skip
    spec: JsonValue = {"containers": [container], "volumes": [{"name": "c", "configMap": {"name": "config"}}]}
    meta: JsonValue = {"name": "collector", "namespace": "observability"}
    data: JsonValue = {"config.yaml": json.dumps(SOUND if config is None else config)}
    return [
        resource(DEPLOYMENT, "collector", {"metadata": meta, "spec": {"template": {"spec": spec}}}),
        resource("kubernetes:core/v1:ConfigMap", "config", {"metadata": {**meta, "name": "config"}, "data": data}),  # type: ignore[dict-item]
    ]


def changed(path: str, to: JsonValue) -> Collector:
    """The sound configuration with one part changed; points separate keys."""
    config = deepcopy(SOUND)
    here: JsonValue = config
    *way, last = path.split(".")
    for key in way:
        here = here[key]  # type: ignore[index,call-overload]
    here[last] = to  # type: ignore[index,call-overload]
    return collector(config)


def test_a_sound_collector_is_read_so() -> None:
    found = collector()
    told = [
        value(leaf)
        for leaf in (found.encrypted_out, found.encrypted_in, found.memory_limited, found.batched, found.health_checked)
    ]
    assert told == [True] * 5
    assert [value(found.prompt_content), value(found.signals)] == ["metadata", frozenset({"traces", "metrics"})]


@pytest.mark.parametrize(
    ("statements", "level"),
    [
        ([DELETES], "metadata"),
        ([DELETES_ANSWERS, STRIKES], "redacted"),
        ([DELETES_ANSWERS], "full"),
        ([STRIKES], "full"),
        ([], "full"),
    ],
)
def test_what_is_passed_on_follows_from_what_is_deleted(statements: list[JsonValue], level: str) -> None:
    told: JsonValue = {"trace_statements": [{"statements": statements}]}
    assert value(changed("processors.transform", told).prompt_content) == level


def test_the_most_talkative_pipeline_decides() -> None:
    logs: JsonValue = {"receivers": ["otlp"], "processors": ["memory_limiter", "batch"], "exporters": ["awsxray"]}
    assert value(changed("service.pipelines.logs", logs).prompt_content) == "full"


@pytest.mark.parametrize(
    ("path", "to", "leaf"),
    [
        ("receivers.otlp.protocols.grpc", {"endpoint": "0.0.0.0:4317"}, "encrypted_in"),
        ("exporters.prometheusremotewrite.endpoint", "http://metrics.example.org", "encrypted_out"),
        ("exporters.awsxray", {"tls": {"insecure": True}}, ""),
        ("service.extensions", [], "health_checked"),
        ("service.pipelines.metrics.processors", ["batch"], "memory_limited"),
        ("service.pipelines.metrics.processors", ["memory_limiter"], "batched"),
    ],
)
def test_each_weakness_is_seen_and_nothing_else(path: str, to: JsonValue, leaf: str) -> None:
    found = changed(path, to)
    names = ("encrypted_in", "encrypted_out", "health_checked", "memory_limited", "batched")
    assert {name for name in names if value(getattr(found, name)) is False} == ({leaf} if leaf else set())


def test_a_receiver_on_the_loopback_needs_no_certificate() -> None:
    assert value(changed("receivers.otlp.protocols.grpc", {"endpoint": "127.0.0.1:4317"}).encrypted_in) is True


@pytest.mark.parametrize(
    ("endpoint", "encrypted"),
    [
        ("http://metrics.example.org", False),
        ({"$text": [ref(WORKSPACE, "metrics", "prometheusEndpoint"), "api/v1/remote_write"]}, True),
        ({"$unknown": True}, "?cloud_decides"),
    ],
)
def test_an_address_from_the_environment_is_looked_up(endpoint: JsonValue, encrypted: object) -> None:
    assert value(collector(endpoint=endpoint).encrypted_out) == encrypted


def test_a_collector_whose_configuration_cannot_be_read_is_unknown() -> None:
    found = only(Collector, pod(None, "")[0])
    assert {value(found.prompt_content), value(found.encrypted_in), value(found.signals)} == {"?not_read"}


def test_a_workload_that_is_no_collector_is_none() -> None:
    other = resource(DEPLOYMENT, "other", {"spec": {"template": {"spec": {"containers": [{"image": "x/nginx:1"}]}}}})
    assert estate([other]).all(Collector) == ()


def test_alerts_need_rules_and_somebody_who_hears_them() -> None:
    def alerts(*resources: Resource) -> object:
        return value(only(MetricsWorkspace, resource(WORKSPACE, "metrics", {}), *resources).alerts)

    where: dict[str, JsonValue] = {"workspaceId": ref(WORKSPACE, "metrics")}
    rules = resource(
        "aws:amp/ruleGroupNamespace:RuleGroupNamespace",
        "rules",
        {**where, "data": "groups: [{rules: [{alert: Slow}]}]"},
    )
    records = resource(
        "aws:amp/ruleGroupNamespace:RuleGroupNamespace", "rules", {**where, "data": "groups: [{rules: [{record: r}]}]"}
    )
    manager = resource(
        "aws:amp/alertManagerDefinition:AlertManagerDefinition", "manager", {**where, "definition": "route: {}"}
    )
    assert [alerts(), alerts(rules), alerts(manager), alerts(records, manager), alerts(rules, manager)] == [
        False, False, False, False, True,
    ]  # fmt: skip


def test_a_workspace_that_says_nothing_has_neither_key_nor_log() -> None:
    found = only(MetricsWorkspace, resource(WORKSPACE, "metrics", {}))
    assert [value(found.key), value(found.logged)] == [None, False]
    told = only(
        MetricsWorkspace, resource(WORKSPACE, "metrics", {"loggingConfiguration": {"logGroupArn": "arn:aws:logs:x"}})
    )
    assert value(told.logged) is True


def alerts(*rules: tuple[str, str]) -> str:
    made: JsonValue = [{"alert": f"A{n}", "expr": expr, "labels": {"slo": slo}} for n, (slo, expr) in enumerate(rules)]
    return json.dumps({"groups": [{"name": "g", "rules": made}]})


TWO_WINDOWS = "slo:x:bad_ratio_1h > 0.1 and slo:x:bad_ratio_5m > 0.1"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (alerts(("availability", TWO_WINDOWS), ("availability", TWO_WINDOWS)), frozenset({"availability"})),
        (alerts(("availability", TWO_WINDOWS)), frozenset()),
        (alerts(("availability", "slo:x:bad_ratio_1h > 0.1"), ("availability", TWO_WINDOWS)), frozenset()),
        ("{", frozenset()),
        ({"$unknown": True}, "?cloud_decides"),
    ],
)
def test_a_promise_is_watched_by_several_rates_over_two_windows_each(data: JsonValue, expected: object) -> None:
    rules = resource(
        "aws:amp/ruleGroupNamespace:RuleGroupNamespace",
        "rules",
        {"workspaceId": ref(WORKSPACE, "metrics"), "data": data},
    )
    assert value(only(MetricsWorkspace, resource(WORKSPACE, "metrics", {}), rules).objectives) == expected
    assert value(only(MetricsWorkspace, resource(WORKSPACE, "metrics", {})).objectives) == frozenset()


@pytest.mark.parametrize(
    ("exporter", "sends"),
    [
        ({"endpoint": "https://traces.example.org", "tls": {"ca_file": "/ca.crt"}}, True),
        ({"endpoint": "http://traces.example.org", "tls": {"ca_file": "/ca.crt"}}, False),
        ({"endpoint": "https://traces.example.org", "tls": {"insecure_skip_verify": True}}, False),
        ({"endpoint": "https://traces.example.org"}, True),
    ],
)
def test_an_exporter_over_http_speaks_tls_when_its_address_says_so(exporter: JsonValue, sends: bool) -> None:
    config = deepcopy(SOUND)
    config["exporters"]["otlphttp/store"] = exporter  # type: ignore[index,call-overload]
    config["service"]["pipelines"]["traces"]["exporters"] = ["otlphttp/store"]  # type: ignore[index,call-overload]
    assert value(collector(config).encrypted_out) is sends


def test_a_store_of_traces_that_gets_more_than_the_rest_decides() -> None:
    store: JsonValue = {
        "receivers": ["otlp"],
        "processors": ["memory_limiter", "batch"],
        "exporters": ["otlphttp/store"],
    }
    assert value(changed("service.pipelines.traces/store", store).prompt_content) == "full"
