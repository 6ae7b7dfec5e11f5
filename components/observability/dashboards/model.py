"""What a dashboard is made of, and how that is written for Grafana."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import JsonValue

SCHEMA_VERSION = 41
"""Of Grafana 12's classic dashboard JSON; an older number would be migrated on load. Source: Grafana 12 exports, 2026-11-20."""
COLUMNS = 24
"""Width of Grafana's grid."""
PROMETHEUS, CLOUDWATCH = "prometheus", "cloudwatch"
"""Data sources, which are called as their types."""

Unit: TypeAlias = Literal[
    "short",
    "s",
    "ms",
    "percentunit",
    "percent",
    "bytes",
    "mbytes",
    "currencyUSD",
    "ops",
    "reqps",
    "celsius",
    "watt",
    "none",
]
Kind: TypeAlias = Literal["timeseries", "stat", "bargauge", "table"]


@dataclass(frozen=True)
class Query:
    """One question to Prometheus."""

    expr: str
    legend: str = ""
    instant: bool = False

    def target(self, ref: str) -> dict[str, JsonValue]:
        """As Grafana writes it."""
        return {
            "refId": ref, "datasource": {"type": PROMETHEUS, "uid": PROMETHEUS}, "expr": self.expr,
            "legendFormat": self.legend or "__auto", "instant": self.instant, "range": not self.instant, "editorMode": "code",
        }  # fmt: skip


@dataclass(frozen=True)
class CloudWatch:
    """One question to CloudWatch: a metric of every resource whose name holds some words."""

    namespace: str
    dimensions: tuple[str, ...]
    metric: str
    words: str
    statistic: Literal["Average", "Maximum", "Minimum", "Sum"] = "Average"

    def target(self, ref: str) -> dict[str, JsonValue]:
        """As Grafana writes it: a search, so that a new resource shows without a new dashboard."""
        schema = ",".join((self.namespace, *self.dimensions))
        words = " ".join(f'"{word}"' for word in self.words.split())
        search = f"SEARCH('{{{schema}}} MetricName=\"{self.metric}\" {words}', '{self.statistic}', 300)"
        return {
            "refId": ref, "datasource": {"type": CLOUDWATCH, "uid": CLOUDWATCH}, "queryMode": "Metrics", "region": "default",
            "namespace": self.namespace, "metricName": self.metric, "statistic": self.statistic, "dimensions": {},
            "metricQueryType": 0, "metricEditorMode": 1, "expression": search, "id": "", "label": "", "period": "",
        }  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """One picture."""

    title: str
    queries: tuple[Query | CloudWatch, ...]
    unit: Unit = "short"
    kind: Kind = "timeseries"
    width: int = 12
    height: int = 8
    about: str = ""
    steps: tuple[tuple[float, str], ...] = ()
    """Value from which a colour holds; below the first it is green."""


@dataclass(frozen=True)
class Section:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    """One page."""

    uid: str
    title: str
    sections: tuple[Section, ...]
    hours: int = 6
    """How far back it looks when it is opened."""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All of its panels."""
        return tuple(panel for section in self.sections for panel in section.panels)

    def render(self) -> dict[str, JsonValue]:
        """The JSON that Grafana reads; nobody changes it by hand, so it is not editable there."""
        return {
            "uid": self.uid, "title": self.title, "tags": ["platform"], "schemaVersion": SCHEMA_VERSION, "editable": False,
            "graphTooltip": 1, "timezone": "utc", "refresh": "1m", "time": {"from": f"now-{self.hours}h", "to": "now"},
            "annotations": {"list": []}, "templating": {"list": []}, "links": [], "panels": list(_panels(self.sections)),
        }  # fmt: skip


def _panels(sections: Iterable[Section]) -> Iterator[JsonValue]:
    """Panels from left to right; one that does not fit begins a new line below the highest of the last."""
    number, top = 1, 0
    for section in sections:
        place: JsonValue = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
        yield {"id": number, "type": "row", "title": section.title, "collapsed": False, "gridPos": place, "panels": []}
        number, top, left, tallest = number + 1, top + 1, 0, 0
        for panel in section.panels:
            if left + panel.width > COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            yield _panel(panel, number, left, top)
            number, left, tallest = number + 1, left + panel.width, max(tallest, panel.height)
        top += tallest


def _panel(panel: Panel, number: int, left: int, top: int) -> JsonValue:
    sources = {type(query) for query in panel.queries}
    uid = CLOUDWATCH if sources == {CloudWatch} else PROMETHEUS
    coloured: list[JsonValue] = [{"color": colour, "value": value} for value, colour in panel.steps]
    steps: list[JsonValue] = [{"color": "green", "value": None}, *coloured]
    defaults: JsonValue = {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
    targets: list[JsonValue] = [query.target(chr(ord("A") + place)) for place, query in enumerate(panel.queries)]
    return {
        "id": number, "type": panel.kind, "title": panel.title, "description": panel.about,
        "datasource": {"type": uid, "uid": uid}, "gridPos": {"x": left, "y": top, "w": panel.width, "h": panel.height},
        "targets": targets, "fieldConfig": {"defaults": defaults, "overrides": []}, "options": _options(panel.kind),
    }  # fmt: skip


def _options(kind: Kind) -> JsonValue:
    latest: JsonValue = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match kind:
        case "timeseries":
            return {
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi"},
            }  # fmt: skip
        case "stat":
            return {"reduceOptions": latest, "colorMode": "value", "graphMode": "area"}
        case "bargauge":
            return {"reduceOptions": latest, "displayMode": "basic", "orientation": "horizontal"}
        case "table":
            return {"showHeader": True}
