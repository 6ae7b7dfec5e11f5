"""What the engine is about to make: the output of `pulumi preview --json`, as a ResourceGraph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NotRequired

from pydantic import JsonValue, TypeAdapter
from typing_extensions import TypedDict

from blueprint.graph import SECRET, Resource, ResourceGraph
from blueprint.links import linked
from blueprint.placement import Place, placed
from blueprint.snapshot import Row, default_providers, known_outputs, read, resource, stack_of
from blueprint.state import Deployed

SECRET_TEXT = "[secret]"  # noqa: S105  what the engine prints in place of one
_GONE = frozenset(
    {"delete", "delete-replaced", "discard", "discard-replaced", "read-discard", "remove-pending-replace"}
)


class _Step(TypedDict):
    op: str
    urn: str
    oldState: NotRequired[Row | None]
    newState: NotRequired[Row | None]


class _Diagnostic(TypedDict):
    message: NotRequired[str]
    severity: NotRequired[str]


class _Preview(TypedDict):
    steps: list[_Step] | None
    config: NotRequired[dict[str, JsonValue] | None]
    diagnostics: NotRequired[list[_Diagnostic] | None]
    changeSummary: NotRequired[dict[str, int] | None]


_PREVIEW = TypeAdapter(_Preview)


def read_preview(path: Path, home: Place | None = None, *, state: Path | None = None) -> ResourceGraph:
    """Read what `pulumi preview --json` writes. Raises FileUnreadable with every problem.

    The engine leaves unchanged resources out unless it is told `--show-sames`. They are taken from the stack's `state`,
    and without one `incomplete` says that they are missing.
    """
    preview = read(path, _PREVIEW, _something_else)
    steps = preview["steps"] or []
    rows = {row["urn"]: row for step in steps if step["op"] not in _GONE and (row := step.get("newState"))}
    before = [row for step in steps if (row := step.get("oldState"))]
    region = (preview.get("config") or {}).get("aws:region")
    found = [_masked(resource(row)) for row in rows.values()]
    found += default_providers(found, region if isinstance(region, str) else None)
    deployed = Deployed.read(state) if state else None
    outputs = dict(deployed.outputs) if deployed else {}
    outputs |= {row["urn"]: known_outputs(row) for row in [*before, *(row for row in rows.values() if row.get("id"))]}
    touched = {step["urn"] for step in steps}
    unchanged = tuple(one for one in deployed.graph(home).resources if one.urn not in touched) if deployed else ()
    return ResourceGraph(
        stack=stack_of(found) or (deployed.stack if deployed else ""),
        resources=(*linked(placed(found, home), outputs), *unchanged),
        incomplete="; ".join(_missing(preview, steps, len(unchanged))) or (deployed.incomplete if deployed else None),
    )


def _missing(preview: _Preview, steps: list[_Step], unchanged: int) -> Iterable[str]:
    shown = sum(step["op"] == "same" for step in steps)
    left_out = (preview.get("changeSummary") or {}).get("same", 0) - shown - unchanged
    if left_out > 0:
        yield f"{left_out} unchanged resources are not in the preview; repeat it with --show-sames, or read the state too"
    elif left_out < 0:
        yield f"the state holds {-left_out} resources that the preview does not count; take both at the same time"
    errors = [
        one.get("message", "").strip() for one in preview.get("diagnostics") or () if one.get("severity") == "error"
    ]
    if errors:
        yield f"the preview failed before its end: {errors[0]}"


def _masked(found: Resource) -> Resource:
    """A preview prints a secret as a word."""
    return replace(found, inputs={name: _withheld(value) for name, value in found.inputs.items()})


def _withheld(value: JsonValue) -> JsonValue:
    match value:
        case str():
            return SECRET if value == SECRET_TEXT else value
        case list():
            return [_withheld(item) for item in value]
        case dict():
            return {name: _withheld(item) for name, item in value.items()}
    return value


def _something_else(document: Mapping[str, JsonValue]) -> str | None:
    if "steps" in document:
        return None
    if "deployment" in document or "checkpoint" in document:
        return "is a state, not a preview; read it with --state"
    if "schema" in document:
        return f"is a {document['schema']}, not a preview; read a graph with --graph"
    return "is no preview: it has no `steps`; write it with `pulumi preview --json`"
