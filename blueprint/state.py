"""What is deployed: an exported stack or the file that a backend keeps, as a ResourceGraph."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired

from pydantic import JsonValue, TypeAdapter
from typing_extensions import TypedDict

from blueprint.graph import ResourceGraph
from blueprint.links import linked
from blueprint.placement import Place, placed
from blueprint.snapshot import Row, known_outputs, read, resource, stack_of


class _Deployment(TypedDict):
    resources: NotRequired[list[Row] | None]
    pending_operations: NotRequired[list[dict[str, JsonValue]] | None]


class _Checkpoint(TypedDict):
    stack: NotRequired[str]
    latest: _Deployment | None


class _State(TypedDict):
    deployment: NotRequired[_Deployment]
    checkpoint: NotRequired[_Checkpoint]


_STATE = TypeAdapter(_State)


def read_state(path: Path, home: Place | None = None) -> ResourceGraph:
    """Read what `pulumi stack export` writes, or a backend's own checkpoint.

    Links are found again by the values that the cloud gave. Raises FileUnreadable with every problem.
    """
    state = read(path, _STATE, _something_else)
    checkpoint: _Checkpoint = state.get("checkpoint") or {"latest": None}
    deployment = state.get("deployment", checkpoint["latest"]) or {}
    rows = [
        row for row in deployment.get("resources") or () if not (row.get("delete") or row.get("pendingReplacement"))
    ]
    found = [resource(row) for row in rows]
    outputs = {row["urn"]: known_outputs(row) for row in rows}
    pending = len(deployment.get("pending_operations") or ())
    return ResourceGraph(
        stack=stack_of(found) or checkpoint.get("stack", "").rpartition("/")[2],
        resources=linked(placed(found, home), outputs),
        incomplete=f"{pending} operations were interrupted, so resources may exist that the state does not know"
        if pending
        else None,
    )


def _something_else(document: Mapping[str, JsonValue]) -> str | None:
    if "deployment" in document or "checkpoint" in document:
        return None
    if "steps" in document:
        return "is a preview, not a state; read it with --preview"
    if "schema" in document:
        return f"is a {document['schema']}, not a state; read a graph with --graph"
    return "is no state: it has neither `deployment` (pulumi stack export) nor `checkpoint` (a backend's file)"
