"""What a stack document says about one use of AI: what it is for, who answers for it, and who approved it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from blueprint.spec import Spec
from blueprint.types import DataClass, Email, KeyPurpose, Name
from blueprint.wiring import Needs, Registration

Risk: TypeAlias = Literal["minimal", "limited", "high", "prohibited"]
"""The four words of Regulation (EU) 2024/1689; an entry may say the last one and is then refused."""


def _day(text: str) -> str:
    try:
        dt.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text} is no day: {error}") from error
    return text


Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_day)]

Sentence = Annotated[str, StringConstraints(min_length=10, max_length=400, pattern=r"^\S[^\n]*\S$")]


class UseCaseSpec(Spec):
    """One entry of the register of use cases. Its approval is the pull request that fills in approved_by."""

    kind: Literal["registered"] = "registered"
    name: Name = Field(description="Name of the use case")
    purpose: Sentence = Field(description="What it does and for whom, in a sentence")
    owner: Email = Field(description="Who answers for it")
    risk_class: Risk = Field(
        description="Class under the EU AI Act: minimal, limited or high; a prohibited practice is refused"
    )
    review_by: Day = Field(
        description='Day by which it is looked at again, quoted: "2027-05-01"; the alert topic is told on that day'
    )
    models: tuple[Name, ...] = Field((), description="Entries of `serving` that it uses; left out: none directly")
    agents: tuple[Name, ...] = Field((), description="Entries of `agents` that it uses; left out: none")
    data_classes: frozenset[DataClass] | None = Field(
        None, description="Data that it works on; left out: all that the platform holds"
    )
    approved_by: Email | None = Field(
        None, description="Who approved it, somebody else than the owner; left out: not approved, and its rule fails"
    )
    approved_on: Day | None = Field(None, description='Day of the approval, quoted: "2026-11-20"; left out: unknown')

    @model_validator(mode="after")
    def _entry_is_sound(self) -> Self:
        problems = [
            *self._approval(),
            *(() if self.models or self.agents else ["names neither models nor agents, so nobody knows what it uses"]),
            *(("risk_class is prohibited: such a practice may not be put into service; remove the use case",)
              if self.risk_class == "prohibited" else ()),
        ]  # fmt: skip
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _approval(self) -> list[str]:
        if (self.approved_by is None) != (self.approved_on is None):
            return ["approved_by and approved_on belong together: give both or neither"]
        if self.approved_by is not None and self.approved_by.lower() == self.owner.lower():
            return [f"approved_by is {self.approved_by}, who is the owner; somebody else must approve"]
        if self.approved_on is not None and self.review_by <= self.approved_on:
            return [f"review_by is {self.review_by}, not after the approval on {self.approved_on}"]
        return []

    def needs(self) -> Needs:
        """An entry of the register, which rests on the models and agents that it names."""
        on = frozenset({*(f"serving/{name}" for name in self.models), *(f"agents/{name}" for name in self.agents)})
        return Needs(
            uses=on,
            keys=frozenset({KeyPurpose.ALERTS}),
            data_classes=self.data_classes,
            registers=(
                Registration(
                    kind="use_case", name=self.name, owner=self.owner, risk_class=self.risk_class,
                    approved_by=self.approved_by, approved_on=self.approved_on, of=on,
                    about={"purpose": self.purpose, "review_by": self.review_by},
                ),
            ),
        )  # fmt: skip
