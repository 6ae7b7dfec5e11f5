"""From findings to a matrix: the status and the assessment of every requirement.

Assessment of a mapped row, first match: any FAIL → not-satisfied; any UNKNOWN → not-tested; a control none of whose
rules has a subject in scope, though one must be there, → no-resource; no subject at all → no-resource; else satisfied.

Status, from the same findings:

    every control has a subject in scope, all PASS, extent full implemented
    only PASS and excepted                                      alternative
    some PASS                                                   partial
    no PASS and a FAIL                                          not-implemented
    subjects exist, and every rule is NOT_APPLICABLE to them    not-applicable
    only UNKNOWN, or no rule, or no subject                     none
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from blueprint.posture import Effective, JoinedPosture
from blueprint.types import Layer
from compliance.attestation import Attestations
from compliance.catalogue import Catalogue
from compliance.findings import Finding, Outcome
from compliance.matrix import (
    NO_RULE,
    PLATFORM,
    SCHEMA,
    Applied,
    Assessment,
    Attested,
    Depth,
    Header,
    Matrix,
    MatrixRow,
    Open,
    Pairs,
    PostureEntry,
    Status,
    Summary,
)
from compliance.requirements import Extent, Kind, Mapped, Requirement, Standing

LAYERS = (*(layer.value for layer in Layer), PLATFORM)
"""Layers bottom first, then what is about the platform as a whole."""


def build_matrix(
    header: Header,
    catalogue: Catalogue,
    posture: JoinedPosture,
    findings: Sequence[Finding],
    attestations: Attestations,
) -> Matrix:
    """Compute every row. A framework without a requirement list does not exist: the catalogue has refused it."""
    remedies = {rule.id: rule.remedy for rule in catalogue.rules}
    by_rule: dict[str, list[_Shown]] = defaultdict(list)
    for finding in sorted(findings, key=lambda each: (each.rule, each.subject)):
        by_rule[finding.rule].append(_shown(finding, remedies[finding.rule]))
    rows = tuple(
        _row(reference, requirement, catalogue, by_rule, attestations, header.depth)
        for reference, requirement in catalogue.rows(header.frameworks)
    )
    return Matrix(
        schema=SCHEMA, header=header, summary=_summary(rows, findings), grid=_grid(rows), layers=_layers(findings),
        controls={name: catalogue.control(name).statement for name in sorted({each for row in rows for each in row.controls})},
        rules={name: catalogue.rule(name).title for name in sorted({each for row in rows for each in row.rules})},
        posture=tuple(_entry(each, posture) for each in posture.entries()), rows=rows,
    )  # fmt: skip


def _entry(effective: Effective, posture: JoinedPosture) -> PostureEntry:
    show = posture.parameter(effective.parameter).show
    written = effective.model_dump(mode="json")
    return PostureEntry(
        parameter=effective.parameter, scope=str(effective.scope), value=written["value"], snapped=written["snapped"],
        shown=show(effective.value), built=show(effective.snapped) if effective.snapped != effective.value else "",
        winners=effective.winners, contributors=effective.contributors,
    )  # fmt: skip


def _summary(rows: Sequence[MatrixRow], findings: Sequence[Finding]) -> Summary:
    count = Counter(_word(finding) for finding in findings)
    decided = count["pass"] + count["fail"] + count["excepted"]
    applicable = decided + count["unknown"]
    outcomes = {Outcome.PASS, Outcome.FAIL}
    technical = [row for row in rows if row.kind is Kind.TECHNICAL]
    return Summary(
        rows=len(rows),
        by_framework=_count(f"{row.framework}@{row.edition}" for row in rows),
        by_kind=_count((row.kind.value for row in rows), Kind),
        by_mapping=_count((row.mapping.value for row in rows), Standing),
        by_status=_count((row.status.value if row.status else NO_RULE for row in rows), Status),
        by_assessment=_count((row.assessment.value if row.assessment else NO_RULE for row in rows), Assessment),
        by_depth=_count((row.depth.value if row.depth else NO_RULE for row in rows), Depth),
        by_attestation=_count("expired" if row.attestation.expired else "attested" for row in rows if row.attestation),
        technical=len(technical),
        technical_mapped=sum(row.mapping is Standing.MAPPED for row in technical),
        findings=_count(map(_word, findings), ("pass", "fail", "unknown", "excepted")),
        pairs=Pairs(
            applicable=applicable,
            decided=decided,
            share=round(decided / applicable, 4) if applicable else None,
            by_provider_default=sum(each.by_default for each in findings if each.verdict.outcome in outcomes),
        ),
    )


def _grid(rows: Sequence[MatrixRow]) -> dict[str, dict[str, dict[str, int]]]:
    table: dict[str, dict[str, dict[str, int]]] = {}
    for row in rows:
        for layer, found in row.by_layer.items():
            cell = table.setdefault(layer, {}).setdefault(row.framework, {})
            cell[found.value] = cell.get(found.value, 0) + 1
    return {layer: table[layer] for layer in LAYERS if layer in table}


def _layers(findings: Sequence[Finding]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for finding in findings:
        cell = table.setdefault(layer_of(finding.urns), {})
        cell[_word(finding)] = cell.get(_word(finding), 0) + 1
    return {layer: table[layer] for layer in LAYERS if layer in table}


def layer_of(urns: Sequence[str]) -> str:
    """The layer whose component made a resource; what belongs to no component is the platform's."""
    for urn in urns:
        for token in urn.partition("::")[2].split("$"):
            _, found, rest = token.rpartition("blueprint:")
            if found:
                return rest.partition(":")[0]
    return PLATFORM


