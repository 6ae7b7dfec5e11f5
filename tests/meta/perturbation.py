"""One parameter of the posture moved by one step, and what that changes in the resources of a stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from blueprint.assembly import assemble
from blueprint.graph import Resource, ResourceGraph
from blueprint.parameter import CHAINS, Join, Parameter
from blueprint.plan import Plan
from blueprint.posture import PLATFORM, Classes, Effective, JoinedPosture, Principal
from blueprint.snaps import SNAPS, Unreachable
from blueprint.types import Value
from compliance.resolve import available, contributions, profiles
from tools.outside.experiment import PROJECT


@dataclass(frozen=True)
class Moved(JoinedPosture):
    """A posture of which one parameter has another value, for whatever data classes and principals."""

    moved: str = ""
    to: Value = False

    def of(self, parameter: str, classes: Classes = None, principal: Principal | None = None) -> Effective | None:
        """The effective value, as moved."""
        effective = super().of(parameter, classes, principal)
        if parameter != self.moved:
            return effective
        built = self.parameter(parameter).snapped(self.to)
        if effective is None:
            return Effective(
                parameter=parameter, scope=PLATFORM, value=self.to, snapped=built, winners=(), contributors=()
            )
        return effective.model_copy(update={"value": self.to, "snapped": built})


@dataclass(frozen=True)
class Perturbation:
    """One parameter, where it stands in a plan, and what became of moving it."""

    plan: Plan
    graph: ResourceGraph
    parameter: Parameter

    @property
    def value(self) -> Value | None:
        """Where it stands; None when no framework and no baseline sets it."""
        effective = self.plan.posture.of(self.parameter.name)
        return None if effective is None else effective.value

    @cached_property
    def outcome(self) -> tuple[Value, tuple[str, ...]] | None:
        """The first step that changes a resource, and the names of those that it changes; None when no step does."""
        for step in named(self.parameter) if self.value is None else steps(self.parameter, self.value):
            changed = tuple(_differ(self.graph, assemble(self._with(step), project=PROJECT)))
            if changed:
                return step, changed
        return None

    def _with(self, step: Value) -> Plan:
        posture = self.plan.posture
        moved = Moved(posture.parameters, posture.contributions, posture.data_classes, moved=self.parameter.name, to=step)  # fmt: skip
        return replace(self.plan, posture=moved)


def named(parameter: Parameter) -> Iterator[Value]:
    """What some framework asks under a condition that does not hold here: a step for what nobody sets."""
    everything = (found for reference in available() for found in contributions(profiles()[reference]))
    yield from (each.value for name, each in everything if name == parameter.name and each.value is not None)


def steps(parameter: Parameter, value: Value) -> Iterator[Value]:
    """Where one step leads, the stricter side first: below the baseline no stack can be. As far as it can be built."""
    found = list(_neighbours(parameter, value))
    for step in sorted(found, key=parameter.strictness, reverse=True) if parameter.join in CHAINS else found:
        try:
            built = parameter.snapped(step)
        except Unreachable:
            continue
        if built != parameter.snapped(value):
            yield step


def _neighbours(parameter: Parameter, value: Value) -> Iterator[Value]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, frozenset):
        yield from (value - {word} for word in sorted(value)[:1])
    elif isinstance(value, tuple):
        yield from _shifted(parameter, value)
    elif parameter.join is Join.RANK:
        yield from _beside(parameter.order, str(value))
    elif isinstance(value, int):
        accepted = SNAPS[parameter.snap].steps if parameter.snap else ()
        yield from _beside(accepted, int(parameter.snapped(value))) if accepted else (value // 2, value * 2)  # type: ignore[arg-type]  # a number snaps to a number


def _beside(order: tuple[Value, ...], value: Value) -> Iterator[Value]:
    place = order.index(value)
    yield from order[max(place - 1, 0) : place]
    yield from order[place + 1 : place + 2]


def _shifted(parameter: Parameter, interval: tuple[int | None, int | None]) -> Iterator[Value]:
    """An interval whose ends both lie one step lower, or one higher."""
    words = range(len(parameter.order))
    for up in (True, False):
        low, high = (None if end is None else _further(end, up=up, words=words) for end in interval)
        if not words or all(end is None or end in words for end in (low, high)):
            yield low, high


def _further(end: int, *, up: bool, words: range) -> int:
    if words:
        return end + 1 if up else end - 1
    return end * 2 if up else end // 2


def _differ(before: ResourceGraph, after: ResourceGraph) -> Iterator[str]:
    """Names of resources that one of two graphs has not, or has otherwise."""
    old, new = ({each.urn: _said(each) for each in graph.resources} for graph in (before, after))
    for urn in sorted(old.keys() | new.keys()):
        if old.get(urn) != new.get(urn):
            yield urn.rpartition("::")[2]


def _said(resource: Resource) -> str:
    return json.dumps([resource.type, resource.region, resource.provider, resource.inputs], sort_keys=True, default=str)
