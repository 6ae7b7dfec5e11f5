"""Documents in OpenSearch. Every query carries the caller's groups as a filter that is applied before anything is ranked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.session import get_session  # type: ignore[import-untyped]

from components.retrieval.programs.calls import MISSING, Calls, Https, expected
from components.retrieval.programs.contract import Filters, Hit, Json, mapping, mappings

INDEX = "documents"
SHOWN = ["id", "text", "source"]


@dataclass(frozen=True)
class OpenSearch:
    """The store over one index."""

    calls: Calls
    permission_field: str

    def near(self, vector: Sequence[float], groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        """Documents by the distance of their vectors, nearest first."""
        seen = {"bool": {"filter": self._seen(groups, filters)}}
        return self._found({"knn": {"embedding": {"vector": list(vector), "k": count, "filter": seen}}}, count)

    def matching(self, text: str, groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        """Documents by their words, best first."""
        return self._found(
            {"bool": {"must": [{"match": {"text": text}}], "filter": self._seen(groups, filters)}}, count
        )

    def fetch(self, id_: str, groups: Sequence[str]) -> Hit | None:
        """One document."""
        query = {"bool": {"filter": [{"term": {"id": id_}}, *self._seen(groups, {})]}}
        return next(iter(self._found(query, 1)), None)

    def newest(self) -> datetime | None:
        """When the newest document was indexed."""
        body = {"size": 0, "aggs": {"newest": {"max": {"field": "indexed_at"}}}}
        answer = expected(self.calls, "POST", f"/{INDEX}/_search", body)
        value = mapping(mapping(answer.get("aggregations")).get("newest")).get("value")
        return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int | float) else None

    def _seen(self, groups: Sequence[str], filters: Filters) -> list[Json]:
        wanted: list[Json] = [{"term": {f"metadata.{name}": value}} for name, value in sorted(filters.items())]
        return [{"terms": {self.permission_field: list(groups)}}, *wanted]

    def _found(self, query: Json, count: int) -> list[Hit]:
        answer = expected(self.calls, "POST", f"/{INDEX}/_search", {"size": count, "_source": SHOWN, "query": query})
        listed = [mapping(each.get("_source")) for each in mappings(mapping(answer.get("hits")).get("hits"))]
        return [Hit(*(str(each.get(name, "")) for name in SHOWN)) for each in listed]  # type: ignore[arg-type]


def signed(region: str, method: str, address: str, body: bytes) -> Mapping[str, str]:
    """Headers that prove the pod's role."""
    request = AWSRequest(method, address, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(_session.get_credentials(), "es", region).add_auth(request)
    return {str(name): str(value) for name, value in request.headers.items()}


_session = get_session()
"""Renews the role's credentials under way."""


def calls() -> Https:
    """Calls of the domain that the pod is told."""
    region = os.environ["AWS_REGION"]
    return Https((os.environ["STORE_URL"],), lambda method, address, body: signed(region, method, address, body))


def store() -> OpenSearch:
    """The store that the pod is told."""
    return OpenSearch(calls(), os.environ["PERMISSION_FIELD"])


__all__ = ["INDEX", "MISSING", "OpenSearch", "calls", "store"]
