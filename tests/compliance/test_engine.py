"""Unknown is never PASS: the engine against plain Cerberus, and against every completion of what is not known."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from cerberus import Validator
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprint.posture import Contribution, JoinedPosture, Scope
from blueprint.types import DataClass, Severity, Strength
from compliance import engine
from compliance.bounds import Bounds, Unread
from compliance.engine import judge
from compliance.facts.base import Known, Leaf, Origin, Ref, Subject, Unknown
from compliance.facts.logs import LogGroup
from compliance.facts.storage import Bucket
from compliance.facts.subjects import Subjects
from compliance.findings import Finding, Outcome, Verdict
from compliance.parameters import parameters
from compliance.predicates.registry import Relation
from compliance.rule import Case, Rule, load_rules
from compliance.truth_table import common_posture, guarded, moved, run, subject_of

ORIGIN = Origin(urn="urn:x", path="p")
POSTURE = common_posture()

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-3, 9),
    "boolean": st.booleans(),
    "string": st.sampled_from(["a", "bb", "ccc", ""]),
    "set": st.frozensets(st.sampled_from(["a", "b", "c"])),
}
NUMBERS = st.integers(-3, 9)
WORDS = st.lists(st.sampled_from(["a", "bb", "ccc", "b", "c"]), max_size=3)


def constraints(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Constraints of the grammar for one type."""
    own: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "integer": {"min": NUMBERS, "max": NUMBERS, "allowed": st.lists(NUMBERS, max_size=4), "forbidden": st.lists(NUMBERS, max_size=3)},
        "boolean": {"allowed": st.lists(st.booleans(), min_size=1, max_size=2)},
        "string": {"allowed": WORDS, "forbidden": WORDS, "regex": st.sampled_from(["a", "b+", "c*"]), "minlength": st.integers(0, 3), "empty": st.booleans()},
        "set": {"contains": WORDS.filter(bool), "allowed": WORDS, "minlength": st.integers(0, 3), "maxlength": st.integers(0, 3), "empty": st.booleans()},
    }  # fmt: skip
    flat = st.fixed_dictionaries({}, optional=own[kind])
    several = st.lists(flat, min_size=1, max_size=3)
    choices = st.fixed_dictionaries({}, optional=dict.fromkeys(("anyof", "allof", "noneof", "oneof"), several))
    return st.builds(lambda one, two, null: {"type": kind, **one, **two, **null}, flat, choices,
                     st.fixed_dictionaries({}, optional={"nullable": st.booleans()}))  # fmt: skip


@st.composite
def judged(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any], frozenset[str]]:
    """A schema, a document that is fully known, and which of its values are masked."""
    kinds = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4))
    schema = {f"leaf{index}": draw(constraints(kind)) for index, kind in enumerate(kinds)}
    document = {f"leaf{index}": draw(st.one_of(VALUES[kind], st.none())) for index, kind in enumerate(kinds)}
    return schema, document, draw(st.frozensets(st.sampled_from(sorted(document))))


def verdict(schema: dict[str, Any], document: dict[str, Any], masked: frozenset[str] = frozenset()) -> str:
    shown = {name: Unread.UNKNOWN if name in masked else value for name, value in document.items()}
    found = Bounds(schema).judge(shown, frozenset(), POSTURE)
    return "fail" if found.violated else "unknown" if found.open else "pass"


class Plain(Validator):  # type: ignore[misc]  # Cerberus ships no types
    """Cerberus as it is, with the same types."""

    types_mapping = Bounds.types_mapping


@given(judged())
@settings(max_examples=120, deadline=None)
def test_without_unknowns_it_judges_as_cerberus_does(
    drawn: tuple[dict[str, Any], dict[str, Any], frozenset[str]],
) -> None:
    schema, document, _ = drawn
    assert verdict(schema, document) == ("pass" if Plain(schema).validate(document, normalize=False) else "fail")


@given(judged(), st.data())
@settings(max_examples=120, deadline=None)
def test_what_it_says_with_unknowns_holds_for_every_completion(
    drawn: tuple[dict[str, Any], dict[str, Any], frozenset[str]], data: st.DataObject
) -> None:
    schema, document, masked = drawn
    said = verdict(schema, document, masked)
    completed = {
        name: data.draw(st.one_of(VALUES[schema[name]["type"]], st.none())) if name in masked else value
        for name, value in document.items()
    }
    if said != "unknown":
        assert verdict(schema, completed) == said


@given(judged(), st.data())
@settings(max_examples=120, deadline=None)
def test_knowing_less_never_makes_a_pass(
    drawn: tuple[dict[str, Any], dict[str, Any], frozenset[str]], data: st.DataObject
) -> None:
    schema, document, masked = drawn
    more = masked | data.draw(st.frozensets(st.sampled_from(sorted(document))))
    before, after = verdict(schema, document, masked), verdict(schema, document, more)
    assert after in {before, "unknown"}


RULES = load_rules()


