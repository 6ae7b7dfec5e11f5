"""How large a database is; whoever has one says so in its own part of a stack document."""

from __future__ import annotations

from pydantic import Field, model_validator

from blueprint.types import Frozen


class AuroraSize(Frozen):
    """Capacity of an Aurora cluster."""

    min_units: float = Field(0.5, ge=0.5, le=256, multiple_of=0.5, description="Capacity units at rest; left out: 0.5")
    max_units: float = Field(8, ge=1, le=256, multiple_of=0.5, description="Capacity units under load; left out: 8")
    instances: int = Field(
        2, ge=2, le=15, description="Instances, spread over zones; left out: 2, a writer and a reader"
    )

    @model_validator(mode="after")
    def _grows(self) -> AuroraSize:
        if self.max_units < self.min_units:
            raise ValueError(f"max_units is {self.max_units}, less than min_units {self.min_units}")
        return self

    @property
    def units(self) -> tuple[float, float]:
        """From rest to load."""
        return self.min_units, self.max_units
