"""What a rule may read about one subject: every leaf known, unknown with its reason, or absent by a dated default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from blueprint.graph import Ref
from blueprint.types import DataClass, Frozen

__all__ = ["Known", "Leaf", "Origin", "Reason", "Ref", "Subject", "Unknown"]

T_co = TypeVar("T_co", covariant=True)

Reason: TypeAlias = Literal["cloud_decides", "secret", "existing", "no_default", "not_read", "not_pinned", "untagged"]
"""Why a leaf cannot be told."""


class Origin(Frozen):
    """Where a leaf was read. default: the property is absent and the value is the provider's, from the dated table."""

    urn: str
    path: str
    how: Literal["set", "default", "tag"] = "set"


@dataclass(frozen=True)
class Known(Generic[T_co]):
    """A value that was read; a link is Known[Ref]."""

    value: T_co
    origin: Origin


@dataclass(frozen=True)
class Unknown:
    """A value that could not be read."""

    reason: Reason
    origin: Origin


Leaf: TypeAlias = Known[T_co] | Unknown


@dataclass(frozen=True)
class Subject:
    """A thing as a person names it, folded from one or more resources; the id is the same from every source."""

    id: str
    urns: tuple[str, ...]
    data_classes: Leaf[frozenset[DataClass]]

    @property
    def kind(self) -> str:
        """Name of the fact model, as rules write it."""
        return type(self).__name__
