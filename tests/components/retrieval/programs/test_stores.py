"""Which store a pod opens."""

from __future__ import annotations

import pytest

from components.retrieval.programs import stores
from components.retrieval.programs.opensearch import OpenSearch
from components.retrieval.programs.pgvector import PgVector
from components.retrieval.programs.postgres import Place, Pool
from components.retrieval.programs.qdrant import Qdrant


@pytest.fixture(autouse=True)
def _told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.retrieval.programs.qdrant.AUTHORITY", None)
    for name, value in {
        "AWS_REGION": "us-east-1", "DATABASE_HOST": "database.example.org", "DATABASE_NAME": "documents",
        "DATABASE_PORT": "5432", "DATABASE_USER": "search", "DISTANCE": "euclidean", "PERMISSION_FIELD": "readers",
        "STORE_URL": "https://store.example.org",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)


def test_the_kind_decides_which_program_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = {}
    for kind in sorted(stores.KINDS):
        monkeypatch.setenv("STORE_KIND", kind)
        opened[kind] = stores.store()
    assert {kind: type(store) for kind, store in opened.items()} == {
        "opensearch": OpenSearch, "pgvector": PgVector, "qdrant": Qdrant,
    }  # fmt: skip
    database = opened["pgvector"]
    assert isinstance(database, PgVector)
    assert isinstance(database.database, Pool)
    assert database.database.place == Place("database.example.org", 5432, "documents", "search")
    document = opened["opensearch"]
    assert isinstance(document, OpenSearch)
    assert document.permission_field == "readers"


def test_a_kind_without_a_program_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_KIND", "os")
    with pytest.raises(KeyError, match="os"):
        stores.store()
