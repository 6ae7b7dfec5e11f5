"""What the platform promises, as shares of bad events that can be measured: availability, latency, freshness."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from components.observability.burn_rate import ServiceLevel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.observability.observability_spec import Objectives

FAILED = "litellm_proxy_failed_requests_metric_total"
REQUESTS = "litellm_proxy_total_requests_metric_total"
ANSWER = "litellm_request_total_latency_metric"
FIRST_TOKEN = "vllm:time_to_first_token_seconds"  # noqa: S105  a metric, not a secret
AGE = "retrieval_index_age_seconds"
"""How old the newest document of a store is, as its own job reports it every five minutes."""

SLOW_ALLOWED = 0.05
"""Latency is promised at the 95th percentile: one event in twenty may be slower."""

ANSWER_BUCKETS = (
    0.005, 0.00625, 0.0125, 0.025, 0.05, 0.1, *(half / 2 for half in range(1, 21)), 15, 20, 25, 30, 60, 120, 180, 240, 300,
)  # fmt: skip
"""Bounds of LiteLLM's histogram: litellm/types/integrations/prometheus.py, read 2026-11-20."""
FIRST_TOKEN_BUCKETS = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
)  # fmt: skip
"""Bounds of vLLM's histogram: vllm/v1/metrics/loggers.py, from memory, 2026-11-20."""

PRESENT = {
    "gateway": ("availability", "answer_latency"),
    "serving": ("first_token_latency",),
    "vector_stores": ("freshness",),
}
"""Slot -> promises that can be measured once it is filled."""


def levels(objectives: Objectives, present: frozenset[str]) -> tuple[ServiceLevel, ...]:
    """The promises that hold for what the platform has, in a fixed order."""
    wanted = {name for slot, names in PRESENT.items() if slot in present for name in names}
    return tuple(level for level in _all(objectives) if level.name in wanted)


def bucket(seconds: float, bounds: Sequence[float]) -> float:
    """The largest bound that is not above a promise: what lies between the two counts as slow, never as good.

    A promise below the smallest bound is measured at that bound.
    """
    return bounds[max(0, bisect_right(bounds, seconds) - 1)]


def _all(objectives: Objectives) -> tuple[ServiceLevel, ...]:
    answer = bucket(objectives.response_seconds, ANSWER_BUCKETS)
    token = bucket(objectives.first_token_seconds, FIRST_TOKEN_BUCKETS)
    age = objectives.freshness_hours * 3600
    return (
        ServiceLevel(
            "availability", 1 - objectives.availability_percent / 100,
            lambda w: f"(sum(rate({FAILED}[{w}])) or vector(0)) / sum(rate({REQUESTS}[{w}]))", "Requests fail",
        ),
        ServiceLevel(
            "answer_latency", SLOW_ALLOWED, lambda w: _slower(ANSWER, answer, w, ""),
            f"Answers take longer than {answer:g} s",
        ),
        ServiceLevel(
            "first_token_latency", SLOW_ALLOWED, lambda w: _slower(FIRST_TOKEN, token, w, " by (model_name)"),
            f"First tokens of {{{{ $labels.model_name }}}} take longer than {token:g} s",
        ),
        ServiceLevel(
            "freshness", 1 - objectives.freshness_percent / 100,
            lambda w: f"avg_over_time(({AGE} > bool {age:g})[{w}:5m])",
            f"What {{{{ $labels.store }}}} finds is older than {objectives.freshness_hours:g} h",
        ),
    )  # fmt: skip


def _slower(histogram: str, bound: float, w: str, by: str) -> str:
    """Share of events above a bound. Writers differ in how they write a whole number: 30 or 30.0."""
    written = f"{bound:g}" if bound % 1 else f"{bound:g}([.]0)?"
    quick = f'sum{by}(rate({histogram}_bucket{{le=~"{written}"}}[{w}]))'
    return f"1 - {quick} / sum{by}(rate({histogram}_count[{w}]))"
