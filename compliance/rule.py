"""A rule: what must hold of one kind of subject, why, and its own truth table.

`load_rules(*folders)` reads every rule below some folders and refuses what the engine cannot judge soundly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field, JsonValue, ValidationError, model_validator

from blueprint.errors import DocumentError, Problem
from blueprint.source import read
from blueprint.types import DataClass, Frozen, Severity
from compliance.bounds import Schema, parameter_of
from compliance.facts import registry
from compliance.facts.base import Subject
from compliance.predicates.registry import predicates
from compliance.refusal import refused

CaseVerdict: TypeAlias = Literal["pass", "fail", "unknown", "not_applicable"]


class Case(Frozen):
    """One row of a truth table: leaves, and the verdict that they must give.

    A leaf is written as its value, a list for a set, `unknown`, null for none, or for a link the id of the subject that
    it leads to. Leaves that are left out are unknown; those of the guard take the guard's first allowed value.
    """

    leaves: Mapping[str, JsonValue]
    verdict: CaseVerdict
    classes: frozenset[DataClass] | Literal["unknown"] | None = None
    """Data classes of the subject; left out: those of the platform."""
    beside: Mapping[str, Mapping[str, JsonValue]] = Field(default_factory=dict, alias="with")
    """Other subjects by id, for predicates."""
    posture: Mapping[str, JsonValue] = Field(default_factory=dict)
    """Parameters that have another value here than under HIPAA, PCI DSS and FedRAMP Moderate; null: nobody sets it."""

    @model_validator(mode="before")
    @classmethod
    def _leaves_apart(cls, raw: object) -> object:
        if not isinstance(raw, dict) or "leaves" in raw:
            return raw
        own = {key: value for key, value in raw.items() if key in registry.RESERVED}
        return {**own, "leaves": {key: value for key, value in raw.items() if key not in registry.RESERVED}}


class Rule(Frozen):
    """One rule, as its file says it. `load_rules` checks it."""

    id: str = Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+){2,}$")
    title: str
    subject: str
    when: Mapping[str, Mapping[str, JsonValue]] = Field(default_factory=dict)
    requires: Mapping[str, Mapping[str, JsonValue]] = Field(default_factory=dict)
    predicate: str | None = None
    controls: tuple[str, ...] = Field(min_length=1)
    severity: Severity
    why: str
    remedy: str
    cases: Mapping[str, Case]

    @cached_property
    def kind(self) -> type[Subject]:
        """The fact model that the rule is about."""
        return registry.kind(self.subject)

    @property
    def bindings(self) -> Mapping[str, str]:
        """Leaf -> the parameter that its value must meet."""
        return {leaf: parameter_of(str(spec["meets"])) for leaf, spec in self.requires.items() if "meets" in spec}

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Every parameter that the rule holds values against, those of its predicate too."""
        related = predicates().get(self.predicate or "")
        return frozenset({*self.bindings.values(), *(related.parameters if related else ())})

    def schemas(self) -> Iterator[tuple[str, Schema]]:
        """The two Cerberus schemas by the key they stand under."""
        yield "when", self.when
        yield "requires", self.requires


RULES = Path(__file__).with_name("rules")


def load_rules(*folders: Path) -> tuple[Rule, ...]:
    """Rules of these folders, and of those below; without any, our own. By id.

    Raises DocumentError with every problem of every file.
    """
    from compliance.rule_check import problems_of  # noqa: PLC0415  the checks need the models above

    rules: dict[str, Rule] = {}
    problems: list[Problem] = []
    for file in sorted(path for folder in folders or (RULES,) for path in folder.rglob("*.yaml")):
        try:
            source = read(file)
            rule = Rule.model_validate(source.data)
        except DocumentError as error:
            problems += error.problems
        except ValidationError as error:
            problems += refused(error, source, Rule, tags=frozenset({"leaves"}))
        else:
            problems += (*source.problems, *problems_of(rule, source))
            if rule.id in rules:
                problems.append(Problem(what=f"rule {rule.id} stands in two files", position=source.position(("id",))))
            rules[rule.id] = rule
    if problems:
        raise DocumentError(problems)
    return tuple(rules[name] for name in sorted(rules))
