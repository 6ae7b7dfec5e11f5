"""Documents in Qdrant. Every query carries the caller's groups as a filter that is applied before anything is ranked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from components.retrieval.programs.calls import Calls, Https, expected
from components.retrieval.programs.contract import Filters, Hit, Json, mapping, mappings

COLLECTION = "documents"
WORDS = "qdrant/bm25"
"""The cluster itself makes sparse vectors of text, for documents and queries alike."""
SHOWN = ["id", "text", "source"]
AUTHORITY = "/etc/authority/ca.crt"
SECRETS = Path("/etc/retrieval/secrets")


@dataclass(frozen=True)
class Qdrant:
    """The store over one collection."""

    calls: Calls
    permission_field: str

    def near(self, vector: Sequence[float], groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        """Documents by the distance of their vectors, nearest first."""
        return self._found({"query": list(vector), "using": "embedding"}, groups, filters, count)

    def matching(self, text: str, groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        """Documents by their words, best first."""
        return self._found({"query": {"text": text, "model": WORDS}, "using": "words"}, groups, filters, count)

    def fetch(self, id_: str, groups: Sequence[str]) -> Hit | None:
        """One document."""
        seen = {"must": [{"key": "id", "match": {"value": id_}}, *self._seen(groups, {})]}
        listed = self._scrolled({"filter": seen, "limit": 1, "with_payload": SHOWN})
        return next((_hit(each) for each in listed), None)

    def newest(self) -> datetime | None:
        """When the newest document was indexed."""
        order = {"key": "indexed_at", "direction": "desc"}
        listed = self._scrolled({"order_by": order, "limit": 1, "with_payload": ["indexed_at"]})
        value = next((each.get("indexed_at") for each in listed), None)
        return datetime.fromisoformat(value) if isinstance(value, str) else None

    def _seen(self, groups: Sequence[str], filters: Filters) -> list[Json]:
        wanted: list[Json] = [
            {"key": f"metadata.{name}", "match": {"value": value}} for name, value in sorted(filters.items())
        ]
        return [{"key": self.permission_field, "match": {"any": list(groups)}}, *wanted]

    def _found(self, query: Mapping[str, object], groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        body = {**query, "filter": {"must": self._seen(groups, filters)}, "limit": count, "with_payload": SHOWN}
        answer = expected(self.calls, "POST", f"/collections/{COLLECTION}/points/query", body)
        points = mappings(mapping(answer.get("result")).get("points"))
        return [_hit(mapping(each.get("payload"))) for each in points]

    def _scrolled(self, body: Mapping[str, object]) -> list[dict[str, object]]:
        answer = expected(self.calls, "POST", f"/collections/{COLLECTION}/points/scroll", body)
        return [mapping(each.get("payload")) for each in mappings(mapping(answer.get("result")).get("points"))]


def _hit(payload: Mapping[str, object]) -> Hit:
    return Hit(*(str(payload.get(name, "")) for name in SHOWN))  # type: ignore[arg-type]  # three texts


def calls(key: str) -> Https:
    """Calls of the cluster with one of the mounted keys, read anew for each."""
    return Https(
        (os.environ["STORE_URL"],), lambda *_: {"api-key": (SECRETS / key).read_text().strip()}, authority=AUTHORITY
    )


def store() -> Qdrant:
    """The store that the pod is told, as a reader."""
    return Qdrant(calls("read-only-key"), os.environ["PERMISSION_FIELD"])