def _row(
    reference: str,
    requirement: Requirement,
    catalogue: Catalogue,
    by_rule: Mapping[str, Sequence[_Shown]],
    attestations: Attestations,
    depth: Depth,
) -> MatrixRow:
    framework, _, edition = reference.partition("@")
    rules = catalogue.rules_of(requirement)
    shown = [each for rule in rules for each in by_rule.get(rule.id, ())]
    findings = [each.finding for each in shown]
    in_scope = {finding.rule for finding in findings if finding.verdict.outcome is not Outcome.NOT_APPLICABLE}
    missing = _missing(requirement, catalogue, in_scope)
    by_layer = _by_layer(shown)
    applied = {each.key: each for one in shown for each in one.applied}
    return MatrixRow(
        framework=framework,
        edition=edition,
        requirement=requirement.id,
        title=requirement.title,
        kind=requirement.kind,
        obligation=requirement.obligation.value,
        layers=tuple(by_layer) or catalogue.layers_of(requirement),
        responsibility=requirement.responsibility.value,
        mapping=catalogue.standing(requirement),
        reason=_reason(requirement, missing, findings),
        duty=requirement.duty,
        status=_status(requirement, controls_missing=bool(missing), findings=findings) if rules else None,
        assessment=_assessment(controls_missing=bool(missing), findings=findings) if rules else None,
        depth=depth if in_scope else None,
        controls=requirement.controls,
        parameters=tuple(sorted({name for rule in rules for name in rule.parameters})),
        rules=tuple(sorted(rule.id for rule in rules)),
        verdicts=_count(_word(finding) for finding in findings),
        by_layer=by_layer,
        applied_by=tuple(applied[key] for key in sorted(applied)),
        open=tuple(each.open for each in shown if each.open),
        remainder=requirement.remainder,
        exception=", ".join(sorted({each.exception for each in findings if each.exception})) or None,
        attestation=_attested(attestations, reference, requirement.id),
        evidence_hash=hashlib.sha256("".join(each.digest for each in shown).encode()).hexdigest()[:16],
    )


def _by_layer(shown: Sequence[_Shown]) -> dict[str, Assessment]:
    there: dict[str, list[Finding]] = defaultdict(list)
    for each in shown:
        if each.finding.verdict.outcome is not Outcome.NOT_APPLICABLE:
            there[each.layer].append(each.finding)
    return {layer: _assessment(controls_missing=False, findings=there[layer]) for layer in LAYERS if layer in there}


