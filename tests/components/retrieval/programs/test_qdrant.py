"""What Qdrant is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.retrieval.programs import qdrant
from components.retrieval.programs.contract import Hit, UnavailableError
from components.retrieval.programs.qdrant import Qdrant
from tests.components.retrieval.programs.apis import Api

QUERY, SCROLL = "POST /collections/documents/points/query", "POST /collections/documents/points/scroll"
FOUND: dict[str, object] = {"result": {"points": [{"payload": {"id": "a", "text": "text", "source": "source"}}]}}
GROUPS = {"key": "allowed_groups", "match": {"any": ["x", "y"]}}
SHOWN = ["id", "text", "source"]


def store(answer: dict[str, object] = FOUND, status: int = 200) -> tuple[Qdrant, Api]:
    api = Api({QUERY: (status, answer), SCROLL: (status, answer)})
    return Qdrant(api, "allowed_groups"), api


def test_vectors_are_compared_among_what_the_groups_may_see() -> None:
    asked, api = store()
    assert asked.near([1.0, 2.0], ["x", "y"], {"lang": "en"}, 5) == [Hit("a", "text", "source")]
    assert api.body(QUERY) == {
        "query": [1.0, 2.0], "using": "embedding", "limit": 5, "with_payload": SHOWN,
        "filter": {"must": [GROUPS, {"key": "metadata.lang", "match": {"value": "en"}}]},
    }  # fmt: skip


def test_words_become_a_sparse_vector_inside_the_cluster() -> None:
    asked, api = store()
    assert asked.matching("some words", ["x", "y"], {}, 3) == [Hit("a", "text", "source")]
    assert api.body(QUERY) == {
        "query": {"text": "some words", "model": "qdrant/bm25"}, "using": "words", "limit": 3, "with_payload": SHOWN,
        "filter": {"must": [GROUPS]},
    }  # fmt: skip


def test_one_document_is_fetched_with_the_same_filter() -> None:
    asked, api = store()
    assert asked.fetch("a", ["x", "y"]) == Hit("a", "text", "source")
    assert api.body(SCROLL) == {
        "filter": {"must": [{"key": "id", "match": {"value": "a"}}, GROUPS]}, "limit": 1, "with_payload": SHOWN,
    }  # fmt: skip
    assert store({"result": {"points": []}})[0].fetch("a", ["x"]) is None


def test_the_age_is_that_of_the_newest_document_and_an_empty_collection_has_none() -> None:
    newest, _ = store({"result": {"points": [{"payload": {"indexed_at": "2026-11-20T08:00:00+00:00"}}]}})
    assert newest.newest() == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert store({"result": {"points": []}})[0].newest() is None


def test_a_refusal_is_trouble_of_the_store() -> None:
    with pytest.raises(UnavailableError, match="answered 403"):
        store({"status": "denied"}, 403)[0].fetch("a", ["x"])


def test_the_key_is_read_anew_for_each_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qdrant, "SECRETS", tmp_path)
    monkeypatch.setattr(qdrant, "AUTHORITY", None)
    monkeypatch.setenv("STORE_URL", "https://store.example.org")
    calls = qdrant.calls("read-only-key")
    sent = []
    for key in ("first\n", "second"):
        (tmp_path / "read-only-key").write_text(key)
        sent.append(calls.headers("GET", "", b""))
    assert sent == [{"api-key": "first"}, {"api-key": "second"}]
