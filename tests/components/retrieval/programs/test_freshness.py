"""The measure of a store's age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from components.retrieval.programs.freshness import measured
from tests.components.retrieval.programs.test_contract import Documents

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Aged(Documents):
    def __init__(self, newest: datetime | None) -> None:
        super().__init__()
        self.last = newest

    def newest(self) -> datetime | None:
        return self.last


@pytest.mark.parametrize(("age", "minutes"), [(90, 90.0), (0, 0.0), (-5, 0.0)])
def test_the_age_of_the_newest_document_is_published(age: int, minutes: float) -> None:
    told: list[Mapping[str, object]] = []
    store = Aged(NOW - timedelta(minutes=age))
    assert measured(store, NOW, "vector_stores/knowledge", "claims-prod/Retrieval", told.append) == minutes
    assert told == [{
        "Namespace": "claims-prod/Retrieval",
        "MetricData": [{
            "MetricName": "IndexAge", "Dimensions": [{"Name": "Store", "Value": "vector_stores/knowledge"}],
            "Timestamp": NOW, "Value": minutes, "Unit": "None",
        }],
    }]  # fmt: skip


def test_of_an_empty_store_nothing_is_published_so_that_silence_raises_the_alarm() -> None:
    told: list[Mapping[str, object]] = []
    assert measured(Aged(None), NOW, "vector_stores/knowledge", "claims-prod/Retrieval", told.append) is None
    assert told == []
