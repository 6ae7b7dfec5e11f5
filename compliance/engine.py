"""Judge every rule on every subject of its kind: PASS, FAIL, UNKNOWN or NOT_APPLICABLE, and the sentence why."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from pydantic import JsonValue

from blueprint.posture import JoinedPosture
from blueprint.types import DataClass
from compliance.bounds import Bounds, Judged, Schema, Unread
from compliance.facts.base import Known, Leaf, Subject, Unknown
from compliance.findings import Estate, Finding, Outcome, Read, Verdict
from compliance.predicates.registry import predicates
from compliance.reads import constraint_words, json_value, read, told
from compliance.rule import Rule


def judge(estate: Estate, rules: Iterable[Rule], posture: JoinedPosture) -> tuple[Finding, ...]:
    """One finding for each rule and subject of its kind, by rule and subject."""
    return tuple(
        Finding(
            id=Finding.id_of(rule.id, subject.id),
            rule=rule.id,
            subject=subject.id,
            urns=subject.urns,
            severity=rule.severity,
            verdict=verdict,
        )
        for rule in sorted(rules, key=lambda rule: rule.id)
        for subject, verdict in _verdicts(rule, estate, posture)
    )


def _verdicts(rule: Rule, estate: Estate, posture: JoinedPosture) -> Iterable[tuple[Subject, Verdict]]:
    judge_one = _Related(rule, estate, posture) if rule.predicate else _Schema(rule, posture)
    for subject in estate.all(rule.kind):
        try:
            verdict = judge_one(subject)
        except Exception as error:  # noqa: BLE001  whatever a rule does wrong, it is UNKNOWN and the others are judged
            because = f"the rule crashed: {type(error).__name__}: {error}"
            verdict = Verdict(outcome=Outcome.UNKNOWN, because=because, crashed=True)
        yield subject, verdict


class _Answer(NamedTuple):
    """What a rule says about a combination of values, apart from where they were read."""

    outcome: Outcome
    because: str
    decides: tuple[str, ...] = ()


@dataclass
class _Schema:
    """A rule that holds values against bounds. Equal values are judged once."""

    rule: Rule
    posture: JoinedPosture
    _answers: dict[Hashable, _Answer] = field(default_factory=dict)
    _bounds: dict[tuple[str, frozenset[DataClass] | None], tuple[str | None, JsonValue]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._leaves = tuple(dict.fromkeys((*self.rule.when, *self.rule.requires)))
        self._bindings = self.rule.bindings

    @cached_property
    def _guard(self) -> Bounds:
        return _validator(self.rule.when)

    @cached_property
    def _body(self) -> Bounds:
        return _validator(self.rule.requires)

    def __call__(self, subject: Subject) -> Verdict:
        leaves: dict[str, Leaf[Hashable]] = {name: getattr(subject, name) for name in self._leaves}
        classes = value_of(subject.data_classes)
        seen = (classes, *map(_seen, leaves.values()))
        answer = self._answers.get(seen)
        if answer is None:
            answer = self._answers[seen] = self._answer(leaves, classes)  # type: ignore[arg-type]
        asked = None if classes is Unread.UNKNOWN else classes
        return Verdict(
            outcome=answer.outcome,
            because=answer.because,
            reads=tuple(
                self._read(name, leaf, asked, decides=name in answer.decides)  # type: ignore[arg-type]
                for name, leaf in leaves.items()
            ),
        )

    def _answer(self, leaves: Mapping[str, Leaf[Hashable]], classes: frozenset[DataClass] | Unread) -> _Answer:
        unset = _unset(self._bindings.values(), self.posture, classes)
        if unset:
            return unset
        values = {name: value_of(leaf) for name, leaf in leaves.items()}
        guard = (
            self._guard.judge({name: values[name] for name in self.rule.when}, classes, self.posture)
            if self.rule.when
            else Judged((), ())
        )
        if guard.violated:
            told = _told(guard.violated, leaves)
            return _Answer(Outcome.NOT_APPLICABLE, f"the rule is about another case: {told}", guard.violated)
        if guard.open:
            told = _told(guard.open, leaves)
            return _Answer(Outcome.UNKNOWN, f"cannot tell whether the rule applies: {told}", guard.open)
        body = self._body.judge({name: values[name] for name in self.rule.requires}, classes, self.posture)
        if body.violated:
            return _Answer(Outcome.FAIL, self._demanded(body.violated, leaves, classes), body.violated)
        if body.open:
            return _Answer(Outcome.UNKNOWN, self._demanded(body.open, leaves, classes), body.open)
        return _Answer(
            Outcome.PASS, self._demanded(tuple(self.rule.requires), leaves, classes), tuple(self.rule.requires)
        )

    def _demanded(
        self, names: Iterable[str], leaves: Mapping[str, Leaf[Hashable]], classes: frozenset[DataClass] | Unread
    ) -> str:
        return "; ".join(
            f"{told(name, leaves[name])} (asked: {self._demand(name, classes)})" for name in names if name in leaves
        )

    def _demand(self, name: str, classes: frozenset[DataClass] | Unread) -> str:
        parameter = self._bindings.get(name)
        if parameter:
            known = None if classes is Unread.UNKNOWN else classes
            doubt = ", or less, for its data class is not known" if classes is Unread.UNKNOWN else ""
            return f"{parameter} {self.posture.demand(parameter, known)}{doubt}"
        return constraint_words(self.rule.requires[name])

    def _read(self, name: str, leaf: Leaf[Hashable], classes: frozenset[DataClass] | None, *, decides: bool) -> Read:
        asked = (name, classes)
        if asked not in self._bounds:
            parameter = self._bindings.get(name)
            effective = self.posture.of(parameter, classes) if parameter else None
            self._bounds[asked] = (effective.parameter, json_value(effective.value)) if effective else (None, None)
        parameter, bound = self._bounds[asked]
        return read(leaf, parameter=parameter, bound=bound, decides=decides)


@dataclass
class _Related:
    """A rule that relates subjects, in Python."""

    rule: Rule
    estate: Estate
    posture: JoinedPosture

    def __post_init__(self) -> None:
        self._relation = predicates()[str(self.rule.predicate)]

    def __call__(self, subject: Subject) -> Verdict:
        unset = _unset(self._relation.parameters, self.posture, value_of(subject.data_classes))
        if unset:
            return Verdict(outcome=unset.outcome, because=unset.because)
        return self._relation.judge(subject, self.estate, self.posture)


def value_of(leaf: Leaf[Hashable]) -> Hashable | Unread:
    """The value of a leaf, or the mark of one that is not known."""
    return leaf.value if isinstance(leaf, Known) else Unread.UNKNOWN


def _told(names: Iterable[str], leaves: Mapping[str, Leaf[Hashable]]) -> str:
    return "; ".join(told(name, leaves[name]) for name in names)


def _seen(leaf: Leaf[Hashable]) -> Hashable:
    if isinstance(leaf, Unknown):
        return leaf.reason, Unread.UNKNOWN
    return leaf.value, type(leaf.value), leaf.origin.how


def _unset(
    parameters: Iterable[str], posture: JoinedPosture, classes: frozenset[DataClass] | Unread | Hashable
) -> _Answer | None:
    """What to say of a rule when no framework sets any parameter that it is bound to."""
    names = sorted(set(parameters))
    asked = None if classes is Unread.UNKNOWN else classes
    if not names or any(posture.of(name, frozenset() if asked is None else asked) for name in names):  # type: ignore[arg-type]
        return None
    if asked is None and any(posture.of(name) for name in names):
        listed = ", ".join(names)
        return _Answer(Outcome.UNKNOWN, f"cannot tell whether {listed} applies: the data class is not known", ())
    return _Answer(Outcome.NOT_APPLICABLE, f"no framework sets {', '.join(names)}")


def _validator(schema: Schema) -> Bounds:
    return Bounds(dict(schema), allow_unknown=False)
