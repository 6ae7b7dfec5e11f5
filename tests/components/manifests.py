"""Kubernetes objects of a graph, as the API would get them, held against its schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import kubernetes_validate
import kubernetes_validate.utils
from jsonschema import Draft202012Validator
from pydantic import JsonValue

from tests.components import builders

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

VERSION = "1.35"
PINNED = Path(__file__).parents[1] / "schemas"
"""Schemas of custom resources, `<group>_<kind>.json`: they come with an operator, not with Kubernetes."""

_contents_read_once = cache(kubernetes_validate.utils.schema_contents)
"""The package reads its two megabytes of definitions again for every object."""


def only(graph: ResourceGraph, token: str, name: str | None = None) -> Any:
    """The one resource of a type, for tests that reach deep into its JSON."""
    return builders.only(graph, token, name)


def every(graph: ResourceGraph, *tokens: str) -> list[Any]:
    """All resources of these types, likewise."""
    return list(graph.of(*tokens))


def check(graph: ResourceGraph) -> list[str]:
    """Hold every object that is written out against its schema; give what was checked. Raises as `hold` does."""
    objects = [each for each in graph.resources if each.type.startswith("kubernetes:") and "apiVersion" in each.inputs]
    for each in objects:
        hold(each.inputs)
    return [each.name for each in objects]


def hold(manifest: Mapping[str, JsonValue], version: str = VERSION) -> None:
    """Hold one object against the schema of Kubernetes, or of its operator, strictly.

    Raises jsonschema.ValidationError, and SchemaNotFoundError for a kind that neither knows.
    """
    plain = _plain(dict(manifest))
    with patch.object(kubernetes_validate.utils, "schema_contents", _contents_read_once):
        try:
            kubernetes_validate.validate(plain, version, strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            operators = _pinned(str(manifest["apiVersion"]), str(manifest["kind"]))
            if operators is None:
                raise
            operators.validate(plain)


@cache
def _pinned(api_version: str, kind: str) -> Draft202012Validator | None:
    file = PINNED / f"{api_version.partition('/')[0]}_{kind}.json"
    return Draft202012Validator(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def _plain(value: object) -> object:
    """A reference stands for text that the cloud decides."""
    if isinstance(value, dict):
        if value.keys() & {"$ref", "$text", "$unknown"}:
            return "known-later"
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
