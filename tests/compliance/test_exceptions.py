"""Exceptions: dated, owned, approved by somebody else, and covering a FAIL and nothing but a FAIL."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from blueprint.errors import DocumentError
from blueprint.types import Severity
from compliance.exceptions import ExceptionList, load_exceptions
from compliance.findings import Finding, Outcome, Verdict

DAY = dt.date(2026, 11, 20)
ENTRY = """
- id: EX-7
  waives: {rule: r, subject: LogGroup/chat}
  owner: a@example.org
  approver: b@example.org
  risk: records are gone after a month
  compensating: records are copied every week
  until: "2027-03-31"
"""


def exceptions(tmp_path: Path, text: str, day: dt.date = DAY) -> ExceptionList:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    return load_exceptions(file, as_of=day)


def refusals(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        exceptions(tmp_path, text)
    return [problem.what for problem in caught.value.problems]


def finding(outcome: Outcome, subject: str = "LogGroup/chat") -> Finding:
    return Finding(
        id="1",
        rule="r",
        subject=subject,
        urns=(),
        severity=Severity.HIGH,
        verdict=Verdict(outcome=outcome, because="so"),
    )


def test_no_file_means_no_exception(tmp_path: Path) -> None:
    assert load_exceptions(tmp_path / "none.yaml", as_of=DAY).waivers == ()


def test_a_failure_is_covered_and_named(tmp_path: Path) -> None:
    (covered,) = exceptions(tmp_path, ENTRY).cover([finding(Outcome.FAIL)])
    assert covered.exception == "EX-7"


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.UNKNOWN, Outcome.NOT_APPLICABLE])
def test_no_other_verdict_can_be_waived(tmp_path: Path, outcome: Outcome) -> None:
    (same,) = exceptions(tmp_path, ENTRY).cover([finding(outcome)])
    assert same.exception is None


def test_another_subject_is_not_covered(tmp_path: Path) -> None:
    (same,) = exceptions(tmp_path, ENTRY).cover([finding(Outcome.FAIL, "LogGroup/other")])
    assert same.exception is None


@pytest.mark.parametrize(("day", "covered"), [("2027-03-31", True), ("2027-04-01", False)])
def test_the_last_day_counts_and_the_next_does_not(tmp_path: Path, day: str, covered: bool) -> None:
    found = exceptions(tmp_path, ENTRY, dt.date.fromisoformat(day)).cover([finding(Outcome.FAIL)])
    assert (found[0].exception == "EX-7") is covered


def test_an_exception_that_covers_nothing_any_more_is_told(tmp_path: Path) -> None:
    listed = exceptions(tmp_path, ENTRY)
    assert [each.id for each in listed.unused(listed.cover([finding(Outcome.PASS)]))] == ["EX-7"]


def test_the_owner_of_a_risk_cannot_approve_it(tmp_path: Path) -> None:
    assert any("somebody else must approve" in what for what in refusals(tmp_path, ENTRY.replace("b@", "a@")))


def test_an_exception_without_an_end_is_refused(tmp_path: Path) -> None:
    assert refusals(tmp_path, ENTRY.replace('  until: "2027-03-31"\n', "")) == ["Field required"]


def test_an_exception_names_a_rule_and_a_subject_or_a_parameter_and_a_component(tmp_path: Path) -> None:
    assert any(
        "either rule and subject" in what
        for what in refusals(tmp_path, ENTRY.replace("subject: LogGroup/chat", "component: audit"))
    )


def test_the_same_id_twice_is_refused(tmp_path: Path) -> None:
    assert refusals(tmp_path, ENTRY + ENTRY) == ["exception EX-7 stands twice"]
