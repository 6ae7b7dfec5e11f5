"""Metrics as the collector takes them."""

from __future__ import annotations

import json

from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from components.observability.programs.otlp import Gauge, document

GAUGES = (
    Gauge("evaluation_score", 0.5, {"model": "chat", "measure": "judge"}),
    Gauge("evaluation_score", 0.25, {"model": "chat", "measure": "format"}),
    Gauge("evaluation_interval_seconds", 3600, {}),
)


def test_the_body_is_what_opentelemetrys_own_schema_reads() -> None:
    read = Parse(json.dumps(document("evaluation", GAUGES, 1_763_600_000.5)), ExportMetricsServiceRequest())
    (resource,) = read.resource_metrics
    assert [(each.key, each.value.string_value) for each in resource.resource.attributes] == [
        ("service.name", "evaluation")
    ]
    (scope,) = resource.scope_metrics
    assert [each.name for each in scope.metrics] == ["evaluation_interval_seconds", "evaluation_score"]
    points = scope.metrics[1].gauge.data_points
    assert [point.as_double for point in points] == [0.5, 0.25]
    assert points[0].time_unix_nano == 1_763_600_000_500_000_000
    assert {each.key: each.value.string_value for each in points[0].attributes} == {"model": "chat", "measure": "judge"}


def test_no_unit_becomes_part_of_a_name() -> None:
    assert "unit" not in json.dumps(document("evaluation", GAUGES, 1))
