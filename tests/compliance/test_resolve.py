"""compliance/resolve.py: frameworks in, posture out, compared with a table that people wrote."""

from __future__ import annotations

import contextlib
import io
import re
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.errors import DocumentError
from blueprint.posture import JoinedPosture, Principal, StackFact
from blueprint.types import DataClass, Mode, Strength
from compliance.parameters import parameters
from compliance.resolve import available, contributions, profiles, resolve, select

TABLE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "expected_joins.yaml").read_text())
WHO = {"h": "hipaa@2013", "p": "pci-dss@4.0.1", "f": "fedramp-moderate@2.1.0", "b": "blueprint-baseline@1"}
FRAMEWORKS = ("hipaa", "pci-dss", "fedramp-moderate")
REGULATED = frozenset({DataClass.PHI, DataClass.CARDHOLDER})


@cache
def regulated(mode: Mode, *facts: StackFact) -> JoinedPosture:
    return resolve(FRAMEWORKS, mode, facts, REGULATED)


def decided_by(posture: JoinedPosture, name: str, **asked: Any) -> set[str]:
    effective = posture.of(name, **asked)
    return set() if effective is None else {each.source for each in effective.won}


def test_the_table_covers_every_parameter_in_the_order_of_the_file() -> None:
    assert list(TABLE["joins"]) == list(parameters())
    assert set(TABLE["beyond_a_join"]) <= set(parameters())


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("name", [name for name in TABLE["joins"] if name != "allowed_services"])
def test_the_join_of_three_frameworks_is_what_the_table_says(name: str, mode: Mode) -> None:
    expected = TABLE["joins"][name][mode.value]
    effective = regulated(mode).of(name)
    if expected is None:
        assert effective is None
        return
    value, letters = expected
    assert effective is not None
    assert effective.value == parameters()[name].parse(value)
    assert decided_by(regulated(mode), name) == {WHO[letter] for letter in letters}


def test_services_are_those_on_every_list_and_nobody_lists_any_in_the_text() -> None:
    assert regulated(Mode.LITERAL).of("allowed_services") is None
    lists = [
        each.value
        for each in regulated(Mode.PRACTICE).contributions["allowed_services"]
        if isinstance(each.value, frozenset)
    ]
    effective = regulated(Mode.PRACTICE).of("allowed_services")
    assert effective is not None
    assert len(lists) == 3
    assert effective.value == lists[0] & lists[1] & lists[2]
    assert {"kms", "s3", "bedrock-runtime"} <= lists[0] & lists[1] & lists[2]
    assert decided_by(regulated(Mode.PRACTICE), "allowed_services") == {WHO[letter] for letter in "hpf"}


@pytest.mark.parametrize("row", TABLE["scoped"], ids=lambda row: f"{row['parameter']}-{row['value']}")
def test_a_scope_of_its_own_has_a_value_of_its_own(row: dict[str, Any]) -> None:
    posture = regulated(Mode(row["mode"]))
    classes = frozenset(DataClass(name) for name in row["classes"]) if "classes" in row else None
    principal = Principal(row["principal"]) if "principal" in row else None
    effective = posture.of(row["parameter"], classes, principal)
    assert effective is not None
    assert effective.value == row["value"]
    assert decided_by(posture, row["parameter"], classes=classes, principal=principal) == {
        WHO[letter] for letter in row["by"]
    }


@pytest.mark.parametrize("row", TABLE["stated"], ids=lambda row: f"{row['parameter']}-{'-'.join(row['facts'])}")
def test_a_fact_of_the_stack_brings_its_contributions_in(row: dict[str, Any]) -> None:
    posture = regulated(Mode(row["mode"]), *(StackFact(fact) for fact in row["facts"]))
    effective = posture.of(row["parameter"])
    assert effective is not None
    assert effective.value == parameters()[row["parameter"]].parse(row["value"])
    assert decided_by(posture, row["parameter"]) == {WHO[letter] for letter in row["by"]}


def test_a_fact_changes_nothing_but_the_parameters_that_depend_on_it() -> None:
    before, after = regulated(Mode.LITERAL), regulated(Mode.LITERAL, StackFact.CONTRACT_NAMES_M_21_31)
    changed = {name for name in parameters() if before.of(name) != after.of(name)}
    assert changed == {"audit_log_retention_days", "audit_log_hot_days"}


def test_forced_password_age_against_its_prohibition_names_both_sources() -> None:
    with pytest.raises(DocumentError) as refused:
        resolve(FRAMEWORKS, Mode.LITERAL, [StackFact.PASSWORD_ONLY_FACTOR])
    (problem,) = refused.value.problems
    assert "password_max_age_days" in problem.what
    assert "pci-dss@4.0.1 8.3.9 (literal) asks 90 days" in problem.what
    assert "fedramp-moderate@2.1.0 IA-5(1) (literal) forbids any value" in problem.what
    assert problem.fix


def test_without_the_prohibition_the_same_fact_gives_the_age() -> None:
    effective = resolve(["pci-dss"], Mode.LITERAL, [StackFact.PASSWORD_ONLY_FACTOR]).of("password_max_age_days")
    assert effective is not None
    assert effective.value == 90


