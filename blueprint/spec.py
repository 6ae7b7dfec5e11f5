"""Base class of everything a stack document may say about one component."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blueprint.errors import Problem
from blueprint.types import Frozen
from blueprint.wiring import Needs


@dataclass(frozen=True)
class Tightens:
    """Marks a Spec field that may only be stricter than the posture.

    Used as Annotated[int | None, Tightens("audit_log_retention_days")]; None takes the posture's value.
    """

    parameter: str


class Spec(Frozen):
    """Plan-time choices of one component; never an Output, imports no pulumi."""

    def needs(self) -> Needs:
        """Say what this component asks of the rest; answered from the spec alone."""
        return Needs()

    def misplaced(self, region: str) -> Iterable[tuple[str, Problem]]:
        """Say what the region does not have, as (field, problem); nothing when all of it can live there."""
        del region
        return ()
