"""Document, posture, exceptions and wiring → one plan, or every problem. Pure: builds nothing, asks nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel

from blueprint.config import StackFile
from blueprint.diagnosis import Diagnosis
from blueprint.document import Compliance, Head
from blueprint.errors import BlueprintError, DocumentError, Position, Problem, nearest
from blueprint.placement import Place
from blueprint.planner.regions import REGIONS
from blueprint.posture import JoinedPosture
from blueprint.slots import slots
from blueprint.source import Path_
from blueprint.spec import Spec, Tightens
from blueprint.types import DataClass, Noun, Partition
from blueprint.wiring import Needs, Wiring, fold
from compliance.exceptions import ExceptionList, load_exceptions
from compliance.resolve import resolve

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


@dataclass(frozen=True)
class Plan:
    """One stack, decided: what is made, with which values, and who needs whom."""

    stack: str
    file: StackFile
    document: Head
    specs: Mapping[Noun, tuple[str, Spec]]
    """Noun -> (slot, spec), in the order in which components are made."""
    posture: JoinedPosture
    wiring: Wiring
    exceptions: ExceptionList
    as_of: dt.date
    partition: Partition
    zones: tuple[str, ...]
    warnings: tuple[Problem, ...] = ()
    """What works and should not stay so: layers whose foundations are missing."""

    @property
    def region(self) -> str:
        """The stack's own region."""
        return self.file.region

    @property
    def home(self) -> Place:
        """Where everything lives that names no place of its own."""
        return Place(self.document.account, self.region, self.partition, self.zones)


def make_plan(file: StackFile, root: Path, *, as_of: dt.date | None = None) -> Plan:
    """Decide one stack. Raises DocumentError with every problem, contradictions between components included."""
    day = as_of or dt.datetime.now(tz=dt.UTC).date()
    found = Diagnosis(file.source)
    document = cast("Head | None", found.document())
    compliance = _part(found, document)
    wiring, problems = _wiring(found, compliance.data_classes)
    clashing = list(_clashing(found))
    problems += [*_order(found), *_place(found, file.region), *(problem for problem, certain in clashing if certain)]
    posture = _posture(found, compliance, root, problems)
    exceptions = load_exceptions(root / "compliance" / "exceptions" / f"{file.stack}.yaml", as_of=day)
    if posture is not None:
        problems += _weaker(found, posture, exceptions)
    problems += found.problems
    if problems or document is None or posture is None:
        raise DocumentError(sorted(set(problems), key=_place_in_file))
    zones = REGIONS[file.region].zone_names(file.region, _zone_count(found))
    return Plan(
        file.stack, file, document, found.specs, posture, wiring, exceptions, day, REGIONS[file.region].partition, zones,
        (*_unfounded(found), *(problem for problem, certain in clashing if not certain)),
    )  # fmt: skip


def _part(found: Diagnosis, document: Head | None) -> Compliance:
    """The compliance section even of a document that is unsound elsewhere."""
    if document is not None:
        return document.compliance
    try:
        return Compliance.model_validate(found.data.get("compliance", {}))
    except ValueError:
        return Compliance.model_validate({})


def _wiring(found: Diagnosis, classes: frozenset[DataClass]) -> tuple[Wiring, list[Problem]]:
    """The wiring of the sound components; what an unsound one might offer is not reported as missing."""
    needs = {noun: spec.needs() for noun, (_, spec) in found.specs.items()} | {noun: Needs() for noun in found.unsound}
    hidden = {slots()[noun.partition("/")[0]].offers for noun in found.unsound}
    empty = {slots()[key].offers: key for key, value in found.data.items() if value is None and key in slots()}
    wiring, problems = fold(needs, classes)
    shown: list[Problem] = []
    for problem in problems:
        noun = "/".join(str(part) for part in problem.path)
        if problem.value in found.unsound:
            continue
        if hidden.isdisjoint(want.dialect for want in needs[noun].wants) or problem.value:
            emptied = [empty[want.dialect] for want in needs[noun].wants if want.dialect in empty]
            path = (emptied[0],) if emptied and not problem.value else found.word(noun, problem.value)
            shown.append(replace(problem, path=path, position=found.source.position(path)))
    return wiring, shown


def _order(found: Diagnosis) -> Iterator[Problem]:
    """Foundations before what rests on them: a slot whose own requirements are not in the document is refused."""
    filled = {noun.partition("/")[0] for noun in (*found.specs, *found.unsound)}
    for name in sorted(filled):
        for required in sorted(slots()[name].requires - filled):
            at = (required,) if required in found.data else (name,)  # an empty key is where it was meant to be
            yield Problem(
                what=f"{name} needs {required}, which the document does not have", path=at,
                position=found.source.position(at, key=True), allowed=", ".join(sorted(slots()[name].requires)),
                why="foundations come before what is built on them", fix=f"add `{required}:`, or remove {name}",
            )  # fmt: skip


