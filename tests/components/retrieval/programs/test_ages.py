"""The age of a store's newest document, on its way to the collector."""

from __future__ import annotations

import json

from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from components.retrieval.programs.ages import METRIC, document


def test_the_age_is_one_gauge_of_one_store_as_opentelemetrys_own_schema_reads_it() -> None:
    read = Parse(json.dumps(document("vector_stores/knowledge", 90.0, 1_763_600_000)), ExportMetricsServiceRequest())
    (metric,) = read.resource_metrics[0].scope_metrics[0].metrics
    (point,) = metric.gauge.data_points
    assert (metric.name, metric.unit, point.as_double) == (METRIC, "", 90.0)
    assert [(each.key, each.value.string_value) for each in point.attributes] == [("store", "vector_stores/knowledge")]
