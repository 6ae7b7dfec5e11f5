"""How resources become subjects: adapters by resource type, found in the modules of this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from compliance.facts.base import Subject
from compliance.sources import planned
from compliance.sources.planned.reading import Reading

Fold: TypeAlias = Callable[[Reading], Subject | None]


class Adapter(NamedTuple):
    """One resource type and the function that folds it, with its satellites, into a subject.

    A module of this folder lists its adapters as ADAPTERS. None: this resource of the type is no subject of its own.
    """

    type: str
    fold: Fold


@cache
def adapters() -> Mapping[str, tuple[Fold, ...]]:
    """Every adapter by resource type token."""
    found: dict[str, list[Fold]] = {}
    for module in pkgutil.iter_modules(planned.__path__):
        for adapter in getattr(importlib.import_module(f"{planned.__name__}.{module.name}"), "ADAPTERS", ()):
            found.setdefault(adapter.type, []).append(adapter.fold)
    return MappingProxyType({token: tuple(folds) for token, folds in sorted(found.items())})
