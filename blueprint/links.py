"""Values that another resource gave, told apart from literals, so that rules see a link the same from every source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pydantic import JsonValue

from blueprint.graph import Ref, Resource, Urn, parts, text

Outputs = Mapping[Urn, Mapping[str, str]]
"""What each resource is known to have, by property."""

_FIRST = ("arn", "id")
"""Of several properties with one value, the one that a reference names; then in alphabetical order."""
_SHARED = frozenset({"region", "urn", "tags", "tagsAll", "status", "ownerId", "accountId", "registryId"})
"""Properties that many resources have alike: equal values are no link."""
_SHORTEST = 6
"""A shorter value, unless it is a name or an identifier, is equal by chance."""
_SHORTEST_INSIDE = 12
"""The same inside a longer text, where chance is greater."""
_NAMES = frozenset({"arn", "id", "name"})


def linked(resources: Iterable[Resource], outputs: Outputs) -> tuple[Resource, ...]:
    """Write as references what an input took from a resource that its property depends on."""
    return tuple(_linked(resource, outputs) for resource in resources)


def _linked(resource: Resource, outputs: Outputs) -> Resource:
    changed: dict[str, JsonValue] = {}
    for name, urns in resource.property_dependencies.items():
        known = _known(urns, outputs)
        if known and name in resource.inputs:
            changed[name] = _replaced(resource.inputs[name], known)
    return replace(resource, inputs={**resource.inputs, **changed}) if changed else resource


def _known(urns: Iterable[Urn], outputs: Outputs) -> Mapping[str, Ref]:
    found: dict[str, Ref] = {}
    for urn in urns:
        given = outputs.get(urn, {})
        for name in sorted(given, key=lambda name: (name not in _FIRST, name)):
            shared = name.split(".", 1)[0] in _SHARED
            if given[name] and not shared and (name in _NAMES or len(given[name]) >= _SHORTEST):
                found.setdefault(given[name], Ref(urn=urn, property=name))
    return found


def _replaced(value: JsonValue, known: Mapping[str, Ref]) -> JsonValue:
    match value:
        case str():
            return known[value].value() if value in known else text(_split(value, known))
        case {"$text": _}:
            pieces = parts(value) or ()
            return text(
                part for piece in pieces for part in (_split(piece, known) if isinstance(piece, str) else [piece])
            )
        case dict():
            return {key: _replaced(item, known) for key, item in value.items()}
        case list():
            return [_replaced(item, known) for item in value]
    return value


def _split(value: str, known: Mapping[str, Ref]) -> list[str | Ref]:
    long = sorted((given for given in known if len(given) >= _SHORTEST_INSIDE), key=len, reverse=True)
    if not long:
        return [value]
    return [known.get(piece, piece) for piece in re.split(f"({'|'.join(map(re.escape, long))})", value)]
