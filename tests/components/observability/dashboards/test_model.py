"""How a dashboard is written for Grafana."""

from __future__ import annotations

from itertools import combinations
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from components.observability.dashboards.model import COLUMNS, CloudWatch, Dashboard, Panel, Query, Section

QUERY = Query("up", "{{pod}}")
PANELS = st.builds(
    Panel, title=st.just("p"), queries=st.just((QUERY,)), width=st.integers(1, COLUMNS), height=st.integers(1, 12)
)
DASHBOARDS = st.lists(st.lists(PANELS, max_size=9), max_size=5).map(
    lambda found: Dashboard("d", "D", tuple(Section(f"s{n}", tuple(each)) for n, each in enumerate(found)))
)


def rendered(dashboard: Dashboard) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", dashboard.render()["panels"])


@given(DASHBOARDS)
def test_no_two_panels_overlap_and_none_leaves_the_grid(dashboard: Dashboard) -> None:
    places = [each["gridPos"] for each in rendered(dashboard)]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= COLUMNS for place in places)
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        )  # fmt: skip
        assert apart


@given(DASHBOARDS)
def test_every_panel_is_there_once_in_order_below_its_heading(dashboard: Dashboard) -> None:
    found = rendered(dashboard)
    assert [each["id"] for each in found] == list(range(1, len(found) + 1))
    assert [each["type"] for each in found].count("row") == len(dashboard.sections)
    tops = [each["gridPos"]["y"] for each in found]
    assert tops == sorted(tops)


def test_a_question_to_prometheus_names_the_data_source_that_is_provisioned() -> None:
    (_, panel) = rendered(Dashboard("d", "D", (Section("s", (Panel("p", (QUERY, Query("up", instant=True))),)),)))
    assert panel["datasource"] == {"type": "prometheus", "uid": "prometheus"}
    assert [target["refId"] for target in panel["targets"]] == ["A", "B"]
    assert [(target["range"], target["instant"]) for target in panel["targets"]] == [(True, False), (False, True)]


def test_a_question_to_cloudwatch_is_a_search_in_the_platforms_own_names() -> None:
    query = CloudWatch("AWS/RDS", ("DBClusterIdentifier",), "DatabaseConnections", "claims-prod", "Sum")
    (_, panel) = rendered(Dashboard("d", "D", (Section("s", (Panel("p", (query,)),)),)))
    assert panel["datasource"] == {"type": "cloudwatch", "uid": "cloudwatch"}
    assert panel["targets"][0]["expression"] == (
        "SEARCH('{AWS/RDS,DBClusterIdentifier} MetricName=\"DatabaseConnections\" \"claims-prod\"', 'Sum', 300)"
    )


def test_nobody_edits_a_dashboard_by_hand() -> None:
    written = Dashboard("d", "D", ()).render()
    assert (written["editable"], written["schemaVersion"], written["timezone"]) == (False, 41, "utc")
