"""The OpenTelemetry collector's configuration, rendered from what the platform decided."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import JsonValue

    from components.observability.observability_spec import Level

GRPC, HTTP, HEALTH, OWN_METRICS = 4317, 4318, 13133, 8888
RELOAD = "10m"
"""How often a renewed certificate is looked for."""

PROMPT_KEYS = (
    r"^(gen_ai\.(prompt|input\.messages|system_instructions|content\.prompt|tool\.(definitions|call\.arguments))"
    r"|llm\.(prompts|input_messages)|input\.value|messages)(\..*)?$"
)
ANSWER_KEYS = (
    r"^(gen_ai\.(completion|output\.messages|content\.completion|tool\.call\.result)"
    r"|llm\.(completions|output_messages)|output\.value)(\..*)?$"
)
"""Span attributes in which instrumentations of language models write text: semantic conventions old and new, LiteLLM, vLLM."""

CONTENT_EVENTS = r"^gen_ai\.(content|user|system|assistant|tool|choice|client\.inference)"
"""Span events and log records that carry text."""

PATTERNS = {
    "card": r"\b(?:\d[ -]?){13,18}\d\b",
    "ssn": r"\b\d{3}-\d{2}-\d{4}\b",
    "email": r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b",
    "key": r"\bsk-[A-Za-z0-9_-]{8,}\b",
}
"""What is struck out wherever it stands: the second line behind the gateway's own guardrails."""


@dataclass(frozen=True)
class Sinks:
    """Where signals go; the metrics endpoint is known to the cloud alone and comes in as an environment variable."""

    region: str
    cluster: str
    log_group: str
    endpoint_variable: str = "METRICS_ENDPOINT"


@dataclass(frozen=True)
class Scraping:
    """Which pods are asked for metrics."""

    namespaces: Sequence[str]
    every_seconds: int


def collector_config(
    sinks: Sinks, scraping: Scraping, *, level: Level, trace_percent: float, certificate: str
) -> dict[str, JsonValue]:
    """The whole configuration; the environment provides the pod's name and the metrics endpoint.

    `certificate` is a file with key and certificate of the service, read anew when it has been renewed.
    """
    content: list[JsonValue] = [] if level == "full" else ["transform/content", "filter/content"]
    first: list[JsonValue] = ["memory_limiter", *content, "transform/patterns"]
    return {
        "receivers": {
            "otlp": {
                "protocols": {name: _over_tls(port, certificate) for name, port in (("grpc", GRPC), ("http", HTTP))}
            },
            "prometheus": {"config": {"scrape_configs": [_pods(scraping), _own(scraping)]}},
        },
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 75, "spike_limit_percentage": 20},
            "batch": {"timeout": "5s", "send_batch_size": 2048, "send_batch_max_size": 4096},
            "probabilistic_sampler": {"sampling_percentage": trace_percent},
            "transform/patterns": _patterns(),
            **({} if level == "full" else {"transform/content": _strip(level), "filter/content": _drop_events()}),
        },
        "exporters": {
            "prometheusremotewrite/pushed": _remote_write(sinks, {}),
            "prometheusremotewrite/scraped": _remote_write(
                sinks, {"cluster": sinks.cluster, "__replica__": "${env:POD_NAME}"}
            ),
            "awsxray": {"region": sinks.region, "index_all_attributes": False, "telemetry": {"enabled": True}},
            "awscloudwatchlogs": {
                "region": sinks.region,
                "log_group_name": sinks.log_group,
                "log_stream_name": "${env:POD_NAME}",
            },
        },
        "extensions": {
            "health_check": {"endpoint": f"0.0.0.0:{HEALTH}"},
            "sigv4auth": {"region": sinks.region, "service": "aps"},
        },
        "service": {
            "extensions": ["health_check", "sigv4auth"],
            "telemetry": {
                "logs": {"encoding": "json", "level": "info"},
                "metrics": {
                    "level": "normal",
                    "readers": [{"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": OWN_METRICS}}}}],
                },
            },
            "pipelines": {
                "metrics/pushed": {
                    "receivers": ["otlp"],
                    "processors": ["memory_limiter", "batch"],
                    "exporters": ["prometheusremotewrite/pushed"],
                },
                "metrics/scraped": {
                    "receivers": ["prometheus"],
                    "processors": ["memory_limiter", "batch"],
                    "exporters": ["prometheusremotewrite/scraped"],
                },
                "traces": {
                    "receivers": ["otlp"],
                    "processors": [*first, "probabilistic_sampler", "batch"],
                    "exporters": ["awsxray"],
                },
                "logs": {"receivers": ["otlp"], "processors": [*first, "batch"], "exporters": ["awscloudwatchlogs"]},
            },
        },
    }


