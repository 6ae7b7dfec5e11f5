"""compliance/parameters.yaml and its loader: complete, typed, and honest about what nobody can enforce."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from blueprint import posture_accessors
from blueprint.errors import DocumentError
from blueprint.parameter import Join
from blueprint.posture import PLATFORM, Contribution, JoinedPosture, Unset
from blueprint.posture_accessors import Strictest
from blueprint.source import read
from blueprint.types import DataClass, Mode, Strength
from compliance.facts import registry
from compliance.facts.registry import leaves
from compliance.parameters import parameters, read_parameters
from compliance.resolve import contributions, profiles, resolve

ROOT = Path(__file__).parents[2]

LEFT_OPEN_BY_THE_BASELINE = {
    "failed_logons_max": "nothing is built from it; a framework that asks is needed to hold a statement against",
    "audit_storage_alert_percent": "the stores of this platform do not fill up",
    "allowed_regions": "where a platform may be is for its owner to say",
    "allowed_services": "no program of compliance, no list",
    "data_retention_max_days": "a default would delete somebody's data",
    "password_max_age_days": "set only where a password is the only factor",
    "ai_content_marking": "marking is asked for by one law only, and depends on the use",
}


def heard() -> list[tuple[str, str, Contribution]]:
    return [(source, name, each) for source, file in profiles().items() for name, each in contributions(file)]


def test_there_are_ninety_eight_parameters_in_eight_sections() -> None:
    assert len(parameters()) == 98
    assert list(dict.fromkeys(each.section for each in parameters().values())) == [
        "logging and audit",
        "encryption and keys",
        "place, services, data life",
        "backup and resilience",
        "network",
        "identity",
        "hosts, Kubernetes, supply chain",
        "AI platform",
    ]


def test_every_join_is_used() -> None:
    assert {each.join for each in parameters().values()} == set(Join)


def test_every_order_has_a_reason_and_numbers_have_a_unit() -> None:
    for parameter in parameters().values():
        assert bool(parameter.order) == bool(parameter.order_reason), parameter.name
        numeric = parameter.join in {Join.AT_LEAST, Join.AT_MOST} or (
            parameter.join is Join.WITHIN and not parameter.order
        )
        assert bool(parameter.unit) == numeric, parameter.name


def test_every_parameter_is_named_by_a_profile_or_awaits_a_framework_that_is_not_here_yet() -> None:
    named = {name for _, name, _ in heard()}
    assert set(parameters()) - named == {
        "audit_storage_alert_percent",
        "concurrent_sessions",
        "human_oversight",
        "ai_content_marking",
        "automated_decision_contest",
    }


def test_the_baseline_sets_everything_the_platform_can_enforce_except_what_is_listed_with_a_reason() -> None:
    baseline = contributions(profiles()["blueprint-baseline@1"])
    always = {
        name for name, each in baseline if each.value is not None and each.when is None and each.scope == PLATFORM
    }
    enforceable = {name for name, each in parameters().items() if each.enforceable != "people"}
    assert enforceable - always == set(LEFT_OPEN_BY_THE_BASELINE)
    assert always <= enforceable
    assert {each.strength for _, each in baseline} == {Strength.PRACTICE}


def test_the_baseline_alone_never_outvotes_a_framework() -> None:
    posture = resolve(["hipaa", "pci-dss", "fedramp-moderate"], Mode.PRACTICE, data_classes=set(DataClass))
    outvoted = {
        each.parameter
        for each in posture.entries()
        if {won.source for won in each.won} == {"blueprint-baseline@1"}
        and any(c.value is not None and c.source != "blueprint-baseline@1" for c in each.contributors)
    }
    assert outvoted == set()


def test_what_the_platform_enforces_names_the_leaf_that_a_rule_compares() -> None:
    without = {name for name, each in parameters().items() if not each.applied_at and each.enforceable == "platform"}
    assert without == {"disk_encryption_alone_enough"}, "judged by relating stores to their keys, not by one leaf"


@pytest.mark.parametrize("name", list(parameters()))
def test_the_leaves_where_a_parameter_applies_exist_and_speak_its_words(name: str) -> None:
    parameter = parameters()[name]
    for place in parameter.applied_at:
        kind, _, leaf = place.partition(".")
        shape = leaves(registry.kind(kind))[leaf]
        if parameter.order:
            assert shape.words, place
            assert set(shape.words) <= set(parameter.order), place


def test_every_citation_is_a_requirement_of_its_framework_or_listed_as_standing_outside_of_it() -> None:
    outside = {
        "hipaa@2013": {"164.404", "164.410"},  # the Breach Notification Rule
        "fedramp-moderate@2.1.0": {"OMB M-21-31", "OMB M-26-14"},  # the memoranda behind AU-11
        "pci-dss@4.0.1": set(),
    }
    for source, beyond in outside.items():
        rows = read(ROOT / "compliance" / "frameworks" / f"{source}.yaml").at(("requirements",))
        assert isinstance(rows, list)
        ids = {row["id"] for row in rows if isinstance(row, dict)}
        cited = {part for _, each in contributions(profiles()[source]) for part in each.citation.split(", ")}
        assert cited - ids == beyond


def test_a_practice_is_never_presented_as_a_duty() -> None:
    duties = {(source, name) for source, name, each in heard() if each.strength is not Strength.PRACTICE}
    only_practice = {
        "imdsv2_required",
        "eks_endpoint_access",
        "pod_security_level",
        "deletion_protection",
        "kms_customer_managed_key",
        "backup_vault_lock",
        "backup_retention_days",
    }
    assert not {name for _, name in duties} & only_practice


def test_the_accessors_have_not_drifted_from_the_parameters() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "generate_accessors.py"), "--check"], cwd=ROOT, check=False
    )
    assert done.returncode == 0, "run: python tools/generate_accessors.py"


def test_every_accessor_reads_the_posture_of_three_frameworks() -> None:
    strictest = Strictest(
        resolve(["hipaa", "pci-dss", "fedramp-moderate"], Mode.PRACTICE, data_classes=[DataClass.PHI])
    )
    read = {name: getattr(strictest, name)() for name, each in parameters().items() if each.enforceable != "people"}
    assert {name for name, value in read.items() if value is None} == {
        "audit_storage_alert_percent",
        "data_retention_max_days",
        "password_max_age_days",
        "ai_content_marking",
    }
    assert read["audit_log_retention_days"] == 2192
    assert read["audit_log_hot_days"] == 365
    assert read["prompt_logging"] == "redacted"
    assert read["egress_control"] == "authenticated_proxy"
    assert not hasattr(strictest, "pen_test_days")


def test_an_accessor_gives_the_class_asked_for() -> None:
    strictest = Strictest(resolve(["hipaa"], Mode.PRACTICE, data_classes=[DataClass.PHI]))
    assert strictest.audit_log_retention_days() == 2192
    assert strictest.audit_log_retention_days(frozenset({DataClass.INTERNAL})) == 90


def test_a_posture_without_the_baseline_is_noticed_and_not_guessed() -> None:
    with pytest.raises(Unset, match="encryption_at_rest"):
        posture_accessors.Strictest(JoinedPosture(parameters(), {})).encryption_at_rest()


def test_a_file_of_parameters_is_refused_with_every_problem(tmp_path: Path) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text(
        "one: {title: t, section: s, join: rank, order: [a, b], enforceable: platform}\n"
        "two: {title: t, section: s, join: must, enforceable: nobody}\n"
        "three: {title: t, section: s, join: at_least, snap: moon_phase, enforceable: people}\n"
        "four: {title: t, section: s, join: within, enforceable: people}\n"
        "five: {title: t, section: s, join: must, colour: red, enforceable: people}\n"
    )
    with pytest.raises(DocumentError) as refused:
        read_parameters(path)
    assert [problem.path[0] for problem in refused.value.problems] == ["one", "two", "three", "four", "five"]


def test_a_syntax_error_has_its_position(tmp_path: Path) -> None:
    path = tmp_path / "parameters.yaml"
    path.write_text("one: {title: t\ntwo: [\n")
    with pytest.raises(DocumentError) as refused:
        read_parameters(path)
    position = refused.value.problems[0].position
    assert position is not None
    assert position.line >= 2
