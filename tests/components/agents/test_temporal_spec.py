"""What a stack document may say about durable execution."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from blueprint.types import Dialect, KeyPurpose
from components.agents.temporal_spec import TemporalSpec


def test_an_empty_document_is_enough() -> None:
    spec = TemporalSpec()
    assert (spec.namespace, spec.history_shards, spec.retention_days, spec.keep) == ("agents", 512, None, True)
    assert spec.counted == {"frontend": 2, "history": 3, "internal-frontend": 2, "matching": 2, "worker": 2}
    assert spec.database.units == (0.5, 16)


def test_every_program_is_asked_for_metrics_and_needs_no_secret() -> None:
    needs = TemporalSpec().needs()
    assert [(want.workload, want.allows, want.dialect) for want in needs.wants] == [
        (role, frozenset({"scrape-9090"}), Dialect.OTLP)
        for role in ("frontend", "history", "internal-frontend", "matching", "worker")
    ]
    assert needs.secrets == needs.egress == frozenset()
    assert needs.keys == {KeyPurpose.DATABASES, KeyPurpose.LOGS, KeyPurpose.SECRETS}
    assert [offer.dialect for offer in needs.offers] == [Dialect.TEMPORAL]


@pytest.mark.parametrize(
    ("document", "field"),
    [({"replicas": {"history": 1}}, "replicas.history"), ({"history_shards": 0}, "history_shards"),
     ({"namespace": "Agents"}, "namespace"), ({"retention_days": 0}, "retention_days"),
     ({"limits": {"payload_kilobytes": 9000}}, "limits.payload_kilobytes"),
     ({"database": {"min_units": 8, "max_units": 4}}, "max_units is 4.0, less than min_units 8.0")],
)  # fmt: skip
def test_what_cannot_be_is_refused(document: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError, match=field.replace(".", r"\.")):
        TemporalSpec.model_validate(document)


def test_it_is_said_that_the_shards_can_never_be_changed() -> None:
    assert "NEVER be changed" in str(TemporalSpec.model_fields["history_shards"].description)
