"""From the names of frameworks to a posture: read profiles, take what is in force, join.

    posture = resolve(["hipaa", "pci-dss", "fedramp-moderate"], Mode.PRACTICE, data_classes={DataClass.PHI})

A profile is `profiles/<framework>@<edition>.yaml`, what one framework contributes to parameters; ours, or below a folder
of an organisation. `blueprint-baseline` is always joined, in both modes, and cannot be selected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from pydantic import JsonValue, ValidationError

from blueprint.errors import DocumentError, Problem, nearest
from blueprint.parameter import Parameter, WrongValue
from blueprint.posture import PLATFORM, Contribution, JoinedPosture, Scope, StackFact
from blueprint.source import read
from blueprint.types import DataClass, Frozen, Mode, Strength
from compliance.parameters import HERE, parameters
from compliance.refusal import refused

BASELINE = "blueprint-baseline"


class Row(Frozen):
    """A contribution as it stands in a profile: its source is the file, its value is not typed yet."""

    parameter: str
    citation: str
    checked: Literal["program", "text", "memory"]
    strength: Strength
    value: JsonValue = None
    forbids: frozenset[str] = frozenset()
    scope: Scope = PLATFORM
    when: StackFact | None = None


def resolve(
    frameworks: Iterable[str],
    mode: Mode,
    facts: Collection[StackFact] = (),
    data_classes: Collection[DataClass] = (),
    extensions: tuple[Path, ...] = (),
) -> JoinedPosture:
    """Join what the frameworks ask of the parameters.

    Raises DocumentError with every unknown framework, every bad row of a profile, and every parameter for which the
    demands exclude each other or AWS accepts nothing strict enough.
    """
    files = profiles(extensions)
    known = parameters(extensions)
    in_force: dict[str, list[Contribution]] = defaultdict(list)
    for reference in (*select(frameworks, extensions), _newest(BASELINE, _editions(files))):
        for name, each in contributions(files[reference], extensions):
            if _counts(each, mode) and (each.when is None or each.when in facts):
                in_force[name].append(each)
    posture = JoinedPosture(
        parameters=known,
        contributions=MappingProxyType({name: tuple(in_force[name]) for name in known if name in in_force}),
        data_classes=frozenset(data_classes),
    )
    problems = posture.problems()
    if problems:
        raise DocumentError(problems)
    return posture


def available(extensions: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """Every framework that can be selected, as name@edition."""
    return tuple(
        f"{name}@{edition}"
        for name, editions in sorted(_editions(profiles(extensions)).items())
        if name != BASELINE
        for edition in editions
    )


def select(frameworks: Iterable[str], extensions: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """Each reference as name@edition, sorted and once: a bare name is its newest edition. Raises DocumentError."""
    selectable = {name: found for name, found in _editions(profiles(extensions)).items() if name != BASELINE}
    chosen: set[str] = set()
    problems: list[Problem] = []
    for reference in frameworks:
        name, _, edition = reference.partition("@")
        if name in selectable and (not edition or edition in selectable[name]):
            chosen.add(f"{name}@{edition}" if edition else _newest(name, selectable))
        else:
            problems.append(_unknown(reference, name, selectable))
    if problems:
        raise DocumentError(problems)
    return tuple(sorted(chosen))


def profiles(extensions: tuple[Path, ...] = ()) -> Mapping[str, Path]:
    """The file of every profile by name@edition; ours cannot be replaced."""
    return {file.stem: file for root in (*reversed(extensions), HERE) for file in (root / "profiles").glob("*@*.yaml")}


def contributions(file: Path, extensions: tuple[Path, ...] = ()) -> tuple[tuple[str, Contribution], ...]:
    """What one profile contributes, as (parameter, contribution). Raises DocumentError with every bad row."""
    return _read(file, extensions, file.stat().st_mtime_ns)


@cache
def _read(file: Path, extensions: tuple[Path, ...], _changed: int) -> tuple[tuple[str, Contribution], ...]:
    """Keyed by the time of the last change, so that an edited profile is read again."""
    source = read(file)
    if not isinstance(source.data, list):
        raise DocumentError([Problem(what="not a list of contributions", position=source.position(()))])
    found: list[tuple[str, Contribution]] = []
    problems = list(source.problems)
    for index, raw in enumerate(source.data):
        try:
            row = Row.model_validate(raw)
            found.append((row.parameter, _contribution(row, file.stem, parameters(extensions))))
        except ValidationError as error:
            problems += refused(error, source, Row, at=(index,))
        except WrongValue as error:
            problems.append(Problem(what=str(error), path=(index,), position=source.position((index,))))
    if problems:
        raise DocumentError(problems)
    return tuple(found)


def _contribution(row: Row, source: str, known: Mapping[str, Parameter]) -> Contribution:
    parameter = known.get(row.parameter)
    if parameter is None:
        raise WrongValue(f"no parameter is called {row.parameter!r}; {nearest(row.parameter, known)}")
    if row.scope.kind not in parameter.scopes:
        raise WrongValue(f"{row.parameter} is not scoped by {row.scope.kind}")
    if row.strength is Strength.LITERAL_WITHOUT_VALUE and row.value is not None:
        raise WrongValue(f"{row.parameter}: a duty without a value has one")
    return Contribution(
        source=source,
        citation=row.citation,
        checked=row.checked,
        strength=row.strength,
        value=None if row.value is None else parameter.parse(row.value),
        forbids=row.forbids,
        scope=row.scope,
        when=row.when,
    )


def _counts(contribution: Contribution, mode: Mode) -> bool:
    return (
        mode is Mode.PRACTICE
        or contribution.strength is not Strength.PRACTICE
        or contribution.source.startswith(f"{BASELINE}@")
    )


def _editions(files: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Editions by framework, oldest first."""
    found: dict[str, list[str]] = defaultdict(list)
    for reference in files:
        name, _, edition = reference.partition("@")
        found[name].append(edition)
    return {name: tuple(sorted(editions, key=_age)) for name, editions in found.items()}


def _age(edition: str) -> tuple[tuple[int, str], ...]:
    """Editions compare by their numbers: 4.0.1 is younger than 4.0, 10 than 9."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in edition.split("."))


def _newest(name: str, editions: Mapping[str, tuple[str, ...]]) -> str:
    return f"{name}@{editions[name][-1]}"


def _unknown(reference: str, name: str, selectable: Mapping[str, tuple[str, ...]]) -> Problem:
    what, hint = (
        (f"{name} has no such edition", f"known: {', '.join(f'{name}@{edition}' for edition in selectable[name])}")
        if name in selectable
        else ("no framework is called that", nearest(name, selectable))
    )
    why = "it always applies and is not selected" if name == BASELINE else ""
    return Problem(what=what, why=why, fix=hint, path=("compliance", "frameworks"), value=reference)
