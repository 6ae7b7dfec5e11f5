"""Judge what a component registers, as it is and with one value changed."""

from __future__ import annotations

import copy
import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from blueprint.types import Mode
from compliance.engine import judge
from compliance.resolve import resolve
from compliance.rule import load_rules
from compliance.sources.planned.source import subjects
from tests.components.builders import CLASSES
from tests.components.strictest import FRAMEWORKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blueprint.graph import ResourceGraph
    from blueprint.posture import JoinedPosture
    from compliance.findings import Outcome
    from compliance.rule import Rule

GONE = object()
"""In the place of a value: the property is taken away."""


def verdicts(found: ResourceGraph) -> Mapping[tuple[str, str], Outcome]:
    """Rule and subject -> verdict under the strictest posture; the inventory of the whole platform left out."""
    judged = judge(subjects(found), _rules(), _posture())
    return {
        (each.rule, each.subject): each.verdict.outcome for each in judged if not each.subject.startswith("Platform/")
    }


def changed(found: ResourceGraph, name: str, path: str, value: Any) -> ResourceGraph:
    """The same graph with one value of one resource changed; the path leads there, and all but its last part exist."""
    (target,) = (each for each in found.resources if each.name == name and each.custom)
    inputs: Any = copy.deepcopy(dict(target.inputs))
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    holder = inputs
    for part in way:
        holder = holder[part]
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value
    others = (each for each in found.resources if each is not target)
    return replace(found, resources=(*others, replace(target, inputs=inputs)))


def without(found: ResourceGraph, *names: str) -> ResourceGraph:
    """The same graph with some resources taken away."""
    assert set(names) <= {each.name for each in found.resources}
    return replace(found, resources=tuple(each for each in found.resources if each.name not in names))


def inputs(found: ResourceGraph, token: str) -> dict[str, Any]:
    """Name -> inputs of the resources of a type; untyped, so that a test reads them directly."""
    return {each.name: each.inputs for each in found.of(token)}


@functools.cache
def _posture() -> JoinedPosture:
    return resolve(FRAMEWORKS, Mode.PRACTICE, frozenset(), CLASSES)


@functools.cache
def _rules() -> tuple[Rule, ...]:
    return tuple(load_rules())
