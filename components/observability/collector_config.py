"""The OpenTelemetry collector's configuration, rendered from what the platform decided."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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

STORE_PROMPT_KEYS = (
    r"^(langfuse\.(observation|trace)\.input|input|raw_input|ai\.prompt|prompt|tool_arguments|mlflow\.spanInputs"
    r"|traceloop\.entity\.input)(\..*)?$"
)
STORE_ANSWER_KEYS = (
    r"^(langfuse\.(observation|trace)\.output|output|ai\.response|response|tool_response|mlflow\.spanOutputs"
    r"|traceloop\.entity\.output)(\..*)?$"
)
"""Further attributes in which a store of traces looks for text, and in which libraries made for it write text."""

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


@dataclass(frozen=True)
class Store:
    """A store of traces beside the cloud's own; its address comes in as an environment variable, its password as a file."""

    user: str
    password_file: str
    authority: str
    headers: Mapping[str, str]
    endpoint_variable: str = "TRACES_ENDPOINT"


def collector_config(
    sinks: Sinks,
    scraping: Scraping,
    *,
    level: Level,
    trace_percent: float,
    certificate: str,
    store: Store | None = None,
) -> dict[str, JsonValue]:
    """The whole configuration; the environment provides the pod's name and the endpoints.

    `certificate` is a file with key and certificate of the service, read anew when it has been renewed. A store gets
    traces at the same level as everybody else; at level off it gets none.
    """
    own = _config(sinks, scraping, level=level, trace_percent=trace_percent, certificate=certificate)
    return own if store is None or level == "off" else _with_store(own, store, level)


def _config(
    sinks: Sinks, scraping: Scraping, *, level: Level, trace_percent: float, certificate: str
) -> dict[str, JsonValue]:
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


def _with_store(own: dict[str, JsonValue], store: Store, level: Level) -> dict[str, JsonValue]:
    """The same with a pipeline of its own for the store: what goes elsewhere stays as it is."""
    processors, exporters, extensions, service = (
        _part(own, name) for name in ("processors", "exporters", "extensions", "service")
    )
    pipelines = _part(service, "pipelines")
    listed, started = _part(pipelines, "traces")["processors"], service["extensions"]
    first: list[JsonValue] = [] if level == "full" else ["transform/store"]
    pipeline: JsonValue = {
        "receivers": ["otlp"], "processors": [*first, *(listed if isinstance(listed, list) else [])],
        "exporters": ["otlphttp/store"],
    }  # fmt: skip
    exporter: JsonValue = {
        "endpoint": f"${{env:{store.endpoint_variable}}}", "auth": {"authenticator": "basicauth/store"},
        "tls": {"ca_file": store.authority, "min_version": "1.2", "reload_interval": RELOAD},
        "headers": dict(store.headers),
    }  # fmt: skip
    signs_in: JsonValue = {"client_auth": {"username": store.user, "password_file": store.password_file}}
    stripped = {} if level == "full" else {"transform/store": _strip(level, STORE_PROMPT_KEYS, STORE_ANSWER_KEYS)}
    return {
        **own,
        "processors": {**processors, **stripped},
        "exporters": {**exporters, "otlphttp/store": exporter},
        "extensions": {**extensions, "basicauth/store": signs_in},
        "service": {
            **service, "pipelines": {**pipelines, "traces/store": pipeline},
            "extensions": [*(started if isinstance(started, list) else []), "basicauth/store"],
        },
    }  # fmt: skip


def _part(document: Mapping[str, JsonValue], name: str) -> dict[str, JsonValue]:
    found = document[name]
    return dict(found) if isinstance(found, dict) else {}


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


def _strip(level: Level, prompts: str = PROMPT_KEYS, answers: str = ANSWER_KEYS) -> JsonValue:
    """Answers go at every level but full; prompts, which the gateway has redacted, stay at redacted."""
    keys = [answers] if level == "redacted" else [prompts, answers]
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
