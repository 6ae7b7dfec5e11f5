"""The predicates by name. A predicate is a decorated function in any module of this folder, and is found there."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import compliance.predicates
from compliance.facts.base import Subject
from compliance.findings import Predicate

S = TypeVar("S", bound=Subject)

_FOUND: dict[str, Relation] = {}


class Relation(NamedTuple):
    """A predicate, the kind of subject that it judges, and the parameters that it holds values against."""

    kind: type[Subject]
    judge: Predicate[Any]
    """Called with subjects of that kind only."""
    parameters: tuple[str, ...]


def relates(kind: type[S], *, parameters: tuple[str, ...] = ()) -> Callable[[Predicate[S]], Predicate[S]]:
    """Make a function a predicate under its own name.

    Without any of its parameters set by a framework the rule is NOT_APPLICABLE and the function is not called.
    """

    def found(function: Predicate[S]) -> Predicate[S]:
        name = function.__name__
        if name in _FOUND:
            raise ValueError(f"two predicates are called {name!r}")
        _FOUND[name] = Relation(kind, function, parameters)
        return function

    return found


@cache
def predicates() -> Mapping[str, Relation]:
    """Every predicate by its name."""
    for module in pkgutil.iter_modules(compliance.predicates.__path__):
        if module.name != "registry":
            importlib.import_module(f"{compliance.predicates.__name__}.{module.name}")
    return MappingProxyType(dict(sorted(_FOUND.items())))