def written(config: dict[str, JsonValue]) -> str:
    """As YAML without references from one place to another: each part can be read by itself."""
    return yaml.safe_dump(json.loads(json.dumps(config)), sort_keys=False, width=1000)


def _over_tls(port: int, certificate: str) -> JsonValue:
    tls: JsonValue = {
        "cert_file": certificate, "key_file": certificate, "min_version": "1.2", "reload_interval": RELOAD,
    }  # fmt: skip
    return {"endpoint": f"0.0.0.0:{port}", "tls": tls}


def _remote_write(sinks: Sinks, labels: dict[str, JsonValue]) -> JsonValue:
    """Every replica scrapes every pod; the workspace keeps one replica's samples when these two labels tell them apart."""
    return {
        "endpoint": f"${{env:{sinks.endpoint_variable}}}",
        "auth": {"authenticator": "sigv4auth"},
        "external_labels": labels,
        "resource_to_telemetry_conversion": {"enabled": True},
    }


def _strip(level: Level) -> JsonValue:
    """Answers go at every level but full; prompts, which the gateway has redacted, stay at redacted."""
    keys = [ANSWER_KEYS] if level == "redacted" else [PROMPT_KEYS, ANSWER_KEYS]
    statements: list[JsonValue] = [f'delete_matching_keys(attributes, "{_quoted(key)}")' for key in keys]
    return {
        "error_mode": "propagate",
        "trace_statements": [{"context": context, "statements": statements} for context in ("span", "spanevent")],
        "log_statements": [{"context": "log", "statements": statements}],
    }


def _drop_events() -> JsonValue:
    pattern = _quoted(CONTENT_EVENTS)
    return {
        "error_mode": "propagate",
        "traces": {"spanevent": [f'IsMatch(name, "{pattern}")']},
        "logs": {
            "log_record": [f'IsMatch(event_name, "{pattern}")', f'IsMatch(attributes["event.name"], "{pattern}")']
        },
    }


def _patterns() -> JsonValue:
    strike: list[JsonValue] = [
        f'replace_all_patterns(attributes, "value", "{_quoted(pattern)}", "[{name}]")'
        for name, pattern in PATTERNS.items()
    ]
    body: list[JsonValue] = [
        f'replace_pattern(body, "{_quoted(pattern)}", "[{name}]") where IsString(body)'
        for name, pattern in PATTERNS.items()
    ]
    return {
        "error_mode": "propagate",
        "trace_statements": [{"context": context, "statements": strike} for context in ("span", "spanevent")],
        "log_statements": [{"context": "log", "statements": [*strike, *body]}],
    }


def _quoted(pattern: str) -> str:
    """A pattern inside a string of the transformation language."""
    return pattern.replace("\\", "\\\\").replace('"', '\\"')


def _pods(scraping: Scraping) -> dict[str, JsonValue]:
    """Pods that say they want to be asked, in the namespaces that the wiring names."""
    annotation = "__meta_kubernetes_pod_annotation_prometheus_io_"
    address: list[JsonValue] = ["__meta_kubernetes_pod_ip", f"{annotation}port"]
    return {
        "job_name": "pods",
        "scrape_interval": f"{scraping.every_seconds}s",
        "tls_config": {"insecure_skip_verify": True},
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"names": [*scraping.namespaces]}}],
        "relabel_configs": [
            {"source_labels": [f"{annotation}scrape"], "action": "keep", "regex": "true"},
            {"source_labels": ["__meta_kubernetes_pod_phase"], "action": "keep", "regex": "Running"},
            {"source_labels": [f"{annotation}scheme"], "regex": "(.+)", "target_label": "__scheme__"},
            {"source_labels": [f"{annotation}path"], "regex": "(.+)", "target_label": "__metrics_path__"},
            {"source_labels": address, "separator": ":", "regex": "(.+:.+)", "target_label": "__address__"},
            {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
            {"source_labels": ["__meta_kubernetes_pod_name"], "target_label": "pod"},
            {"source_labels": ["__meta_kubernetes_pod_node_name"], "target_label": "node"},
            {"source_labels": ["__meta_kubernetes_pod_label_app_kubernetes_io_name"], "target_label": "workload"},
        ],
    }


def _own(scraping: Scraping) -> dict[str, JsonValue]:
    return {
        "job_name": "collector",
        "scrape_interval": f"{scraping.every_seconds}s",
        "static_configs": [{"targets": [f"127.0.0.1:{OWN_METRICS}"], "labels": {"workload": "collector"}}],
    }