@pytest.mark.parametrize("rule", RULES, ids=[rule.id for rule in RULES])
def test_hiding_any_leaf_of_any_case_never_makes_a_pass(rule: Rule) -> None:
    for name, case in rule.cases.items():
        if run(rule, case).outcome is Outcome.PASS:
            continue
        subject = subject_of(f"{rule.subject}/case", guarded(rule, case), case.classes)
        beside = tuple(subject_of(each, leaves, None) for each, leaves in case.beside.items())
        for leaf in (field.name for field in fields(subject) if field.name not in {"id", "urns"}):
            hidden = replace(subject, **{leaf: Unknown("not_read", ORIGIN)})  # type: ignore[arg-type]
            found = judge(Subjects((hidden, *beside)), [rule], posture_of(case))
            assert outcome(found, subject.id) is not Outcome.PASS, (name, leaf)


def posture_of(case: Case) -> JoinedPosture:
    return moved(POSTURE, case.posture)


def outcome(findings: tuple[Finding, ...], subject: str) -> Outcome:
    return next(each.verdict.outcome for each in findings if each.subject == subject)


def log_group(
    retention: Leaf[Any],
    *,
    audit: Leaf[bool] | None = None,
    classes: Leaf[frozenset[DataClass]] | None = None,
    name: str = "a",
) -> LogGroup:
    held = classes or Known(frozenset({DataClass.PHI}), ORIGIN)
    return LogGroup(
        f"LogGroup/{name}",
        (f"urn:{name}",),
        held,
        retention,
        Known(None, ORIGIN),
        audit or Known(value=True, origin=ORIGIN),
    )


def rule_of(**changes: Any) -> Rule:
    written = {
        "id": "logs_group_kept", "title": "kept", "subject": "LogGroup", "controls": ["LOG-04"], "severity": "high",
        "why": "w", "remedy": "r", "cases": {}, "requires": {"retention": {"type": "retention", "meets": "audit_log_retention_days"}},
    }  # fmt: skip
    return Rule.model_validate({**written, **changes})


def only(findings: tuple[Finding, ...]) -> Finding:
    (found,) = findings
    return found


def test_a_finding_says_value_bound_parameter_and_source() -> None:
    found = only(
        judge(Subjects([log_group(Known(30, Origin(urn="urn:a", path="retentionInDays")))]), [rule_of()], POSTURE)
    )
    (read,) = found.verdict.reads
    assert (found.rule, found.subject, found.severity) == ("logs_group_kept", "LogGroup/a", Severity.HIGH)
    assert found.verdict.outcome is Outcome.FAIL
    assert (read.urn, read.path, read.value, read.parameter, read.bound, read.decides, read.how) == (
        "urn:a", "retentionInDays", 30, "audit_log_retention_days", 2192, True, "set",
    )  # fmt: skip
    assert "retention is 30" in found.verdict.because
    assert "at least 2192 days, from hipaa@2013" in found.verdict.because


def test_the_id_of_a_finding_is_that_of_rule_and_subject() -> None:
    found = only(judge(Subjects([log_group(Known(30, ORIGIN))]), [rule_of()], POSTURE))
    assert found.id == Finding.id_of("logs_group_kept", "LogGroup/a")


def test_a_value_by_default_is_told_as_such() -> None:
    leaf = Known(30, Origin(urn="urn:a", path="retentionInDays", how="default"))
    found = only(judge(Subjects([log_group(leaf)]), [rule_of()], POSTURE))
    assert "by the provider's default" in found.verdict.because
    assert found.verdict.reads[0].how == "default"


def test_a_link_is_read_as_a_reference() -> None:
    bucket = next(rule for rule in RULES if rule.id == "cloudwatch_log_group_encrypted_with_own_key")
    linked = replace(log_group(Known(30, ORIGIN)), key=Known(Ref(urn="urn:k", property="arn"), ORIGIN))
    assert only(judge(Subjects([linked]), [bucket], POSTURE)).verdict.reads[0].value == {
        "$ref": {"urn": "urn:k", "property": "arn"}
    }


def test_the_bound_is_that_of_the_subjects_own_data_classes() -> None:
    cards = log_group(Known(365, ORIGIN), classes=Known(frozenset({DataClass.CARDHOLDER}), ORIGIN), name="cards")
    health = log_group(Known(365, ORIGIN), name="health")
    found = judge(Subjects([cards, health]), [rule_of()], POSTURE)
    assert {each.subject: each.verdict.outcome for each in found} == {
        "LogGroup/cards": Outcome.PASS,
        "LogGroup/health": Outcome.FAIL,
    }


@pytest.mark.parametrize(
    ("days", "expected"), [(2192, Outcome.PASS), (365, Outcome.UNKNOWN), (30, Outcome.FAIL)],
)  # fmt: skip
def test_an_unknown_data_class_is_judged_under_both_bounds(days: int, expected: Outcome) -> None:
    group = log_group(Known(days, ORIGIN), classes=Unknown("untagged", ORIGIN))
    assert only(judge(Subjects([group]), [rule_of()], POSTURE)).verdict.outcome is expected


