"""Status and assessment follow from findings by one table, and totals show what they are of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.errors import FileUnreadable
from blueprint.posture import JoinedPosture
from blueprint.types import Layer, Severity
from compliance.assessment import build_matrix, layer_of
from compliance.attestation import Attestation, Attestations
from compliance.catalogue import Catalogue
from compliance.findings import Finding, Outcome, Read, Verdict
from compliance.matrix import Assessment, Depth, Header, Matrix, MatrixRow, Status
from compliance.requirements import (
    Citation,
    Control,
    Extent,
    Framework,
    Kind,
    Mapped,
    Obligation,
    Requirement,
    Responsibility,
    Totals,
)
from compliance.rule import Case, Rule

REFERENCE = "demo@1"
HEADER = Header(
    stack="t", document_digest="d", catalogue_digest="c", tool="t 0", as_of="2026-11-20", account="111122223333",
    region="us-east-1", depth=Depth.PLANNED, frameworks=(REFERENCE,), mode="practice",
)  # fmt: skip
DAY = dt.date(2026, 11, 20)
URN = "urn:pulumi:t::p::blueprint:foundation:AuditTrail$aws:cloudwatch/logGroup:LogGroup::audit"


def rule(name: str, control: str = "LOG-04") -> Rule:
    return Rule(
        id=f"logs_group_{name}", title="kept", subject="LogGroup", requires={"retention": {"type": "retention", "meets": "audit_log_retention_days"}},
        controls=(control,), severity=Severity.HIGH, why="because of a reason", remedy="set it", cases={"a": Case(leaves={}, verdict="pass")},
    )  # fmt: skip


def requirement(
    extent: Extent = Extent.FULL, *, mapped: bool = True, controls: tuple[str, ...] = ("LOG-04",)
) -> Requirement:
    remainder = "" if extent is Extent.FULL else "people read the logs"
    return Requirement(
        id="1.1", title="Logs are kept", kind=Kind.TECHNICAL, obligation=Obligation.REQUIRED, responsibility=Responsibility.SHARED,
        duty="read the logs every day", mapping=Mapped(controls=controls, extent=extent, remainder=remainder) if mapped else None,
    )  # fmt: skip


def catalogue(row: Requirement, *rules: Rule) -> Catalogue:
    controls = {
        name: Control(
            id=name, statement="audit events outlive the duty", layers=(Layer.FOUNDATION,), may_be_absent=absent
        )
        for name, absent in (("LOG-04", ""), ("LOG-08", ""), ("AGT-01", "only a stack with agents has tools"))
    }
    framework = Framework(
        name="demo", edition="1", title="Demo", source=Citation(citation="a text of our own", retrieved="2026-11-20"),
        totals=Totals(technical=1, mixed=0, process=0, provider=0), requirements=(row,),
    )  # fmt: skip
    return Catalogue(frameworks={REFERENCE: framework}, controls=controls, rules=rules)


def finding(
    outcome: Outcome, name: str = "kept", subject: str = "LogGroup/audit", exception: str | None = None
) -> Finding:
    read = Read(
        urn=URN, path="retentionInDays", value=2192, parameter="audit_log_retention_days", bound=2192, decides=True
    )
    verdict = Verdict(outcome=outcome, because="retention is 2192", reads=(read,))
    key = f"logs_group_{name}"
    return Finding(
        id=Finding.id_of(key, subject),
        rule=key,
        subject=subject,
        urns=(URN,),
        severity=Severity.HIGH,
        verdict=verdict,
        exception=exception,
    )


def row_of(
    findings: Iterable[Finding],
    row: Requirement | None = None,
    rules: tuple[Rule, ...] = (rule("kept"),),
    signed: Attestations | None = None,
) -> MatrixRow:
    matrix = build_matrix(
        HEADER,
        catalogue(row or requirement(), *rules),
        JoinedPosture({}, {}),
        tuple(findings),
        signed or Attestations({}, DAY),
    )
    (only,) = matrix.rows
    return only


P, F, U, N = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("outcomes", "extent", "status", "assessment"),
    [
        ([P, P], Extent.FULL, Status.IMPLEMENTED, Assessment.SATISFIED),
        ([P, P], Extent.PART, Status.PARTIAL, Assessment.SATISFIED),
        ([P, F], Extent.FULL, Status.PARTIAL, Assessment.NOT_SATISFIED),
        ([P, U], Extent.FULL, Status.PARTIAL, Assessment.NOT_TESTED),
        ([F, U], Extent.FULL, Status.NOT_IMPLEMENTED, Assessment.NOT_SATISFIED),
        ([U, U], Extent.FULL, None, Assessment.NOT_TESTED),
        ([P, N], Extent.FULL, Status.IMPLEMENTED, Assessment.SATISFIED),
        ([N, N], Extent.FULL, Status.NOT_APPLICABLE, Assessment.NO_RESOURCE),
        ([], Extent.FULL, None, Assessment.NO_RESOURCE),
    ],
)
def test_status_and_assessment_follow_the_table(
    outcomes: list[Outcome], extent: Extent, status: Status | None, assessment: Assessment
) -> None:
    findings = [finding(outcome, subject=f"LogGroup/{index}") for index, outcome in enumerate(outcomes)]
    found = row_of(findings, requirement(extent))
    assert (found.status, found.assessment) == (status, assessment)


def test_a_control_without_a_subject_keeps_a_row_from_being_implemented() -> None:
    two = requirement(controls=("LOG-04", "LOG-08"))
    found = row_of([finding(P)], two, rules=(rule("kept"), rule("encrypted", control="LOG-08")))
    assert (found.status, found.assessment) == (Status.PARTIAL, Assessment.NO_RESOURCE)
    assert found.reason == "nothing in scope of LOG-08"


def test_a_control_that_may_be_absent_keeps_no_row_that_another_control_shows() -> None:
    two, rules = requirement(controls=("LOG-04", "AGT-01")), (rule("kept"), rule("asked", control="AGT-01"))
    shown = row_of([finding(P)], two, rules=rules)
    assert (shown.status, shown.assessment, shown.reason) == (Status.IMPLEMENTED, Assessment.SATISFIED, "")
    nothing = row_of([], two, rules=rules)
    assert (nothing.status, nothing.assessment, nothing.reason) == (
        None,
        Assessment.NO_RESOURCE,
        "no resource in scope",
    )


def test_a_rule_about_another_kind_of_the_same_thing_needs_no_subject() -> None:
    found = row_of([finding(P)], rules=(rule("kept"), rule("of_another_kind")))
    assert (found.status, found.assessment, found.reason) == (Status.IMPLEMENTED, Assessment.SATISFIED, "")


def test_an_excepted_failure_makes_the_row_an_alternative_and_is_named() -> None:
    found = row_of([finding(P, subject="LogGroup/a"), finding(F, subject="LogGroup/b", exception="EX-1")])
    assert (found.status, found.exception) == (Status.ALTERNATIVE, "EX-1")
    assert found.verdicts == {"excepted": 1, "pass": 1}


def test_an_unmapped_technical_row_has_no_status_and_says_that_it_is_not_yet_mapped() -> None:
    found = row_of([finding(P)], requirement(mapped=False))
    assert (found.status, found.assessment, found.mapping.value, found.depth) == (None, None, "not-yet", None)
    assert found.applied_by == ()


def test_what_was_read_and_passed_is_the_evidence_and_what_failed_is_not() -> None:
    found = row_of([finding(P, subject="LogGroup/a"), finding(F, subject="LogGroup/b")])
    assert [(each.urn, each.path, each.value, each.parameter) for each in found.applied_by] == [
        (URN, "retentionInDays", 2192, "audit_log_retention_days")
    ]
    assert [(each.subject, each.outcome) for each in found.open] == [("LogGroup/b", F)]


@pytest.mark.parametrize(
    ("day", "shown"), [("2027-01-01", "AT-1 until 2027-01-01"), ("2027-01-02", "AT-1 expired on 2027-01-01")]
)
def test_an_attestation_is_shown_with_its_end_and_changes_no_verdict(day: str, shown: str) -> None:
    signed = Attestation(id="AT-1", framework=REFERENCE, requirement="1.1", statement="the logs are read daily", owner="a@example.org",
                         evidence="ticket 12", until=dt.date(2027, 1, 1))  # fmt: skip
    on_day = Attestations({(REFERENCE, "1.1"): signed}, dt.date.fromisoformat(day))
    found = row_of([finding(U)], signed=on_day)
    assert (str(found.attestation), found.assessment, found.status) == (shown, Assessment.NOT_TESTED, None)
    assert found.attestation is not None
    assert (found.attestation.owner, found.attestation.evidence) == ("a@example.org", "ticket 12")


def test_the_evidence_hash_changes_with_the_verdict_and_with_nothing_else() -> None:
    first, again, other = row_of([finding(P)]), row_of([finding(P)]), row_of([finding(F)])
    assert first.evidence_hash == again.evidence_hash != other.evidence_hash


@given(st.lists(st.tuples(st.sampled_from([P, F, U, N]), st.booleans()), max_size=6), st.sampled_from(list(Extent)))
def test_a_row_is_implemented_only_when_everything_passed_and_nothing_is_excepted(
    drawn: list[tuple[Outcome, bool]], extent: Extent
) -> None:
    findings = [
        finding(outcome, subject=f"LogGroup/{index}", exception="EX-1" if excepted and outcome is F else None)
        for index, (outcome, excepted) in enumerate(drawn)
    ]
    found = row_of(findings, requirement(extent))
    if found.status is Status.IMPLEMENTED:
        assert extent is Extent.FULL
        assert {each.verdict.outcome for each in findings} <= {P, N}
    if found.assessment is Assessment.SATISFIED:
        assert {each.verdict.outcome for each in findings if each.exception is None} <= {P, N}
    assert (found.assessment is Assessment.NOT_SATISFIED) == any(
        each.verdict.outcome is F and not each.exception for each in findings
    )


@given(st.lists(st.sampled_from([P, F, U, N]), max_size=8))
def test_totals_are_the_sums_of_their_rows(outcomes: list[Outcome]) -> None:
    findings = [finding(outcome, subject=f"LogGroup/{index}") for index, outcome in enumerate(outcomes)]
    matrix = build_matrix(
        HEADER, catalogue(requirement(), rule("kept")), JoinedPosture({}, {}), findings, Attestations({}, DAY)
    )
    summary = matrix.summary
    assert summary.rows == 1
    for counts in (
        summary.by_framework, summary.by_kind, summary.by_mapping, summary.by_status, summary.by_assessment, summary.by_depth,
    ):  # fmt: skip
        assert sum(counts.values()) == 1
    assert summary.pairs.applicable == sum(outcome is not N for outcome in outcomes)
    assert summary.pairs.decided == sum(outcome in {P, F} for outcome in outcomes)
    assert matrix.layers.get("foundation", {}) == {outcome.value: outcomes.count(outcome) for outcome in set(outcomes)}


def test_each_layer_is_judged_by_its_own_resources() -> None:
    there = finding(U, subject="LogGroup/chat").model_copy(
        update={"urns": (URN.replace("foundation:AuditTrail", "serving:Vllm"),)}
    )
    row = row_of([finding(P), there])
    assert row.by_layer == {"foundation": Assessment.SATISFIED, "serving": Assessment.NOT_TESTED}
    assert row.layers == ("foundation", "serving")
    matrix = build_matrix(
        HEADER,
        catalogue(requirement(), rule("kept")),
        JoinedPosture({}, {}),
        [finding(P), there],
        Attestations({}, DAY),
    )
    assert matrix.grid == {"foundation": {"demo": {"satisfied": 1}}, "serving": {"demo": {"not-tested": 1}}}


def test_a_row_that_judges_nothing_belongs_where_its_controls_do() -> None:
    assert (row_of([]).layers, row_of([]).by_layer) == (("foundation",), {})
    aside = row_of([finding(N)])
    assert (aside.layers, aside.by_layer) == (("foundation",), {})


def test_a_resource_belongs_to_the_layer_of_its_outermost_component() -> None:
    assert layer_of((URN,)) == "foundation"
    assert (
        layer_of(
            ("urn:pulumi:t::p::blueprint:serving:Vllm$blueprint:foundation:Admission$aws:iam/rolePolicy:RolePolicy::x",)
        )
        == "serving"
    )
    assert layer_of(()) == "platform"


def test_a_matrix_is_read_back_as_it_was_written(tmp_path: object) -> None:
    import json
    from pathlib import Path

    matrix = build_matrix(
        HEADER, catalogue(requirement(), rule("kept")), JoinedPosture({}, {}), [finding(P)], Attestations({}, DAY)
    )
    file = Path(str(tmp_path)) / "m.json"
    file.write_text(json.dumps(matrix.as_json()))
    assert Matrix.read(file) == matrix
    assert matrix.as_json()["schema"] == "blueprint.matrix/1"


def test_a_file_that_is_no_matrix_says_what_makes_one(tmp_path: object) -> None:
    from pathlib import Path

    file = Path(str(tmp_path)) / "m.json"
    file.write_text("{}")
    with pytest.raises(FileUnreadable, match="blueprint matrix -o json"):
        Matrix.read(file)
