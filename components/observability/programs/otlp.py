"""Gauges as OTLP over HTTP, written by hand: a program that runs once needs no library that sends every minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Gauge:
    """One value at the end of a run."""

    name: str
    value: float
    labels: Mapping[str, str]


def document(service: str, gauges: Sequence[Gauge], seconds: float) -> dict[str, object]:
    """The body of a request to /v1/metrics: no units, since the collector would make them part of the names."""
    names = sorted({gauge.name for gauge in gauges})
    metrics = [
        {"name": name, "gauge": {"dataPoints": [_point(each, seconds) for each in gauges if each.name == name]}}
        for name in names
    ]
    return {
        "resourceMetrics": [{
            "resource": {"attributes": _attributes({"service.name": service})},
            "scopeMetrics": [{"scope": {"name": service}, "metrics": metrics}],
        }]
    }  # fmt: skip


def _point(gauge: Gauge, seconds: float) -> dict[str, object]:
    nanoseconds = str(int(seconds * 1_000_000_000))
    return {"attributes": _attributes(gauge.labels), "timeUnixNano": nanoseconds, "asDouble": gauge.value}


def _attributes(labels: Mapping[str, str]) -> list[dict[str, object]]:
    return [{"key": key, "value": {"stringValue": labels[key]}} for key in sorted(labels)]
