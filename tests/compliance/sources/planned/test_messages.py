"""Topics, queues, functions, keys, budgets and log groups: what little each has beside it."""

from dataclasses import replace
from typing import Any

import pytest

from blueprint.graph import ResourceGraph
from compliance.facts.budgets import Budget
from compliance.facts.encryption import Certificate, KmsKey
from compliance.facts.functions import Function
from compliance.facts.logs import Alarm, LogGroup
from compliance.facts.messages import Queue, Topic
from compliance.sources.planned.source import subjects
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, link, only, origin, value

OPEN: Any = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}]}


def test_a_topic_has_its_policy_inside_or_beside_it() -> None:
    bare = drawn("aws:sns/topic:Topic", "topic")
    beside = drawn("aws:sns/topicPolicy:TopicPolicy", "policy", arn=link(bare), policy=OPEN)
    assert value(only(Topic, bare).open_policy) is False
    assert value(only(Topic, bare, beside).open_policy) is True
    assert value(only(Topic, drawn("aws:sns/topic:Topic", "topic", policy=OPEN)).open_policy) is True


def test_a_topic_is_heard_when_somebody_subscribed() -> None:
    topic = drawn("aws:sns/topic:Topic", "topic")
    listener = drawn(
        "aws:sns/topicSubscription:TopicSubscription",
        "who",
        topic=link(topic),
        protocol="email",
        endpoint="o@example.org",
    )
    assert (value(only(Topic, topic, listener).subscribed), value(only(Topic, topic).subscribed)) == (True, False)


def test_a_queue_alone_has_the_services_own_key() -> None:
    queue = only(Queue, drawn("aws:sqs/queue:Queue", "queue"))
    assert (value(queue.key), value(queue.tls_only), value(queue.open_policy)) == (None, False, False)


@pytest.mark.parametrize(
    ("inputs", "days"),
    [({}, None), ({"enableKeyRotation": True}, 365), ({"enableKeyRotation": True, "rotationPeriodInDays": 90}, 90),
     ({"enableKeyRotation": False, "rotationPeriodInDays": 90}, None), ({"enableKeyRotation": UNKNOWN}, "<cloud_decides>")],
)  # fmt: skip
def test_a_key_is_rotated_when_it_is_switched_on(inputs: dict[str, Any], days: object) -> None:
    assert value(only(KmsKey, drawn("aws:kms/key:Key", "key", **inputs)).rotation_days) == days


def test_a_key_without_a_policy_has_the_providers_which_keeps_nothing_apart() -> None:
    key = only(KmsKey, drawn("aws:kms/key:Key", "key"))
    assert (value(key.administrators_separate), value(key.open_principal), value(key.deletion_window_days)) == (
        False,
        False,
        30,
    )


def test_a_certificate_with_a_body_was_imported() -> None:
    assert (
        value(
            only(
                Certificate, drawn("aws:acm/certificate:Certificate", "c", domainName="x.example.org")
            ).issued_by_service
        )
        is True
    )
    assert (
        value(only(Certificate, drawn("aws:acm/certificate:Certificate", "c", certificateBody="pem")).issued_by_service)
        is False
    )


CODE = drawn("aws:lambda/function:Function", "code", name="claims-code")


def permission(**inputs: Any) -> Function:
    return only(Function, CODE, drawn("aws:lambda/permission:Permission", "may", function=link(CODE, "name"), **inputs))


def test_a_function_is_open_to_a_principal_that_nothing_narrows() -> None:
    assert value(permission(principal="s3.amazonaws.com").open_permission) is True
    assert value(permission(principal="s3.amazonaws.com", sourceAccount="111122223333").open_permission) is False
    assert value(permission(principal="111122223333").open_permission) is False
    assert value(permission(principal="*").open_permission) is True
    assert value(only(Function, CODE).open_permission) is False


def test_a_function_with_an_address_asks_who_is_calling_or_does_not() -> None:
    def address(kind: str) -> Function:
        return only(
            Function,
            CODE,
            drawn("aws:lambda/functionUrl:FunctionUrl", "url", functionName=link(CODE, "name"), authorizationType=kind),
        )

    assert (value(address("NONE").public_url), value(address("AWS_IAM").public_url)) == (True, False)


def test_a_function_finds_its_log_group_by_name_or_by_its_own_setting() -> None:
    group = drawn("aws:cloudwatch/logGroup:LogGroup", "log", name="/aws/lambda/claims-code")
    assert getattr(value(only(Function, CODE, group).log_group), "urn", None) == group.urn
    assert value(only(Function, CODE).log_group) is None
    named = drawn("aws:lambda/function:Function", "code", loggingConfig={"logGroup": link(group, "name")})
    assert getattr(value(only(Function, named).log_group), "urn", None) == group.urn


@pytest.mark.parametrize(
    ("inputs", "limit", "notifies"),
    [({"limitAmount": "100", "notifications": [{"subscriberEmailAddresses": ["o@example.org"]}]}, True, True),
     ({"limitAmount": "100", "notifications": [{"threshold": 80}]}, True, False), ({}, False, False)],
)  # fmt: skip
def test_a_budget_tells_somebody_or_nobody(inputs: dict[str, Any], limit: bool, notifies: bool) -> None:
    budget = only(Budget, drawn("aws:budgets/budget:Budget", "budget", **inputs))
    assert (value(budget.limit), value(budget.notifies)) == (limit, notifies)


@pytest.mark.parametrize(
    ("inputs", "expected"), [({}, "forever"), ({"retentionInDays": 0}, "forever"), ({"retentionInDays": 30}, 30)]
)
def test_zero_days_and_no_days_are_for_ever(inputs: dict[str, Any], expected: object) -> None:
    assert value(only(LogGroup, drawn("aws:cloudwatch/logGroup:LogGroup", "log", **inputs)).retention) == expected


def test_a_value_that_another_resource_writes_in_clear_is_followed() -> None:
    other = drawn("aws:cloudwatch/logGroup:LogGroup", "other", retentionInDays=90, tags={})
    mine = drawn("aws:cloudwatch/logGroup:LogGroup", "aa-mine", retentionInDays=link(other, "retentionInDays"))
    found = subjects(ResourceGraph("test", (mine, other))).all(LogGroup)[0]
    assert (value(found.retention), origin(found.retention)) == (90, ("aa-mine", "retentionInDays", "set"))


def test_an_event_rule_that_starts_something_else_is_no_alarm() -> None:
    rule = drawn("aws:cloudwatch/eventRule:EventRule", "rule", name="r", scheduleExpression="rate(1 day)")
    target = drawn("aws:cloudwatch/eventTarget:EventTarget", "to", rule=link(rule, "name"), arn=link(CODE))
    assert subjects(ResourceGraph("test", (rule, target, CODE))).all(Alarm) == ()


def test_a_link_that_only_the_cloud_completes_leads_to_the_one_resource_that_it_depends_on() -> None:
    key, other = drawn("aws:kms/key:Key", "key"), drawn("aws:kms/key:Key", "other")
    hidden = drawn("aws:sqs/queue:Queue", "queue", kmsMasterKeyId=UNKNOWN)
    one = replace(hidden, property_dependencies={"kmsMasterKeyId": (key.urn,)})
    two = replace(hidden, property_dependencies={"kmsMasterKeyId": (key.urn, other.urn)})
    assert getattr(value(only(Queue, one, key).key), "urn", None) == key.urn
    assert value(only(Queue, two, key, other).key) == "<cloud_decides>"
    assert value(only(Queue, hidden).key) == "<cloud_decides>"
