"""Three-valued logic on leaves: a known answer where it can be told, and the reason where it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from compliance.facts.base import Known, Leaf, Unknown

T = TypeVar("T")
U = TypeVar("U")
R = TypeVar("R")


def mapped(leaf: Leaf[T], change: Callable[[T], R]) -> Leaf[R]:
    """The same leaf with another value; unknown stays unknown."""
    return Known(change(leaf.value), leaf.origin) if isinstance(leaf, Known) else leaf


def joined(one: Leaf[T], other: Leaf[U], join: Callable[[T, U], R]) -> Leaf[R]:
    """What follows from two leaves; known where both are, from where the second was read."""
    if isinstance(one, Known) and isinstance(other, Known):
        return Known(join(one.value, other.value), other.origin)
    return one if isinstance(one, Unknown) else other  # type: ignore[return-value]  # the other one is unknown


def every(leaves: Iterable[Leaf[bool]]) -> Leaf[bool]:
    """Whether all hold: one that does not decides, else one that cannot be told. There is at least one leaf."""
    return _decided(leaves, deciding=False)


def some(leaves: Iterable[Leaf[bool]]) -> Leaf[bool]:
    """Whether any holds: one that does decides, else one that cannot be told. There is at least one leaf."""
    return _decided(leaves, deciding=True)


def inverted(leaf: Leaf[bool]) -> Leaf[bool]:
    """The opposite."""
    return mapped(leaf, lambda value: not value)


def _decided(leaves: Iterable[Leaf[bool]], *, deciding: bool) -> Leaf[bool]:
    all_leaves = tuple(leaves)
    for leaf in all_leaves:
        if isinstance(leaf, Known) and leaf.value is deciding:
            return leaf
    return next((leaf for leaf in all_leaves if isinstance(leaf, Unknown)), all_leaves[0])
