"""The machine contract blueprint.findings/1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field, JsonValue

from blueprint.types import Frozen, Severity
from compliance.findings import Finding, Outcome, Read
from compliance.matrix import Header

if TYPE_CHECKING:
    from blueprint.judgement import Judgement

SCHEMA: Literal["blueprint.findings/1"] = "blueprint.findings/1"


class FindingEntry(Frozen):
    """One rule on one subject, with what it answers to."""

    id: str
    rule: str
    severity: Severity
    verdict: Outcome
    subject: str
    urns: tuple[str, ...]
    reads: tuple[Read, ...]
    message: str
    controls: tuple[str, ...]
    requirements: tuple[str, ...]
    """Requirements of the selected frameworks, as "framework@edition id"."""
    exception: str | None


class FindingsDocument(Frozen):
    """All findings of one run."""

    schema_: Literal["blueprint.findings/1"] = Field(SCHEMA, alias="schema")
    header: Header
    summary: Mapping[str, int]
    findings: tuple[FindingEntry, ...]


def findings_document(judgement: Judgement) -> dict[str, JsonValue]:
    """All findings, each with what it read and what it answers to."""
    count = Counter("excepted" if each.exception else each.verdict.outcome.value for each in judgement.findings)
    document = FindingsDocument(
        header=judgement.header,
        summary={word: count[word] for word in ("pass", "fail", "unknown", "not_applicable", "excepted")},
        findings=tuple(_entry(each, judgement) for each in judgement.findings),
    )  # fmt: skip
    return document.model_dump(mode="json", by_alias=True)


def _entry(finding: Finding, judgement: Judgement) -> FindingEntry:
    rule = judgement.catalogue.rule(finding.rule)
    served = {row for control in rule.controls for row in judgement.catalogue.served[control]}
    return FindingEntry(
        id=finding.id, rule=finding.rule, severity=finding.severity, verdict=finding.verdict.outcome,
        subject=finding.subject, urns=finding.urns, reads=finding.verdict.reads, message=finding.verdict.because,
        controls=rule.controls, exception=finding.exception,
        requirements=tuple(f"{framework} {name}" for framework, name in sorted(served) if framework in judgement.header.frameworks),
    )  # fmt: skip
