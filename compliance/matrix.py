"""The matrix: one row for every requirement of every selected framework. The machine contract blueprint.matrix/1.

`compliance/assessment.py` computes it; reports render it and compute nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue, ValidationError

from blueprint.errors import FileUnreadable
from blueprint.posture import Contribution
from blueprint.types import Plain
from compliance.findings import Outcome
from compliance.requirements import Kind, Standing

SCHEMA: Literal["blueprint.matrix/1"] = "blueprint.matrix/1"
NO_RULE = "no verdict"
"""Counted for rows about which no rule says anything."""
PLATFORM = "platform"
"""Where findings about the platform as a whole are counted."""


class Depth(StrEnum):
    """How near to the running account the evidence is."""

    PLANNED = "planned"
    DEPLOYED = "deployed"
    OBSERVED = "observed"


class Assessment(StrEnum):
    """What the rules say about a requirement."""

    SATISFIED = "satisfied"
    NOT_SATISFIED = "not-satisfied"
    NOT_TESTED = "not-tested"
    NO_RESOURCE = "no-resource"


class Status(StrEnum):
    """How far a requirement is implemented; the words of OSCAL."""

    IMPLEMENTED = "implemented"
    PARTIAL = "partial"
    NOT_IMPLEMENTED = "not-implemented"
    ALTERNATIVE = "alternative"
    NOT_APPLICABLE = "not-applicable"


class Applied(Plain):
    """A property that a rule read and judged PASS."""

    urn: str
    path: str
    value: JsonValue
    parameter: str | None
    bound: JsonValue
    how: str
    rule: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from the others: resource, property and rule."""
        return self.urn, self.path, self.rule


class Open(Plain):
    """A finding that is still to be dealt with, and how."""

    id: str
    rule: str
    subject: str
    outcome: Outcome
    message: str
    remedy: str
    exception: str | None


class Attested(Plain):
    """What somebody has signed for a requirement. It changes neither status nor assessment."""

    id: str
    statement: str
    owner: str
    evidence: str
    """Where the proof is kept."""
    until: str
    expired: bool
    """Its last day has passed: it counts no longer, and somebody has to sign again."""

    def __str__(self) -> str:
        return f"{self.id} expired on {self.until}" if self.expired else f"{self.id} until {self.until}"


class MatrixRow(Plain):
    """One requirement and all that is known about it."""

    framework: str
    edition: str
    requirement: str
    title: str
    kind: Kind
    obligation: str
    layers: tuple[str, ...]
    """Where resources were judged for it; without any, where its controls belong."""
    responsibility: str
    mapping: Standing
    reason: str
    duty: str
    status: Status | None
    assessment: Assessment | None
    depth: Depth | None
    controls: tuple[str, ...]
    parameters: tuple[str, ...]
    rules: tuple[str, ...]
    verdicts: Mapping[str, int]
    """Outcome → number of findings of the row's rules."""
    by_layer: Mapping[str, Assessment]
    """Layer → what the rules say about its resources alone."""
    applied_by: tuple[Applied, ...]
    open: tuple[Open, ...]
    """Findings that keep the row from being satisfied."""
    remainder: str
    exception: str | None
    attestation: Attested | None
    evidence_hash: str


class PostureEntry(Plain):
    """One effective value, as machines and as people read it."""

    parameter: str
    scope: str
    value: JsonValue
    snapped: JsonValue
    shown: str
    """The value in words, with its unit."""
    built: str
    """What AWS is set to, where it accepts no such value; else empty."""
    winners: tuple[int, ...]
    contributors: tuple[Contribution, ...]


class Header(Plain):
    """What was judged, with what, and when."""

    stack: str
    document_digest: str
    catalogue_digest: str
    tool: str
    as_of: str
    account: str
    region: str
    depth: Depth
    frameworks: tuple[str, ...]
    mode: str


class Pairs(Plain):
    """Rule × subject pairs; those that do not apply are on neither side."""

    applicable: int
    decided: int
    share: float | None
    by_provider_default: int
    """Decided pairs that rest on a value that is absent and was taken from the table of provider's defaults."""


class Summary(Plain):
    """Totals, each with its denominator."""

    rows: int
    by_framework: Mapping[str, int]
    by_kind: Mapping[str, int]
    by_mapping: Mapping[str, int]
    by_status: Mapping[str, int]
    by_assessment: Mapping[str, int]
    by_depth: Mapping[str, int]
    by_attestation: Mapping[str, int]
    """Rows that somebody has signed for: attested, expired."""
    technical: int
    technical_mapped: int
    findings: Mapping[str, int]
    pairs: Pairs


class Matrix(Plain):
    """All rows with their totals and the posture that they were judged by; the machine contract blueprint.matrix/1."""

    schema_: Literal["blueprint.matrix/1"] = Field(SCHEMA, alias="schema")
    header: Header
    summary: Summary
    grid: Mapping[str, Mapping[str, Mapping[str, int]]]
    """Layer → framework → assessment of the layer's own resources → rows that judge some of them."""
    layers: Mapping[str, Mapping[str, int]]
    """Layer → outcome → findings on resources of that layer."""
    controls: Mapping[str, str]
    """Control → what it says, for every control that a row names."""
    rules: Mapping[str, str]
    """Rule → its title, for every rule that a row names."""
    posture: tuple[PostureEntry, ...]
    rows: tuple[MatrixRow, ...]

    def to_json(self) -> str:
        """The document as it is written to a file."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"

    def as_json(self) -> dict[str, JsonValue]:
        """The document as it is written."""
        return self.model_dump(mode="json", by_alias=True)

    @classmethod
    def read(cls, path: Path) -> Matrix:
        """Read a saved matrix. Raises FileUnreadable."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise FileUnreadable(f"{path}: cannot be read: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise FileUnreadable(
                f"{path}: not a {SCHEMA} document: {place}: {first['msg']}; make one with `blueprint matrix -o json`"
            ) from error
