"""What every store answers, and what the tools server makes of it: the same for all kinds of store."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

Scalar: TypeAlias = str | int | float | bool
Filters: TypeAlias = Mapping[str, Scalar]
"""Fields of a document's metadata and the values they must have."""
Json: TypeAlias = Mapping[str, object]

GROUPS_HEADER = "x-blueprint-groups"
"""Groups of the person who asks, separated by commas; set by the platform's own runtime, never by a model."""
RANK_CONSTANT = 60
"""Softens the lead of the first places in reciprocal rank fusion; the value of its authors."""
MOST_GROUPS, MOST_RESULTS, LONGEST_TEXT, MOST_FILTERS = 500, 100, 4000, 20


class RefusedError(Exception):
    """A call that cannot be answered as it stands; the message says what to change."""


class UnavailableError(Exception):
    """The store did not answer, or not as it should."""


@dataclass(frozen=True)
class Hit:
    """One document that was found."""

    id: str
    text: str
    source: str
    score: float = 0.0

    def written(self) -> dict[str, str | float]:
        """As the tools answer it."""
        return {"id": self.id, "text": self.text, "source": self.source, "score": round(self.score, 6)}


class Store(Protocol):
    """A store of documents. Every search names the groups of whoever asks; the store itself leaves out the rest."""

    def near(self, vector: Sequence[float], groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        """Documents by the distance of their vectors, nearest first."""

    def matching(self, text: str, groups: Sequence[str], filters: Filters, count: int) -> list[Hit]:
        """Documents by their words, best first."""

    def fetch(self, id_: str, groups: Sequence[str]) -> Hit | None:
        """One document; None where there is none that these groups may see."""

    def newest(self) -> datetime | None:
        """When the newest document was indexed; None for an empty store."""


@dataclass(frozen=True)
class Settings:
    """What a stack document says of the store."""

    embedding_model: str
    dimensions: int
    vector_weight: int
    text_weight: int
    candidates: int

    @staticmethod
    def from_environment() -> Settings:
        """As the pod is told."""
        return Settings(
            embedding_model=os.environ["EMBEDDING_MODEL"], dimensions=int(os.environ["DIMENSIONS"]),
            vector_weight=int(os.environ["VECTOR_WEIGHT"]), text_weight=int(os.environ["TEXT_WEIGHT"]),
            candidates=int(os.environ["CANDIDATES"]),
        )  # fmt: skip


def groups_of(header: str | None) -> tuple[str, ...]:
    """Groups that a header names, sorted. Raises RefusedError for more than a search may carry."""
    named = {word.strip() for word in (header or "").split(",")} - {""}
    if len(named) > MOST_GROUPS:
        raise RefusedError(f"{GROUPS_HEADER} names {len(named)} groups; {MOST_GROUPS} are the most")
    return tuple(sorted(named))


def fused(orders: Iterable[tuple[float, Sequence[Hit]]], top: int) -> list[Hit]:
    """Several orders as one: a document scores by its places, whatever each order measures."""
    scores: dict[str, float] = {}
    found: dict[str, Hit] = {}
    for weight, order in orders:
        for place, hit in enumerate(order, start=1):
            scores[hit.id] = scores.get(hit.id, 0.0) + weight / (RANK_CONSTANT + place)
            found.setdefault(hit.id, hit)
    best = sorted(scores, key=lambda id_: (-scores[id_], id_))[:top]
    return [Hit(hit.id, hit.text, hit.source, scores[hit.id]) for hit in map(found.__getitem__, best)]


@dataclass(frozen=True)
class Search:
    """The two tools over one store. A caller without groups finds nothing, and the store is not even asked."""

    store: Store
    settings: Settings

    def search(
        self,
        groups: Sequence[str],
        *,
        text: str = "",
        vector: Sequence[float] | None = None,
        top: int = 10,
        filters: Filters | None = None,
        model: str = "",
    ) -> list[Hit]:
        """Documents by meaning and by words. Raises RefusedError."""
        self._checked(text, vector, top, filters or {}, model)
        if not groups:
            return []
        told, wanted, count = filters or {}, self.settings, max(top, self.settings.candidates)
        orders: list[tuple[float, Sequence[Hit]]] = []
        if vector and (wanted.vector_weight or not text):
            orders.append((wanted.vector_weight or 1, self.store.near(vector, groups, told, count)))
        if text and (wanted.text_weight or not vector):
            orders.append((wanted.text_weight or 1, self.store.matching(text, groups, told, count)))
        return fused(orders, top)

    def fetch(self, groups: Sequence[str], id_: str) -> Hit | None:
        """One document by its id, if one of the groups may see it."""
        return self.store.fetch(id_, groups) if groups and id_ else None

    def _checked(self, text: str, vector: Sequence[float] | None, top: int, filters: Filters, model: str) -> None:
        mine, problems = self.settings, []
        if not text and not vector:
            problems.append("give text, a vector of it, or both")
        if len(text) > LONGEST_TEXT:
            problems.append(f"text has {len(text)} characters; {LONGEST_TEXT} are the most")
        if vector and len(vector) != mine.dimensions:
            problems.append(f"vector has {len(vector)} numbers; {mine.embedding_model} gives {mine.dimensions}")
        if vector and not all(math.isfinite(number) for number in vector):
            problems.append("vector holds something that is no finite number")
        if model and model != mine.embedding_model:
            problems.append(f"vector is of {model}; this store holds vectors of {mine.embedding_model}")
        if not 1 <= top <= MOST_RESULTS:
            problems.append(f"top is {top}; it may be 1 to {MOST_RESULTS}")
        if len(filters) > MOST_FILTERS:
            problems.append(f"{len(filters)} filters; {MOST_FILTERS} are the most")
        if problems:
            raise RefusedError("; ".join(problems))


def mapping(value: object) -> dict[str, object]:
    """A JSON object; empty for anything else."""
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[dict[str, object]]:
    """A list of JSON objects."""
    return [mapping(each) for each in value] if isinstance(value, list) else []


def parsed(body: bytes) -> dict[str, object]:
    """An answer of a store. Raises UnavailableError for what is no JSON."""
    try:
        return mapping(json.loads(body or b"{}"))
    except ValueError as error:
        raise UnavailableError(f"answered something that is no JSON: {body[:120]!r}") from error
