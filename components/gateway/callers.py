"""Who of the platform itself calls the gateway: one key, one team and one set of rights each; pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from blueprint.errors import DocumentError, Problem
from blueprint.types import Dialect
from blueprint.wiring import slug

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blueprint.types import Noun
    from blueprint.wiring import Edge, Wiring

SECRET = "gateway-key"  # noqa: S105  the name of a secret, not a secret
"""Secret that a caller declares; a workload with rights of its own declares it with its name behind."""
PLATFORM = "platform-"
"""What names of the platform's own teams begin with; teams of the document may not."""


@dataclass(frozen=True)
class Caller:
    """Workloads of one component that share a key."""

    noun: Noun
    secret: str
    asks: bool
    """Whether it may ask models at all."""
    models: frozenset[str]
    """Routes that it may call; empty: all of them."""
    tools: frozenset[str]
    """Tools that it may use, by names such as knowledge/search."""

    @property
    def team(self) -> str:
        """Its team, which also names the file with its key."""
        return f"{PLATFORM}{slug(self.noun)}{self.secret.removeprefix(SECRET)}"

    @property
    def key(self) -> str:
        """Its secret, as the secret store knows it."""
        return f"{self.noun}/{self.secret}"


def callers(wiring: Wiring, gateway: Noun) -> tuple[Caller, ...]:
    """Every caller with what its edges allow, sorted. Raises DocumentError for one that declares no key."""
    edges = sorted(wiring.to(gateway), key=lambda edge: (edge.consumer, _secret(wiring, edge)))
    return tuple(
        _caller(noun, secret, list(group))
        for (noun, secret), group in groupby(edges, key=lambda edge: (edge.consumer, _secret(wiring, edge)))
    )


def _caller(noun: Noun, secret: str, edges: list[Edge]) -> Caller:
    asking = [edge.want.allows for edge in edges if edge.want.dialect is Dialect.OPENAI_V1]
    using = [edge.want.allows for edge in edges if edge.want.dialect is Dialect.MCP]
    models = frozenset[str]() if frozenset() in asking else frozenset[str]().union(*asking)
    return Caller(noun, secret, bool(asking), models, frozenset[str]().union(*using))


def _secret(wiring: Wiring, edge: Edge) -> str:
    declared = wiring.needs[edge.consumer].secrets
    named = (f"{SECRET}-{edge.workload}", SECRET)
    found = next((name for name in named if name in declared), None)
    if found is None:
        raise DocumentError(_keyless(edge))
    return found


def _keyless(edge: Edge) -> Iterable[Problem]:
    yield Problem(
        what=f"calls {edge.provider} and declares no key of its own", path=tuple(edge.consumer.split("/")),
        allowed=SECRET, why="callers that share a key cannot be told apart, limited or stopped",
        fix=f"add {SECRET!r} to the secrets that its needs() names",
    )  # fmt: skip
