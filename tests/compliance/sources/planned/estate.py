"""Small graphs by hand, and the subjects that they give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from pydantic import JsonValue

from blueprint.graph import Ref, Resource, ResourceGraph
from compliance.facts.base import Leaf, Subject, Unknown
from compliance.facts.subjects import Subjects
from compliance.sources.planned.source import subjects

S = TypeVar("S", bound=Subject)


def resource(token: str, name: str, inputs: Mapping[str, JsonValue], *, external: bool = False) -> Resource:
    """One registration, tagged as holding no data."""
    tagged: dict[str, JsonValue] = {"tags": {"data-class": "none"}, **inputs}
    return Resource(urn=urn(token, name), type=token, name=name, inputs=tagged, external=external)


def urn(token: str, name: str) -> str:
    """URN of a resource of these graphs."""
    return f"urn:pulumi:test::blueprint::{token}::{name}"


def ref(token: str, name: str, of: str = "id") -> JsonValue:
    """A reference as a graph writes it."""
    return Ref(urn=urn(token, name), property=of).value()


def estate(resources: Iterable[Resource], *, incomplete: str | None = None) -> Subjects:
    """The subjects of some resources."""
    return subjects(ResourceGraph(stack="test", resources=tuple(resources), incomplete=incomplete))


def only(kind: type[S], *resources: Resource, incomplete: str | None = None) -> S:
    """The one subject of a kind."""
    (found,) = estate(resources, incomplete=incomplete).all(kind)
    return found


def value(leaf: Leaf[object]) -> object:
    """What a leaf holds; for an unknown one its reason, marked."""
    return f"?{leaf.reason}" if isinstance(leaf, Unknown) else leaf.value
