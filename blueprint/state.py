"""What is deployed: an exported stack or the file that a backend keeps, as a ResourceGraph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired

from pydantic import JsonValue, TypeAdapter
from typing_extensions import TypedDict

from blueprint.graph import Resource, ResourceGraph, about
from blueprint.links import Outputs, linked
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


@dataclass(frozen=True)
class Deployed:
    """What a state file says: the resources that stay, what the cloud gave them, and whether that is all."""

    path: Path
    stack: str
    resources: tuple[Resource, ...]
    outputs: Outputs
    incomplete: str | None

    @classmethod
    def read(cls, path: Path) -> Deployed:
        """Read what `pulumi stack export` writes, or a backend's own file. Raises FileUnreadable with every problem."""
        state = read(path, _STATE, _something_else)
        checkpoint: _Checkpoint = state.get("checkpoint") or {"latest": None}
        found = state.get("deployment", checkpoint["latest"]) or {}
        rows = [row for row in found.get("resources") or () if not (row.get("delete") or row.get("pendingReplacement"))]
        resources = tuple(resource(row) for row in rows)
        return cls(
            path=path,
            stack=stack_of(resources) or checkpoint.get("stack", "").rpartition("/")[2],
            resources=resources,
            outputs={row["urn"]: known_outputs(row) for row in rows},
            incomplete=_interrupted(len(found.get("pending_operations") or ())),
        )

    def graph(self, home: Place | None) -> ResourceGraph:
        """The resources with the links that the values tell. Raises FileUnreadable when a URN is there twice."""
        with about(self.path):
            return ResourceGraph(
                stack=self.stack,
                resources=linked(placed(self.resources, home), self.outputs),
                incomplete=self.incomplete,
            )


def read_state(path: Path, home: Place | None = None) -> ResourceGraph:
    """The resources of a state file. Raises FileUnreadable with every problem."""
    return Deployed.read(path).graph(home)


def _interrupted(operations: int) -> str | None:
    if not operations:
        return None
    return f"operations that were interrupted: {operations}; resources may exist that the state does not know"


def _something_else(document: Mapping[str, JsonValue]) -> str | None:
    if "deployment" in document or "checkpoint" in document:
        return None
    if "steps" in document:
        return "is a preview, not a state; read it with --preview"
    if "schema" in document:
        return f"is a {document['schema']}, not a state; read a graph with --graph"
    return "is no state: it has neither `deployment` (pulumi stack export) nor `checkpoint` (a backend's file)"