def _missing(requirement: Requirement, catalogue: Catalogue, in_scope: set[str]) -> list[str]:
    """Controls of a row that found nothing to look at; those that may be absent count only when all are."""
    found = [
        name for name in requirement.controls if catalogue.proofs[name] and in_scope.isdisjoint(catalogue.proofs[name])
    ]
    return [name for name in found if not in_scope or not catalogue.control(name).may_be_absent]


def _attested(attestations: Attestations, reference: str, requirement: str) -> Attested | None:
    signed = attestations.of(reference, requirement)
    if signed is None:
        return None
    return Attested(
        id=signed.id, statement=signed.statement, owner=signed.owner, evidence=signed.evidence,
        until=signed.until.isoformat(), expired=attestations.ended(signed),
    )  # fmt: skip


def _assessment(*, controls_missing: bool, findings: Sequence[Finding]) -> Assessment:
    outcomes = {finding.verdict.outcome for finding in findings if finding.exception is None}
    if Outcome.FAIL in outcomes:
        return Assessment.NOT_SATISFIED
    if Outcome.UNKNOWN in outcomes:
        return Assessment.NOT_TESTED
    return Assessment.NO_RESOURCE if controls_missing else Assessment.SATISFIED


def _status(requirement: Requirement, *, controls_missing: bool, findings: Sequence[Finding]) -> Status | None:
    outcomes = {finding.verdict.outcome for finding in findings if finding.exception is None} - {Outcome.NOT_APPLICABLE}
    excepted = any(finding.exception for finding in findings)
    full = requirement.extent is Extent.FULL and not controls_missing
    if outcomes == {Outcome.PASS} and full and not excepted:
        return Status.IMPLEMENTED
    if excepted and outcomes <= {Outcome.PASS}:
        return Status.ALTERNATIVE
    if Outcome.PASS in outcomes:
        return Status.PARTIAL
    if Outcome.FAIL in outcomes:
        return Status.NOT_IMPLEMENTED
    return Status.NOT_APPLICABLE if findings and not outcomes else None


class _Shown(NamedTuple):
    """One finding as rows show it, made once however many rows it answers."""

    finding: Finding
    layer: str
    applied: tuple[Applied, ...]
    open: Open | None
    digest: str


def _shown(finding: Finding, remedy: str) -> _Shown:
    outcome, reads = finding.verdict.outcome, finding.verdict.reads
    applied = tuple(
        Applied(
            urn=read.urn, path=read.path, value=read.value, parameter=read.parameter, bound=read.bound, how=read.how,
            rule=finding.rule,
        )
        for read in (reads if outcome is Outcome.PASS else ())
    )  # fmt: skip
    still_open = (
        Open(
            id=finding.id, rule=finding.rule, subject=finding.subject, outcome=outcome,
            message=finding.verdict.because, remedy=remedy, exception=finding.exception,
        )
        if outcome in {Outcome.FAIL, Outcome.UNKNOWN}
        else None
    )  # fmt: skip
    evidence = json.dumps([finding.id, outcome, [each.model_dump(mode="json") for each in applied]], sort_keys=True)
    return _Shown(finding, layer_of(finding.urns), applied, still_open, hashlib.sha256(evidence.encode()).hexdigest())


def _reason(requirement: Requirement, missing: Sequence[str], findings: Sequence[Finding]) -> str:
    if isinstance(requirement.mapping, Mapped):
        return (
            f"nothing in scope of {', '.join(missing)}"
            if missing and findings
            else "no resource in scope"
            if missing
            else ""
        )
    return requirement.remainder


def _word(finding: Finding) -> str:
    return "excepted" if finding.exception else finding.verdict.outcome.value


def _count(words: Iterable[str], order: Iterable[str] = ()) -> dict[str, int]:
    """Occurrences: first the words of an order that occur, then the others by name."""
    found = Counter(words)
    return {word: found[word] for word in dict.fromkeys((*order, *sorted(found))) if found[word]}
