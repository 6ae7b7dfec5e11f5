"""The fact models by name. A model is a dataclass in any module of this folder, and is found there."""

from __future__ import annotations

import importlib
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import compliance.facts
from blueprint.errors import NotFound
from compliance.facts.base import Known, Ref, Subject, Unknown

Type: TypeAlias = Literal["boolean", "integer", "string", "set", "rank", "retention", "ref"]
RESERVED = frozenset({"verdict", "with", "classes", "posture"})
"""Keys that a case of a rule uses for itself; no leaf is called so."""
_PLAIN: Mapping[object, Type] = {bool: "boolean", int: "integer", str: "string", Ref: "ref"}


class Shape(NamedTuple):
    """What a leaf can hold, in the words that rules use."""

    type: Type
    nullable: bool = False
    words: tuple[str, ...] = ()


@cache
def kinds() -> Mapping[str, type[Subject]]:
    """Every fact model by its name, sorted."""
    for module in pkgutil.iter_modules(compliance.facts.__path__):
        importlib.import_module(f"{compliance.facts.__name__}.{module.name}")
    found = {kind.__name__: kind for kind in _below(Subject)}
    return MappingProxyType(dict(sorted(found.items())))


def kind(name: str) -> type[Subject]:
    """The fact model of that name. Raises NotFound."""
    if name not in kinds():
        raise NotFound("subject", name, kinds())
    return kinds()[name]


def leaves(model: type[Subject]) -> Mapping[str, Shape]:
    """The leaves of a fact model and what each can hold, in the order of the model."""
    return _leaves(model.__name__)


@cache
def _leaves(name: str) -> Mapping[str, Shape]:
    model = kind(name)
    common = set(Subject.__dataclass_fields__)
    hints = typing.get_type_hints(model)
    return MappingProxyType({name: _shape(hint) for name, hint in hints.items() if name not in common})


def _below(model: type[Subject]) -> Iterator[type[Subject]]:
    for child in model.__subclasses__():
        if child.__module__.startswith(compliance.facts.__name__):
            yield child
            yield from _below(child)


def _shape(hint: object) -> Shape:
    """Read Leaf[...]: a union of Known[...] and Unknown."""
    known = next(each for each in typing.get_args(hint) if typing.get_origin(each) is Known and each is not Unknown)
    (held,) = typing.get_args(known)
    members = typing.get_args(held) if typing.get_origin(held) in {typing.Union, types.UnionType} else (held,)
    nullable = type(None) in members
    members = tuple(each for each in members if each is not type(None))
    words = tuple(word for each in members if typing.get_origin(each) is Literal for word in typing.get_args(each))
    if words:
        return Shape("retention" if int in members else "rank", nullable, words)
    if typing.get_origin(members[0]) is frozenset:
        return Shape("set", nullable)
    return Shape(_PLAIN[members[0]], nullable)
