"""What people have signed for: a requirement, their statement, the pointer to the evidence, and until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from blueprint.errors import DocumentError, Problem, nearest
from blueprint.source import Source, read
from blueprint.types import Email, Frozen
from compliance.refusal import refused

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
    """The attestations of one stack by framework and requirement, and the day on which they are looked at."""

    signed: Mapping[tuple[str, str], Attestation]
    """Of several about one requirement, the one that ends last."""
    as_of: dt.date

    def of(self, framework: str, requirement: str) -> Attestation | None:
        """Who signed for a requirement, if anybody did; it may have ended."""
        return self.signed.get((framework, requirement))

    def ended(self, attestation: Attestation) -> bool:
        """Whether its last day has passed; the last day counts."""
        return attestation.until < self.as_of


_FILE = TypeAdapter(tuple[Attestation, ...])
WHY = "an attestation that cannot be read must not count"
FIX = "see docs/how-to/attest-a-requirement.md"


def load_attestations(file: Path, *, as_of: dt.date, known: Mapping[str, Collection[str]]) -> Attestations:
    """Read a stack's attestations; no file means none. `known` is framework → ids of its requirements.

    Raises DocumentError with every problem, a requirement that does not exist among them.
    """
    if not file.exists():
        return Attestations({}, as_of)
    source = read(file)
    try:
        signed = _FILE.validate_python(source.data)
    except ValidationError as error:
        raise DocumentError([*source.problems, *refused(error, source, Attestation, why=WHY, fix=FIX)]) from error
    problems = [*source.problems, *_dangling(signed, source, known), *_repeated(signed, source)]
    if problems:
        raise DocumentError(problems)
    by_end = sorted(signed, key=lambda each: each.until)
    return Attestations({(each.framework, each.requirement): each for each in by_end}, as_of)


def _dangling(
    signed: tuple[Attestation, ...], source: Source, known: Mapping[str, Collection[str]]
) -> Iterator[Problem]:
    for index, each in enumerate(signed):
        named, names, key = each.requirement, known.get(each.framework, ()), "requirement"
        if each.framework not in known:
            named, names, key = each.framework, known, "framework"
        if named not in names:
            yield Problem(what="does not exist", path=(index, key), position=source.position((index, key)), value=named,
                          why="a signature for nothing would be counted by nobody", fix=nearest(named, names))  # fmt: skip


def _repeated(signed: tuple[Attestation, ...], source: Source) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, each in enumerate(signed):
        if each.id in seen:
            yield Problem(what=f"attestation {each.id} stands twice", path=(index, "id"), position=source.position((index, "id")),
                          value=each.id, why="reports name an attestation by it", fix="give it a number of its own")  # fmt: skip
        seen.add(each.id)
