"""A model's configuration, read with the defaults of its architecture; everything that is missing is told at once."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.errors import DocumentError, Problem

WHY = "without it the size of the weights or of the cache would be a guess"


class Refused:
    """Everything that is wrong with a configuration, told at once."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def say(self, key: str, what: str, *, allowed: str = "") -> None:
        """Note one thing that is missing or not known."""
        self.problems.append(Problem(what, path=("config.json", key), why=WHY, allowed=allowed))

    def error(self) -> DocumentError:
        """All that was noted, as one error."""
        return DocumentError(self.problems)

    def raise_any(self) -> None:
        """Raise DocumentError when something was noted."""
        if self.problems:
            raise self.error()


class Settings:
    """A configuration with the defaults of its architecture; what is asked for and is not there is refused."""

    def __init__(self, given: Mapping[str, object], defaults: Mapping[str, object], refused: Refused) -> None:
        self._given, self._defaults, self._refused = given, defaults, refused

    def find(self, key: str) -> object:
        """The value, the default of the architecture, or None."""
        value = self._given.get(key)
        return self._defaults.get(key) if value is None else value

    def count(self, key: str, otherwise: int | None = None) -> int:
        """A whole number above zero; refused when it is missing and nothing stands in for it."""
        value = self.find(key)
        if value is None and otherwise is not None:
            return otherwise
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        self._refused.say(key, "is missing" if value is None else f"{value!r} is no whole number above zero")
        return 1

    def first(self, key: str, *others: str) -> int:
        """The same under the first of several names that is there; refused by the name of the first."""
        return self.count(key, next((found for each in others if (found := self.optional(each))), None))

    def optional(self, key: str) -> int:
        """A whole number, 0 where it is missing."""
        value = self.find(key)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def any_of(self, *keys: str) -> int:
        """A whole number under the first of several names that has one, 0 where none has."""
        return next((found for each in keys if (found := self.optional(each))), 0)

    def flag(self, key: str, otherwise: bool) -> bool:
        """A switch."""
        value = self.find(key)
        return value if isinstance(value, bool) else otherwise

    def kinds(self, layers: int) -> list[str] | None:
        """`layer_types`, one a layer, when the configuration lists them."""
        value = self.find("layer_types")
        if not isinstance(value, list):
            return None
        if len(value) != layers:
            self._refused.say("layer_types", f"lists {len(value)} layers of {layers}")
        return [str(each) for each in value]

    def within(self, key: str, given: Mapping[str, object]) -> Settings:
        """A mapping that the configuration holds under a key, read the same way."""
        return Settings({} if self.find(key) is None else given, {}, self._refused)

    def refuse(self, key: str, what: str, allowed: str = "") -> None:
        """Note something that is not known."""
        self._refused.say(key, what, allowed=allowed)
