"""A control parameter: its type, its order, and how two values of it are joined into the stricter one.

The joins form the algebra that `docs/explanation/join.md` explains; each is commutative, associative, idempotent and
monotone, which `tests/blueprint/test_posture.py` proves. They are total: an empty set or a crossed interval is a value
here, and an error only where a posture is asked for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property, reduce
from typing import Literal, TypeAlias

from blueprint.snaps import snap
from blueprint.types import Frozen, Value

ScopeKind: TypeAlias = Literal["platform", "data_class", "principal"]
Enforceable: TypeAlias = Literal["platform", "shared", "people"]
Interval: TypeAlias = tuple[int | None, int | None]


class Join(StrEnum):
    """How the strictest of several values is found."""

    MUST = "must"  # true if anyone says so
    MAY = "may"  # true only if everyone says so
    AT_LEAST = "at_least"  # the highest number
    AT_MOST = "at_most"  # the lowest number
    RANK = "rank"  # the highest in a named order
    ALL_OF = "all_of"  # the union of sets
    ONLY = "only"  # the intersection of sets; may be empty
    WITHIN = "within"  # the overlap of intervals; may be empty


CHAINS = frozenset({Join.MUST, Join.MAY, Join.AT_LEAST, Join.AT_MOST, Join.RANK})
"""Joins whose values stand in one line from weak to strict."""


class WrongValue(ValueError):
    """A value that is not of the parameter's type."""


