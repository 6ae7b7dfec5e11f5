"""Kubernetes objects of a graph, as the API would get them, held against its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kubernetes_validate

from tests.components import builders

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

VERSION = "1.35"
OWN = (
    "apps/",
    "batch/",
    "core/",
    "policy/",
    "networking.k8s.io/",
    "rbac.authorization.k8s.io/",
    "storage.k8s.io/",
    "autoscaling/",
)
"""Groups that Kubernetes itself defines; schemas of custom resources come with their operators."""


def only(graph: ResourceGraph, token: str, name: str | None = None) -> Any:
    """The one resource of a type, for tests that reach deep into its JSON."""
    return builders.only(graph, token, name)


def every(graph: ResourceGraph, *tokens: str) -> list[Any]:
    """All resources of these types, likewise."""
    return list(graph.of(*tokens))


def check(graph: ResourceGraph) -> list[str]:
    """Hold every object of Kubernetes' own against its schema, strictly; give what was checked. Raises ValidationError."""
    checked = []
    for resource in graph.resources:
        kind = resource.type.removeprefix("kubernetes:")
        if resource.type.startswith("kubernetes:") and kind.startswith(OWN):
            kubernetes_validate.validate(_plain(resource.inputs), VERSION, strict=True)
            checked.append(resource.name)
    return checked


def _plain(value: object) -> object:
    """A reference stands for text that the cloud decides."""
    if isinstance(value, dict):
        if value.keys() & {"$ref", "$text", "$unknown"}:
            return "known-later"
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
