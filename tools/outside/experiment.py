"""Which rules read a property: those whose findings change when the property does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from blueprint.assembly import assemble
from blueprint.config import find, load, project_root
from blueprint.graph import UNKNOWN, Resource, ResourceGraph
from blueprint.plan import Plan, make_plan
from compliance.catalogue import Catalogue
from compliance.catalogue import load as load_catalogue
from compliance.engine import judge
from compliance.facts.base import Subject
from compliance.facts.registry import kinds
from compliance.facts.subjects import Subjects
from compliance.findings import Finding, Verdict
from compliance.sources.planned.source import subjects
from tools.outside.edits import GONE, changed, places, put, without
from tools.outside.weakening import weakenings

STACKS = ("regulated", "staging", "prod", "dev", "seed", "brownfield")
PROJECT = "ai-platform"


@dataclass(frozen=True)
class Bench:
    """One stack, judged again and again."""

    plan: Plan
    graph: ResourceGraph
    catalogue: Catalogue

    def findings(self, graph: ResourceGraph) -> Mapping[str, Finding]:
        """Every finding on a graph, by id. The same subjects are not judged twice."""
        estate = subjects(graph)
        return self.before if _all(estate) == self._subjects else self._judged(estate)

    @cached_property
    def before(self) -> Mapping[str, Finding]:
        """Every finding on the stack as it is."""
        return self._judged(subjects(self.graph))

    @cached_property
    def _subjects(self) -> tuple[Subject, ...]:
        return _all(subjects(self.graph))

    def _judged(self, estate: Subjects) -> Mapping[str, Finding]:
        return {each.id: each for each in judge(estate, self.catalogue.rules, self.plan.posture)}

    def of(self, token: str) -> tuple[Resource, ...]:
        """Resources of a type that this stack makes itself."""
        return tuple(each for each in self.graph.of(token) if not each.external)

    def readers(self, token: str, path: str) -> frozenset[str]:
        """Rules that answer otherwise when the property is unknown, gone, or weaker."""
        found = [each for each in self.of(token) if places(each.inputs, path)]
        urns = [each.urn for each in found or self.of(token)]
        graphs = [self._with(urns, path, UNKNOWN), *([self._with(urns, path, GONE)] if found else ())]
        ways = {each.how: each for each in weakenings(self.graph, token, path)}
        graphs += [each.applied(self.graph) for each in list(ways.values())[:2]]
        return frozenset().union(*map(self.differ, graphs))

    def _with(self, urns: list[str], path: str, value: object) -> ResourceGraph:
        return changed(self.graph, urns, lambda each: put(each.inputs, path, value))

    def relating(self, token: str, satellite: str) -> frozenset[str]:
        """Rules that answer otherwise about resources of a type when those of another are gone."""
        after = self.findings(without(self.graph, (each.urn for each in self.of(satellite))))
        about = {each.urn for each in self.graph.of(token)}
        return frozenset(self._changed(after, about))

    def differ(self, graph: ResourceGraph) -> frozenset[str]:
        """Rules that answer otherwise on a changed graph."""
        return frozenset(self._changed(self.findings(graph), None))

    def _changed(self, after: Mapping[str, Finding], about: set[str] | None) -> Iterable[str]:
        for identifier in self.before.keys() | after.keys():
            old, new = self.before.get(identifier), after.get(identifier)
            if _said(old) != _said(new):
                either = new or old
                if either is not None and (about is None or about.intersection(either.urns)):
                    yield either.rule


def benches(names: Iterable[str] = STACKS, root: Path | None = None) -> dict[str, Bench]:
    """The stacks of this repository, synthesised."""
    base = root or project_root(Path.cwd())
    catalogue = load_catalogue(())
    plans = {name: make_plan(load(find(name, base), name), base) for name in names}
    return {name: Bench(plan, assemble(plan, project=PROJECT), catalogue) for name, plan in plans.items()}


def _all(estate: Subjects) -> tuple[Subject, ...]:
    return tuple(subject for kind in kinds().values() for subject in estate.all(kind))


def _said(finding: Finding | None) -> Verdict | None:
    return finding.verdict if finding else None
