"""What a resource type declares to have once it exists, read from its class in the provider's SDK."""

from __future__ import annotations

import importlib
import inspect
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias, Union

from pulumi._types import is_output_type, output_type_types, resource_pulumi_to_py_names, resource_types
from pulumi.runtime import rpc

Shape: TypeAlias = Union[str, "dict[str, Shape]", "list[Shape]", None]
"""An output in outline: "" is a text, None anything that is neither text nor object."""

_DEEPEST = 3
"""Levels of objects that are looked into; pod templates go down a dozen, and nobody reads those from an output."""


@dataclass(frozen=True)
class Declared:
    """The outputs of one type."""

    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    """Numbers that no input sets: a template's latest version."""
    computed: Mapping[str, Shape] = field(default_factory=dict)
    """Objects that no input sets: a cluster's certificate authority."""
    partly: Mapping[str, Mapping[str, Shape]] = field(default_factory=dict)
    """Objects that inputs begin and the cloud completes: a cluster's network, with the security group that it makes."""


@cache
def declared(token: str) -> Declared:
    """Outputs of a type by its token; none for a type without a class. Objects of AWS types only."""
    found = _class(token)
    if found is None:
        return Declared()
    kinds = resource_types(found)
    looked_into = kinds.items() if token.startswith("aws:") else ()
    objects = {name: shape for name, kind in looked_into if isinstance(shape := _shape(kind, _DEEPEST), dict | list)}
    inputs = inspect.signature(getattr(found, "_internal_init", found)).parameters
    spelled = resource_pulumi_to_py_names(found)
    given = {name for name in kinds if spelled.get(name, name) in inputs}
    computed = {name: shape for name, shape in objects.items() if name not in given}
    return Declared(
        texts=tuple(sorted(name for name, kind in kinds.items() if kind is str and name not in {"id", "urn"})),
        numbers=tuple(sorted(name for name, kind in kinds.items() if kind is int and name not in given)),
        computed=computed,
        partly={name: shape for name, shape in objects.items() if name not in computed and isinstance(shape, dict)},
    )


def _class(token: str) -> type | None:
    package, _, rest = token.partition(":")
    for module in rpc._RESOURCE_MODULES.get(f"{package}:{rest.rpartition(':')[0]}", ()):  # noqa: SLF001  no public way
        info: Mapping[str, typing.Any] = getattr(module, "mod_info", {})
        if token in info.get("classes", {}):
            found: type = getattr(importlib.import_module(info["fqn"]), info["classes"][token])
            return found
    return None


def _shape(kind: object, levels: int) -> Shape:
    if kind is str:
        return ""
    if isinstance(kind, type) and is_output_type(kind) and levels:
        return {name: _shape(inner, levels - 1) for name, inner in sorted(output_type_types(kind).items())}
    if typing.get_origin(kind) is Sequence:
        item = _shape(typing.get_args(kind)[0], levels)
        return [item] if isinstance(item, dict) else None
    return None
