"""What a framework asks, and our own controls that answer it.

    frameworks/<name>@<edition>.yaml    every requirement of one framework, also those that only people can satisfy
    controls/<theme>.yaml               what holds on this platform, in our own words

A requirement names the controls that answer it, and how far. Which rules prove a control is written in the rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import Discriminator, Field, Tag, TypeAdapter, ValidationError

from blueprint.errors import DocumentError, Problem
from blueprint.source import Path_, Source, read
from blueprint.types import Frozen, Layer
from compliance.refusal import refused

Sentence: TypeAlias = Annotated[str, Field(min_length=10)]
Name: TypeAlias = Annotated[str, Field(min_length=1)]


class Kind(StrEnum):
    """Who or what can satisfy a requirement at all."""

    TECHNICAL = "technical"  # a configuration can satisfy or evidence it
    MIXED = "mixed"  # a configuration and people
    PROCESS = "process"  # people only
    PROVIDER = "provider"  # AWS, under its own attestation; or physical


class Obligation(StrEnum):
    """How the text binds. HIPAA's addressable means: do it, or replace it, or write down why not."""

    STANDARD = "standard"
    REQUIRED = "required"
    ADDRESSABLE = "addressable"


class Responsibility(StrEnum):
    """Whose work it is."""

    PLATFORM = "platform"
    SHARED = "shared"
    CUSTOMER = "customer"
    PROVIDER = "provider"


class Extent(StrEnum):
    """How much of what a requirement asks of the resources of a stack its controls show."""

    FULL = "full"
    PART = "part"


class Standing(StrEnum):
    """Why a row of the matrix can, or cannot, have a verdict."""

    MAPPED = "mapped"
    NOT_YET = "not-yet"
    UNMAPPABLE = "unmappable"
    BY_PEOPLE = "by-people"


class Mapped(Frozen):
    """The controls that answer a requirement, and what they leave."""

    controls: tuple[Name, ...] = Field(min_length=1)
    extent: Extent
    remainder: str = ""


class Unmappable(Frozen):
    """Why no configuration of this platform can say anything about a requirement."""

    unmappable: Sentence


def _which(value: object) -> str:
    return (
        "unmappable"
        if isinstance(value, Unmappable) or (isinstance(value, dict) and "unmappable" in value)
        else "mapped"
    )


Mapping: TypeAlias = Annotated[
    Annotated[Mapped, Tag("mapped")] | Annotated[Unmappable, Tag("unmappable")], Discriminator(_which)
]


class Requirement(Frozen):
    """One row: the framework's own id, our words for what it asks, and the duty that stays with the customer."""

    id: Name
    title: Name
    kind: Kind
    obligation: Obligation
    responsibility: Responsibility
    duty: Sentence
    layers: tuple[Layer, ...] = ()
    mapping: Mapping | None = None

    @property
    def controls(self) -> tuple[str, ...]:
        """The controls that answer this requirement."""
        return self.mapping.controls if isinstance(self.mapping, Mapped) else ()

    @property
    def extent(self) -> Extent | None:
        """How far they do; None without a mapping."""
        return self.mapping.extent if isinstance(self.mapping, Mapped) else None

    @property
    def remainder(self) -> str:
        """What they leave, or why nothing can be mapped."""
        match self.mapping:
            case Mapped(remainder=text) | Unmappable(unmappable=text):
                return text
        return ""


class Citation(Frozen):
    """Where the list of ids comes from, and when it was taken."""

    citation: Sentence
    retrieved: Annotated[str, Field(pattern=r"\d{4}-\d{2}-\d{2}")]
    note: str = ""


class Totals(Frozen):
    """Rows by kind, written by hand and counted again at load: a lost row must not go unseen."""

    technical: int
    mixed: int
    process: int
    provider: int


