"""Attestations: signed by somebody, with evidence, until a day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from blueprint.errors import DocumentError
from compliance.attestation import Attestations, load_attestations

DAY = dt.date(2026, 11, 20)
KNOWN = {"hipaa@2013": ["164.308(a)(2)", "164.308(a)(3)(i)"]}
ENTRY = """
- id: AT-1
  framework: hipaa@2013
  requirement: 164.308(a)(2)
  statement: Jo Bell is the named security official
  owner: jo@example.org
  evidence: board minutes of 2026-01-14
  until: "2027-01-14"
"""


def attestations(tmp_path: Path, text: str, day: dt.date = DAY) -> Attestations:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    return load_attestations(file, as_of=day, known=KNOWN)


def test_no_file_means_nobody_signed(tmp_path: Path) -> None:
    assert load_attestations(tmp_path / "none.yaml", as_of=DAY, known=KNOWN).in_force == {}


def test_a_signed_statement_is_found_by_its_requirement(tmp_path: Path) -> None:
    signed = attestations(tmp_path, ENTRY)
    found = signed.of("hipaa@2013", "164.308(a)(2)")
    assert found is not None
    assert found.id == "AT-1"
    assert signed.of("hipaa@2013", "164.308(a)(3)(i)") is None


@pytest.mark.parametrize(("day", "holds"), [("2027-01-14", True), ("2027-01-15", False)])
def test_it_ends_after_its_last_day(tmp_path: Path, day: str, holds: bool) -> None:
    signed = attestations(tmp_path, ENTRY, dt.date.fromisoformat(day))
    assert (signed.of("hipaa@2013", "164.308(a)(2)") is not None) is holds


def test_every_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        attestations(tmp_path, ENTRY.replace("jo@example.org", "jo").replace('until: "2027-01-14"', "colour: red"))
    assert {problem.key for problem in caught.value.problems} == {"[0].owner", "[0].until", "[0].colour"}
    assert all(problem.position is not None for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [("hipaa@2013", "hipaa@2031", "framework"), ("164.308(a)(2)", "164.308(a)(9)", "requirement")],
)
def test_what_does_not_exist_cannot_be_signed(tmp_path: Path, old: str, new: str, key: str) -> None:
    with pytest.raises(DocumentError) as caught:
        attestations(tmp_path, ENTRY.replace(old, new))
    assert [(problem.key, problem.value) for problem in caught.value.problems] == [(f"[0].{key}", new)]
    assert old in caught.value.problems[0].fix
