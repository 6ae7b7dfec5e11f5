"""What the tools make of what a store answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.retrieval.programs.contract import (
    MOST_GROUPS,
    Filters,
    Hit,
    RefusedError,
    Search,
    Settings,
    UnavailableError,
    fused,
    groups_of,
    parsed,
)

HITS = {name: Hit(name, f"text of {name}", f"source of {name}") for name in "abcdef"}


class Documents:
    """A store of the test's own that notes what it was asked."""

    def __init__(self, near: str = "", matching: str = "") -> None:
        self.orders = {"near": near, "matching": matching}
        self.asked: list[tuple[object, ...]] = []

    def near(self, vector: Sequence[float], groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        self.asked.append(("near", tuple(vector), tuple(groups), dict(filters), count))
        return [HITS[name] for name in self.orders["near"]][:count]

    def matching(self, text: str, groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        self.asked.append(("matching", text, tuple(groups), dict(filters), count))
        return [HITS[name] for name in self.orders["matching"]][:count]

    def fetch(self, id_: str, groups: Sequence[str]) -> Hit | None:
        self.asked.append(("fetch", id_, tuple(groups)))
        return HITS.get(id_)

    def newest(self) -> datetime | None:
        return None


def search(documents: Documents, *, vector_weight: int = 60, text_weight: int = 40) -> Search:
    return Search(documents, Settings("large", 3, vector_weight, text_weight, 50))


def ids(hits: Sequence[Hit]) -> str:
    return "".join(hit.id for hit in hits)


def test_a_caller_without_groups_finds_nothing_and_the_store_is_not_asked() -> None:
    documents = Documents("ab", "ab")
    assert search(documents).search((), text="anything", vector=[1, 2, 3]) == []
    assert search(documents).fetch((), "a") is None
    assert documents.asked == []


def test_both_orders_are_asked_with_the_callers_groups_and_filters() -> None:
    documents = Documents("ab", "bc")
    found = search(documents).search(("x", "y"), text="words", vector=[1, 2, 3], top=2, filters={"lang": "en"})
    assert documents.asked == [
        ("near", (1, 2, 3), ("x", "y"), {"lang": "en"}, 50),
        ("matching", "words", ("x", "y"), {"lang": "en"}, 50),
    ]
    assert ids(found) == "ba"


def test_a_document_in_both_orders_beats_the_first_of_one() -> None:
    assert ids(fused([(50, [HITS["a"], HITS["b"]]), (50, [HITS["c"], HITS["b"]])], 3)) == "bac"


def test_an_order_without_weight_is_not_asked_unless_it_is_all_there_is() -> None:
    documents = Documents("a", "b")
    assert ids(search(documents, text_weight=0).search(("x",), text="words", vector=[1, 2, 3])) == "a"
    assert ids(search(documents, text_weight=0).search(("x",), text="words")) == "b"
    assert [asked[0] for asked in documents.asked] == ["near", "matching"]


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({}, "give text, a vector of it, or both"),
        ({"vector": [1.0, 2.0]}, "vector has 2 numbers; large gives 3"),
        ({"vector": [1.0, 2.0, float("nan")]}, "no finite number"),
        ({"vector": [1.0, 2.0, 3.0], "model": "small"}, "vector is of small; this store holds vectors of large"),
        ({"text": "x" * 4001}, "text has 4001 characters; 4000 are the most"),
        ({"text": "words", "top": 0}, "top is 0; it may be 1 to 100"),
        ({"text": "words", "filters": dict.fromkeys(map(str, range(21)), 1)}, "21 filters; 20 are the most"),
    ],
)
def test_a_call_that_cannot_be_answered_says_what_to_change(told: dict[str, object], problem: str) -> None:
    documents = Documents("a")
    with pytest.raises(RefusedError, match=problem):
        search(documents).search(("x",), **told)  # type: ignore[arg-type]
    assert documents.asked == []


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(RefusedError) as caught:
        search(Documents()).search(("x",), vector=[1.0], top=1000, model="small")
    assert all(part in str(caught.value) for part in ("vector has 1 numbers", "vector is of small", "top is 1000"))


@pytest.mark.parametrize(
    ("header", "groups"),
    [(None, ()), ("", ()), (" , ,", ()), ("b, a,b", ("a", "b")), ("claims readers", ("claims readers",))],
)
def test_groups_are_read_from_the_header(header: str | None, groups: tuple[str, ...]) -> None:
    assert groups_of(header) == groups


def test_more_groups_than_a_search_may_carry_are_refused() -> None:
    with pytest.raises(RefusedError, match="names 501 groups"):
        groups_of(",".join(map(str, range(MOST_GROUPS + 1))))


orders = st.lists(st.permutations("abcdef").map("".join), min_size=1, max_size=3)


@given(orders, st.integers(min_value=1, max_value=6))
def test_fusion_gives_each_document_once_best_first(named: list[str], top: int) -> None:
    found = fused([(1.0, [HITS[name] for name in order]) for order in named], top)
    assert len({hit.id for hit in found}) == len(found) == top
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


@given(st.permutations("abcdef"))
def test_fusing_an_order_with_itself_changes_nothing(order: list[str]) -> None:
    hits = [HITS[name] for name in order]
    assert [hit.id for hit in fused([(3, hits), (5, hits)], 6)] == order


def test_an_answer_that_is_no_json_is_trouble_of_the_store() -> None:
    with pytest.raises(UnavailableError, match="no JSON"):
        parsed(b"<html>")
    assert parsed(b"") == parsed(b"[]") == {}


def test_a_hit_is_written_with_four_fields() -> None:
    assert Hit("a", "text", "source", 0.123456789).written() == {
        "id": "a", "text": "text", "source": "source", "score": 0.123457,
    }  # fmt: skip
