"""Frameworks, controls, rules and parameters, joined: from a requirement to the rules that prove it, and back.

Each relation is written once: requirement → control in the framework's file, control → rule in the rule's, rule →
parameter by `meets`. Whatever does not fit together is refused here, all of it at once.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Generic, NamedTuple, TypeVar

from blueprint.errors import DocumentError, NotFound, Position, Problem, nearest
from blueprint.source import Source
from blueprint.types import Layer
from compliance.parameters import HERE
from compliance.requirements import (
    Control,
    Extent,
    Framework,
    Kind,
    Requirement,
    Standing,
    Unmappable,
    read_controls,
    read_framework,
)
from compliance.resolve import BASELINE
from compliance.rule import Rule, load_rules

T = TypeVar("T")

FOLDERS = ("frameworks", "controls", "rules", "profiles", "sources")
"""Where the data of a catalogue stands, besides `parameters.yaml`; the last one holds the defaults of providers."""


class Entry(NamedTuple, Generic[T]):
    """A value and where it stands."""

    value: T
    source: Source
    path: tuple[str | int, ...] = ()

    def position(self, *path: str | int) -> Position:
        """Where a part of it stands."""
        return self.source.position((*self.path, *path))


@dataclass(frozen=True)
class Catalogue:
    """Everything that a matrix is made from, and that fits together. Made by `load`."""

    frameworks: Mapping[str, Framework]
    controls: Mapping[str, Control]
    rules: tuple[Rule, ...]
    digest: str = ""

    def framework(self, reference: str) -> Framework:
        """A framework as name@edition. Raises NotFound."""
        if reference not in self.frameworks:
            raise NotFound("framework", reference, self.frameworks)
        return self.frameworks[reference]

    def rule(self, name: str) -> Rule:
        """A rule by its id. Raises NotFound."""
        if name not in self._rules:
            raise NotFound("rule", name, self._rules)
        return self._rules[name]

    def control(self, name: str) -> Control:
        """A control by its id. Raises NotFound."""
        if name not in self.controls:
            raise NotFound("control", name, self.controls)
        return self.controls[name]

    def rows(self, references: Iterable[str]) -> Iterator[tuple[str, Requirement]]:
        """Every requirement of some frameworks, in the frameworks' own order. Raises NotFound."""
        for reference in references:
            for requirement in self.framework(reference).requirements:
                yield reference, requirement

    def rules_of(self, requirement: Requirement) -> tuple[Rule, ...]:
        """The rules that prove the controls of a requirement, each once, by id."""
        names = {rule for control in requirement.controls for rule in self.proofs[control]}
        return tuple(self._rules[name] for name in sorted(names))

    def standing(self, requirement: Requirement) -> Standing:
        """Why a row can, or cannot, have a verdict."""
        if isinstance(requirement.mapping, Unmappable):
            return Standing.UNMAPPABLE
        if any(not self.controls[control].by_people for control in requirement.controls):
            return Standing.MAPPED
        if requirement.controls or requirement.kind in {Kind.PROCESS, Kind.PROVIDER}:
            return Standing.BY_PEOPLE
        return Standing.NOT_YET

    def layers_of(self, requirement: Requirement) -> tuple[Layer, ...]:
        """Where a requirement is answered: what its row says, else the layers of its controls.

        Without either it is governance, or the foundation where AWS answers for its data centres.
        """
        controls = (self.controls[name] for name in requirement.controls)
        found = set(requirement.layers) or {layer for control in controls for layer in control.layers}
        found = found or {Layer.FOUNDATION if requirement.kind is Kind.PROVIDER else Layer.GOVERNANCE}
        return tuple(layer for layer in Layer if layer in found)

    @cached_property
    def proofs(self) -> Mapping[str, tuple[str, ...]]:
        """The rules that prove each control."""
        found: dict[str, list[str]] = {control: [] for control in self.controls}
        for rule in self.rules:
            for control in rule.controls:
                found[control].append(rule.id)
        return MappingProxyType({control: tuple(names) for control, names in found.items()})

    @cached_property
    def served(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """The requirements that each control answers, as (framework, id)."""
        found: dict[str, list[tuple[str, str]]] = {control: [] for control in self.controls}
        for reference, requirement in self.rows(self.frameworks):
            for control in requirement.controls:
                found[control].append((reference, requirement.id))
        return MappingProxyType({control: tuple(rows) for control, rows in found.items()})

    @cached_property
    def _rules(self) -> Mapping[str, Rule]:
        return {rule.id: rule for rule in self.rules}


@cache
def load(extensions: tuple[Path, ...] = ()) -> Catalogue:
    """Our catalogue, with what the folders of an organisation add. Raises DocumentError with every problem.

    Kept for the life of the process; 250 rules take 0.3 s.
    """
    roots = (HERE, *extensions)
    problems = [
        Problem(what="no such folder of extensions", position=Position(root), fix="correct compliance.extensions")
        for root in extensions
        if not root.is_dir()
    ]
    frameworks = [Entry(*found) for found in _each(roots, "frameworks", read_framework, problems)]
    controls = [
        Entry(control, source, (index,))
        for found, source in _each(roots, "controls", read_controls, problems)
        for index, control in enumerate(found)
    ]
    rules = _rules(roots, problems)
    problems += _without_profile(roots)
    if problems:
        raise DocumentError(problems)
    return join(frameworks, controls, rules, _digest(roots))


def _rules(roots: Iterable[Path], problems: list[Problem]) -> list[Entry[Rule]]:
    """The rules of all roots; a rule's file carries its name."""
    folders = [root / "rules" for root in roots]
    files = {path.stem: path for folder in folders for path in folder.rglob("*.yaml")}
    try:
        return [Entry(rule, Source(files[rule.id], None)) for rule in load_rules(*folders)]
    except DocumentError as error:
        problems += error.problems
        return []


def _each(
    roots: Iterable[Path], folder: str, reader: Callable[[Path], tuple[T, Source]], problems: list[Problem]
) -> Iterator[tuple[T, Source]]:
    """Every file that can be read; what is wrong with the others is added to the problems."""
    for root in roots:
        for path in sorted((root / folder).rglob("*.yaml")):
            try:
                yield reader(path)
            except DocumentError as error:
                problems += error.problems


def _without_profile(roots: Iterable[Path]) -> Iterator[Problem]:
    """A framework and its profile come in pairs: rows without values cannot be selected, values without rows not shown."""
    rows, values = (
        {path.stem: path for root in roots for path in sorted((root / folder).glob("*@*.yaml"))}
        for folder in ("frameworks", "profiles")
    )
    for reference in sorted(rows.keys() - values.keys()):
        why = "a framework is selected by its profile, even by an empty one"
        yield Problem(what=f"{reference} has no profile", position=Position(rows[reference]), why=why, fix=f"write profiles/{reference}.yaml")  # fmt: skip
    for reference in sorted(values.keys() - rows.keys()):
        if not reference.startswith(f"{BASELINE}@"):
            what, why = f"{reference} has no list of requirements", "what it asks would stand in no row of the matrix"
            yield Problem(
                what=what, position=Position(values[reference]), why=why, fix=f"write frameworks/{reference}.yaml"
            )


def _digest(roots: Iterable[Path]) -> str:
    """A hash over the data that verdicts rest on, wherever the folders stand; the code has its version."""
    whole = hashlib.sha256()
    for root in roots:
        files = chain(root.glob("parameters.yaml"), *((root / folder).rglob("*.yaml") for folder in FOLDERS))
        for path in sorted(files):
            content = path.read_bytes()
            whole.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
            whole.update(content)
    return whole.hexdigest()


def join(
    frameworks: Iterable[Entry[Framework]],
    controls: Iterable[Entry[Control]],
    rules: Iterable[Entry[Rule]],
    digest: str = "",
) -> Catalogue:
    """Join what was read. Raises DocumentError with everything that does not fit."""
    problems: list[Problem] = []
    joined = _Join(
        _unique("framework", [(entry.value.reference, entry) for entry in frameworks], problems),
        _unique("control", [(entry.value.id, entry) for entry in controls], problems),
        _unique("rule", [(entry.value.id, entry) for entry in rules], problems),
    )
    problems += (*joined.dangling(), *joined.idle())
    if problems:
        raise DocumentError(problems)
    return Catalogue(
        frameworks=MappingProxyType({name: entry.value for name, entry in joined.frameworks.items()}),
        controls=MappingProxyType({name: entry.value for name, entry in joined.controls.items()}),
        rules=tuple(entry.value for entry in joined.rules.values()),
        digest=digest,
    )


def _unique(noun: str, entries: Iterable[tuple[str, Entry[T]]], problems: list[Problem]) -> dict[str, Entry[T]]:
    """Entries by name; the first one of a name counts."""
    found: dict[str, Entry[T]] = {}
    for name, entry in entries:
        if name in found:
            why = f"the first is at {found[name].position()}, and only one can be meant"
            what = f"{noun} {name} stands twice"
            problems.append(
                Problem(what=what, position=entry.position(), value=name, why=why, fix="rename or remove one")
            )
        else:
            found[name] = entry
    return dict(sorted(found.items()))


class _Join:
    """Entries that are unique by name, and what is wrong between them."""

    def __init__(
        self,
        frameworks: dict[str, Entry[Framework]],
        controls: dict[str, Entry[Control]],
        rules: dict[str, Entry[Rule]],
    ) -> None:
        self.frameworks, self.controls, self.rules = frameworks, controls, rules
        self.proofs: dict[str, list[str]] = defaultdict(list)
        self.served: dict[str, list[str]] = defaultdict(list)

    def dangling(self) -> Iterator[Problem]:
        """Names that lead nowhere, and rows that say more than their controls can show."""
        for framework in self.frameworks.values():
            for index, requirement in enumerate(framework.value.requirements):
                yield from self._requirement(framework, index, requirement)
        for rule in self.rules.values():
            yield from self._rule(rule)

    def idle(self) -> Iterator[Problem]:
        """Controls that nothing proves or that answer nothing, and rules that no row uses."""
        for control in self.controls.values():
            yield from self._control(control)
        for rule in self.rules.values():
            yield from self._unused(rule)

    def _requirement(self, framework: Entry[Framework], index: int, requirement: Requirement) -> Iterator[Problem]:
        position = framework.position("requirements", index, "mapping")
        named = f"{framework.value.reference} {requirement.id}"
        for control in requirement.controls:
            self.served[control].append(named)
            if control not in self.controls:
                yield Problem(what=f"{named} names control {control}, which does not exist", position=position,
                              value=control, fix=nearest(control, self.controls))  # fmt: skip
        known = [self.controls[control].value for control in requirement.controls if control in self.controls]
        if requirement.extent is Extent.FULL and any(control.by_people for control in known):
            people = ", ".join(control.id for control in known if control.by_people)
            yield Problem(what=f"{named} is answered in full by what only people can do", position=position, value=people,
                          why="no rule can show it", fix="extent: part, and write the remainder")  # fmt: skip

    def _rule(self, rule: Entry[Rule]) -> Iterator[Problem]:
        for control in rule.value.controls:
            self.proofs[control].append(rule.value.id)
            if control not in self.controls:
                yield Problem(what=f"rule {rule.value.id} names control {control}, which does not exist",
                              position=rule.position("controls"), value=control, fix=nearest(control, self.controls))  # fmt: skip

    def _control(self, control: Entry[Control]) -> Iterator[Problem]:
        name, rules, rows = control.value.id, self.proofs[control.value.id], self.served[control.value.id]
        if not rules and not control.value.by_people:
            yield Problem(what=f"no rule proves control {name}", position=control.position(),
                          why="a control without a rule reads as kept and is not looked at",
                          fix="name it in a rule, or say by_people and why")  # fmt: skip
        if rules and control.value.by_people:
            yield Problem(what=f"control {name} is said to be kept by people only, and rules prove it", value=", ".join(rules),
                          position=control.position("by_people"), fix="remove by_people, or the control from the rules")  # fmt: skip
        if not rows and not control.value.practice:
            yield Problem(what=f"no requirement is answered by control {name}", position=control.position(),
                          fix="map a requirement to it, or say practice and why it is kept")  # fmt: skip

    def _unused(self, rule: Entry[Rule]) -> Iterator[Problem]:
        known = [self.controls[control].value for control in rule.value.controls if control in self.controls]
        if not any(self.served[control.id] or control.practice for control in known):
            yield Problem(what=f"rule {rule.value.id} is used by no requirement", position=rule.position("controls"),
                          value=", ".join(rule.value.controls),
                          why="its verdict would appear in no row of the matrix", fix="name a control that a requirement names")  # fmt: skip
