"""The outside list as tests read it: each pair, what reads it, and why nothing does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml
from pydantic import Field

from blueprint.types import Frozen

FOLDER = Path(__file__).parents[2] / "compliance" / "outside"


class Entry(Frozen):
    """What the checks of a scanner look at, and our rules for it."""

    checks: tuple[str, ...] = Field(min_length=1)
    rules: tuple[str, ...]


class Type(Frozen):
    """What a scanner looks at in one type."""

    properties: dict[str, Entry]
    satellites: dict[str, Entry]


class Listed(Frozen):
    """compliance/outside/checkov.yaml."""

    scanner: str
    read_on: str
    types: dict[str, Type]
    unread: tuple[str, ...]


class Reason(Frozen):
    """Why no rule reads some pairs. `type` and `properties` may hold shell wildcards; brackets stand for themselves."""

    type: str
    properties: tuple[str, ...] = Field(min_length=1)
    reason: str = Field(min_length=20)

    def covers(self, pair: Pair) -> bool:
        """Whether the reason is about a pair."""
        return fnmatchcase(pair.token, self.type) and any(fnmatchcase(pair.name, each) for each in self.properties)


@dataclass(frozen=True)
class Pair:
    """A type, and a property or "(type of a satellite)" that a scanner reads there."""

    token: str
    name: str
    checks: tuple[str, ...]
    rules: tuple[str, ...]

    def __str__(self) -> str:
        """The pair as the test prints it."""
        return f"{self.token} {self.name} ({', '.join(self.checks[:4])})"


def listed() -> Listed:
    """The list as it is checked in."""
    return Listed.model_validate(yaml.safe_load((FOLDER / "checkov.yaml").read_text()))


def reasons() -> tuple[Reason, ...]:
    """The reasons as people wrote them."""
    return tuple(Reason.model_validate(each) for each in yaml.safe_load((FOLDER / "reasons.yaml").read_text()))


def pairs() -> Iterator[Pair]:
    """Every pair of the list."""
    for token, entry in listed().types.items():
        for name, each in entry.properties.items():
            yield Pair(token, name, each.checks, each.rules)
        for other, each in entry.satellites.items():
            yield Pair(token, f"({other})", each.checks, each.rules)
