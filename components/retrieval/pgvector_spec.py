"""What a stack document may say about a store of documents inside PostgreSQL."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from blueprint.types import Dialect, Frozen, KeyPurpose
from blueprint.wiring import Needs
from components.retrieval.store_spec import StoreSpec


class DatabaseSize(Frozen):
    """Aurora capacity."""

    min_units: float = Field(0.5, ge=0.5, le=256, multiple_of=0.5, description="Capacity units at rest; left out: 0.5")
    max_units: float = Field(16, ge=1, le=256, multiple_of=0.5, description="Capacity units under load; left out: 16")
    instances: int = Field(
        2, ge=2, le=15, description="Instances, spread over zones; left out: 2, a writer and a reader"
    )

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.max_units < self.min_units:
            raise ValueError(f"max_units is {self.max_units}, less than min_units {self.min_units}")
        return self


class PgVectorSpec(StoreSpec):
    """Documents in Aurora PostgreSQL with pgvector; the database itself shows a caller its groups' rows alone."""

    kind: Literal["pgvector"] = "pgvector"
    dimensions: int = Field(ge=2, le=2000, description="Length of the model's vectors; pgvector indexes 2000 at most")
    database: DatabaseSize = Field(DatabaseSize(), description="Size of the database; left out: see DatabaseSize")

    def needs(self) -> Needs:
        """A database, and the job that makes what is in it."""
        return self._asks(
            Dialect.POSTGRES, workloads=frozenset({"databases"}), secrets=frozenset(),
            keys=frozenset({KeyPurpose.DATABASES}),
        )  # fmt: skip
