"""The machine contract blueprint.findings/1."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from pydantic import JsonValue

if TYPE_CHECKING:
    from blueprint.judgement import Judgement
    from compliance.findings import Finding

SCHEMA: Literal["blueprint.findings/1"] = "blueprint.findings/1"


def findings_document(judgement: Judgement) -> dict[str, JsonValue]:
    """All findings, each with what it read and what it answers to."""
    count = Counter("excepted" if each.exception else each.verdict.outcome.value for each in judgement.findings)
    return {
        "schema": SCHEMA,
        "header": judgement.header.model_dump(mode="json"),
        "summary": {word: count[word] for word in ("pass", "fail", "unknown", "not_applicable", "excepted")},
        "findings": [_finding(each, judgement) for each in judgement.findings],
    }


def _finding(finding: Finding, judgement: Judgement) -> JsonValue:
    rule = judgement.catalogue.rules[finding.rule]
    return {
        "id": finding.id,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "verdict": finding.verdict.outcome.value,
        "subject": finding.subject,
        "urns": list(finding.urns),
        "reads": [read.model_dump(mode="json") for read in finding.verdict.reads],
        "message": finding.verdict.because,
        "controls": list(rule.controls),
        "requirements": _requirements(rule.controls, judgement),
        "exception": finding.exception,
    }


def _requirements(controls: tuple[str, ...], judgement: Judgement) -> list[JsonValue]:
    """Requirements of the selected frameworks that the controls answer, as "framework@edition id"."""
    served = {row for control in controls for row in judgement.catalogue.served[control]}
    return [f"{framework} {name}" for framework, name in sorted(served) if framework in judgement.header.frameworks]
