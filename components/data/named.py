"""Names that a consumer may be allowed, checked against what a provider has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.errors import DocumentError, Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from blueprint.wiring import Edge


def refuse_unknown(edge: Edge, names: Iterable[str], known: Iterable[str], what: str) -> None:
    """Raise DocumentError with every name that the provider does not know."""
    choices = sorted(known)
    wrong = sorted(set(names) - set(choices))
    if wrong:
        raise DocumentError(
            Problem(
                what=f"may use {name!r} of {edge.provider}, which has no such {what}", path=tuple(edge.consumer.split("/")),
                value=name, allowed=", ".join(choices) or "none", why="a permission on nothing opens nothing",
                fix=nearest(name, choices),
            )
            for name in wrong
        )  # fmt: skip
