"""The loader refuses what the engine could not judge soundly: everything at once, each with its place."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from blueprint.errors import DocumentError
from compliance.facts.registry import RESERVED, kinds, leaves
from compliance.parameters import parameters
from compliance.rule import RULES, load_rules
from compliance.truth_table import run

GOOD = """\
id: logs_group_kept
title: log group keeps its events
subject: LogGroup
when: {audit_relevant: {type: boolean, allowed: [true]}}
requires:
  retention: {type: retention, meets: audit_log_retention_days}
controls: [LOG-04]
severity: high
why: an investigation that starts late finds no trail
remedy: leave the retention out
cases:
  long: {retention: forever, verdict: pass}
  short: {retention: 1, verdict: fail}
  unread: {retention: unknown, verdict: unknown}
"""


def refused(folder: Path, text: str, name: str = "logs_group_kept") -> str:
    (folder / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load_rules(folder)
    return str(caught.value)


def test_a_good_rule_is_read_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "logs_group_kept.yaml").write_text(GOOD, encoding="utf-8")
    (rule,) = load_rules(tmp_path)
    assert (rule.id, rule.subject, rule.controls, dict(rule.bindings)) == (
        "logs_group_kept", "LogGroup", ("LOG-04",), {"retention": "audit_log_retention_days"},
    )  # fmt: skip
    assert rule.kind is kinds()["LogGroup"]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("id: logs_group_kept", "id: logs_group_other", 1, "logs_group_other stands in logs_group_kept.yaml"),
        ("title: log", "title: Ensure log", 2, 'without "Ensure"'),
        ("subject: LogGroup", "subject: LogGrup", 3, "no subject is called 'LogGrup'; did you mean LogGroup"),
        ("  retention: {type", "  retentoin: {type", 6, "the subject has no leaf 'retentoin'"),
        ("{type: retention, meets", "{meets", 6, "retention is of type retention"),
        ("{type: retention, meets", "{type: integer, meets", 6, "retention is of type retention"),
        ("meets: audit_log_retention_days", "meets: audit_log_retention", 6, "no parameter is called 'audit_log_retention'"),
        ("meets: audit_log_retention_days", "meets: log_immutability", 6, "log_immutability cannot be held against a retention"),
        ("meets: audit_log_retention_days", "meets: not audit_log_retention_days", 6, "is no yes or no"),
        ("meets: audit_log_retention_days", "meets: log_separate_account", 6, "is yes or no, the leaf is not"),
        ("meets: audit_log_retention_days", "min: 3", 6, "min compares whole numbers"),
        ("meets: audit_log_retention_days", "required: true", 6, "'required' is not in the grammar"),
        ("meets: audit_log_retention_days", "coerce: int", 6, "'coerce' is not in the grammar"),
        ("meets: audit_log_retention_days", "dependencies: [key]", 6, "'dependencies' is not in the grammar"),
        ("meets: audit_log_retention_days", "check_with: x", 6, "'check_with' is not in the grammar"),
        ("meets: audit_log_retention_days", "anyof: [{meets: audit_log_retention_days}]", 6, "'meets' cannot stand inside anyof"),
        ("meets: audit_log_retention_days", "nullable: true, meets: audit_log_retention_days", 6, "retention is never null"),
        ("allowed: [true]", "meets: log_separate_account", 4, "a guard is not bound to a parameter"),
        ("allowed: [true]", "allowed: [{}]", 4, "allowed takes a list of plain values"),
        ("{retention: 1, ", "{retentoin: 1, ", 13, "LogGroup has no leaf 'retentoin'"),
        ("{retention: 1, ", "{retention: 1, posture: {nothing: 1}, ", 13, "no parameter is called 'nothing'"),
        ("{retention: 1, ", "{retention: 1, with: {Nothing/x: {}}, ", 13, "no subject is called 'Nothing'"),
        ("{retention: 1, ", "{retention: 1, with: {Vpc/x: {zone: 1}}, ", 13, "Vpc has no leaf 'zone'"),
        ("verdict: fail", "verdict: pass", 11, "no case has the verdict fail"),
        ("verdict: unknown", "verdict: fail", 11, "no case has the verdict unknown"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_at_its_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in GOOD
    said = refused(tmp_path, GOOD.replace(old, new, 1))
    assert says in said
    assert f"logs_group_kept.yaml:{line}:" in said


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "logs_group_other.yaml").write_text(
        GOOD.replace("logs_group_kept", "logs_group_other").replace("LogGroup", "Nothing"), encoding="utf-8"
    )
    said = refused(tmp_path, GOOD.replace("title: log", "title: Ensure log").replace("{retention: 1, ", "{x: 1, "))
    assert 'without "Ensure"' in said
    assert "LogGroup has no leaf 'x'" in said
    assert "no subject is called 'Nothing'" in said


def test_an_unknown_key_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    said = refused(tmp_path, GOOD.replace("severity:", "severty:"))
    assert "logs_group_kept.yaml:8:1" in said
    assert "did you mean severity?" in said


def test_a_rule_needs_requires_or_a_predicate_and_not_both(tmp_path: Path) -> None:
    assert "either requires or a predicate" in refused(tmp_path, GOOD + "predicate: trail_archive_guarded\n")


def test_a_predicate_must_exist_and_judge_the_same_kind(tmp_path: Path) -> None:
    without = "\n".join(line for line in GOOD.splitlines() if not line.startswith(("when", "requires", "  retention:")))
    assert "no predicate is called 'nothing'" in refused(tmp_path, f"{without}\npredicate: nothing\n")
    said = refused(tmp_path, f"{without}\npredicate: trail_archive_guarded\n")
    assert "trail_archive_guarded judges Trail, the rule is about LogGroup" in said


def test_a_rule_in_two_folders_is_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "logs_group_kept.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(DocumentError, match="rule logs_group_kept stands in two files"):
        load_rules(tmp_path / "one", tmp_path / "two")


def test_a_file_that_is_no_yaml_is_refused_at_its_line(tmp_path: Path) -> None:
    assert "logs_group_kept.yaml:2:" in refused(tmp_path, "id: [\nsubject: }")


def test_our_rules_load_and_each_stands_in_a_file_of_its_name() -> None:
    assert {rule.id for rule in load_rules()} == {file.stem for file in RULES.rglob("*.yaml")}


def test_no_leaf_takes_a_word_that_cases_need() -> None:
    assert {
        name: RESERVED & leaves(kind).keys() for name, kind in kinds().items() if RESERVED & leaves(kind).keys()
    } == {}


WITHOUT_A_LEAF = {
    "audit_storage_alert_percent": "no framework of this release sets it",
    "change_by_pipeline_only": "that no other way exists stands in no resource; changes beside it raise alarms",
    "ai_content_marking": "no framework of this release sets it",
}
"""Parameters that a platform could enforce and that no rule is bound to, each with its reason."""


def test_every_parameter_that_a_platform_can_enforce_has_a_rule_or_a_reason() -> None:
    bound = {parameter for rule in load_rules() for parameter in rule.parameters}
    enforceable = {name for name, each in parameters().items() if each.enforceable != "people"}
    assert enforceable - bound - WITHOUT_A_LEAF.keys() == set()
    assert WITHOUT_A_LEAF.keys() & bound == set()


def test_the_example_of_the_guide_is_a_rule_that_loads(tmp_path: Path) -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-rule.md"
    example = guide.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "sqs_queue_tls_only.yaml").write_text(example, encoding="utf-8")
    (rule,) = load_rules(tmp_path)
    assert {name: run(rule, case).outcome.value for name, case in rule.cases.items()} == {
        "tls": "pass", "clear": "fail", "not_read": "unknown",
    }  # fmt: skip
