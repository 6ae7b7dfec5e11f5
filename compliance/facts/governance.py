"""The register of models and use cases, the table that holds it, and what is in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compliance.facts.base import Leaf, Ref, Subject


@dataclass(frozen=True)
class Table(Subject):
    """A DynamoDB table."""

    key: Leaf[Ref | None]
    recoverable: Leaf[bool]
    """It can be set back to a point in time."""
    deletion_protected: Leaf[bool]
    register: Leaf[bool]
    """Entries of the register stand in it."""
    changes_archived: Leaf[bool]
    """Every change flows into a stream that something delivers to a bucket."""


@dataclass(frozen=True)
class RegistryEntry(Subject):
    """A row of the register."""

    entry: Leaf[Literal["model", "use_case"]]
    owner: Leaf[str | None]
    risk_class: Leaf[str | None]
    approved: Leaf[bool]
    """Somebody other than the owner approved it, on a day that is on record."""
    purpose: Leaf[str | None]
    review_by: Leaf[str | None]
    """The day by which it is looked at again."""


@dataclass(frozen=True)
class Use(Subject):
    """A served model or an agent: something that answers with a model."""

    registered: Leaf[bool]
    """A use case of the register names it."""
