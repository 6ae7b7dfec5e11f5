"""A graph cut by component, and what two graphs say differently about one of them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict

from pydantic import JsonValue

from blueprint.graph import Ref, Resource, ResourceGraph, Urn, embedded_json, parts
from blueprint.types import Noun

PORT = "<port>"
"""Stands where a consumer reads a value of its provider's port."""

SHOWN = 40
"""Lines of a difference that a failing test prints."""


def differences(
    before: ResourceGraph, after: ResourceGraph, consumer: Noun, provider: Noun, told: AbstractSet[str] = frozenset()
) -> Sequence[str]:
    """What a consumer's subtree says otherwise, line by line, with the provider's port masked.

    Masked is a reference into the provider's subtree, a text that holds one, a dependency on one, and each value of
    `told`: what the port tells at plan time. Nothing else.
    """
    one, other = (
        _written(graph.component(consumer), graph.component(provider).keys(), told) for graph in (before, after)
    )
    if one == other:
        return []
    return list(difflib.unified_diff(one, other, "before", "after", n=1, lineterm=""))[:SHOWN]


def _written(resources: Mapping[Urn, Resource], provider: AbstractSet[Urn], told: AbstractSet[str]) -> list[str]:
    rows = []
    for urn in sorted(resources):
        row = asdict(resources[urn])
        del row["source"]
        row["inputs"] = masked(row["inputs"], provider, told)
        row["dependencies"] = sorted(set(row["dependencies"]) - provider)
        behind = {name: sorted(set(urns) - provider) for name, urns in row["property_dependencies"].items()}
        row["property_dependencies"] = {name: urns for name, urns in behind.items() if urns}
        rows += json.dumps(row, indent=1, sort_keys=True).splitlines()
    return rows


def masked(value: JsonValue, provider: AbstractSet[Urn], told: AbstractSet[str]) -> JsonValue:
    """A value with what comes from the provider hidden; in a text of JSON, only the parts of it that do."""
    document = embedded_json(value)
    if document != value:
        return masked(document, provider, told)
    pieces = parts(value)
    if pieces is not None:
        return PORT if any(_of_port(piece, provider, told) for piece in pieces) else value
    match value:
        case dict():
            return {_key(key, provider, told): masked(item, provider, told) for key, item in value.items()}
        case list():
            return [masked(item, provider, told) for item in value]
    return value


def _of_port(piece: str | Ref, provider: AbstractSet[Urn], told: AbstractSet[str]) -> bool:
    return piece.urn in provider if isinstance(piece, Ref) else piece in told


def _key(key: str, provider: AbstractSet[Urn], told: AbstractSet[str]) -> str:
    held = "${" in key and any(f"${{{urn}." in key for urn in provider)
    return PORT if held or key in told else key
