"""Changes to a graph, one resource at a time. Paths as outside.yaml writes them: `*` stands for every member of a list."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from pydantic import JsonValue

from blueprint.graph import UNKNOWN, Resource, ResourceGraph

Inputs = dict[str, JsonValue]
GONE = object()


def places(inputs: Mapping[str, JsonValue], path: str) -> tuple[str, ...]:
    """Where a path stands in what a resource sets: "rules.0.status", "rules.1.status"."""
    found: list[tuple[str, JsonValue]] = [("", dict(inputs))]
    for part in path.split("."):
        found = [step for where, value in found for step in _steps(where, value, part)]
    return tuple(where.lstrip(".") for where, _ in found)


def at(inputs: Mapping[str, JsonValue], place: str) -> JsonValue:
    """The value at a place that `places` gave."""
    here: JsonValue = dict(inputs)
    for part in place.split("."):
        if isinstance(here, list):
            here = here[int(part)]
        elif isinstance(here, dict):
            here = here[part]
    return here


def put(inputs: Mapping[str, JsonValue], path: str, value: object) -> Inputs:
    """The inputs with a value at a path, or without it (GONE). What is missing on the way is made."""
    changed = copy.deepcopy(dict(inputs))
    _put(changed, path.split("."), value)
    return changed


def changed(graph: ResourceGraph, urns: Iterable[str], change: Callable[[Resource], Inputs]) -> ResourceGraph:
    """The graph with the inputs of some resources changed."""
    chosen = frozenset(urns)
    resources = tuple(replace(each, inputs=change(each)) if each.urn in chosen else each for each in graph.resources)
    return replace(graph, resources=resources)


def unread(graph: ResourceGraph, urns: Iterable[str], parts: tuple[str, ...]) -> ResourceGraph:
    """The graph with a property known to nobody: neither its value nor what it depends on. parts: the keys to it."""
    chosen = frozenset(urns)
    return replace(
        graph,
        resources=tuple(_unread(each, parts) if each.urn in chosen else each for each in graph.resources),
    )


def _unread(resource: Resource, parts: tuple[str, ...]) -> Resource:
    kept = {name: urns for name, urns in resource.property_dependencies.items() if name != parts[0]}
    inputs = copy.deepcopy(dict(resource.inputs))
    _put(inputs, list(parts), UNKNOWN)
    return replace(resource, inputs=inputs, property_dependencies=kept)


def without(graph: ResourceGraph, urns: Iterable[str]) -> ResourceGraph:
    """The graph without some resources."""
    dropped = frozenset(urns)
    return replace(graph, resources=tuple(each for each in graph.resources if each.urn not in dropped))


def _steps(where: str, value: JsonValue, part: str) -> list[tuple[str, JsonValue]]:
    if part == "*":
        if isinstance(value, list):
            return [(f"{where}.{index}", member) for index, member in enumerate(value)]
        return [(where, value)] if isinstance(value, dict) else []
    if isinstance(value, list):
        return [(f"{where}.{part}", value[int(part)])] if part.isdigit() and int(part) < len(value) else []
    return [(f"{where}.{part}", value[part])] if isinstance(value, dict) and part in value else []


def _put(here: JsonValue, parts: list[str], value: object) -> None:
    part, rest = parts[0], parts[1:]
    if part == "*":
        for member in here if isinstance(here, list) else [here]:
            _put(member, rest, value)
    elif isinstance(here, dict):
        _put_key(here, part, rest, value)
    elif isinstance(here, list) and rest:
        _put(here[int(part)], rest, value)
    elif isinstance(here, list):
        here[int(part) : int(part) + 1] = [] if value is GONE else [value]  # type: ignore[list-item]  # edits write JSON


def _put_key(here: Inputs, part: str, rest: list[str], value: object) -> None:
    if not rest and value is GONE:
        here.pop(part, None)
    elif not rest:
        here[part] = value  # type: ignore[assignment]  # edits write JSON
    elif here.get(part) not in (None, [], ""):
        _put(here[part], rest, value)
    elif value is not GONE:
        here[part] = [{}] if rest[0] == "*" else {}
        _put(here[part], rest, value)