def _unfounded(found: Diagnosis) -> Iterator[Problem]:
    """Layers that work without what they should rest on."""
    filled = {noun.partition("/")[0] for noun in found.specs}
    for name in sorted(filled):
        for group in slots()[name].rests_on:
            if filled.isdisjoint(group):
                one = " or ".join(sorted(group))
                yield Problem(
                    what=f"{name} rests on {one}, which the document does not have", path=(name,),
                    position=found.source.position((name,), key=True), allowed=one,
                    why="foundations come before scale: without them nobody can tell what it answers from, or how well",
                    fix=f"add `{min(group)}:`, or keep {name} out of production",
                )  # fmt: skip


def _place(found: Diagnosis, region: str) -> Iterator[Problem]:
    """Whether the region exists and has what the document asks of it."""
    if region not in REGIONS:
        yield Problem(what="no such region", path=("aws:region",), position=Position(found.source.file), value=region,
                      allowed=nearest(region, REGIONS), why="zones and partition follow from it", fix="set aws:region to an AWS region")  # fmt: skip
        return
    zones, asked = len(REGIONS[region].zones), _zone_count(found)
    if asked > zones:
        path: Path_ = ("network", "zones")
        yield Problem(what=f"{region} has {zones} zones", path=path, position=found.source.position(path), value=str(asked),
                      allowed=f"up to {zones}", why="every tier gets one subnet in each zone", fix="ask for fewer zones or another region")  # fmt: skip
    for noun, (_, spec) in found.specs.items():
        for field, what in spec.misplaced(region):
            path = (*found.path(noun), field)
            yield replace(what, path=path, position=found.source.position(path))


def _clashing(found: Diagnosis) -> Iterator[tuple[Problem, bool]]:
    """Settings that do not go together, and whether that is certain."""
    specs = {noun: spec for noun, (_, spec) in found.specs.items()}
    for noun, spec in specs.items():
        for conflict in spec.conflicts(specs):
            path = (*found.path(noun), conflict.field, *conflict.problem.path)
            yield replace(conflict.problem, path=path, position=found.source.position(path)), conflict.certain


def _zone_count(found: Diagnosis) -> int:
    _, network = found.specs.get("network", ("", Spec()))
    return int(getattr(network, "zones", 3))


def _posture(found: Diagnosis, compliance: Compliance, root: Path, problems: list[Problem]) -> JoinedPosture | None:
    """The joined posture; a framework that does not exist and values that exclude each other are problems."""
    try:
        extensions = tuple(root / folder for folder in compliance.extensions)
        return resolve(compliance.frameworks, compliance.mode, compliance.facts, compliance.data_classes, extensions)
    except DocumentError as error:
        for each in error.problems:
            path = found.word("compliance", each.value)
            problems.append(replace(each, path=path, position=each.position or found.source.position(path)))
        return None


def _weaker(found: Diagnosis, posture: JoinedPosture, exceptions: ExceptionList) -> Iterator[Problem]:
    """Settings that are weaker than the posture and that no exception covers."""
    for noun, (_, spec) in found.specs.items():
        classes = spec.needs().data_classes
        for inner, parameter, value in _tightenings(spec, ()):
            try:
                if posture.meets(parameter, value, classes) is not False:
                    continue
            except BlueprintError:
                continue  # a parameter that nothing satisfies is already a problem of the frameworks
            if exceptions.waives_parameter(parameter, noun) is not None:
                continue
            path = (*found.path(noun), *inner)
            yield Problem(
                what=f"weaker than the posture allows for {parameter}", path=path, position=found.source.position(path), value=str(value),
                allowed=posture.demand(parameter, classes), why="a component may only tighten its own copy of a posture value",
                fix=f"leave it out, or record a dated exception for {parameter} × {noun} in compliance/exceptions",
            )  # fmt: skip


def _tightenings(model: BaseModel, path: Path_) -> Iterator[tuple[Path_, str, object]]:
    """Every value of a spec that stands for a posture parameter: where, which, and what it says."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        for parameter in _parameters(field):
            if value is not None:
                yield (*path, name), parameter, value
        if isinstance(value, BaseModel):
            yield from _tightenings(value, (*path, name))
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, BaseModel):
                    yield from _tightenings(item, (*path, name, index))


def _parameters(field: FieldInfo) -> Iterator[str]:
    for mark in field.metadata:
        if isinstance(mark, Tightens):
            yield mark.parameter


def _place_in_file(problem: Problem) -> tuple[str, int, int, str]:
    where = problem.position
    return (str(where.file), where.line, where.column, problem.what) if where else ("", 0, 0, problem.what)