class Parameter(Frozen):
    """One row of `compliance/parameters.yaml`."""

    name: str
    section: str
    title: str
    join: Join
    unit: str = ""
    order: tuple[str, ...] = ()
    order_reason: str = ""
    top: Literal["forever"] | None = None
    snap: str | None = None
    choose: Literal["lowest", "highest"] | None = None
    enforceable: Enforceable
    applied_at: tuple[str, ...] = ()
    scopes: frozenset[ScopeKind] = frozenset({"platform"})

    @cached_property
    def _rank(self) -> dict[str, int]:
        return {word: index for index, word in enumerate(self.order)}

    def parse(self, raw: object) -> Value:
        """Give a value written in YAML, or observed in a resource, its type. Raises WrongValue."""
        if self.join in {Join.ALL_OF, Join.ONLY}:
            return self._set(raw)
        if self.join is Join.WITHIN:
            return "forever" if raw == "forever" == self.top else self._interval(raw)
        return self._scalar(raw)

    def strictest(self, values: Iterable[Value]) -> Value:
        """Join values; there is at least one."""
        return reduce(self.combine, values)

    def combine(self, one: Value, other: Value) -> Value:
        """The stricter of two values, or what satisfies both."""
        if self.join in CHAINS:
            return max(one, other, key=self.strictness)
        if self.join is Join.ALL_OF:
            return self._set(one) | self._set(other)
        if self.join is Join.ONLY:
            return self._set(one) & self._set(other)
        lows, highs = zip(self._interval(one), self._interval(other), strict=True)
        return (
            max((low for low in lows if low is not None), default=None),
            min((high for high in highs if high is not None), default=None),
        )

    def strictness(self, value: Value) -> float:
        """Place of a value in its chain, weak to strict."""
        if self.join is Join.RANK:
            return self._rank[str(self._scalar(value))]
        scalar = self._scalar(value)
        size = math.inf if isinstance(scalar, str) else float(scalar)
        return -size if self.join in {Join.MAY, Join.AT_MOST} else size

    def at_least_as_strict(self, value: Value, bound: Value) -> bool:
        """Whether a value satisfies a bound. Raises WrongValue when it is not of the parameter's type."""
        if self.join in CHAINS:
            return self.strictness(value) >= self.strictness(bound)
        if self.join is Join.ALL_OF:
            return self._set(value) >= self._set(bound)
        if self.join is Join.ONLY:
            return self._set(value) <= self._set(bound)
        floor, ceiling = self._interval(bound)
        if value == "forever":
            return ceiling is None
        low, high = self._interval(value)
        return (floor is None or (low is not None and low >= floor)) and (
            ceiling is None or (high is not None and high <= ceiling)
        )

    def is_empty(self, value: Value) -> bool:
        """Whether no setting can satisfy this joined value."""
        if self.join is Join.ONLY:
            return not self._set(value)
        if self.join is Join.WITHIN:
            low, high = self._interval(value)
            return low is not None and high is not None and low > high
        return False

    def snapped(self, value: Value) -> Value:
        """What is built: one end of an interval, moved to what AWS accepts. Raises snaps.Unreachable."""
        if self.join is Join.WITHIN:
            low, high = self._interval(value)
            if self.choose == "highest":
                return self.order[-1 if high is None else high]
            value = self.order[low or 0] if self.order else low or 0
        if self.snap is None or isinstance(value, frozenset | tuple):
            return value
        return snap(self.snap, "forever" if value == "forever" else int(value), self._strict)

    @property
    def _strict(self) -> Literal["up", "down"]:
        return "down" if self.join is Join.AT_MOST else "up"

    def show(self, value: Value) -> str:
        """A value as people read it."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, frozenset):
            return "{" + ", ".join(sorted(value)) + "}"
        if isinstance(value, tuple):
            return self._span(*value)
        return f"{value}{self._unit(value)}"

    def bound(self, value: Value) -> str:
        """A joined value as a demand: "at least 2192 days"."""
        shown = self.show(value)
        return {
            Join.MUST: "must be yes" if value else "may be yes or no",
            Join.MAY: "may be yes or no" if value else "must be no",
            Join.AT_LEAST: f"at least {shown}",
            Join.AT_MOST: f"at most {shown}",
            Join.RANK: shown if self.order and value == self.order[-1] else f"{shown} or stricter",
            Join.ALL_OF: f"at least all of {shown}",
            Join.ONLY: f"nothing outside {shown}",
            Join.WITHIN: shown,
        }[self.join]

    def _span(self, low: int | None, high: int | None) -> str:
        least, most = ("" if end is None else self.order[end] if self.order else str(end) for end in (low, high))
        if least and most:
            return f"{least} to {most}{self._unit(0)}"
        if least:
            return f"{least}{self._unit(0)} or more"
        return f"up to {most}{self._unit(0)}" if most else "anything"

    def _unit(self, value: Value) -> str:
        return f" {self.unit}" if self.unit and value != "forever" else ""

    def _scalar(self, raw: object) -> bool | int | str:
        if self.join is Join.RANK and isinstance(raw, str) and raw in self._rank:
            return raw
        if self.join in {Join.MUST, Join.MAY} and isinstance(raw, bool):
            return raw
        if self.join in {Join.AT_LEAST, Join.AT_MOST}:
            if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
                return raw
            if raw == "forever" and (self.top == "forever" or self.join is Join.AT_MOST):
                return "forever"
        raise WrongValue(f"{raw!r} is not a value of {self.name}, which takes {self._takes()}")

    def _set(self, raw: object) -> frozenset[str]:
        if isinstance(raw, str):
            raw = (raw,)
        if isinstance(raw, frozenset | set | list | tuple) and all(isinstance(item, str) for item in raw):
            return frozenset(raw)
        raise WrongValue(f"{raw!r} is not a value of {self.name}, which takes {self._takes()}")

    def _interval(self, raw: object) -> Interval:
        if isinstance(raw, list | tuple) and len(raw) == 2:
            return self._bound_of(raw[0]), self._bound_of(raw[1])
        point = self._bound_of(raw)
        return point, point

    def _bound_of(self, raw: object) -> int | None:
        if raw is None or (isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0):
            return raw
        if isinstance(raw, str) and raw in self._rank:
            return self._rank[raw]
        raise WrongValue(f"{raw!r} is not a value of {self.name}, which takes {self._takes()}")

    def _takes(self) -> str:
        if self.order:
            return f"one of {' < '.join(self.order)}"
        return {
            Join.MUST: "true or false",
            Join.MAY: "true or false",
            Join.ALL_OF: "a list of words",
            Join.ONLY: "a list of words",
            Join.WITHIN: f"a pair of numbers {self.unit}".rstrip(),
        }.get(self.join, f"a number of {self.unit or 'things'}{' or forever' if self.top else ''}")
