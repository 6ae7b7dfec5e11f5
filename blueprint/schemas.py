"""The JSON Schemas of what is read and written, generated from the models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter

from blueprint.config import REGION
from blueprint.document import ENVELOPE, platform_spec

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def stack_schema() -> dict[str, Any]:
    """A stack file: the envelope that pulumi knows, and the platform document inside it."""
    document = platform_spec().model_json_schema(by_alias=True)
    definitions = document.pop("$defs", {})
    config, platform = ENVELOPE
    return {
        "$schema": DIALECT,
        "title": "Stack file",
        "description": "One environment of the platform. Completion and checks for an editor; `blueprint validate` says more.",
        "type": "object",
        "required": [config],
        "properties": {
            config: {
                "type": "object",
                "required": [REGION, platform],
                "properties": {
                    REGION: {"type": "string", "description": "Region of the stack."},
                    platform: _with_preset(document),
                },
            }
        },
        "$defs": definitions,
    }


def graph_schema() -> dict[str, Any]:
    """blueprint.graph/1"""
    from blueprint.graph import GraphDocument  # noqa: PLC0415  each schema loads its own model

    return {"$schema": DIALECT, **TypeAdapter(GraphDocument).json_schema()}


def findings_schema() -> dict[str, Any]:
    """blueprint.findings/1"""
    from blueprint.findings_document import FindingsDocument  # noqa: PLC0415

    return {"$schema": DIALECT, **TypeAdapter(FindingsDocument).json_schema()}


def matrix_schema() -> dict[str, Any]:
    """blueprint.matrix/1"""
    from compliance.matrix import Matrix  # noqa: PLC0415

    return {"$schema": DIALECT, **TypeAdapter(Matrix).json_schema()}


def capacity_schema() -> dict[str, Any]:
    """blueprint.capacity/1"""
    from blueprint.planner.capacity import Capacity  # noqa: PLC0415

    return {"$schema": DIALECT, **TypeAdapter(Capacity).json_schema()}


def options_schema() -> dict[str, Any]:
    """blueprint.options/1"""
    from blueprint.planner.options import Options  # noqa: PLC0415

    return {"$schema": DIALECT, **TypeAdapter(Options).json_schema()}


def _with_preset(document: dict[str, Any]) -> dict[str, Any]:
    """Slots that a preset may fill are not required in the file; names and owner always are."""
    always = ("name", "environment", "owner", "cost_centre", "account")
    return {**document, "required": [name for name in document.get("required", []) if name in always]}


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "stack": stack_schema, "graph": graph_schema, "findings": findings_schema, "matrix": matrix_schema,
    "capacity": capacity_schema, "options": options_schema,
}  # fmt: skip
