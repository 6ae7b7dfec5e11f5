"""What people have signed for: a requirement, their statement, the pointer to the evidence, and until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from blueprint.errors import DocumentError, Problem, nearest
from blueprint.source import read
from blueprint.types import Email, Frozen

Words = Annotated[str, Field(min_length=10)]


class Attestation(Frozen):
    """One signed statement. It is shown as attested and never as satisfied."""

    id: Annotated[str, Field(pattern=r"^AT-\d+$")]
    framework: str
    """name@edition"""
    requirement: str
    statement: Words
    owner: Email
    evidence: str
    until: dt.date


@dataclass(frozen=True)
class Attestations:
    """The attestations of one stack that hold on a day, by framework and requirement."""

    in_force: Mapping[tuple[str, str], Attestation]

    def of(self, framework: str, requirement: str) -> Attestation | None:
        """Who signed for a requirement, if anybody did."""
        return self.in_force.get((framework, requirement))


_FILE = TypeAdapter(tuple[Attestation, ...])


def load_attestations(file: Path, *, as_of: dt.date, known: Mapping[str, Collection[str]]) -> Attestations:
    """Read a stack's attestations; no file means none. `known` is framework → ids of its requirements.

    Raises DocumentError with every problem, a requirement that does not exist among them.
    """
    if not file.exists():
        return Attestations({})
    source = read(file)
    problems = list(source.problems)
    try:
        signed = _FILE.validate_python(source.data)
    except ValidationError as error:
        problems += [
            Problem(
                what=each["msg"],
                path=tuple(each["loc"]),
                position=source.position(tuple(each["loc"])),
                value=str(each["input"])[:60],
                fix="see docs/how-to/attest-a-requirement.md",
            )
            for each in error.errors(include_url=False)
        ]
        raise DocumentError(problems) from error
    for index, each in enumerate(signed):
        named, names, path = (each.requirement, known.get(each.framework, ()), (index, "requirement"))
        if each.framework not in known:
            named, names, path = each.framework, known, (index, "framework")
        if named not in names:
            problems.append(
                Problem(
                    what="does not exist",
                    path=path,
                    position=source.position(path),
                    value=named,
                    why="a signature for nothing would be counted by nobody",
                    fix=nearest(named, names),
                )
            )
    if problems:
        raise DocumentError(problems)
    return Attestations({(each.framework, each.requirement): each for each in signed if each.until >= as_of})
