"""Every dashboard that a platform can get."""

from __future__ import annotations

import json

import pytest

from components.observability.alerts import rules
from components.observability.dashboards.catalogue import catalogue
from components.observability.dashboards.model import CloudWatch, Query
from components.observability.observability_spec import Objectives
from tests.components.observability.promql import metrics, problems, unknown

EVERYTHING = frozenset(
    {
        "serving",
        "gpu_pools",
        "gateway",
        "agents",
        "durable_execution",
        "vector_stores",
        "opensearch",
        "lakehouse",
        "evaluation",
    }
)
ALL = catalogue("claims-prod", EVERYTHING)


def asked(*uids: str) -> list[str]:
    return [
        query.expr
        for dashboard in ALL if not uids or dashboard.uid in uids
        for panel in dashboard.panels for query in panel.queries if isinstance(query, Query)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("present", "uids"),
    [
        (set(), ["objectives"]),
        ({"serving"}, ["objectives", "models"]),
        ({"gateway"}, ["objectives", "gateway", "stores"]),
        ({"vector_stores"}, ["objectives", "stores"]),
        ({"lakehouse"}, ["objectives"]),
        ({"agents"}, ["objectives", "agents"]),
        ({"evaluation"}, ["objectives", "evaluation"]),
        (EVERYTHING, ["objectives", "models", "gateway", "agents", "stores", "evaluation"]),
    ],
)
def test_only_layers_that_exist_have_a_dashboard(present: set[str], uids: list[str]) -> None:
    assert [each.uid for each in catalogue("claims-prod", frozenset(present))] == uids


def test_every_question_is_well_formed() -> None:
    assert not {expression: problems(expression) for expression in asked() if problems(expression)}


def test_every_metric_that_is_asked_for_exists_or_is_recorded_by_a_rule() -> None:
    groups = json.loads(json.dumps(rules(Objectives(), present=EVERYTHING, expected=[])))["groups"]
    recorded = frozenset(rule["record"] for group in groups for rule in group["rules"] if "record" in rule)
    assert not {name for expression in asked() for name in unknown(expression, recorded)}
    assert len([name for name in metrics(" + ".join(asked("objectives"))) if name.startswith("slo:")]) == 16


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
        ("vllm:prefix_cache_hits_total", "vllm:gpu_prefix_cache_hits_total"),
        ("vllm:inter_token_latency_seconds_bucket", "vllm:time_per_output_token_seconds_bucket"),
    ],
)
def test_a_renamed_metric_is_asked_for_by_both_names(new: str, old: str) -> None:
    found = [expression for expression in asked("models") if new in expression]
    assert found
    assert all(old in expression and " or " in expression for expression in found)


def test_the_models_dashboard_answers_what_was_asked_of_it() -> None:
    titles = {panel.title for each in ALL if each.uid == "models" for panel in each.panels}
    assert titles >= {
        "Tokens per second", "Time to first token", "Memory in use", "Utilisation", "Queue", "Key-value cache in use",
        "Prefix cache hits", "Preemptions",
    }  # fmt: skip
    legends = [query.legend for each in ALL if each.uid == "models" for panel in each.panels
               for query in panel.queries if isinstance(query, Query) and panel.title == "Time to first token"]  # fmt: skip
    assert legends == ["{{model_name}} p50", "{{model_name}} p95", "{{model_name}} p99"]


def test_cost_is_shown_by_token_model_team_and_tenant() -> None:
    titles = {panel.title for each in ALL if each.uid == "gateway" for panel in each.panels}
    assert titles >= {
        "US dollars for a million tokens, by model", "Spend of 24 hours, by model", "Spend of 24 hours, by team",
        "Spend of 24 hours, by tenant", "Budget left, by team",
    }  # fmt: skip


def test_without_gpus_nothing_is_asked_of_them() -> None:
    (_, plain) = catalogue("claims-prod", frozenset({"serving"}))
    assert "GPUs" not in [section.title for section in plain.sections]


@pytest.mark.parametrize(("present", "there"), [({"vector_stores"}, False), ({"vector_stores", "opensearch"}, True)])
def test_a_store_of_another_kind_has_no_figures_to_show(present: set[str], there: bool) -> None:
    (_, stores) = catalogue("claims-prod", frozenset(present))
    assert ("OpenSearch" in [section.title for section in stores.sections]) is there
    assert "Freshness" in [section.title for section in stores.sections]


def test_stores_of_other_platforms_in_the_account_are_not_shown() -> None:
    found = [query for each in ALL for panel in each.panels for query in panel.queries if isinstance(query, CloudWatch)]
    assert found
    assert {query.words.split()[0] for query in found} == {"claims-prod"}


def test_no_panel_mixes_data_sources_and_none_is_empty() -> None:
    for dashboard in ALL:
        for panel in dashboard.panels:
            assert len({type(query) for query in panel.queries}) == 1


def test_all_of_them_fit_into_one_config_map() -> None:
    size = sum(len(json.dumps(each.render())) for each in ALL)
    assert size < 500_000
