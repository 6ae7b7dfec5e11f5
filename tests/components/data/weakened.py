"""What rules say of a graph, and of the same graph with one property changed."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from blueprint.graph import Resource, ResourceGraph
from blueprint.types import Mode
from compliance.engine import judge
from compliance.findings import Outcome
from compliance.resolve import resolve
from compliance.rule import load_rules
from compliance.sources.planned.source import subjects
from tests.components.builders import CLASSES, only
from tests.components.strictest import FRAMEWORKS

if TYPE_CHECKING:
    from blueprint.posture import JoinedPosture
    from compliance.findings import Finding
    from compliance.rule import Rule

GONE = object()
"""In place of a value: the property is left out."""
UNKNOWN: Any = {"$unknown": True}


@cache
def _posture() -> JoinedPosture:
    return resolve(FRAMEWORKS, Mode.PRACTICE, frozenset(), CLASSES)


@cache
def rules() -> tuple[Rule, ...]:
    """All of them."""
    return tuple(load_rules())


def judged(graph: ResourceGraph) -> tuple[Finding, ...]:
    """What all rules say under the strictest posture of what a component registers, and not of the whole platform."""
    found = judge(subjects(graph), rules(), _posture())
    return tuple(each for each in found if not each.subject.startswith("Platform/"))


@cache
def _rule(rule: str) -> tuple[Rule, ...]:
    (found,) = (each for each in rules() if each.id == rule)
    return (found,)


def outcomes(graph: ResourceGraph, rule: str) -> set[Outcome]:
    """What one rule says of the subjects of a graph."""
    return {each.verdict.outcome for each in judge(subjects(graph), _rule(rule), _posture())}


def changed(graph: ResourceGraph, token: str, path: str, value: Any, name: str | None = None) -> ResourceGraph:
    """The same graph, with another value in the only resource of a type, or in that of a name."""
    old: Resource = only(graph, token, name)
    inputs: Any = copy.deepcopy(dict(old.inputs))
    *above, last = path.split("/")
    here = inputs
    for part in above:
        here = here[int(part) if part.isdigit() else part]
    if value is GONE:
        del here[last]
    else:
        here[int(last) if last.isdigit() else last] = value
    return replace(
        graph, resources=tuple(replace(old, inputs=inputs) if each is old else each for each in graph.resources)
    )


def without(graph: ResourceGraph, token: str, name: str | None = None) -> ResourceGraph:
    """The same graph without the resources of a type, or without that of a name."""
    gone = {each.urn for each in graph.of(token) if name in {None, each.name}}
    assert gone, f"there is no {token} {name or ''}"
    return replace(graph, resources=tuple(each for each in graph.resources if each.urn not in gone))
