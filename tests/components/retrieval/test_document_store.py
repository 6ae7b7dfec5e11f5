"""What all kinds of store have in common, as it is registered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blueprint.graph import Resource, ResourceGraph
from blueprint.ports import McpPort
from compliance.findings import Outcome
from tests.components import manifests
from tests.components.builders import names, only
from tests.components.data.weakened import judged
from tests.components.retrieval.conftest import KINDS, NOUN, made, spec

ADMISSION = "blueprint:foundation:Admission"
POLICY = "aws:iam/rolePolicy:RolePolicy"
SERVER = "vector-stores-knowledge-server"


def graph_of(kind: str) -> ResourceGraph:
    return made(spec(kind))[0]


def statements(resource: Resource) -> Any:
    text: Any = resource.inputs["policy"]
    if isinstance(text, dict):
        pieces = text["$text"]
        text = "".join(piece if isinstance(piece, str) else piece["$ref"]["property"] for piece in pieces)
    return json.loads(text)["Statement"]


def server(graph: ResourceGraph) -> Any:
    return only(graph, "kubernetes:apps/v1:Deployment").inputs["spec"]


@pytest.mark.parametrize("kind", KINDS)
def test_with_the_required_fields_alone_no_rule_fails(kind: str) -> None:
    own = judged(graph_of(kind))
    assert [f"{each.rule} {each.subject}" for each in own if each.verdict.outcome is Outcome.FAIL] == []
    open_ = {each.rule for each in own if each.verdict.outcome is Outcome.UNKNOWN}
    assert open_ <= {"kubernetes_workload_images_pinned", "qdrant_cluster_disks_encrypted"}
    held = {each.rule for each in own if each.verdict.outcome is Outcome.PASS}
    assert {"retrieval_server_permissions_enforced", "retrieval_server_freshness_alarmed"} <= held


@pytest.mark.parametrize("kind", KINDS)
def test_every_object_is_what_kubernetes_takes(kind: str) -> None:
    assert SERVER in manifests.check(graph_of(kind))


def test_a_consumer_of_the_tools_does_not_see_what_keeps_the_documents() -> None:
    ports = {kind: made(spec(kind))[1]["mcp"] for kind in KINDS}
    seen = set()
    for port in ports.values():
        assert isinstance(port, McpPort)
        seen.add((port.provider, port.secret_arn, port.tools, port.authorities))
    assert seen == {(
        NOUN, "arn:aws:secretsmanager:us-east-1:111122223333:secret:claims-prod/vector_stores/knowledge/mcp-key",
        ("fetch", "search"), "kube-root-ca.crt",
    )}  # fmt: skip


def test_admissions_of_the_tools_are_the_same_for_all_kinds() -> None:
    def admitted(graph: ResourceGraph) -> dict[str, Any]:
        found = {}
        for each in graph.resources:
            if each.name.startswith("vector-stores-knowledge-admits-gateway"):
                found[each.name] = statements(each) if each.type == POLICY else each.inputs
        return found

    one, *others = (admitted(graph_of(kind)) for kind in KINDS)
    assert len(one) == 4
    assert all(other == one for other in others)


@pytest.mark.parametrize("kind", KINDS)
def test_the_server_is_two_pods_with_a_certificate_and_mounted_keys(kind: str) -> None:
    told = server(graph_of(kind))
    pod = told["template"]["spec"]
    (container,) = pod["containers"]
    assert told["replicas"] == 2
    assert [each["name"] for each in pod["initContainers"]] == ["certificate"]
    assert container["command"] == ["python", "-m", "components.retrieval.programs.server"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": 8443, "scheme": "HTTPS"}
    environment = {each["name"]: each.get("value") for each in container["env"]}
    asked = {"STORE_KIND": kind, "PERMISSION_FIELD": "allowed_groups", "DIMENSIONS": "1024", "STORE": NOUN,
             "HOSTS": "vector-stores-knowledge.vector-stores-knowledge.svc",
             "OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.observability.svc:4318"}  # fmt: skip
    assert {name: environment[name] for name in asked} == asked
    assert not {name for name in environment if "KEY" in name or "TOKEN" in name or "PASSWORD" in name}


@pytest.mark.parametrize("kind", KINDS)
def test_programs_are_mounted_under_the_names_by_which_they_import_each_other(kind: str) -> None:
    graph = graph_of(kind)
    data = only(graph, "kubernetes:core/v1:ConfigMap", "vector-stores-knowledge-programs").inputs["data"]
    imported = {
        line.split()[1].rpartition(".")[2]
        for text in data.values() for line in text.splitlines()
        if line.startswith("from components.retrieval.programs.")
    }  # fmt: skip
    assert {f"{name}.py" for name in imported} <= data.keys()
    assert f"{kind}.py" in data
    (container,) = server(graph)["template"]["spec"]["containers"]
    paths = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert paths["programs"] == "/opt/blueprint/components/retrieval/programs"


@pytest.mark.parametrize("kind", KINDS)
def test_somebody_hears_when_the_index_grows_old_or_nobody_measures_it(kind: str) -> None:
    graph = graph_of(kind)
    alarm = only(graph, "aws:cloudwatch/metricAlarm:MetricAlarm").inputs
    asked = {"metricName": "IndexAge", "dimensions": {"Store": NOUN}, "threshold": 1440, "treatMissingData": "breaching",
             "alarmActions": ["arn:aws:sns:us-east-1:111122223333:claims-alerts"]}  # fmt: skip
    assert {name: alarm[name] for name in asked} == asked
    job = only(graph, "kubernetes:batch/v1:CronJob", "vector-stores-knowledge-freshness").inputs["spec"]
    assert job["schedule"] == "*/5 * * * *"
    allowed = statements(only(graph, POLICY, "vector-stores-knowledge-freshness-measures"))
    assert allowed[0]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "claims-prod/Retrieval"}}


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_edge_nobody_is_admitted(kind: str) -> None:
    graph = made(spec(kind), native=False, tools=False)[0]
    assert names(graph, ADMISSION) == []
    gone = {each.urn for each in graph_of(kind).resources} - {each.urn for each in graph.resources}
    assert gone
    assert all("-admits-" in urn for urn in gone)


@pytest.mark.parametrize("kind", KINDS)
def test_what_holds_documents_is_kept_unless_the_document_says_otherwise(kind: str) -> None:
    stateful = {
        "opensearch": ("aws:opensearch/domain:Domain", "aws:s3/bucket:Bucket"),
        "pgvector": ("aws:rds/cluster:Cluster",),
        "qdrant": ("kubernetes:apps/v1:StatefulSet", "aws:s3/bucket:Bucket"),
    }[kind]
    for keep in (True, False):
        graph = made(spec(kind, keep=keep))[0]
        assert [(each.protect, each.retain_on_delete) for each in graph.of(*stateful)] == [(keep, keep)] * len(stateful)
