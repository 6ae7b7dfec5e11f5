"""Dated exceptions: what a stack does not meet, who owns the risk, what is done instead, and until when.

compliance/exceptions/<stack>.yaml
- {id: EX-7, waives: {rule: …, subject: …}, owner: …, approver: …, risk: …, compensating: …, until: "2027-03-31"}
- {id: EX-8, waives: {parameter: …, component: …}, …}
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from blueprint.errors import DocumentError, Problem
from blueprint.source import Source, read
from blueprint.types import Email, Frozen, Noun
from compliance.findings import Finding, Outcome
from compliance.refusal import refused

Words = Annotated[str, Field(min_length=10)]


class Waives(Frozen):
    """What an exception covers: a rule on one subject, or a parameter in one component."""

    rule: str | None = None
    subject: str | None = None
    parameter: str | None = None
    component: Noun | None = None

    @model_validator(mode="after")
    def _one_pair(self) -> Self:
        pairs = [(self.rule, self.subject), (self.parameter, self.component)]
        if sum(all(pair) for pair in pairs) != 1 or any(any(pair) and not all(pair) for pair in pairs):
            raise ValueError("names either rule and subject, or parameter and component")
        return self


class Waiver(Frozen):
    """One exception. The owner carries the risk and cannot approve it."""

    id: Annotated[str, Field(pattern=r"^EX-\d+$")]
    waives: Waives
    owner: Email
    approver: Email
    risk: Words
    compensating: Words
    until: dt.date

    @model_validator(mode="after")
    def _approved_by_somebody_else(self) -> Self:
        if self.owner.lower() == self.approver.lower():
            raise ValueError(f"approver is {self.approver}, who is the owner; somebody else must approve")
        return self


@dataclass(frozen=True)
class ExceptionList:
    """The exceptions of one stack, and the day on which they are looked at."""

    waivers: tuple[Waiver, ...]
    as_of: dt.date

    @property
    def in_force(self) -> tuple[Waiver, ...]:
        """Those whose end has not passed; the last day counts."""
        return tuple(waiver for waiver in self.waivers if waiver.until >= self.as_of)

    def waives_parameter(self, parameter: str, component: Noun) -> Waiver | None:
        """The exception that lets a component be weaker in one parameter."""
        return next(
            (each for each in self.in_force if each.waives == Waives(parameter=parameter, component=component)), None
        )

    def cover(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Mark every FAIL that an exception covers; no other verdict can be waived."""
        by_pair = {(each.waives.rule, each.waives.subject): each.id for each in self.in_force if each.waives.rule}
        return tuple(
            finding.model_copy(update={"exception": by_pair[finding.rule, finding.subject]})
            if finding.verdict.outcome is Outcome.FAIL and (finding.rule, finding.subject) in by_pair
            else finding
            for finding in findings
        )

    def unused(self, findings: Iterable[Finding]) -> tuple[Waiver, ...]:
        """Exceptions in force that cover no finding: the subject is gone, or the rule passes now."""
        used = {finding.exception for finding in findings}
        return tuple(each for each in self.in_force if each.waives.rule and each.id not in used)


_FILE = TypeAdapter(tuple[Waiver, ...])
WHY = "an exception that cannot be read must not count"
FIX = "see docs/how-to/record-an-exception.md"


def load_exceptions(file: Path, *, as_of: dt.date) -> ExceptionList:
    """Read a stack's exceptions; no file means none. Raises DocumentError with every problem."""
    if not file.exists():
        return ExceptionList((), as_of)
    source = read(file)
    try:
        waivers = _FILE.validate_python(source.data)
    except ValidationError as error:
        raise DocumentError([*source.problems, *refused(error, source, Waiver, Waives, why=WHY, fix=FIX)]) from error
    problems = [*source.problems, *_repeated(waivers, source)]
    if problems:
        raise DocumentError(problems)
    return ExceptionList(waivers, as_of)


def _repeated(waivers: tuple[Waiver, ...], source: Source) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, waiver in enumerate(waivers):
        if waiver.id in seen:
            yield Problem(what=f"exception {waiver.id} stands twice", path=(index, "id"), position=source.position((index, "id")),
                          value=waiver.id, fix="give it a number of its own")  # fmt: skip
        seen.add(waiver.id)
