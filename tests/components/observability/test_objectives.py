"""What is promised, as expressions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.observability.burn_rate import ServiceLevel
from components.observability.objectives import ANSWER_BUCKETS, FIRST_TOKEN_BUCKETS, bucket, levels
from components.observability.observability_spec import Objectives

EVERYTHING = frozenset({"gateway", "serving", "vector_stores"})


def found(objectives: Objectives | None = None) -> dict[str, ServiceLevel]:
    return {level.name: level for level in levels(objectives or Objectives(), EVERYTHING)}


@pytest.mark.parametrize(
    ("present", "names"),
    [
        (set(), []),
        ({"gateway"}, ["availability", "answer_latency"]),
        ({"serving"}, ["first_token_latency"]),
        ({"vector_stores"}, ["freshness"]),
        ({"lakehouse"}, []),
        (EVERYTHING, ["availability", "answer_latency", "first_token_latency", "freshness"]),
    ],
)
def test_only_what_can_be_measured_is_promised(present: set[str], names: list[str]) -> None:
    assert [level.name for level in levels(Objectives(), frozenset(present))] == names


def test_what_is_allowed_follows_from_the_objectives() -> None:
    told = found(Objectives(availability_percent=99.5, freshness_percent=90))
    allowed = {name: round(level.allowed, 9) for name, level in told.items()}
    assert allowed == {"availability": 0.005, "answer_latency": 0.05, "first_token_latency": 0.05, "freshness": 0.1}


def test_before_the_first_failure_the_share_is_nought_and_not_absent() -> None:
    assert found()["availability"].bad("5m") == (
        "(sum(rate(litellm_proxy_failed_requests_metric_total[5m])) or vector(0))"
        " / sum(rate(litellm_proxy_total_requests_metric_total[5m]))"
    )


def test_a_slow_answer_is_one_above_the_bucket_of_the_promise_however_its_bound_is_written() -> None:
    told = found(Objectives(response_seconds=45, first_token_seconds=2.5))
    assert told["answer_latency"].bad("1h") == (
        '1 - sum(rate(litellm_request_total_latency_metric_bucket{le=~"30([.]0)?"}[1h]))'
        " / sum(rate(litellm_request_total_latency_metric_count[1h]))"
    )
    assert 'le=~"2.5"' in told["first_token_latency"].bad("1h")
    assert "sum by (model_name)" in told["first_token_latency"].bad("1h")


def test_a_store_is_bad_for_as_long_as_it_is_older_than_promised() -> None:
    assert found(Objectives(freshness_hours=2))["freshness"].bad("6h") == (
        "avg_over_time((retrieval_index_age_seconds > bool 7200)[6h:5m])"
    )


@given(st.floats(min_value=0.01, max_value=3600), st.sampled_from([ANSWER_BUCKETS, FIRST_TOKEN_BUCKETS]))
def test_nothing_slower_than_promised_counts_as_quick(seconds: float, bounds: tuple[float, ...]) -> None:
    chosen = bucket(seconds, bounds)
    assert chosen in bounds
    assert chosen <= max(seconds, bounds[0])
    assert not [bound for bound in bounds if chosen < bound <= seconds]


def test_bounds_rise() -> None:
    assert list(ANSWER_BUCKETS) == sorted(set(ANSWER_BUCKETS))
    assert list(FIRST_TOKEN_BUCKETS) == sorted(set(FIRST_TOKEN_BUCKETS))
    assert 9.5 in ANSWER_BUCKETS
