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
    Scraping,
    Sinks,
    collector_config,
    written,
)

PEM = "/run/certificate/server.pem"
SINKS = Sinks(region="us-east-1", cluster="claims-prod", log_group="/claims-prod/signals")


def rendered(level: str) -> dict[str, Any]:
    scraping = Scraping(["gateway"], 30)
    config = collector_config(SINKS, scraping, level=level, trace_percent=100, certificate=PEM)  # type: ignore[arg-type]
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
