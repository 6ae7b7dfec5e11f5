"""A span for each call of a tool: how long it took and how many documents it found, never what was asked or found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # type: ignore[import-not-found]
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def start() -> bool:
    """Send spans to where the environment says, if it says so; the exporter reads the rest of it."""
    if ENDPOINT not in os.environ:
        return False
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return True


@contextmanager
def traced(tool: str) -> Iterator[Callable[[int], None]]:
    """A span around one call; the yielded function notes how many documents were found."""
    with trace.get_tracer("retrieval").start_as_current_span(f"execute_tool {tool}") as span:
        span.set_attribute("gen_ai.operation.name", "execute_tool")
        span.set_attribute("gen_ai.tool.name", tool)
        yield lambda number: span.set_attribute("retrieval.documents", number)
