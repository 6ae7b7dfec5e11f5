"""Every rule earns its place: it decides somewhere, it can fail, and its remedy can be carried out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from blueprint.judgement import Judgement
from blueprint.slots import slots
from compliance.findings import Outcome
from compliance.rule import RULES, load_rules
from tests.conftest import STACKS
from tests.meta.settings import exists

pytestmark = pytest.mark.xdist_group("stacks")

ALL = load_rules()

DECIDED_NOWHERE = {
    "acm_certificate_issued_by_service": "every stack names its certificate by ARN; none makes one",
    "acm_certificate_transparent": "every stack names its certificate by ARN; none makes one",
    "cloudwatch_log_group_retention_limited": "every log group of the platform is audit relevant, where the longest duty rules",
    "iam_password_policy_age_limited": "no framework of a stack limits the age of a password",
    "kubernetes_workload_images_pinned": "no digest is pinned until `make pin-images` ran where registries can be reached",
    "msk_topic_removed_in_time": "no framework of a stack limits how long data is kept",
    "s3_bucket_data_removed_in_time": "no framework of a stack limits how long data is kept",
    "temporal_namespace_histories_removed": "no framework of a stack limits how long data is kept",
}
"""Rules that say neither PASS nor FAIL on any of our stacks; their truth tables decide."""

BY_HAND = {
    "acm_certificate_issued_by_service": "the certificate comes from outside the document",
    "bedrock_model_one_region": "about the value of a model's name",
    "cloudtrail_trail_records_complete": "nothing can be set",
    "egress_proxy_destinations_named": "the hosts come from the needs of components",
    "eks_addon_version_pinned": "a table of this repository, not of a document",
    "eks_node_group_time_synchronised": "about the content of an image",
    "iam_policy_not_administrator": "about a policy that somebody writes in a component",
    "iam_role_actions_named": "about a policy that somebody writes in a component",
    "iam_role_not_administrator": "about a policy that somebody writes in a component",
    "iam_role_resources_named": "about a policy that somebody writes in a component",
    "iam_role_trust_named": "about a policy that somebody writes in a component",
    "kubernetes_network_policy_peers_named": "about a policy that somebody writes in a component",
    "kubernetes_role_named_rights": "about a policy that somebody writes in a component",
    "kubernetes_role_secrets_named": "about a policy that somebody writes in a component",
    "kubernetes_workload_host_untouched": "about the pods of a component",
    "kubernetes_workload_images_pinned": "a command of this repository",
    "kubernetes_workload_isolated": "about the pods of a component",
    "kubernetes_workload_secrets_as_files": "about the pods of a component",
    "kubernetes_workload_secrets_not_in_definition": "about the pods of a component",
    "platform_partitions_allowed": "the region stands beside the document, under aws:region",
    "platform_services_covered": "about which components a document has",
    "s3_bucket_data_removed_in_time": "about the stores of a component",
    "vllm_server_remote_code_off": "about the value of a model's source",
    "vpc_security_group_admin_ports_closed": "about a rule that somebody writes in a component",
    "vpc_security_group_described": "about a rule that somebody writes in a component",
}
"""Rules whose remedy is not a setting, and why there is none."""

DOTTED = re.compile(r"\b[a-z_]+(?:\.[a-z_]+)+\b")
SLOT = re.compile(r"\b([a-z_]+) slot\b")
NOT_OURS = {"versions.py": "a file of this repository", "rds.force_ssl": "a parameter of the database engine"}
"""Dotted words of remedies that are no setting."""


def test_every_rule_decides_on_some_stack_or_says_why_not(judged: Callable[[str], Judgement]) -> None:
    decided = {
        finding.rule
        for stack in STACKS for finding in judged(stack).findings
        if finding.verdict.outcome in {Outcome.PASS, Outcome.FAIL}
    }  # fmt: skip
    assert {rule.id for rule in ALL} - decided == DECIDED_NOWHERE.keys()


def test_no_rule_crashes_on_a_stack(judged: Callable[[str], Judgement]) -> None:
    assert not {finding.id for stack in STACKS for finding in judged(stack).crashed}


def test_every_truth_table_passes_fails_and_does_not_know() -> None:
    said = {rule.id: {case.verdict for case in rule.cases.values()} for rule in ALL}
    assert not {name: verdicts for name, verdicts in said.items() if not {"pass", "fail", "unknown"} <= verdicts}


def test_every_remedy_names_settings_that_exist() -> None:
    wrong = {
        rule.id: [word for word in DOTTED.findall(rule.remedy) if word not in NOT_OURS and not exists(word)]
        + [word for word in SLOT.findall(rule.remedy) if word not in slots()]
        for rule in ALL
    }
    assert not {name: words for name, words in wrong.items() if words}


def test_every_remedy_says_what_to_do() -> None:
    """It names a setting or a slot, or what to leave to the platform; else a person reasoned why it can do neither."""
    assert {rule.id for rule in ALL if not names_a_setting(rule.remedy)} == BY_HAND.keys()


def names_a_setting(remedy: str) -> bool:
    words = set(re.findall(r"[a-z_.]+", remedy)) - {"name", "owner", "environment"}
    return remedy.startswith("leave ") or any(exists(word) for word in words)


def test_every_rule_that_is_listed_exists() -> None:
    assert DECIDED_NOWHERE.keys() | BY_HAND.keys() <= {rule.id for rule in ALL}


def test_a_rule_is_called_as_its_file() -> None:
    files = sorted(RULES.rglob("*.yaml"))
    assert [file.stem for file in sorted(files, key=lambda file: file.stem)] == [rule.id for rule in ALL]
    assert {file.parent.parent for file in files} == {RULES}


def test_a_setting_that_no_document_has_is_told_apart() -> None:
    assert exists("network.zones")
    assert exists("gateway.database.instances")
    assert exists("accounts.log_archive")
    assert not exists("account.password_history")
    assert not exists("network.zone")
    assert not exists("Head.name")
