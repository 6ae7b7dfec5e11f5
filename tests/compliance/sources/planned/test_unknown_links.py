"""A link that only the cloud knows: followed where the engine names its source, and never taken for absence."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from blueprint.graph import Resource, ResourceGraph, as_ref
from blueprint.judgement import Judgement
from compliance.engine import judge
from compliance.facts.cluster import AccessEntry, NodeGroup
from compliance.facts.kubernetes import Namespace, Workload
from compliance.facts.logs import Alarm
from compliance.facts.storage import Bucket
from compliance.sources.planned.source import subjects
from tests.compliance.sources.planned.drawn import TAGS, UNKNOWN, drawn, link, only, value

Place: TypeAlias = tuple[str, tuple[str | int, ...]]
"""URN and path of a value."""
Verdicts: TypeAlias = Mapping[tuple[str, str], str]

BUCKET, BLOCK = "aws:s3/bucket:Bucket", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
BLOCKS = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
NAMESPACE, QUOTA = "kubernetes:core/v1:Namespace", "kubernetes:core/v1:ResourceQuota"
GROUP, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
ENTRY, ASSOCIATION = "aws:eks/accessEntry:AccessEntry", "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
RULE, TARGET, TOPIC = (
    "aws:cloudwatch/eventRule:EventRule",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:sns/topic:Topic",
)
FEW = settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
MANY = settings(FEW, max_examples=60)
every_stack = pytest.mark.parametrize("stack", ["dev", pytest.param("staging", marks=pytest.mark.slow)])
"""The cheap ones: those of the largest are marked slow."""


def depending(resource: Resource, **sources: tuple[Resource, ...]) -> Resource:
    """The same resource with what the engine says its properties depend on."""
    depends = {name: tuple(each.urn for each in some) for name, some in sources.items()}
    return replace(resource, property_dependencies=depends)


# -- small graphs -----------------------------------------------------------------------------------------------------


def test_a_satellite_belongs_to_the_one_resource_that_its_unknown_link_depends_on() -> None:
    store, other = drawn(BUCKET, "store"), drawn(BUCKET, "other")
    block = depending(drawn(BLOCK, "block", bucket=UNKNOWN, **BLOCKS), bucket=(store,))
    found = {each.id: value(each.public_access_blocked) for each in subjects(graph(store, other, block)).all(Bucket)}
    assert found == {"Bucket/store": True, "Bucket/other": False}


@pytest.mark.parametrize("sources", [(), ("store", "other")], ids=["of nothing told", "of two of a kind"])
def test_a_satellite_that_may_be_anybodys_makes_its_absence_unknown(sources: tuple[str, ...]) -> None:
    stores = {name: drawn(BUCKET, name) for name in ("store", "other")}
    block = drawn(BLOCK, "block", bucket=UNKNOWN, **BLOCKS)
    block = depending(block, bucket=tuple(stores[name] for name in sources))
    found = subjects(graph(*stores.values(), block)).all(Bucket)
    assert {value(each.public_access_blocked) for each in found} == {"<cloud_decides>"}


def test_a_satellite_of_another_resource_leaves_absence_as_it_is() -> None:
    key = drawn("aws:kms/key:Key", "key")
    block = depending(drawn(BLOCK, "block", bucket=UNKNOWN, **BLOCKS), bucket=(key,))
    assert value(only(Bucket, drawn(BUCKET, "store"), key, block).public_access_blocked) is False


def test_an_object_stands_in_the_namespace_that_its_metadata_depends_on() -> None:
    home, role = named(NAMESPACE, "chat"), drawn("aws:iam/role:Role", "role")
    quota = drawn(QUOTA, "quota", metadata={"name": "quota", "namespace": UNKNOWN}, spec={"hard": {"pods": "2"}})
    assert value(only(Namespace, home, role, depending(quota, metadata=(home, role))).quota) is True


def test_an_object_that_may_be_in_any_namespace_makes_its_absence_unknown() -> None:
    quota = drawn(QUOTA, "quota", metadata={"name": "quota", "namespace": UNKNOWN}, spec={"hard": {"pods": "2"}})
    assert value(only(Namespace, named(NAMESPACE, "chat"), quota).quota) == "<cloud_decides>"


def test_a_workload_whose_namespace_only_the_cloud_knows_is_not_in_the_default_one() -> None:
    server = drawn(
        "kubernetes:apps/v1:Deployment", "server", metadata={"name": "server", "namespace": UNKNOWN},
        spec={"replicas": 2, "template": {"spec": {"serviceAccountName": UNKNOWN, "containers": [{"name": "main"}]}}},
    )  # fmt: skip
    found = only(Workload, server)
    leaves = (
        found.namespace,
        found.own_service_account,
        found.needs_token,
        found.token_mounted,
        found.disruption_budget,
    )
    assert {value(leaf) for leaf in leaves} == {"<cloud_decides>"}


def test_nodes_are_judged_by_the_template_that_their_unknown_link_depends_on() -> None:
    template = drawn(TEMPLATE, "template", metadataOptions={"httpTokens": "required"})
    group = drawn(GROUP, "group", launchTemplate={"id": UNKNOWN, "version": UNKNOWN}, amiType="CUSTOM")
    assert value(only(NodeGroup, template, depending(group, launchTemplate=(template,))).imdsv2) is True
    found = only(NodeGroup, template, group)
    leaves = (found.imdsv2, found.disks_encrypted, found.disk_key, found.hop_limit, found.admin_path)
    assert {value(leaf) for leaf in leaves} == {"<cloud_decides>"}


def test_principals_that_only_the_cloud_knows_are_told_apart_by_their_roles() -> None:
    admin, reader = drawn("aws:iam/role:Role", "admin"), drawn("aws:iam/role:Role", "reader")
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    entries = [
        depending(drawn(ENTRY, each.name, principalArn=UNKNOWN), principalArn=(each,)) for each in (admin, reader)
    ]
    bound = drawn(ASSOCIATION, "bound", principalArn=UNKNOWN, policyArn=policy)
    told = subjects(graph(admin, reader, *entries, depending(bound, principalArn=(admin,)))).all(AccessEntry)
    assert {each.id: value(each.policies) for each in told} == {
        "AccessEntry/admin": frozenset({"AmazonEKSClusterAdminPolicy"}),
        "AccessEntry/reader": frozenset(),
    }
    untold = subjects(graph(admin, reader, *entries, bound)).all(AccessEntry)
    assert {value(each.policies) for each in untold} == {"<cloud_decides>"}


def test_an_event_rule_with_a_target_that_may_be_a_topic_may_be_an_alarm() -> None:
    rule, topic = drawn(RULE, "findings", eventPattern='{"source": ["aws.guardduty"]}'), drawn(TOPIC, "alerts")
    target = drawn(TARGET, "to", rule=link(rule, "name"), arn=UNKNOWN)
    assert value(only(Alarm, rule, topic, depending(target, arn=(topic,))).actions) is True
    assert value(only(Alarm, rule, topic, target).actions) == "<cloud_decides>"
    queue = drawn("aws:sqs/queue:Queue", "queue")
    assert subjects(graph(rule, queue, depending(target, arn=(queue,)))).all(Alarm) == ()


# -- a whole platform -------------------------------------------------------------------------------------------------


@every_stack
def test_no_verdict_is_made_of_links_that_only_the_cloud_knows(stack: str, judged: Callable[[str], Judgement]) -> None:
    whole = judged(stack)
    places = [place for group in links(whole.graph).values() for place in group]
    for told in (True, False):
        assert changed(whole, hidden(whole.graph, places, sources_told=told)) == []


@every_stack
@FEW
@given(data=st.data())
def test_no_verdict_is_made_of_some_links_that_only_the_cloud_knows(
    stack: str, judged: Callable[[str], Judgement], data: st.DataObject
) -> None:
    some_links_hidden(judged(stack), data)


@every_stack
@FEW
@given(data=st.data())
def test_no_verdict_is_made_of_resources_that_are_missing(
    stack: str, judged: Callable[[str], Judgement], data: st.DataObject
) -> None:
    some_resources_missing(judged(stack), data)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("told", [True, False], ids=["sources told", "nothing told"])
def test_no_verdict_of_the_largest_stack_is_made_of_any_one_link(
    judged: Callable[[str], Judgement], *, told: bool
) -> None:
    """Every link of one type and path at a time, so that none is left to the draw."""
    whole = judged("regulated")
    groups = links(whole.graph)
    assert [
        (group, *wrong)
        for group, places in groups.items()
        for wrong in changed(whole, hidden(whole.graph, places, sources_told=told))
    ] == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@MANY
@given(data=st.data())
def test_no_verdict_of_the_largest_stack_is_made_of_some_links(
    judged: Callable[[str], Judgement], data: st.DataObject
) -> None:
    some_links_hidden(judged("regulated"), data)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@MANY
@given(data=st.data())
def test_no_verdict_of_the_largest_stack_is_made_of_missing_resources(
    judged: Callable[[str], Judgement], data: st.DataObject
) -> None:
    some_resources_missing(judged("regulated"), data)


def some_links_hidden(whole: Judgement, data: st.DataObject) -> None:
    groups = links(whole.graph)
    drawn_groups = data.draw(st.sets(st.sampled_from(sorted(groups)), min_size=1, max_size=8))
    places = [place for group in drawn_groups for place in groups[group]]
    assert changed(whole, hidden(whole.graph, places, sources_told=data.draw(st.booleans()))) == []


def some_resources_missing(whole: Judgement, data: st.DataObject) -> None:
    share = data.draw(st.sampled_from((0.02, 0.3, 0.9)))
    chance = random.Random(data.draw(st.integers(0, 999)))
    left = tuple(each for each in whole.graph.resources if chance.random() >= share)
    part = replace(whole.graph, resources=left, incomplete="some are left out")
    before, after = verdicts(whole), judged_again(whole, part)
    assert [place for place, now in after.items() if now != "unknown" and before.get(place) != now] == []


def graph(*resources: Resource) -> ResourceGraph:
    return ResourceGraph("test", resources)


def named(token: str, name: str) -> Resource:
    return drawn(
        token, name, metadata={"name": name, "labels": {f"blueprint/{key}": text for key, text in TAGS.items()}}
    )


def links(graph: ResourceGraph) -> Mapping[tuple[str, str], list[Place]]:
    """Every value that another resource gives: references, and names of what its property depends on, by type and path."""
    found: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for resource in graph.resources:
        for name, urns in resource.property_dependencies.items():
            names = frozenset(text for urn in urns for text in called(graph.by_urn[urn]))
            for path in given_by(resource.inputs.get(name), names):
                general = ".".join("*" if isinstance(part, int) else part for part in (name, *path))
                found[resource.type, general].append((resource.urn, (name, *path)))
    return found


def called(resource: Resource) -> Iterator[str]:
    metadata = resource.inputs.get("metadata")
    names = (
        resource.inputs.get("name"),
        resource.inputs.get("bucket"),
        metadata.get("name") if isinstance(metadata, dict) else None,
    )
    return (name for name in names if isinstance(name, str))


def given_by(node: JsonValue, names: frozenset[str]) -> Iterator[tuple[str | int, ...]]:
    if as_ref(node) or (isinstance(node, dict) and "$text" in node) or (isinstance(node, str) and node in names):
        yield ()
    elif isinstance(node, dict):
        yield from ((key, *path) for key, inner in node.items() for path in given_by(inner, names))
    elif isinstance(node, list):
        yield from ((place, *path) for place, inner in enumerate(node) for path in given_by(inner, names))


def hidden(graph: ResourceGraph, places: list[Place], *, sources_told: bool) -> ResourceGraph:
    """The graph as a first preview tells it at some places: unknown, with or without what it depends on."""
    paths: dict[str, list[tuple[str | int, ...]]] = defaultdict(list)
    for urn, path in places:
        paths[urn].append(path)
    changed = {urn: masked(graph.by_urn[urn], some, sources_told) for urn, some in paths.items()}
    return replace(graph, resources=tuple(changed.get(each.urn, each) for each in graph.resources))


def masked(resource: Resource, paths: list[tuple[str | int, ...]], sources_told: bool) -> Resource:
    inputs: Any = dict(resource.inputs)
    for path in paths:
        inputs = without(inputs, path)
    return replace(
        resource, inputs=inputs, property_dependencies=resource.property_dependencies if sources_told else {}
    )


def without(node: Any, path: tuple[str | int, ...]) -> Any:
    if not path:
        return UNKNOWN
    if isinstance(node, dict):
        return {**node, path[0]: without(node[path[0]], path[1:])}
    return [without(inner, path[1:]) if place == path[0] else inner for place, inner in enumerate(node)]


def verdicts(whole: Judgement) -> Verdicts:
    return {(each.rule, each.subject): each.verdict.outcome.value for each in whole.findings}


def judged_again(whole: Judgement, graph: ResourceGraph) -> Verdicts:
    found = judge(subjects(graph), whole.catalogue.rules, whole.plan.posture)
    return {(each.rule, each.subject): each.verdict.outcome.value for each in found}


def changed(whole: Judgement, graph: ResourceGraph) -> list[tuple[tuple[str, str], str, str]]:
    """Verdicts that became something else than unknown, and findings that went."""
    before, after = verdicts(whole), judged_again(whole, graph)
    return [
        (place, before.get(place, "no finding"), after.get(place, "no finding"))
        for place in sorted(before.keys() | after.keys())
        if after.get(place) not in ("unknown", before.get(place))
    ]
