"""What a stack document may say about stores of documents."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from blueprint.slots import SLOTS
from blueprint.types import Dialect, KeyPurpose
from tests.components.retrieval.conftest import KINDS, NATIVE, REQUIRED, spec


def refused(kind: str, **more: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        spec(kind, **more)
    return str(caught.value)


def test_the_kind_that_is_meant_when_none_is_named_is_pgvector() -> None:
    assert next(iter(SLOTS["vector_stores"].kinds)) == "pgvector"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_offers_the_tools_and_its_own_dialect(kind: str) -> None:
    needs = spec(kind).needs()
    assert {(offer.name, offer.dialect) for offer in needs.offers} == {("mcp", Dialect.MCP), ("native", NATIVE[kind])}
    assert {"server", "freshness"} <= needs.workloads
    assert "mcp-key" in needs.secrets
    assert needs.egress == frozenset()


def test_each_kind_asks_for_what_it_alone_needs() -> None:
    asked = {kind: spec(kind).needs() for kind in KINDS}
    assert {kind: sorted(needs.workloads - {"server", "freshness"}) for kind, needs in asked.items()} == {
        "opensearch": ["setup"], "pgvector": ["databases"], "qdrant": ["setup", "snapshots", "store"],
    }  # fmt: skip
    assert {kind: sorted(needs.secrets - {"mcp-key"}) for kind, needs in asked.items()} == {
        "opensearch": [], "pgvector": [], "qdrant": ["api-key", "peers-key", "read-only-key"],
    }  # fmt: skip
    common = {KeyPurpose.LOGS, KeyPurpose.SECRETS}
    assert {kind: needs.keys - common for kind, needs in asked.items()} == {
        "opensearch": {KeyPurpose.DATABASES, KeyPurpose.OBJECTS}, "pgvector": {KeyPurpose.DATABASES},
        "qdrant": {KeyPurpose.DISKS, KeyPurpose.OBJECTS},
    }  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_three_fields_are_required(kind: str) -> None:
    text = refused(kind, name=None, embedding_model=None, dimensions=None)
    assert {line for line in text.splitlines() if line in REQUIRED} == REQUIRED.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_documents_have_already_cannot_hold_permissions(kind: str) -> None:
    assert "documents hold something else there" in refused(kind, permission_field="metadata")


def test_the_label_of_a_model_is_ascii() -> None:
    assert "String should match pattern" in refused("pgvector", embedding_model="gro\u00df")
    assert spec("pgvector", embedding_model="BAAI/bge-m3:v1.5_q8").embedding_model == "BAAI/bge-m3:v1.5_q8"


def test_weights_that_find_nothing_are_refused() -> None:
    assert "both 0" in refused("qdrant", hybrid={"vector_weight": 0, "text_weight": 0})


def test_pgvector_indexes_two_thousand_dimensions_and_the_others_more() -> None:
    assert "less than or equal to 2000" in refused("pgvector", dimensions=3072)
    assert [spec(kind, dimensions=3072).dimensions for kind in ("opensearch", "qdrant")] == [3072, 3072]


def test_a_database_that_shrinks_under_load_is_refused() -> None:
    assert "max_units is 2.0, less than min_units 4.0" in refused("pgvector", database={"min_units": 4, "max_units": 2})
