"""What the engine found: one rule on one subject."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias, TypeVar

from pydantic import JsonValue

from blueprint.posture import Posture
from blueprint.types import Frozen, Severity
from compliance.facts.base import Ref, Subject

S = TypeVar("S", bound=Subject)


class Outcome(StrEnum):
    """UNKNOWN is never PASS."""

    PASS = "pass"  # noqa: S105  a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Read(Frozen):
    """One value that a rule looked at, with the bound that it was held against.

    decides: the verdict rests on it. how: default says that the property is absent and the provider's value was taken.
    """

    urn: str
    path: str
    value: JsonValue
    parameter: str | None = None
    bound: JsonValue = None
    decides: bool = False
    how: Literal["set", "default", "tag"] = "set"


class Verdict(Frozen):
    """The outcome, the sentence why, and what was read. crashed: the rule itself failed, and the outcome is UNKNOWN."""

    outcome: Outcome
    because: str
    reads: tuple[Read, ...] = ()
    crashed: bool = False


class Finding(Frozen):
    """One rule on one subject. The id is a hash of the two, so that a repair closes the id that it opened."""

    id: str
    rule: str
    subject: str
    urns: tuple[str, ...]
    severity: Severity
    verdict: Verdict
    exception: str | None = None

    @property
    def by_default(self) -> bool:
        """Whether the verdict rests on a value that is absent and was taken from the table of provider's defaults."""
        return any(read.decides and read.how == "default" for read in self.verdict.reads)

    @staticmethod
    def id_of(rule: str, subject: str) -> str:
        """Stable id of a rule on a subject."""
        return hashlib.sha256(f"{rule}\0{subject}".encode()).hexdigest()[:16]


class Estate(Protocol):
    """All subjects of one source."""

    @property
    def whole(self) -> bool:
        """Whether all of them are here: while some may not have been read, that there is none proves nothing."""
        ...

    def all(self, kind: type[S]) -> tuple[S, ...]:
        """Subjects of one kind, sorted by id."""
        ...

    def at(self, ref: Ref) -> Subject | None:
        """The subject that a link leads to; None where nothing of ours stands there."""
        ...

    def component(self, subject: Subject) -> str | None:
        """Name of the component that a subject belongs to, as its resources are named; None outside of any."""
        ...


Predicate: TypeAlias = Callable[[S, Estate, Posture], Verdict]
"""A rule that relates subjects; plain comparisons are Cerberus schemas in the rule's YAML."""
