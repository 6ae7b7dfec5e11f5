"""The gateway: what is asked, what it costs and whom, what fails."""

from __future__ import annotations

from components.observability.dashboards.model import Dashboard, Panel, Query, Section

SPEND = "litellm_spend_metric_total"
TOKENS_IN, TOKENS_OUT = "litellm_input_tokens_metric_total", "litellm_output_tokens_metric_total"
REQUESTS, FAILED = "litellm_proxy_total_requests_metric_total", "litellm_proxy_failed_requests_metric_total"
LATENCY = "litellm_request_total_latency_metric_bucket"
MILLION = 1_000_000
BY = (("model", "model"), ("team", "team_alias"), ("tenant", "end_user"))
"""Who pays: a title and LiteLLM's label. A tenant is what a caller names as the end user of a request."""


def gateway() -> Dashboard:
    """Spend is what LiteLLM counts from the prices in the document; a model without a price shows none."""
    return Dashboard("gateway", "Gateway", (_cost(), _requests(), _failures()), hours=24)


def _cost() -> Section:
    tokens = f"(sum by (model) (increase({TOKENS_IN}[1h])) + sum by (model) (increase({TOKENS_OUT}[1h])))"
    left = "min by (team_alias) (litellm_remaining_team_budget_metric / litellm_team_max_budget_metric)"
    return Section("Cost", (
        Panel("US dollars for a million tokens, by model", (
            Query(f"sum by (model) (increase({SPEND}[1h])) / {tokens} * {MILLION}", "{{model}}"),
        ), "currencyUSD"),
        Panel("Budget left, by team", (Query(left, "{{team_alias}}", instant=True),), "percentunit", "bargauge"),
        *(
            Panel(f"Spend of 24 hours, by {title}", (
                Query(f"topk(20, sum by ({label}) (increase({SPEND}[24h])))", f"{{{{{label}}}}}", instant=True),
            ), "currencyUSD", "bargauge", width=8)
            for title, label in BY
        ),
    ))  # fmt: skip


def _requests() -> Section:
    quantiles = (
        Query(f"histogram_quantile({share}, sum by (le) (rate({LATENCY}[5m])))", f"p{share * 100:g}")
        for share in (0.5, 0.95, 0.99)
    )
    return Section("Requests", (
        Panel("Requests, by route", (
            Query(f"sum by (requested_model) (rate({REQUESTS}[5m]))", "{{requested_model}}"),
        ), "reqps", width=8),
        Panel("Time to the whole answer", tuple(quantiles), "s", width=8),
        Panel("Tokens, by team", (
            Query(f"sum by (team_alias) (rate({TOKENS_IN}[5m]) + rate({TOKENS_OUT}[5m]))", "{{team_alias}}"),
        ), "ops", width=8),
    ))  # fmt: skip


def _failures() -> Section:
    fell = (("caught", "successful"), ("failed too", "failed"))
    return Section("Failures", (
        Panel("Failed requests, by reason", (
            Query(f"sum by (exception_status, exception_class) (rate({FAILED}[5m]))", "{{exception_status}} {{exception_class}}"),
        ), "reqps", width=8),
        Panel("Fallbacks", tuple(
            Query(f"sum by (requested_model, fallback_model) (rate(litellm_deployment_{name}_fallbacks_total[5m]))",
                  f"{{{{requested_model}}}} to {{{{fallback_model}}}} {title}")
            for title, name in fell
        ), "reqps", width=8),
        Panel("Guardrails that do not work", (
            Query("sum by (guardrail_name) (rate(litellm_guardrail_errors_total[5m]))", "{{guardrail_name}}"),
        ), "ops", width=8, steps=((0.001, "red"),)),
    ))  # fmt: skip
