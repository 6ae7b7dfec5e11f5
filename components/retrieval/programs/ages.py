"""The age of a store's newest document as a metric, beside those by which the platform's promises are kept."""

from __future__ import annotations

import json
import ssl
import urllib.request
from pathlib import Path

AUTHORITY = Path("/etc/authority/ca.crt")
METRIC = "retrieval_index_age_seconds"
SECONDS = 20


def document(store: str, age_seconds: float, now_seconds: float) -> dict[str, object]:
    """One gauge as OTLP takes it over HTTP; no unit, since the collector would make it part of the name."""
    point = {
        "attributes": [{"key": "store", "value": {"stringValue": store}}],
        "timeUnixNano": str(int(now_seconds * 1_000_000_000)),
        "asDouble": age_seconds,
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "freshness"}}]}
    scope = {"scope": {"name": "freshness"}, "metrics": [{"name": METRIC, "gauge": {"dataPoints": [point]}}]}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [scope]}]}


def send(url: str, store: str, age_seconds: float, now_seconds: float) -> None:
    """Hand it to the collector. Raises OSError when that does not take it."""
    context = ssl.create_default_context(cafile=str(AUTHORITY))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities of older clusters have no key identifier
    request = urllib.request.Request(  # noqa: S310  the address of a port
        f"{url}/v1/metrics", data=json.dumps(document(store, age_seconds, now_seconds)).encode(),
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=SECONDS, context=context) as answer:  # noqa: S310
        answer.read()
