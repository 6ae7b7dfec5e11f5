"""Small graphs, drawn by hand: resources with inputs, and links between them."""

from __future__ import annotations

from typing import Any, TypeVar

from blueprint.graph import Ref, Resource, ResourceGraph
from compliance.facts.base import Known, Leaf, Subject, Unknown
from compliance.sources.planned.source import subjects

S = TypeVar("S", bound=Subject)
T = TypeVar("T")

UNKNOWN: Any = {"$unknown": True}
TAGS: Any = {"data-class": "phi", "audit-relevant": "false"}


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:test::project::{token}::{name}"


def drawn(token: str, name: str, /, **inputs: Any) -> Resource:
    """A resource, with tags unless it is given others. external, account, region and provider are no inputs."""
    place = {key: inputs.pop(key) for key in ("external", "account", "region", "provider") if key in inputs}
    return Resource(urn=urn(token, name), type=token, name=name, inputs={"tags": TAGS, **inputs}, **place)


def link(to: Resource, name: str = "arn") -> Any:
    """A reference to a property of another resource."""
    return Ref(urn=to.urn, property=name).value()


def text(*pieces: Any) -> Any:
    """A text with references in it."""
    return {"$text": list(pieces)}


def only(kind: type[S], *resources: Resource, incomplete: str | None = None) -> S:
    """The one subject of a kind that these resources fold into."""
    (found,) = subjects(ResourceGraph("test", resources, incomplete=incomplete)).all(kind)
    return found


def value(leaf: Leaf[T]) -> T | str:
    """The value of a leaf, or the reason why it has none, in angle brackets."""
    return leaf.value if isinstance(leaf, Known) else f"<{leaf.reason}>"


def origin(leaf: Leaf[T]) -> tuple[str, str, str]:
    """Where a leaf was read: name of the resource, path, and how."""
    assert isinstance(leaf, Known | Unknown)
    return leaf.origin.urn.rpartition("::")[2], leaf.origin.path, leaf.origin.how
