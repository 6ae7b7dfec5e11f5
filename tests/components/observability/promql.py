"""A small reader of PromQL: whether an expression is well formed, and which metrics it asks for.

It knows tokens and nesting, not types; names are held against a table, so that a misspelt metric does not make an empty graph.
"""

from __future__ import annotations

import re
from itertools import pairwise

TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<string>"(?:[^"\\]|\\.)*")|(?P<duration>\d+(?:\.\d+)?(?:ms|[smhdwy])\b)"""
    r"""|(?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?P<variable>\$__?\w+|\$\{\w+\})|(?P<name>[a-zA-Z_][a-zA-Z0-9_:]*)"""
    r"""|(?P<match>=~|!~|!=(?=")|=(?!=))|(?P<operator>==|!=|>=|<=|[-+*/%^<>])|(?P<mark>[(){}\[\],:])"""
)
CLOSES = {")": "(", "}": "{", "]": "["}
FUNCTIONS = frozenset({
    "absent_over_time", "avg", "avg_over_time", "clamp_min", "count", "histogram_quantile", "increase", "label_replace",
    "last_over_time", "max", "max_over_time", "min", "rate", "sum", "time", "topk", "vector",
})  # fmt: skip
WORDS = frozenset(
    {"and", "bool", "by", "group_left", "group_right", "ignoring", "offset", "on", "or", "unless", "without"}
)
LABELS = frozenset({"by", "group_left", "group_right", "ignoring", "on", "without"})
"""Words whose parentheses hold names of labels."""

KNOWN = {
    "vLLM, vllm/v1/metrics/loggers.py, from public exporters' text, 2026-11-20": {
        "vllm:generation_tokens_total", "vllm:gpu_cache_usage_perc", "vllm:gpu_prefix_cache_hits_total",
        "vllm:gpu_prefix_cache_queries_total", "vllm:kv_cache_usage_perc", "vllm:num_preemptions_total",
        "vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:prefix_cache_hits_total",
        "vllm:prefix_cache_queries_total", "vllm:prompt_tokens_total", "vllm:request_success_total",
        "vllm:time_to_first_token_seconds_bucket", "vllm:time_to_first_token_seconds_count",
        "vllm:inter_token_latency_seconds_bucket", "vllm:time_per_output_token_seconds_bucket",
    },
    "LiteLLM, litellm/types/integrations/prometheus.py; its counters end in _total when exposed, 2026-11-20": {
        "litellm_deployment_failed_fallbacks_total", "litellm_deployment_successful_fallbacks_total",
        "litellm_guardrail_errors_total", "litellm_input_tokens_metric_total", "litellm_output_tokens_metric_total",
        "litellm_proxy_failed_requests_metric_total", "litellm_proxy_total_requests_metric_total",
        "litellm_remaining_team_budget_metric", "litellm_request_total_latency_metric_bucket",
        "litellm_request_total_latency_metric_count", "litellm_spend_metric_total", "litellm_team_max_budget_metric",
    },
    "DCGM exporter 4.8.3, default counters, 2026-11-20": {
        "DCGM_FI_DEV_FB_FREE", "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_GPU_TEMP", "DCGM_FI_DEV_GPU_UTIL",
        "DCGM_FI_DEV_ROW_REMAP_FAILURE", "DCGM_FI_DEV_XID_ERRORS",
    },
    "the scrape itself": {"up"},
    "Temporal server, common/metrics/metric_defs.go, from memory, 2026-11-20": {
        "service_errors", "service_errors_total", "service_requests", "service_requests_total", "task_latency_bucket",
    },
    "OpenTelemetry's conventions for generative systems, gen_ai.invoke_agent.duration and gen_ai.execute_tool.duration": {
        "gen_ai_execute_tool_duration_seconds_count", "gen_ai_invoke_agent_duration_seconds_bucket",
        "gen_ai_invoke_agent_duration_seconds_count",
    },
    "this repository": {
        "evaluation_finished_timestamp_seconds", "evaluation_interval_seconds",
        "evaluation_score", "evaluation_threshold", "evaluation_unjudged_ratio", "retrieval_index_age_seconds",
    },
}  # fmt: skip
"""Source -> names of metrics."""


def tokens(expression: str) -> list[tuple[str, str]]:
    """Kind and text of each token but blanks. Raises ValueError where nothing fits."""
    found, place = [], 0
    while place < len(expression):
        match = TOKEN.match(expression, place)
        if match is None or match.lastgroup is None:
            raise ValueError(f"nothing of PromQL begins at {expression[place : place + 20]!r} in {expression!r}")
        if match.lastgroup != "space":
            found.append((match.lastgroup, match[0]))
        place = match.end()
    return found


def problems(expression: str) -> list[str]:
    """What is wrong with its form; empty when nothing is."""
    wrong, opened = [], list[str]()
    read = tokens(expression)
    for (kind, text), (after, following) in pairwise([*read, ("end", "")]):
        if text in CLOSES.values():
            opened.append(text)
        elif text in CLOSES and (not opened or opened.pop() != CLOSES[text]):
            wrong.append(f"{text} closes nothing")
        if kind == "operator" and ((after in {"operator", "end"} and following != "-") or following in CLOSES):
            wrong.append(f"{text} has no right side")
        if kind == "match" and after != "string":
            wrong.append(f"{text} is not followed by text")
        if kind == "name" and following == "(" and text not in FUNCTIONS | WORDS:
            wrong.append(f"{text} is no function")
        if (
            kind in {"name", "number", "string"}
            and after in {"name", "number", "string"}
            and not {text, following} & WORDS
        ):
            wrong.append(f"{text} and {following} stand beside each other")
    return [*wrong, *(f"{text} is not closed" for text in opened)]


def metrics(expression: str) -> frozenset[str]:
    """Names of metrics that it asks for: names that are no function, word or label."""
    found, labels, depth = set(), list[bool](), 0
    read = tokens(expression)
    for place, (kind, text) in enumerate(read):
        before = read[place - 1][1] if place else ""
        if text in CLOSES.values():
            labels.append(text == "{" or before in LABELS)
            depth += 1
        elif text in CLOSES and labels:
            labels.pop()
        elif kind == "name" and text not in FUNCTIONS | WORDS and not any(labels):
            found.add(text)
    return frozenset(found)


def unknown(expression: str, recorded: frozenset[str] = frozenset()) -> frozenset[str]:
    """Metrics that neither the table nor a recording rule gives."""
    return metrics(expression) - recorded - frozenset[str]().union(*KNOWN.values())
