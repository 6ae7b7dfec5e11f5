"""The inventory: what is there at all, so that absence is seen."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from blueprint.graph import Processor, Resource, ResourceGraph
from blueprint.types import DataClass
from compliance.facts.platform import Platform
from compliance.sources.planned.platform import taggable
from compliance.sources.planned.source import subjects
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, value

FULL: Any = {"platform": "claims", "environment": "prod", "owner": "o@example.org", "cost-centre": "1", "layer": "foundation",
                   "component": "x", "data-class": "phi"}  # fmt: skip
BASELINE = Resource(urn="urn:pulumi:test::p::blueprint:foundation:AccountBaseline::account", custom=False,
                    type="blueprint:foundation:AccountBaseline", name="account")  # fmt: skip


def platform(*resources: Resource, incomplete: str | None = None, processors: tuple[Processor, ...] = ()) -> Platform:
    (found,) = subjects(ResourceGraph("test", resources, incomplete=incomplete, processors=processors)).all(Platform)
    return found


def test_an_empty_graph_has_a_platform_in_which_nothing_is() -> None:
    empty = platform()
    counts = {
        name: value(getattr(empty, name))
        for name in ("trails", "recorders", "detectors", "vpcs", "keys", "backup_plans", "budgets")
    }
    assert empty.id == "Platform/test"
    assert counts == dict.fromkeys(counts, 0)
    assert (value(empty.alarms_for), value(empty.log_event_classes)) == (frozenset(), frozenset())


def test_what_exists_outside_of_the_stack_counts_as_present() -> None:
    assert value(platform(drawn("aws:cloudtrail/trail:Trail", "trail", external=True)).trails) == 1


def test_a_stack_that_owns_nothing_of_the_account_leaves_it_to_the_owner() -> None:
    assert value(platform(BASELINE).detectors) == "<existing>"
    assert value(platform(BASELINE, drawn("aws:cfg/recorder:Recorder", "r")).detectors) == 0


def test_while_resources_may_be_missing_no_count_of_zero_proves_anything() -> None:
    found = platform(drawn("aws:kms/key:Key", "k"), incomplete="a preview leaves out what does not change")
    assert (value(found.trails), value(found.keys), value(found.users), value(found.untagged)) == (
        "<not_read>",
        1,
        "<not_read>",
        "<not_read>",
    )


def test_resources_that_could_carry_tags_and_do_not_are_named() -> None:
    tagged = drawn("aws:kms/key:Key", "tagged", tags=FULL)
    half = drawn("aws:kms/key:Key", "half", tags={"data-class": "phi"})
    never = drawn("aws:kms/alias:Alias", "alias")
    existing = drawn("aws:ec2/vpc:Vpc", "existing", external=True)
    never = Resource(urn=never.urn, type=never.type, name=never.name)
    found = platform(tagged, half, never, existing)
    assert (value(found.untagged), value(found.untagged_names), value(found.unclassified)) == (
        1,
        frozenset({"half"}),
        0,
    )


def test_a_store_is_backed_up_when_a_plan_selects_one_of_its_tags() -> None:
    plan = drawn("aws:backup/plan:Plan", "plan", rules=[{}])
    chosen = drawn(
        "aws:backup/selection:Selection",
        "chosen",
        planId=link(plan, "id"),
        selectionTags=[{"key": "backup", "value": "yes"}],
    )
    kept = drawn("aws:rds/cluster:Cluster", "kept", tags={"backup": "yes"})
    member = drawn("aws:rds/clusterInstance:ClusterInstance", "member", clusterIdentifier=link(kept, "id"))
    lost = drawn("aws:efs/fileSystem:FileSystem", "lost", tags={})
    assert value(platform(plan, chosen, kept, member).stateful_not_backed_up) == frozenset()
    assert value(platform(plan, chosen, kept, lost).stateful_not_backed_up) == frozenset({"lost"})
    assert value(platform(kept).stateful_not_backed_up) == frozenset({"kept"})


def test_places_are_those_of_all_resources() -> None:
    found = platform(
        drawn("aws:kms/key:Key", "a", region="us-gov-west-1", account="1"),
        drawn("aws:kms/key:Key", "b", region="eu-west-1", account="2"),
    )
    assert (value(found.regions), value(found.partitions), value(found.accounts)) == (
        frozenset({"us-gov-west-1", "eu-west-1"}), frozenset({"aws-us-gov", "aws"}), frozenset({"1", "2"}),
    )  # fmt: skip


def test_services_are_those_that_may_hold_data_and_those_with_an_endpoint() -> None:
    holds = drawn("aws:lb/loadBalancer:LoadBalancer", "holds")
    nothing = drawn("aws:sqs/queue:Queue", "nothing", tags={"data-class": "none"})
    way = drawn("aws:ec2/vpcEndpoint:VpcEndpoint", "way", serviceName="com.amazonaws.us-east-1.ec2messages", tags={})
    assert value(platform(holds, nothing, way).services) == frozenset({"elasticloadbalancing", "ssm"})


def test_an_alarm_counts_when_it_tells_somebody() -> None:
    topic = drawn("aws:sns/topic:Topic", "topic")
    heard = drawn("aws:cloudwatch/metricAlarm:MetricAlarm", "heard", metricName="root_use", alarmActions=[link(topic)])
    silent = drawn("aws:cloudwatch/metricAlarm:MetricAlarm", "silent", metricName="iam_changes")
    off = drawn(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        "off",
        metricName="key_disabling",
        alarmActions=[link(topic)],
        actionsEnabled=False,
    )
    rule = drawn(
        "aws:cloudwatch/eventRule:EventRule", "rule", name="found", eventPattern='{"source": ["aws.guardduty"]}'
    )
    target = drawn("aws:cloudwatch/eventTarget:EventTarget", "to", rule=link(rule, "name"), arn=link(topic))
    expiry = drawn(
        "aws:cloudwatch/metricAlarm:MetricAlarm", "expiry", metricName="DaysToExpiry", alarmActions=[link(topic)]
    )
    found = platform(topic, heard, silent, off, rule, target)
    assert (value(found.alarms_for), value(found.certificate_expiry_alarm)) == (
        frozenset({"root_use", "guardduty"}),
        False,
    )
    assert value(platform(topic, expiry).certificate_expiry_alarm) is True


def test_a_trail_of_somebody_else_leaves_open_what_is_alarmed() -> None:
    assert value(platform(drawn("aws:cloudtrail/trail:Trail", "trail", external=True)).alarms_for) == "<existing>"


def test_event_classes_follow_from_selectors_and_features() -> None:
    trail = drawn(
        "aws:cloudtrail/trail:Trail", "trail", eventSelectors=[{"dataResources": [{"type": "AWS::S3::Object"}]}]
    )
    found = value(platform(trail).log_event_classes)
    assert {"logon", "policy_change", "data_access"} <= set(found)
    assert "process_tracking" not in found
    stopped = drawn("aws:cloudtrail/trail:Trail", "trail", enableLogging=False)
    assert value(platform(stopped).log_event_classes) == frozenset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            json.dumps({"mfa": "all", "session_idle_minutes": 15, "failed_logons": 6, "break_glass": False}),
            ("all", 15, 6, False),
        ),
        (json.dumps({"mfa": 7}), ("<not_read>",) * 4),
        ("not json", ("<not_read>",) * 4),
        (UNKNOWN, ("<not_read>",) * 4),
    ],
)
def test_what_the_organisation_states_is_read_from_its_parameter(text: Any, expected: tuple[object, ...]) -> None:
    stated = drawn("aws:ssm/parameter:Parameter", "facts", name="/claims/posture-facts/identity", insecureValue=text)
    found = platform(stated)
    leaves = (found.mfa, found.session_idle_minutes, found.failed_logons, found.break_glass)
    assert tuple(map(value, leaves)) == expected


def test_terms_with_a_processor_stand_in_no_resource() -> None:
    party = Processor(party="somebody", component="serving/chat", data_classes=frozenset({DataClass.PHI}))
    assert value(platform().processors_registered) is True
    assert value(platform(processors=(party,)).processors_registered) == "<not_read>"


def test_a_function_without_a_log_group_of_ours_is_named() -> None:
    code = drawn("aws:lambda/function:Function", "rotator", name="claims-rotator")
    group = drawn("aws:cloudwatch/logGroup:LogGroup", "log", name="/aws/lambda/claims-rotator")
    assert value(platform(code).functions_without_log_group) == frozenset({"Function/rotator"})
    assert value(platform(code, group).functions_without_log_group) == frozenset()


def test_the_list_of_taggable_types_is_that_of_the_provider() -> None:
    spec = find_spec("pulumi_aws")
    assert spec is not None
    assert spec.origin is not None
    wrong = {token for token in taggable() if not _has_tags(Path(spec.origin).parent, token)}
    assert wrong == set()


def _has_tags(package: Path, token: str) -> bool:
    module, _, name = token.removeprefix("aws:").partition("/")
    folder = package / {"lambda": "lambda_"}.get(module, module)
    (file,) = (each for each in folder.glob("*.py") if each.stem.replace("_", "") == name.partition(":")[0].lower())
    return "def tags(self)" in file.read_text(encoding="utf-8")