def write(folder: Path, name: str, *rows: str) -> None:
    (folder / "profiles").mkdir(exist_ok=True)
    text = "".join(f"- {{{row}, checked: memory}}\n" for row in rows) or "[]\n"
    (folder / "profiles" / f"{name}.yaml").write_text(text)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The folder of an organisation, which adds profiles and parameters of its own."""
    return tmp_path


def test_regions_that_exclude_each_other_are_an_error_naming_both(house: Path) -> None:
    write(house, "east@1", "parameter: allowed_regions, value: [us-east-1], strength: literal, citation: A.1")
    write(house, "west@1", "parameter: allowed_regions, value: [eu-west-1], strength: literal, citation: B.2")
    with pytest.raises(DocumentError) as refused:
        resolve(["east", "west"], Mode.LITERAL, extensions=(house,))
    (problem,) = refused.value.problems
    assert "east@1 A.1 (literal) asks {us-east-1}" in problem.what
    assert "west@1 B.2 (literal) asks {eu-west-1}" in problem.what


def test_intervals_that_do_not_overlap_are_an_error(house: Path) -> None:
    write(house, "much@1", "parameter: prompt_logging, value: [full, null], strength: literal, citation: A.1")
    write(house, "little@1", "parameter: prompt_logging, value: [null, metadata], strength: literal, citation: B.2")
    with pytest.raises(DocumentError, match=r"(?s)prompt_logging satisfies everyone.*little@1.*much@1"):
        resolve(["much", "little"], Mode.LITERAL, extensions=(house,))


def test_a_value_that_aws_cannot_reach_is_an_error_with_what_it_accepts(house: Path) -> None:
    write(house, "fast@1", "parameter: kms_rotation_days, value: 30, strength: literal, citation: A.1")
    with pytest.raises(DocumentError) as refused:
        resolve(["fast"], Mode.LITERAL, extensions=(house,))
    (problem,) = refused.value.problems
    assert problem.value == "30 days"
    assert "90 to 2560" in problem.allowed
    assert "fast@1 A.1" in problem.what


def test_every_conflict_is_reported_at_once(house: Path) -> None:
    write(
        house,
        "odd@1",
        "parameter: kms_rotation_days, value: 30, strength: literal, citation: A.1",
        "parameter: password_history, value: 30, strength: literal, citation: A.2",
    )
    with pytest.raises(DocumentError) as refused:
        resolve(["odd"], Mode.LITERAL, extensions=(house,))
    assert [problem.value for problem in refused.value.problems] == ["30 days", "30 passwords"]


def test_an_unknown_framework_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(DocumentError) as refused:
        resolve(["hippa", "pci-dss@3.2.1", "blueprint-baseline"], Mode.LITERAL)
    first, second, third = refused.value.problems
    assert (first.value, first.fix) == ("hippa", "did you mean hipaa?")
    assert (second.value, second.fix) == ("pci-dss@3.2.1", "known: pci-dss@4.0.1")
    assert third.value == "blueprint-baseline"
    assert "always applies" in third.why


def test_a_bare_name_is_its_newest_edition_by_number_not_by_text(house: Path) -> None:
    for edition in ("9", "10", "9.1"):
        write(house, f"some@{edition}")
    assert select(["some"], (house,)) == ("some@10",)
    assert select(["some@9.1", "some", "some@10"], (house,)) == ("some@10", "some@9.1")


def test_the_order_in_which_frameworks_are_named_does_not_matter() -> None:
    forward, backward = (resolve(names, Mode.PRACTICE) for names in (FRAMEWORKS, FRAMEWORKS[::-1]))
    assert forward == backward
    assert forward.entries() == backward.entries()


def test_without_any_framework_only_the_baseline_speaks() -> None:
    posture = resolve([], Mode.PRACTICE)
    assert {each.source for rows in posture.contributions.values() for each in rows} == {"blueprint-baseline@1"}
    assert resolve([], Mode.LITERAL).entries() == posture.entries()


def test_literal_mode_never_hears_practice_except_from_the_baseline() -> None:
    heard = [each for rows in regulated(Mode.LITERAL).contributions.values() for each in rows]
    assert {each.source for each in heard if each.strength is Strength.PRACTICE} == {"blueprint-baseline@1"}


def test_practice_mode_is_nowhere_weaker_than_literal_mode() -> None:
    literal, practice = regulated(Mode.LITERAL), regulated(Mode.PRACTICE)
    for name, parameter in parameters().items():
        weak, strict = literal.of(name), practice.of(name)
        if weak is not None:
            assert strict is not None
            assert parameter.at_least_as_strict(strict.value, weak.value), name


def test_duties_without_a_value_are_listed_and_not_joined() -> None:
    contributors = regulated(Mode.LITERAL).of("log_review_interval_hours").contributors  # type: ignore[union-attr]
    assert [(each.source, each.value) for each in contributors] == [
        ("fedramp-moderate@2.1.0", 168),
        ("hipaa@2013", None),
        ("pci-dss@4.0.1", 24),
    ]


def test_a_profile_with_bad_rows_is_refused_with_every_row(house: Path) -> None:
    write(
        house,
        "bad@1",
        "parameter: audit_log_retention_day, value: 1, strength: literal, citation: A",
        "parameter: tls_min_version, value: '1.4', strength: literal, citation: A",
        "parameter: multi_az, value: 1, strength: literal, citation: A",
        "parameter: multi_az, value: true, strength: literal_without_value, citation: A",
        "parameter: multi_az, value: true, strength: literal, citation: A, scope: {kind: principal, name: user}",
        "parameter: multi_az, value: true, strength: literal, citation: A, when: it_rains",
        "parameter: encryption_at_rest, strength: practice, citation: A, scope: {kind: data_class, name: phii}",
        "parameter: encryption_at_rest, strength: practice, citation: A, scope: {name: phi}",
        "parameter: encryption_at_rest, strength: practice, citation: A, scope: {kind: data_class}",
    )
    with pytest.raises(DocumentError) as refused:
        resolve(["bad"], Mode.LITERAL, extensions=(house,))
    problems = refused.value.problems
    assert [problem.path for problem in problems] == [
        (0,),
        (1,),
        (2,),
        (3,),
        (4,),
        (5, "when"),
        (6, "scope"),
        (7, "scope"),
        (8, "scope"),
    ]
    assert "did you mean audit_log_retention_days" in problems[0].what
    assert "1.0 < 1.1 < 1.2 < 1.3" in problems[1].what
    assert "true or false" in problems[2].what
    assert "password_only_factor" in problems[5].what
    assert "phi, cardholder" in problems[6].what


def test_a_bad_row_has_its_line(house: Path) -> None:
    write(house, "bad@1", "parameter: multi_az, value: true, strength: literal, citation: A", "parameter: multi_as")
    with pytest.raises(DocumentError) as refused:
        resolve(["bad"], Mode.LITERAL, extensions=(house,))
    assert {problem.position.line for problem in refused.value.problems if problem.position} == {2}


def test_an_organisation_adds_a_parameter_and_a_framework_without_python(house: Path) -> None:
    row = "{title: coffee breaks, section: people, join: at_least, unit: breaks, enforceable: people}"
    (house / "parameters.yaml").write_text(f"coffee_breaks: {row}\n")
    write(house, "house@2026", "parameter: coffee_breaks, value: 2, strength: literal, citation: R1")
    posture = resolve(["house", "hipaa"], Mode.LITERAL, extensions=(house,))
    assert posture.demand("coffee_breaks") == "at least 2 breaks, from house@2026 R1 (literal)"
    assert "coffee_breaks" not in parameters()


def test_an_organisation_can_replace_neither_a_parameter_nor_a_profile_of_ours(house: Path) -> None:
    write(house, "hipaa@2013")
    assert resolve(["hipaa"], Mode.LITERAL, extensions=(house,)) == resolve(["hipaa"], Mode.LITERAL)
    row = "{title: t, section: s, join: must, enforceable: people}"
    (house / "parameters.yaml").write_text(f"multi_az: {row}\n")
    with pytest.raises(DocumentError, match="multi_az is there already"):
        resolve(["hipaa"], Mode.LITERAL, extensions=(house, house / "other"))


def test_an_edited_profile_is_read_again(house: Path) -> None:
    write(house, "some@1", "parameter: password_history, value: 5, strength: literal, citation: A")
    assert resolve(["some"], Mode.LITERAL, extensions=(house,)).of("password_history").value == 5  # type: ignore[union-attr]
    time.sleep(0.01)
    write(house, "some@1", "parameter: password_history, value: 7, strength: literal, citation: A")
    assert resolve(["some"], Mode.LITERAL, extensions=(house,)).of("password_history").value == 7  # type: ignore[union-attr]


def test_the_selectable_frameworks_are_the_profiles_without_the_baseline() -> None:
    assert available() == ("fedramp-moderate@2.1.0", "hipaa@2013", "pci-dss@4.0.1")


def test_cells_from_memory_are_never_marked_as_read_by_program() -> None:
    for reference in ("hipaa@2013", "pci-dss@4.0.1"):
        assert {each.checked for _, each in contributions(profiles()[reference])} == {"memory"}
    fedramp = [each for _, each in contributions(profiles()["fedramp-moderate@2.1.0"])]
    assert {each.checked for each in fedramp if each.strength is Strength.PRACTICE} == {"memory"}


def test_resolving_is_fast_once_the_profiles_are_read() -> None:
    resolve(FRAMEWORKS, Mode.PRACTICE, data_classes=REGULATED)
    started = time.process_time()
    resolve(FRAMEWORKS, Mode.PRACTICE, data_classes=REGULATED)
    assert time.process_time() - started < 0.05


def test_the_example_of_the_page_about_the_join_holds() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "join.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(example, "join.md", "exec"), {})
    assert f"# {out.getvalue().strip()}" in example
    for row in re.findall(r"^\| `(\w+)` \| [^|]* \| `(\w+)` \|", page, re.MULTILINE):
        assert parameters()[row[1]].join == row[0]
