"""A plan and the resources that came of it → findings and matrix. The one path of check, matrix, report and gate."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from blueprint.document import Head
from blueprint.graph import ResourceGraph
from blueprint.plan import Plan
from blueprint.types import Severity
from compliance.assessment import build_matrix
from compliance.attestation import load_attestations
from compliance.catalogue import Catalogue, load
from compliance.engine import judge
from compliance.findings import Finding, Outcome
from compliance.matrix import Depth, Header, Matrix
from compliance.resolve import select
from compliance.sources.planned.source import subjects

TOOL = "ai-platform-blueprint"
_WORST_FIRST = tuple(Severity)


@dataclass(frozen=True)
class Judgement:
    """Findings of one stack, from one source of resources."""

    plan: Plan
    graph: ResourceGraph
    findings: tuple[Finding, ...]
    catalogue: Catalogue
    depth: Depth
    root: Path

    @cached_property
    def header(self) -> Header:
        """What was judged, with what, and when."""
        document: Head = self.plan.document
        return Header(
            stack=self.plan.stack, document_digest=document_digest(self.plan), catalogue_digest=self.catalogue.digest,
            tool=f"{TOOL} {version(TOOL)}", as_of=self.plan.as_of.isoformat(), account=document.account,
            region=self.plan.region, depth=self.depth, frameworks=select(document.compliance.frameworks),
            mode=document.compliance.mode.value,
        )  # fmt: skip

    def matrix(self) -> Matrix:
        """One row for every requirement of every selected framework."""
        known = {
            reference: frozenset(row.id for row in framework.requirements)
            for reference, framework in self.catalogue.frameworks.items()
        }
        file = self.root / "compliance" / "attestations" / f"{self.plan.stack}.yaml"
        signed = load_attestations(file, as_of=self.plan.as_of, known=known)
        return build_matrix(self.header, self.catalogue, self.plan.posture, self.findings, signed)

    def violations(self, fail_on: Severity | None) -> tuple[Finding, ...]:
        """Findings that FAIL without an exception at or above a severity; None: none counts."""
        if fail_on is None:
            return ()
        counted = _WORST_FIRST[: _WORST_FIRST.index(fail_on) + 1]
        return tuple(
            each for each in self.findings
            if each.verdict.outcome is Outcome.FAIL and each.exception is None and each.severity in counted
        )  # fmt: skip

    @property
    def idle_exceptions(self) -> tuple[str, ...]:
        """Exceptions in force that cover no finding: what they were made for is gone, or holds now."""
        return tuple(each.id for each in self.plan.exceptions.unused(self.findings))

    @property
    def crashed(self) -> tuple[Finding, ...]:
        """Findings of rules that failed themselves."""
        return tuple(each for each in self.findings if each.verdict.crashed)


def judge_plan(plan: Plan, graph: ResourceGraph, root: Path, depth: Depth = Depth.PLANNED) -> Judgement:
    """Hold the resources of a plan against its posture."""
    catalogue = load(tuple(root / folder for folder in plan.document.compliance.extensions))
    found = judge(subjects(graph), catalogue.rules, plan.posture)
    return Judgement(plan, graph, plan.exceptions.cover(found), catalogue, depth, root)


def document_digest(plan: Plan) -> str:
    """Digest of the document as it holds, preset included."""
    text = json.dumps([plan.region, plan.file.source.data], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
