"""Quality, and what it costs."""

from __future__ import annotations

from components.observability.dashboards.model import Dashboard, Panel, Query, Section

KEPT = "15d"
"""A run reports once; its values are shown until two of the longest intervals are over."""


def evaluation() -> Dashboard:
    """Each measure beside its bound, then quality beside cost, so that a cheaper model is not chosen blindly."""
    return Dashboard("evaluation", "Evaluation", (_quality(), _cost()), hours=24 * 30)


def _quality() -> Section:
    return Section("Quality", (
        Panel("Measures and their bounds", (
            Query(_latest("score"), "{{model}} {{measure}}"), Query(_latest("threshold"), "{{measure}} asked for"),
        ), "percentunit"),
        Panel("Latest", (Query(_latest("score"), "{{model}} {{measure}}", instant=True),), "percentunit", "bargauge", width=6),
        Panel("Answers whose verdict could not be read", (
            Query(_latest("unjudged_ratio"), "{{model}}"),
        ), "percentunit", width=6, steps=((0.1, "red"),)),
    ))  # fmt: skip


def _cost() -> Section:
    spend, tokens = "litellm_spend_metric_total", "litellm_output_tokens_metric_total"
    return Section("Quality beside cost", (
        Panel("Judged quality", (
            Query(f'last_over_time(evaluation_score{{measure="judge"}}[{KEPT}])', "{{model}}", instant=True),
        ), "percentunit", "bargauge"),
        Panel("US dollars for a million answer tokens, by model", (
            Query(f"sum by (model) (increase({spend}[7d])) / sum by (model) (increase({tokens}[7d]))"
                  " * 1000000", "{{model}}", instant=True),
        ), "currencyUSD", "bargauge"),
    ))  # fmt: skip


def _latest(metric: str) -> str:
    return f"last_over_time(evaluation_{metric}[{KEPT}])"
