"""Run the truth table of a rule: each case is a subject of its own, judged under the strictest of three frameworks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from pydantic import JsonValue

from blueprint.posture import Contribution, JoinedPosture
from blueprint.types import DataClass, Mode, Strength
from compliance.engine import judge
from compliance.facts import registry
from compliance.facts.base import Known, Leaf, Origin, Ref, Subject, Unknown
from compliance.facts.registry import Shape
from compliance.facts.subjects import Subjects
from compliance.findings import Verdict
from compliance.resolve import resolve
from compliance.rule import Case, Rule

FRAMEWORKS = ("hipaa", "pci-dss", "fedramp-moderate")
CLASSES = frozenset({DataClass.PHI, DataClass.CARDHOLDER})


@cache
def common_posture() -> JoinedPosture:
    """The posture of cases that state none: three frameworks, practice mode, health and card data."""
    return resolve(FRAMEWORKS, Mode.PRACTICE, data_classes=CLASSES)


def run(rule: Rule, case: Case) -> Verdict:
    """Judge one case."""
    subject = subject_of(f"{rule.subject}/case", guarded(rule, case), case.classes)
    beside = tuple(subject_of(name, leaves, None) for name, leaves in case.beside.items())
    posture = moved(common_posture(), case.posture)
    findings = judge(Subjects((subject, *beside)), [rule], posture)
    return next(finding.verdict for finding in findings if finding.subject == subject.id)


def guarded(rule: Rule, case: Case) -> Mapping[str, JsonValue]:
    """The leaves of a case, those of the guard among them."""
    guard = {name: spec["allowed"][0] for name, spec in rule.when.items() if name not in case.leaves}  # type: ignore[index]
    return {**guard, **case.leaves}


def subject_of(identity: str, leaves: Mapping[str, JsonValue], classes: object) -> Subject:
    """A subject with these leaves; what is left out is unknown."""
    kind = registry.kind(identity.partition("/")[0])
    shapes = registry.leaves(kind)
    origin = Origin(urn=identity, path="tags.data-class", how="tag")
    held: Leaf[frozenset[DataClass]] = (
        Unknown("untagged", origin) if classes == "unknown" else Known(CLASSES if classes is None else classes, origin)  # type: ignore[arg-type]
    )
    values = {name: _leaf(identity, name, leaves.get(name, "unknown"), shape) for name, shape in shapes.items()}
    return kind(id=identity, urns=(identity,), data_classes=held, **values)


def _leaf(identity: str, name: str, written: JsonValue, shape: Shape) -> Leaf[object]:
    origin = Origin(urn=identity, path=name)
    if written == "unknown":
        return Unknown("cloud_decides", origin)
    if shape.type == "set":
        return Known(frozenset(written if isinstance(written, list) else [written]), origin)
    if shape.type == "ref" and written is not None:
        return Known(Ref(urn=str(written), property="arn"), origin)
    return Known(written, origin)


def moved(posture: JoinedPosture, values: Mapping[str, JsonValue]) -> JoinedPosture:
    """The posture with other values for some parameters; None: nobody sets it."""
    if not values:
        return posture
    contributions = dict(posture.contributions)
    for name, value in values.items():
        contributions[name] = () if value is None else (_asked(posture, name, value),)
    return JoinedPosture(posture.parameters, MappingProxyType(contributions), posture.data_classes)


def _asked(posture: JoinedPosture, name: str, value: JsonValue) -> Contribution:
    typed = posture.parameter(name).parse(value)
    return Contribution(source="case", citation="-", checked="text", strength=Strength.LITERAL, value=typed)
