"""The reader of PromQL that other tests lean on: it can say no."""

from __future__ import annotations

import pytest

from tests.components.observability.promql import metrics, problems, tokens, unknown


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("sum(rate(up[5m])", ["( is not closed"]),
        ("up)", [") closes nothing"]),
        ("up > ", ["> has no right side"]),
        ("(up +) / 2", ["+ has no right side"]),
        ("up up", ["up and up stand beside each other"]),
        ("sun(up)", ["sun is no function"]),
        ("up{job=pods}", ["= is not followed by text"]),
        ("sum by (job) (up) > -1", []),
        ('1 - sum(rate(a_bucket{le=~"30([.]0)?"}[5m])) / sum(rate(a_count[5m]))', []),
    ],
)
def test_form_is_checked(expression: str, says: list[str]) -> None:
    assert problems(expression) == says


def test_text_that_is_no_promql_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing of PromQL begins at"):
        tokens("up ? 1")


def test_metrics_are_told_from_labels_words_and_functions() -> None:
    expression = 'sum by (le, pod) (rate(a_bucket{job="x"}[5m])) / on (pod) group_left (node) b or vector(0)'
    assert metrics(expression) == {"a_bucket", "b"}


def test_a_misspelt_metric_is_unknown_until_a_rule_records_it() -> None:
    assert unknown("vllm:num_request_waiting") == {"vllm:num_request_waiting"}
    assert unknown("slo:x:allowed_ratio", frozenset({"slo:x:allowed_ratio"})) == frozenset()
