"""A model's configuration, read with the defaults of its architecture; everything that is missing is told at once."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.errors import DocumentError, Problem
from blueprint.planner.bounds import Bound, outside, shown

WHY = "without it the size of the weights or of the cache would be a guess"
BOUNDED = "it decides the size of the weights or of the cache, and no model has such a number"


ANY = Bound(0, 2**30)
"""Bound of a number that has none of its own."""


class Refused:
    """Everything that is wrong with a configuration, told at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def say(self, key: str, what: str, *, allowed: str = "", value: str = "", why: str = WHY, fix: str = "") -> None:
        """Note one thing that is missing, not known or out of bounds; the same thing only once."""
        problem = Problem(what, path=("config.json", key), why=why, allowed=allowed, value=value, fix=fix)
        if problem not in self.problems:
            self.problems.append(problem)

    def error(self) -> DocumentError:
        """All that was noted, as one error."""
        return DocumentError(self.problems)

    def raise_any(self) -> None:
        """Raise DocumentError when something was noted."""
        if self.problems:
            raise self.error()


class Settings:
    """A configuration with the defaults of its architecture; what is asked for and is not there is refused."""

    def __init__(
        self, given: Mapping[str, object], defaults: Mapping[str, object], refused: Refused, part: str = ""
    ) -> None:
        self._given, self._defaults, self._refused, self._part = given, defaults, refused, part
        self._outside = outside(given)
        for key, bound in self._outside.items():
            self.refuse(key, "is no number that can be meant", str(bound), value=shown(given[key]), why=BOUNDED)

    def find(self, key: str) -> object:
        """The value, the default of the architecture, or None."""
        value = self._given.get(key)
        return self._defaults.get(key) if value is None else value

    def count(self, key: str, otherwise: int | None = None) -> int:
        """A whole number above zero; refused when it is missing and nothing stands in for it."""
        found = self.optional(key)
        if found or key in self._outside:
            return found or 1
        if self.find(key) is None and otherwise is not None:
            return otherwise
        self.refuse(key, "is missing" if self.find(key) is None else f"{found} is no whole number above zero")
        return 1

    def first(self, key: str, *others: str) -> int:
        """The same under the first of several names that is there; refused by the name of the first."""
        return self.count(key, next((found for each in others if (found := self.optional(each))), None))

    def optional(self, key: str) -> int:
        """A whole number, 0 where it is missing."""
        value = self.find(key)
        if value is None or key in self._outside:
            return 0
        if isinstance(value, int) and ANY.holds(value):
            return value
        self._outside = {**self._outside, key: ANY}
        self.refuse(key, "is no number that can be meant", str(ANY), value=shown(value), why=BOUNDED)
        return 0

    def any_of(self, *keys: str) -> int:
        """A whole number under the first of several names that has one, 0 where none has."""
        return next((found for each in keys if (found := self.optional(each))), 0)

    def flag(self, key: str, otherwise: bool) -> bool:
        """A switch."""
        value = self.find(key)
        if value is not None and not isinstance(value, bool):
            self.refuse(key, f"{shown(value)} is neither true nor false", "true, false")
        return value if isinstance(value, bool) else otherwise

    def listed(self, key: str, layers: int) -> list[str] | None:
        """Names of kinds, one a layer, where the configuration lists them."""
        value = self.find(key)
        if value is None:
            return None
        if not isinstance(value, list):
            self.refuse(key, f"{shown(value)} is no list of layers")
            return None
        if len(value) != layers:
            self.refuse(key, f"lists {len(value)} layers of {layers}")
        return [each if isinstance(each, str) else shown(each) for each in value[:layers]]

    def within(self, key: str, given: Mapping[str, object]) -> Settings:
        """A mapping that the configuration holds under a key, read the same way."""
        return Settings({} if self.find(key) is None else given, {}, self._refused, key)

    def numbers(self, key: str, below: int) -> frozenset[int]:
        """Numbers of layers in a list; none where it is missing."""
        value, bound = self.find(key), Bound(0, below - 1)
        listed = value if isinstance(value, list) else []
        if listed != (value or []) or not all(map(bound.holds, listed)):
            self.refuse(key, "does not list numbers of layers", str(bound), value=shown(value), why=BOUNDED)
        return frozenset(each for each in listed if isinstance(each, int))

    def refuse(self, key: str, what: str, allowed: str = "", *, value: str = "", why: str = WHY, fix: str = "") -> None:
        """Note something that is missing, not known or out of bounds."""
        where = f"{self._part}.{key}" if self._part else key
        self._refused.say(where, what, allowed=allowed, value=value, why=why, fix=fix)
