"""What the loader refuses: rules that Cerberus would judge unsoundly, or that name what is not there.

Why each constraint needs a `type` beside it, and why some Cerberus rules are not in the grammar: a wrong type passes
min, regex and contains in silence, a misspelt field passes everything, and normalisation changes facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cerberus import SchemaError
from pydantic import JsonValue

from blueprint.errors import NotFound, Problem, nearest
from blueprint.parameter import Join, Parameter
from blueprint.source import Path_, Source
from compliance.bounds import NOT, Bounds, Schema, parameter_of
from compliance.facts import registry
from compliance.facts.registry import Shape, Type
from compliance.parameters import parameters
from compliance.predicates.registry import predicates
from compliance.rule import Case, Rule

GRAMMAR = frozenset(
    {
        *("type", "nullable", "meets", "allowed", "forbidden", "contains", "empty", "min", "max"),
        *("minlength", "maxlength", "regex", "allof", "anyof", "noneof", "oneof"),
    }
)
"""The Cerberus rules that are sound under two bounds on flat facts, and `meets`."""
ANY_OF = frozenset({"allof", "anyof", "noneof", "oneof"})
NEEDED = ("pass", "fail", "unknown")
"""Verdicts without which a truth table proves nothing."""
_NUMBERS = frozenset({"integer", "retention"})
_OF_JOIN: Mapping[Join, frozenset[Type]] = {
    Join.AT_LEAST: frozenset({"integer", "retention"}),
    Join.AT_MOST: frozenset({"integer", "retention"}),
    Join.RANK: frozenset({"rank", "string"}),
    Join.ALL_OF: frozenset({"set", "string", "rank"}),
    Join.ONLY: frozenset({"set", "string", "rank"}),
    Join.WITHIN: frozenset({"integer", "retention", "rank", "string"}),
}


def problems_of(rule: Rule, source: Source) -> Iterator[Problem]:
    """Everything that is wrong with a rule that has the right shape."""
    yield from _head(rule, source)
    try:
        kind = rule.kind
    except NotFound as error:
        yield _problem(source, ("subject",), str(error), why="a rule about nothing passes always")
        return
    shapes = registry.leaves(kind)
    for key, schema in rule.schemas():
        for leaf, constraint in schema.items():
            yield from _constraint(source, (key, leaf), leaf, constraint, shapes)
        if schema:
            yield from _compiled(source, key, schema)
    yield from _predicate(rule, source)
    yield from _cases(rule, source, shapes)


def _head(rule: Rule, source: Source) -> Iterator[Problem]:
    if rule.id != source.file.stem:
        fix = f"name it {source.file.stem} or rename the file"
        yield _problem(source, ("id",), f"{rule.id} stands in {source.file.name}", fix=fix)
    if rule.title.startswith("Ensure"):
        fix = "say what holds: log group keeps its events …"
        yield _problem(source, ("title",), 'a title says what holds, without "Ensure"', fix=fix)
    if bool(rule.requires) == bool(rule.predicate):
        fix = "compare values in requires, relate subjects in a predicate; two rules for both"
        yield _problem(source, (), "a rule has either requires or a predicate", fix=fix)
    if rule.predicate and rule.when:
        yield _problem(source, ("when",), "a predicate decides itself when it applies", fix="move the guard into it")


def _constraint(
    source: Source, path: Path_, leaf: str, constraint: Mapping[str, JsonValue], shapes: Mapping[str, Shape]
) -> Iterator[Problem]:
    shape = shapes.get(leaf)
    if shape is None:
        why = "a leaf that is not there passes everything"
        yield _problem(source, path, f"the subject has no leaf {leaf!r}", fix=nearest(leaf, shapes), why=why)
        return
    for name in sorted(constraint.keys() - GRAMMAR):
        why = "outside of what is sound when a value is not known"
        yield _problem(source, (*path, name), f"{name!r} is not in the grammar", fix=nearest(name, GRAMMAR), why=why)
    written = constraint.get("type")
    if written != shape.type and (written, shape.type) != ("rank", "string"):
        fix = f"write type: {shape.type}"
        why = "a value of another type passes most constraints in silence"
        yield _problem(source, (*path, "type"), f"{leaf} is of type {shape.type}", fix=fix, why=why)
    if constraint.get("nullable") and not shape.nullable:
        yield _problem(source, (*path, "nullable"), f"{leaf} is never null", fix="leave nullable out")
    if len(constraint) == 1 and not shape.nullable:
        yield _problem(source, path, f"nothing is asked of {leaf}", fix="add a constraint, or meets: PARAMETER")
    yield from _values(source, path, constraint, shape)
    yield from _choices(source, path, constraint)
    if "meets" in constraint:
        yield from _binding(source, path, str(constraint["meets"]), constraint, shape)


def _values(source: Source, path: Path_, constraint: Mapping[str, JsonValue], shape: Shape) -> Iterator[Problem]:
    for name in sorted(constraint.keys() & {"allowed", "forbidden", "contains"}):
        values = constraint[name]
        listed = values if isinstance(values, list) else [values]
        if not all(isinstance(each, str | int | bool) for each in listed) or not (
            isinstance(values, list) or name == "contains"
        ):
            yield _problem(source, (*path, name), f"{name} takes a list of plain values", fix="write [a, b]")
        elif shape.words:
            for word in (each for each in listed if each not in shape.words and not isinstance(each, int)):
                yield _problem(
                    source, (*path, name), f"the leaf is never {word!r}", fix=nearest(str(word), shape.words)
                )
        if shape.type == "ref":
            yield _problem(
                source, (*path, name), "a link has no plain value", fix="ask whether it is there, or relate it"
            )
    for name in sorted(constraint.keys() & {"min", "max"}):
        if shape.type != "integer":
            yield _problem(source, (*path, name), f"{name} compares whole numbers", fix="use meets, or allowed")


def _choices(source: Source, path: Path_, constraint: Mapping[str, JsonValue]) -> Iterator[Problem]:
    for name in sorted(constraint.keys() & ANY_OF):
        choices = constraint[name]
        for index, each in enumerate(choices if isinstance(choices, list) else []):
            inner = set(each) if isinstance(each, dict) else set()
            for stray in sorted((inner - GRAMMAR) | (inner & {"meets", "nullable"} | (inner & ANY_OF))):
                place = (*path, name, index, stray)
                yield _problem(source, place, f"{stray!r} cannot stand inside {name}", fix="move it out of the choice")


def _binding(
    source: Source, path: Path_, binding: str, constraint: Mapping[str, JsonValue], shape: Shape
) -> Iterator[Problem]:
    place, name = (*path, "meets"), parameter_of(binding)
    parameter = parameters().get(name)
    if path[0] == "when":
        yield _problem(source, place, "a guard is not bound to a parameter", fix="use allowed, or move it to requires")
    if parameter is None:
        yield _problem(source, place, f"no parameter is called {name!r}", fix=nearest(name, parameters()))
        return
    yield from _fits(source, place, binding, parameter, constraint, shape)


def _fits(
    source: Source, place: Path_, binding: str, parameter: Parameter, constraint: Mapping[str, JsonValue], shape: Shape
) -> Iterator[Problem]:
    if parameter.join in {Join.MUST, Join.MAY}:
        if shape.type not in {"boolean", "ref"} and not constraint.keys() - {"type", "nullable", "meets"}:
            fix = "say beside it what a yes means: contains, min, max, allowed"
            yield _problem(source, place, f"{parameter.name} is yes or no, the leaf is not", fix=fix)
        if binding.startswith(NOT) and shape.type != "boolean":
            yield _problem(source, place, '"not" turns a yes into a no', fix="leave it out: the leaf is no yes or no")
        return
    if binding.startswith(NOT):
        yield _problem(source, place, f"{parameter.name} is no yes or no", fix='leave "not" out')
    if shape.type not in _OF_JOIN[parameter.join]:
        yield _problem(
            source, place, f"{parameter.name} cannot be held against a {shape.type}", fix="bind another leaf"
        )
    strange = sorted(str(word) for word in set(shape.words) - set(parameter.order)) if parameter.order else []
    if strange:
        what = f"the leaf can be {', '.join(strange)}, which {parameter.name} does not know"
        yield _problem(source, place, what, fix=f"use its words: {' < '.join(parameter.order)}")


def _compiled(source: Source, key: str, schema: Schema) -> Iterator[Problem]:
    try:
        Bounds(dict(schema))
    except SchemaError as error:
        yield _problem(source, (key,), f"Cerberus refuses the schema: {error}")


def _predicate(rule: Rule, source: Source) -> Iterator[Problem]:
    if not rule.predicate:
        return
    relation = predicates().get(rule.predicate)
    if relation is None:
        fix = nearest(rule.predicate, predicates())
        yield _problem(source, ("predicate",), f"no predicate is called {rule.predicate!r}", fix=fix)
    elif relation.kind is not rule.kind:
        what = f"{rule.predicate} judges {relation.kind.__name__}, the rule is about {rule.subject}"
        yield _problem(source, ("predicate",), what, fix=f"write subject: {relation.kind.__name__}")


def _cases(rule: Rule, source: Source, shapes: Mapping[str, Shape]) -> Iterator[Problem]:
    told = {case.verdict for case in rule.cases.values()}
    for verdict in (each for each in NEEDED if each not in told):
        why = "a truth table without it proves only half"
        yield _problem(source, ("cases",), f"no case has the verdict {verdict}", why=why, fix="add one")
    for name, case in rule.cases.items():
        yield from _case(rule, source, ("cases", name), case, shapes)


def _case(rule: Rule, source: Source, path: Path_, case: Case, shapes: Mapping[str, Shape]) -> Iterator[Problem]:
    for leaf in sorted(case.leaves.keys() - shapes.keys()):
        yield _problem(source, (*path, leaf), f"{rule.subject} has no leaf {leaf!r}", fix=nearest(leaf, shapes))
    for leaf, constraint in rule.when.items():
        if leaf not in case.leaves and "allowed" not in constraint:
            fix = f"write {leaf}: … in the case"
            yield _problem(source, path, f"the case does not say {leaf}, which the guard asks", fix=fix)
    for identity, leaves in case.beside.items():
        kind = identity.partition("/")[0]
        if kind not in registry.kinds():
            fix = nearest(kind, registry.kinds())
            yield _problem(source, (*path, "with", identity), f"no subject is called {kind!r}", fix=fix)
            continue
        known = registry.leaves(registry.kind(kind))
        for leaf in sorted(leaves.keys() - known.keys()):
            where = (*path, "with", identity, leaf)
            yield _problem(source, where, f"{kind} has no leaf {leaf!r}", fix=nearest(leaf, known))
    for name in sorted(case.posture.keys() - parameters().keys()):
        where = (*path, "posture", name)
        yield _problem(source, where, f"no parameter is called {name!r}", fix=nearest(name, parameters()))


def _problem(source: Source, path: Path_, what: str, *, fix: str = "", why: str = "") -> Problem:
    value = source.at(path)
    shown = "" if isinstance(value, dict | list) or value is None else str(value)
    return Problem(
        what=what, path=path, position=source.position(path, key=isinstance(value, dict)), value=shown, fix=fix, why=why
    )
