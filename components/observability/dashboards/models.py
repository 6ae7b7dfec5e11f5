"""Model servers and the GPUs below them."""

from __future__ import annotations

from components.observability.dashboards.model import Dashboard, Panel, Query, Section

FIRST_TOKEN = "vllm:time_to_first_token_seconds_bucket"  # noqa: S105  a metric, not a secret
NEXT_TOKEN = "vllm:inter_token_latency_seconds_bucket"  # noqa: S105
OLD_NEXT_TOKEN = "vllm:time_per_output_token_seconds_bucket"  # noqa: S105
QUANTILES = (0.5, 0.95, 0.99)


def models(*, gpus: bool) -> Dashboard:
    """What callers wait for, what the servers produce, what room they have left. Renamed metrics are asked for by both names."""
    return Dashboard("models", "Models", (_speed(), _work(), _room(), *((_gpus(),) if gpus else ())))


def _speed() -> Section:
    first = (_quantile(each, FIRST_TOKEN) for each in QUANTILES)
    following = (
        Query(f"{_at(each, NEXT_TOKEN)} or {_at(each, OLD_NEXT_TOKEN)}", f"{{{{model_name}}}} p{each * 100:g}")
        for each in QUANTILES
    )
    return Section("What callers wait for", (
        Panel("Time to first token", tuple(first), "s", about="From the request's arrival to its first token"),
        Panel("Time between tokens", tuple(following), "s"),
    ))  # fmt: skip


def _work() -> Section:
    tokens = (("generation", "vllm:generation_tokens_total"), ("prompt", "vllm:prompt_tokens_total"))
    return Section("What is produced", (
        Panel("Tokens per second", tuple(
            Query(f"sum by (model_name) (rate({metric}[5m]))", f"{{{{model_name}}}} {name}") for name, metric in tokens
        ), "ops"),
        Panel("Requests finished, by reason", (
            Query("sum by (model_name, finished_reason) (rate(vllm:request_success_total[5m]))",
                  "{{model_name}} {{finished_reason}}"),
        ), "reqps"),
    ))  # fmt: skip


def _room() -> Section:
    hits = _either("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total")
    asked = _either("vllm:prefix_cache_queries_total", "vllm:gpu_prefix_cache_queries_total")
    return Section("What room is left", (
        Panel("Queue", (
            Query("sum by (model_name) (vllm:num_requests_waiting)", "{{model_name}} waiting"),
            Query("sum by (model_name) (vllm:num_requests_running)", "{{model_name}} running"),
        ), width=6),
        Panel("Key-value cache in use", (
            Query("max by (model_name) (vllm:kv_cache_usage_perc or vllm:gpu_cache_usage_perc)", "{{model_name}}"),
        ), "percentunit", width=6, steps=((0.9, "red"),)),
        Panel("Prefix cache hits", (Query(f"({hits}) / ({asked})", "{{model_name}}"),), "percentunit", width=6,
              about="Share of prompt tokens that need not be computed again"),
        Panel("Preemptions", (
            Query("sum by (model_name) (rate(vllm:num_preemptions_total[5m]))", "{{model_name}}"),
        ), "ops", width=6, about="Requests thrown back to make room; each is computed anew"),
    ))  # fmt: skip


def _gpus() -> Section:
    used, free = "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_FB_FREE"
    return Section("GPUs", (
        Panel("Utilisation", (Query("max by (node, gpu) (DCGM_FI_DEV_GPU_UTIL)", "{{node}} {{gpu}}"),), "percent", width=8),
        Panel("Memory in use", (
            Query(f"max by (node, gpu) ({used}) / (max by (node, gpu) ({used}) + max by (node, gpu) ({free}))",
                  "{{node}} {{gpu}}"),
        ), "percentunit", width=8),
        Panel("Temperature", (Query("max by (node, gpu) (DCGM_FI_DEV_GPU_TEMP)", "{{node}} {{gpu}}"),), "celsius", width=8,
              steps=((88, "red"),)),
    ))  # fmt: skip


def _quantile(share: float, histogram: str) -> Query:
    return Query(_at(share, histogram), f"{{{{model_name}}}} p{share * 100:g}")


def _at(share: float, histogram: str) -> str:
    return f"histogram_quantile({share:g}, sum by (le, model_name) (rate({histogram}[5m])))"


def _either(new: str, old: str) -> str:
    return f"sum by (model_name) (rate({new}[5m])) or sum by (model_name) (rate({old}[5m]))"
