"""The collector's configuration."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from components.observability.collector_config import (
    ANSWER_KEYS,
    CONTENT_EVENTS,
    PATTERNS,
    PROMPT_KEYS,
    STORE_ANSWER_KEYS,
    STORE_PROMPT_KEYS,
    Scraping,
    Sinks,
    Store,
    collector_config,
    written,
)

PEM = "/run/certificate/server.pem"
SINKS = Sinks(region="us-east-1", cluster="claims-prod", log_group="/claims-prod/signals")


STORE = Store(
    "pk-lf-platform", "/etc/otel-store/password", "/etc/authority/ca.crt", {"x-langfuse-ingestion-version": "4"}
)


def rendered(level: str, store: Store | None = None) -> dict[str, Any]:
    scraping = Scraping(["gateway"], 30)
    config = collector_config(SINKS, scraping, level=level, trace_percent=100, certificate=PEM, store=store)  # type: ignore[arg-type]
    return yaml.safe_load(written(config))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("level", "first"),
    [
        ("off", ["memory_limiter", "transform/content", "filter/content", "transform/patterns"]),
        ("metadata", ["memory_limiter", "transform/content", "filter/content", "transform/patterns"]),
        ("redacted", ["memory_limiter", "transform/content", "filter/content", "transform/patterns"]),
        ("full", ["memory_limiter", "transform/patterns"]),
    ],
)
def test_content_is_cut_before_anything_else_happens_to_a_signal(level: str, first: list[str]) -> None:
    pipelines = rendered(level)["service"]["pipelines"]
    for signal in ("traces", "logs"):
        assert pipelines[signal]["processors"][: len(first)] == first


@pytest.mark.parametrize(("level", "cut"), [("metadata", 2), ("off", 2), ("redacted", 1)])
def test_prompts_stay_only_where_the_gateway_has_redacted_them(level: str, cut: int) -> None:
    statements = rendered(level)["processors"]["transform/content"]["trace_statements"][0]["statements"]
    assert len(statements) == cut
    assert "completion" in statements[-1]
    assert ("prompt" in "".join(statements)) is (cut == 2)


@pytest.mark.parametrize(
    "key",
    ["gen_ai.prompt.0.content", "gen_ai.prompt", "gen_ai.input.messages", "input.value", "llm.prompts", "messages",
     "gen_ai.tool.call.arguments", "gen_ai.system_instructions"],
)  # fmt: skip
def test_keys_that_hold_prompts_are_known(key: str) -> None:
    assert re.search(PROMPT_KEYS, key)


@pytest.mark.parametrize(
    "key", ["gen_ai.completion.0.content", "gen_ai.output.messages", "output.value", "llm.completions.0"]
)
def test_keys_that_hold_answers_are_known(key: str) -> None:
    assert re.search(ANSWER_KEYS, key)


@pytest.mark.parametrize(
    "key", ["gen_ai.usage.input_tokens", "gen_ai.request.model", "gen_ai.prompt_name", "llm.latency"]
)
def test_keys_without_content_stay(key: str) -> None:
    assert not re.search(PROMPT_KEYS, key)
    assert not re.search(ANSWER_KEYS, key)


def test_events_with_text_are_dropped_and_others_stay() -> None:
    assert re.search(CONTENT_EVENTS, "gen_ai.user.message")
    assert re.search(CONTENT_EVENTS, "gen_ai.client.inference.operation.details")
    assert not re.search(CONTENT_EVENTS, "exception")


@pytest.mark.parametrize(
    ("name", "text"),
    [("card", "4111 1111 1111 1111"), ("ssn", "078-05-1120"), ("email", "a.b@example.org"), ("key", "sk-abcdefgh12")],
)
def test_patterns_are_struck_out_wherever_they_stand(name: str, text: str) -> None:
    assert re.search(PATTERNS[name], f"it is {text}.")
    assert not re.search(PATTERNS[name], "42 tokens in 1.5 s")


def test_patterns_survive_the_quoting_of_the_transformation_language() -> None:
    statement = rendered("full")["processors"]["transform/patterns"]["trace_statements"][0]["statements"][1]
    assert statement == r'replace_all_patterns(attributes, "value", "\\b\\d{3}-\\d{2}-\\d{4}\\b", "[ssn]")'


def test_replicas_that_scrape_the_same_pods_are_told_apart_and_pushed_metrics_are_not() -> None:
    exporters = rendered("metadata")["exporters"]
    assert exporters["prometheusremotewrite/scraped"]["external_labels"] == {
        "cluster": "claims-prod", "__replica__": "${env:POD_NAME}",
    }  # fmt: skip
    assert exporters["prometheusremotewrite/pushed"]["external_labels"] == {}


def test_every_part_of_a_pipeline_exists_and_every_part_is_used() -> None:
    config = rendered("redacted")
    pipelines = config["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert {name for pipeline in pipelines for name in pipeline[kind]} == set(config[kind])
    assert config["service"]["extensions"] == list(config["extensions"])


def test_the_file_needs_no_references_of_yaml() -> None:
    scraping = Scraping(["gateway"], 30)
    text = written(collector_config(SINKS, scraping, level="redacted", trace_percent=100, certificate=PEM))
    assert not re.search(r"(?m)[&*]id\d", text)


def test_signals_are_taken_over_tls_only_and_a_renewed_certificate_is_found() -> None:
    protocols = rendered("redacted")["receivers"]["otlp"]["protocols"]
    tls = {"cert_file": PEM, "key_file": PEM, "min_version": "1.2", "reload_interval": "10m"}
    assert protocols == {
        "grpc": {"endpoint": "0.0.0.0:4317", "tls": tls}, "http": {"endpoint": "0.0.0.0:4318", "tls": tls},
    }  # fmt: skip


def test_a_store_of_traces_gets_them_over_tls_with_a_password_from_a_file() -> None:
    config = rendered("metadata", STORE)
    assert config["exporters"]["otlphttp/store"] == {
        "endpoint": "${env:TRACES_ENDPOINT}", "auth": {"authenticator": "basicauth/store"},
        "tls": {"ca_file": "/etc/authority/ca.crt", "min_version": "1.2", "reload_interval": "10m"},
        "headers": {"x-langfuse-ingestion-version": "4"},
    }  # fmt: skip
    assert config["extensions"]["basicauth/store"] == {
        "client_auth": {"username": "pk-lf-platform", "password_file": "/etc/otel-store/password"}
    }
    assert config["service"]["extensions"][-1] == "basicauth/store"


@pytest.mark.parametrize(("level", "cut"), [("metadata", 2), ("redacted", 1)])
def test_what_goes_to_a_store_is_cut_like_everything_else_and_by_its_own_names_too(level: str, cut: int) -> None:
    config = rendered(level, STORE)
    pipeline = config["service"]["pipelines"]["traces/store"]
    assert pipeline["processors"] == ["transform/store", *config["service"]["pipelines"]["traces"]["processors"]]
    statements = config["processors"]["transform/store"]["trace_statements"][0]["statements"]
    assert len(statements) == cut
    assert "spanOutputs" in statements[-1]
    assert ("spanInputs" in "".join(statements)) is (cut == 2)


def test_at_level_off_a_store_gets_nothing_at_all() -> None:
    assert rendered("off", STORE) == rendered("off")


def test_at_level_full_nothing_is_cut() -> None:
    config = rendered("full", STORE)
    assert config["service"]["pipelines"]["traces/store"]["processors"][:2] == ["memory_limiter", "transform/patterns"]
    assert "transform/store" not in config["processors"]


@pytest.mark.parametrize("level", ["metadata", "redacted", "full"])
def test_a_store_changes_nothing_of_what_goes_elsewhere(level: str) -> None:
    without, config = rendered(level), rendered(level, STORE)
    del config["service"]["pipelines"]["traces/store"], config["exporters"]["otlphttp/store"]
    del config["extensions"]["basicauth/store"]
    config["processors"].pop("transform/store", None)
    config["service"]["extensions"].remove("basicauth/store")
    assert config == without


@pytest.mark.parametrize(
    ("pattern", "key"),
    [(STORE_PROMPT_KEYS, "langfuse.observation.input"), (STORE_PROMPT_KEYS, "langfuse.trace.input"),
     (STORE_PROMPT_KEYS, "traceloop.entity.input"), (STORE_ANSWER_KEYS, "langfuse.observation.output"),
     (STORE_ANSWER_KEYS, "ai.response.text")],
)  # fmt: skip
def test_further_names_of_text_are_known(pattern: str, key: str) -> None:
    assert re.search(pattern, key)


def test_names_without_text_stay_in_a_store() -> None:
    for key in ("langfuse.observation.model.name", "input_tokens", "gen_ai.usage.output_tokens", "response_id"):
        assert not re.search(STORE_PROMPT_KEYS, key)
        assert not re.search(STORE_ANSWER_KEYS, key)
