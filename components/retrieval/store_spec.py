"""What a stack document may say about any store of documents, whatever keeps it."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from blueprint.spec import Spec
from blueprint.types import Dialect, Frozen, KeyPurpose, Name
from blueprint.wiring import Needs, Offer, Want

Distance: TypeAlias = Literal["cosine", "euclidean", "inner_product"]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
ModelLabel = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./:-]{0,127}$")]
"""ASCII, as JSON Schema means it. A class of Unicode's letters, 128 times over, takes 27 ms to compile."""
SERVER, FRESHNESS = "server", "freshness"
"""Workloads of every store: what answers searches, and what measures the age of the newest document."""
TOOLS = ("fetch", "search")
"""What every store's tools server offers; it reads and does not administer."""
MCP_KEY = "mcp-key"
"""Secret that callers of the tools send."""
OWN_FIELDS = frozenset({"id", "text", "source", "metadata", "embedding", "words", "indexed_at"})
"""Fields of a document that mean something else."""


class Hybrid(Frozen):
    """How a search weighs meaning against words."""

    vector_weight: int = Field(60, ge=0, le=100, description="Weight of the vectors' order; left out: 60")
    text_weight: int = Field(40, ge=0, le=100, description="Weight of the words' order; left out: 40")
    fusion: Literal["rrf"] = Field(
        "rrf", description="How both orders become one; left out: reciprocal rank fusion, the only one there is"
    )
    candidates: int = Field(50, ge=1, le=500, description="Documents that each order brings in; left out: 50")

    @model_validator(mode="after")
    def _weighs_something(self) -> Self:
        if self.vector_weight + self.text_weight == 0:
            raise ValueError("vector_weight and text_weight are both 0, and nothing would be found; raise one of them")
        return self


class StoreSpec(Spec):
    """A store of documents that are found by meaning and by words, by those who may see them."""

    kind: Literal["pgvector", "opensearch", "qdrant"]
    name: Name = Field(description="Name of the store; part of its address, which does not tell its kind")
    embedding_model: ModelLabel = Field(
        description="Label of the model whose vectors it holds; a vector of another one is refused"
    )
    dimensions: int = Field(ge=2, le=16_000, description="Length of that model's vectors")
    distance: Distance = Field("cosine", description="How vectors are compared; left out: cosine")
    hybrid: Hybrid = Field(Hybrid(), description="Weights of a search; left out: see Hybrid")
    permission_field: FieldName = Field(
        "allowed_groups", description="Field with the groups that may see a document; left out: allowed_groups"
    )
    freshness_minutes: int = Field(
        1440, ge=15, le=525_600, description="Age of the newest document that raises an alarm; left out: a day"
    )
    replicas: int = Field(2, ge=2, le=20, description="Pods that answer searches; left out: 2")
    keep: bool = Field(
        default=True, description="Whether the documents outlive the stack; left out: protected, kept on delete"
    )

    @model_validator(mode="after")
    def _permissions_have_a_field_of_their_own(self) -> Self:
        if self.permission_field in OWN_FIELDS:
            taken = ", ".join(sorted(OWN_FIELDS))
            raise ValueError(
                f"permission_field is {self.permission_field!r}, and documents hold something else there ({taken}); "
                "leave it out, or choose another name"
            )
        return self

    def _asks(
        self, native: Dialect, *, workloads: frozenset[str], secrets: frozenset[str], keys: frozenset[KeyPurpose]
    ) -> Needs:
        """What a store of any kind asks, with what is its kind's own."""
        return Needs(
            wants=tuple(
                Want(
                    name=name,
                    dialect=Dialect.OTLP,
                    access="write",
                    workload=workload,
                    optional=True,
                    allows=frozenset({"http"}),
                )
                for name, workload in (("otlp", SERVER), ("ages", FRESHNESS))
            ),
            offers=(
                Offer(name="mcp", dialect=Dialect.MCP, names=frozenset(TOOLS)),
                Offer(name="native", dialect=native),
            ),
            workloads=frozenset({SERVER, FRESHNESS}) | workloads,
            services=frozenset({"secretsmanager", "sts", "eks-auth", "monitoring"}),
            keys=frozenset({KeyPurpose.LOGS, KeyPurpose.SECRETS}) | keys,
            secrets=frozenset({MCP_KEY}) | secrets,
        )
