"""What OpenSearch is asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from components.retrieval.programs.contract import Hit, UnavailableError
from components.retrieval.programs.opensearch import OpenSearch, signed
from tests.components.retrieval.programs.apis import Api

SEARCH = "POST /documents/_search"
FOUND: dict[str, object] = {"hits": {"hits": [{"_source": {"id": "a", "text": "text", "source": "source"}}]}}
GROUPS = {"terms": {"allowed_groups": ["x", "y"]}}


def store(answer: dict[str, object] = FOUND, status: int = 200) -> tuple[OpenSearch, Api]:
    api = Api({SEARCH: (status, answer)})
    return OpenSearch(api, "allowed_groups"), api


def test_vectors_are_compared_among_what_the_groups_may_see() -> None:
    asked, api = store()
    assert asked.near([1.0, 2.0], ["x", "y"], {"lang": "en"}, 5) == [Hit("a", "text", "source")]
    seen = {"bool": {"filter": [GROUPS, {"term": {"metadata.lang": "en"}}]}}
    assert api.body(SEARCH) == {
        "size": 5, "_source": ["id", "text", "source"],
        "query": {"knn": {"embedding": {"vector": [1.0, 2.0], "k": 5, "filter": seen}}},
    }  # fmt: skip


def test_words_are_sought_among_what_the_groups_may_see() -> None:
    asked, api = store()
    assert asked.matching("some words", ["x", "y"], {}, 3) == [Hit("a", "text", "source")]
    assert api.body(SEARCH) == {
        "size": 3, "_source": ["id", "text", "source"],
        "query": {"bool": {"must": [{"match": {"text": "some words"}}], "filter": [GROUPS]}},
    }  # fmt: skip


def test_one_document_is_fetched_with_the_same_filter() -> None:
    asked, api = store()
    assert asked.fetch("a", ["x", "y"]) == Hit("a", "text", "source")
    assert api.body(SEARCH) == {
        "size": 1, "_source": ["id", "text", "source"], "query": {"bool": {"filter": [{"term": {"id": "a"}}, GROUPS]}},
    }  # fmt: skip
    assert store({"hits": {"hits": []}})[0].fetch("a", ["x"]) is None


def test_the_age_is_that_of_the_newest_document_and_an_empty_index_has_none() -> None:
    newest, _ = store({"aggregations": {"newest": {"value": 1763596800000.0}}})
    assert newest.newest() == datetime(2025, 11, 20, tzinfo=UTC)
    assert store({"aggregations": {"newest": {"value": None}}})[0].newest() is None


def test_a_refusal_is_trouble_of_the_store() -> None:
    with pytest.raises(UnavailableError, match="answered 403"):
        store({"error": "denied"}, 403)[0].fetch("a", ["x"])


def test_requests_are_signed_with_the_pods_role(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "of-a-test"), ("AWS_SECRET_ACCESS_KEY", "of-a-test")):
        monkeypatch.setenv(name, value)
    headers = signed("us-east-1", "POST", "https://search.example.org/documents/_search", b"{}")
    assert "/us-east-1/es/aws4_request" in headers["Authorization"]
