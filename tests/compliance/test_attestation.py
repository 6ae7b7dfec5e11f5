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
    assert load_attestations(tmp_path / "none.yaml", as_of=DAY, known=KNOWN).signed == {}


def test_a_signed_statement_is_found_by_its_requirement(tmp_path: Path) -> None:
    signed = attestations(tmp_path, ENTRY)
    found = signed.of("hipaa@2013", "164.308(a)(2)")
    assert found is not None
    assert found.id == "AT-1"
    assert signed.of("hipaa@2013", "164.308(a)(3)(i)") is None


@pytest.mark.parametrize(("day", "ended"), [("2027-01-14", False), ("2027-01-15", True)])
def test_it_ends_after_its_last_day_and_is_still_told(tmp_path: Path, day: str, ended: bool) -> None:
    signed = attestations(tmp_path, ENTRY, dt.date.fromisoformat(day))
    found = signed.of("hipaa@2013", "164.308(a)(2)")
    assert found is not None
    assert signed.ended(found) is ended


def test_of_two_about_one_requirement_the_one_that_ends_last_counts(tmp_path: Path) -> None:
    renewed = ENTRY.replace("AT-1", "AT-2").replace("2027-01-14", "2028-01-14")
    for text in (ENTRY + renewed, renewed + ENTRY):
        found = attestations(tmp_path, text).of("hipaa@2013", "164.308(a)(2)")
        assert found is not None
        assert found.id == "AT-2"


def test_a_number_that_stands_twice_is_refused_where_it_stands_again(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        attestations(tmp_path, ENTRY + ENTRY)
    assert [(problem.key, problem.value) for problem in caught.value.problems] == [("[1].id", "AT-1")]


def test_a_key_that_is_not_known_is_told_with_the_one_that_is_near(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        attestations(tmp_path, ENTRY.replace("owner:", "ownr:"))
    unknown = next(problem for problem in caught.value.problems if problem.key == "[0].ownr")
    assert unknown.what == "key 'ownr' is not known"
    assert "owner" in unknown.fix


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
