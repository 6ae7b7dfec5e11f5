"""Publish how old the newest document of a store is. An empty store publishes nothing, which its alarm takes as stale."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import botocore.session  # type: ignore[import-untyped]

from components.retrieval.programs.ages import send
from components.retrieval.programs.contract import Store, UnavailableError
from components.retrieval.programs.stores import store

Publish = Callable[[Mapping[str, object]], object]


def measured(found: Store, now: datetime, noun: str, namespace: str, publish: Publish) -> float | None:
    """Age of the newest document in minutes, published; None for an empty store."""
    newest = found.newest()
    if newest is None:
        return None
    minutes = max(0.0, (now - newest).total_seconds() / 60)
    publish({
        "Namespace": namespace,
        "MetricData": [{
            "MetricName": "IndexAge", "Dimensions": [{"Name": "Store", "Value": noun}], "Timestamp": now,
            "Value": minutes, "Unit": "None",
        }],
    })  # fmt: skip
    return minutes


def main() -> int:
    """One measurement."""
    client = botocore.session.get_session().create_client("cloudwatch", region_name=os.environ["AWS_REGION"])
    noun, now, collector = os.environ["STORE"], datetime.now(UTC), os.environ.get("AGES_URL", "")
    try:
        age = measured(store(), now, noun, os.environ["METRICS"], lambda told: client.put_metric_data(**told))
        if age is not None and collector:
            send(collector, noun, age * 60, now.timestamp())
    except (UnavailableError, OSError) as trouble:
        sys.stderr.write(f"{noun} could not be measured: {trouble}\n")
        return 1
    sys.stderr.write(f"{noun} is empty\n" if age is None else f"newest document of {noun}: {age:.1f} minutes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