class Framework(Frozen):
    """Every requirement of one edition of one framework."""

    name: Annotated[str, Field(pattern=r"[a-z0-9-]+")]
    edition: Name
    title: Name
    source: Citation
    totals: Totals
    requirements: tuple[Requirement, ...] = Field(min_length=1)

    @property
    def reference(self) -> str:
        """Name and edition, as a stack document writes them."""
        return f"{self.name}@{self.edition}"


class Control(Frozen):
    """One thing that holds on this platform, proven by rules or kept by people."""

    id: Annotated[str, Field(pattern=r"[A-Z][A-Z0-9]{1,4}-\d{2}")]
    statement: Sentence
    layers: tuple[Layer, ...] = Field(min_length=1)
    by_people: str = ""
    """Why no rule can prove it."""
    practice: str = ""
    """Why it is kept although no framework here asks for it."""
    may_be_absent: str = ""
    """Why a stack may have nothing that it is about. Then it keeps no row from a verdict that the row's others give."""


_CONTROLS = TypeAdapter(tuple[Control, ...])
_TAGS = frozenset({"mapped", "unmappable"})
"""Names of the two forms of a mapping."""


def read_framework(path: Path) -> tuple[Framework, Source]:
    """Read one framework with the position of every row. Raises DocumentError with every problem of the file."""
    source = read(path)
    problems = list(source.problems)
    try:
        framework = Framework.model_validate(source.data)
    except ValidationError as error:
        raise DocumentError([*problems, *refused(error, source, Framework, Requirement, Mapped, tags=_TAGS)]) from error
    problems += _inconsistent(framework, source)
    if problems:
        raise DocumentError(problems)
    return framework, source


def read_controls(path: Path) -> tuple[tuple[Control, ...], Source]:
    """Read one file of controls. Raises DocumentError with every problem of the file."""
    source = read(path)
    problems = list(source.problems)
    try:
        controls = _CONTROLS.validate_python(source.data)
    except ValidationError as error:
        raise DocumentError([*problems, *refused(error, source, Control)]) from error
    if problems:
        raise DocumentError(problems)
    return controls, source


def _inconsistent(framework: Framework, source: Source) -> Iterator[Problem]:
    """What the fields of one file must be to each other."""
    stem = source.file.stem
    if stem != framework.reference:
        yield Problem(what=f"the file is called {stem} and holds {framework.reference}", path=("name",),
                      position=source.position(("name",)), fix=f"call it {framework.reference}.yaml")  # fmt: skip
    counted = Counter(row.kind.value for row in framework.requirements)
    for kind, written in framework.totals.model_dump().items():
        if counted[kind] != written:
            yield Problem(what=f"totals say {written} {kind} rows, the file has {counted[kind]}", path=("totals", kind),
                          position=source.position(("totals", kind)), why="a row that was lost would not be missed otherwise",
                          fix="find the row, or correct the total")  # fmt: skip
    seen: set[str] = set()
    for index, row in enumerate(framework.requirements):
        at: Path_ = ("requirements", index)
        if row.id in seen:
            yield Problem(
                what=f"requirement {row.id} stands twice", path=at, position=source.position(at), fix="remove one"
            )
        seen.add(row.id)
        if isinstance(row.mapping, Mapped):
            yield from _wrong_mapping(row, row.mapping, (*at, "mapping"), source)


def _wrong_mapping(row: Requirement, mapping: Mapped, path: Path_, source: Source) -> Iterator[Problem]:
    position = source.position(path)
    if mapping.extent is Extent.PART and not mapping.remainder:
        yield Problem(what=f"{row.id} is answered in part and does not say what is left", path=path, position=position,
                      why="an auditor must know what to ask for", fix="write the remainder")  # fmt: skip
    if mapping.extent is Extent.FULL and mapping.remainder:
        yield Problem(what=f"{row.id} is answered in full and yet leaves a remainder", path=path, position=position,
                      value=mapping.remainder, fix="extent: part, or move the remainder to the duty")  # fmt: skip
    for control, times in Counter(mapping.controls).items():
        if times > 1:
            yield Problem(what=f"{row.id} names {control} twice", path=path, position=position, fix="name it once")
