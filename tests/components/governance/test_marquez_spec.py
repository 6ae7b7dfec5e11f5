"""What a stack document may say about the record of lineage."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from blueprint.types import Dialect
from blueprint.wiring import fold
from components.governance.marquez_spec import MarquezSpec
from tests.components.builders import CLASSES
from tests.components.governance.marquez_stack import OTLP


def test_an_empty_document_is_enough() -> None:
    spec = MarquezSpec()
    assert (spec.retention_days, spec.replicas, spec.keep, spec.database.units) == (None, 2, True, (0.5, 4))
    assert spec.needs().secrets == {"key"}
    assert [offer.dialect for offer in spec.needs().offers] == [Dialect.OPENLINEAGE]


def test_metrics_are_asked_for_where_there_is_a_collector_and_missed_by_nobody_else() -> None:
    alone, problems = fold({"lineage": MarquezSpec().needs()}, CLASSES)
    assert (alone.edges, problems) == ((), ())
    both, problems = fold({"lineage": MarquezSpec().needs(), "observability": OTLP}, CLASSES)
    assert [(edge.consumer, edge.workload, edge.want.allows) for edge in both.edges] == [
        ("lineage", "marquez", frozenset({"scrape-8443"}))
    ]
    assert problems == ()


@pytest.mark.parametrize(
    "document", [{"replicas": 1}, {"retention_days": 0}, {"retention_days": "forever"}, {"pages": True}]
)
def test_what_cannot_be_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(document))):
        MarquezSpec.model_validate(document)
