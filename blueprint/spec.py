"""Base class of everything a stack document may say about one component."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from blueprint.errors import Problem
from blueprint.types import Frozen, Noun
from blueprint.wiring import Needs


@dataclass(frozen=True)
class Tightens:
    """Marks a Spec field that may only be stricter than the posture.

    Used as Annotated[int | None, Tightens("audit_log_retention_days")]; None takes the posture's value.
    """

    parameter: str


class Conflict(NamedTuple):
    """A setting that does not go with another component of the document."""

    field: str
    problem: Problem
    """Its path goes on from the field."""
    certain: bool
    """Refused; otherwise a warning, since the answer rests on estimates."""


class Spec(Frozen):
    """Plan-time choices of one component; never an Output, imports no pulumi."""

    def needs(self) -> Needs:
        """Say what this component asks of the rest; answered from the spec alone."""
        return Needs()

    def misplaced(self, region: str) -> Iterable[tuple[str, Problem]]:
        """Say what the region does not have, as (field, problem); nothing when all of it can live there."""
        del region
        return ()

    def conflicts(self, others: Mapping[Noun, Spec]) -> Iterable[Conflict]:
        """Say what does not go with other components of the document; nothing when all of it does, or nobody can tell."""
        del others
        return ()