def test_a_parameter_that_only_some_data_class_has_leaves_an_unknown_class_undecided() -> None:
    only_phi = Contribution(source="x", citation="1", checked="text", strength=Strength.LITERAL, value=10,
                            scope=Scope(kind="data_class", name="phi"))  # fmt: skip
    posture = JoinedPosture(parameters(), {"audit_log_retention_days": (only_phi,)}, frozenset({DataClass.PHI}))
    untagged = log_group(Known(99, ORIGIN), classes=Unknown("untagged", ORIGIN), name="untagged")
    cards = log_group(Known(99, ORIGIN), classes=Known(frozenset({DataClass.CARDHOLDER}), ORIGIN), name="cards")
    found = {each.subject: each.verdict.outcome for each in judge(Subjects([untagged, cards]), [rule_of()], posture)}
    assert found == {"LogGroup/untagged": Outcome.UNKNOWN, "LogGroup/cards": Outcome.NOT_APPLICABLE}


def test_a_rule_bound_to_a_parameter_that_nobody_sets_does_not_apply() -> None:
    found = only(judge(Subjects([log_group(Known(1, ORIGIN))]), [rule_of()], JoinedPosture(parameters(), {})))
    assert (found.verdict.outcome, found.verdict.because) == (
        Outcome.NOT_APPLICABLE,
        "no framework sets audit_log_retention_days",
    )


GUARD = {"audit_relevant": {"type": "boolean", "allowed": [True]}}


@pytest.mark.parametrize(
    ("guard", "expected"),
    [(Known(value=True, origin=ORIGIN), Outcome.FAIL), (Known(value=False, origin=ORIGIN), Outcome.NOT_APPLICABLE),
     (Unknown("untagged", ORIGIN), Outcome.UNKNOWN)],
)  # fmt: skip
def test_a_guard_decides_whether_a_rule_applies(guard: Leaf[bool], expected: Outcome) -> None:
    found = only(judge(Subjects([log_group(Known(1, ORIGIN), audit=guard)]), [rule_of(when=GUARD)], POSTURE))
    assert found.verdict.outcome is expected


def test_a_value_of_the_wrong_type_fails() -> None:
    found = only(judge(Subjects([log_group(Known("soon", ORIGIN))]), [rule_of()], POSTURE))
    assert found.verdict.outcome is Outcome.FAIL


def test_equal_values_from_different_places_keep_their_places() -> None:
    one = log_group(Known(30, Origin(urn="urn:a", path="x")), name="a")
    two = log_group(Known(30, Origin(urn="urn:b", path="x")), name="b")
    found = judge(Subjects([one, two]), [rule_of()], POSTURE)
    assert [each.verdict.reads[0].urn for each in found] == ["urn:a", "urn:b"]


def test_a_crashing_rule_is_unknown_and_says_so_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> Verdict:
        raise KeyError("a mistake in the rule")

    monkeypatch.setattr(engine, "predicates", lambda: {"crash": Relation(LogGroup, crash, ())})
    broken = rule_of(id="logs_group_broken", requires={}, predicate="crash")
    found = judge(Subjects([log_group(Known(2192, ORIGIN))]), [broken, rule_of()], POSTURE)
    assert [(each.rule, each.verdict.outcome, each.verdict.crashed) for each in found] == [
        ("logs_group_broken", Outcome.UNKNOWN, True),
        ("logs_group_kept", Outcome.PASS, False),
    ]
    assert found[0].verdict.because == "the rule crashed: KeyError: 'a mistake in the rule'"


def test_a_rule_without_subjects_finds_nothing() -> None:
    assert judge(Subjects([]), [rule_of()], POSTURE) == ()


def test_findings_come_by_rule_and_subject_whatever_the_order_of_subjects() -> None:
    groups = [log_group(Known(30, ORIGIN), name=name) for name in ("c", "a", "b")]
    rules = [rule_of(id="logs_group_second"), rule_of(id="logs_group_first")]
    found = judge(Subjects(groups), rules, POSTURE)
    assert [(each.rule, each.subject) for each in found] == [
        (rule, f"LogGroup/{name}") for rule in ("logs_group_first", "logs_group_second") for name in ("a", "b", "c")
    ]


def test_a_forbidden_word_inside_a_set_is_found() -> None:
    found = Bounds({"held": {"type": "set", "forbidden": ["*"]}}).judge(
        {"held": frozenset({"a", "*"})}, frozenset(), POSTURE
    )
    assert found.violated == ("held",)


def test_two_resources_of_one_name_are_two_subjects() -> None:
    one = replace(log_group(Known(30, ORIGIN)), urns=("urn:pulumi:s::p::A$aws:logs::x",))
    two = replace(log_group(Known(30, ORIGIN)), urns=("urn:pulumi:s::p::B$aws:logs::x",))
    ids = [each.id for each in Subjects([one, two]).all(LogGroup)]
    assert ids == ["LogGroup/a (A$aws:logs)", "LogGroup/a (B$aws:logs)"]


def test_a_link_leads_to_the_subject_that_a_resource_was_folded_into() -> None:
    group = log_group(Known(30, ORIGIN))
    estate = Subjects([group])
    assert estate.at(Ref(urn="urn:a", property="arn")) is group
    assert estate.at(Ref(urn="urn:elsewhere", property="arn")) is None
    assert estate.all(Bucket) == ()
    assert isinstance(group, Subject)
