"""Temporal, as it is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from blueprint.graph import embedded_json
from blueprint.ports import TemporalPort
from blueprint.types import Dialect
from blueprint.wiring import Needs, Want
from components.agents.temporal_spec import ROLES, TemporalSpec
from tests.components import manifests
from tests.components.agents.temporal_stack import plain, synthesised
from tests.components.builders import names, only, types

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

DEPLOYMENT, POLICY = "kubernetes:apps/v1:Deployment", "kubernetes:networking.k8s.io/v1:NetworkPolicy"
CALLER = Needs(
    wants=(Want(name="temporal", dialect=Dialect.TEMPORAL, workload="worker"),), workloads=frozenset({"worker"})
)


@pytest.fixture(scope="module")
def temporal() -> ResourceGraph:
    return plain()


def pod(graph: ResourceGraph, role: str) -> Any:
    return only(graph, DEPLOYMENT, f"durable-execution-{role}-pods").inputs["spec"]["template"]["spec"]


def policy(graph: ResourceGraph, name: str) -> Any:
    return only(graph, POLICY, name).inputs["spec"]


def test_every_object_is_what_kubernetes_takes(temporal: ResourceGraph) -> None:
    assert len(manifests.check(temporal)) == 55


def test_each_program_is_a_deployment_that_survives_a_node(temporal: ResourceGraph) -> None:
    assert names(temporal, DEPLOYMENT) == sorted(f"durable-execution-{role}-pods" for role in ROLES)
    assert names(temporal, "kubernetes:policy/v1:PodDisruptionBudget") == sorted(
        f"durable-execution-{role}-budget" for role in ROLES
    )
    replicas = {
        role: only(temporal, DEPLOYMENT, f"durable-execution-{role}-pods").inputs["spec"]["replicas"] for role in ROLES
    }
    assert replicas == TemporalSpec().counted


@pytest.mark.parametrize("role", ROLES)
def test_a_program_is_started_with_the_configuration_of_its_kind(temporal: ResourceGraph, role: str) -> None:
    (container,) = pod(temporal, role)["containers"]
    assert container["command"] == [
        "temporal-server", "--root", "/", "--config", "etc/temporal-server", "--env",
        "frontend" if role == "frontend" else "server", "start", f"--service={role}",
    ]  # fmt: skip
    assert [each["name"] for each in container["env"]] == ["POD_IP"]


def test_the_doors_stand_beside_each_program_and_the_keys_beside_the_frontend(temporal: ResourceGraph) -> None:
    first = {role: [each["name"] for each in pod(temporal, role)["initContainers"]] for role in ROLES}
    assert first.pop("frontend") == ["certificate", "database-door", "token-keys"]
    assert set(map(tuple, first.values())) == {("certificate", "database-door")}
    told = {each["name"]: each["value"] for each in pod(temporal, "history")["initContainers"][0]["env"]}
    assert told["SERVICE"] == "durable-execution"


def test_every_workload_signs_in_by_iam_and_no_secret_is_made(temporal: ResourceGraph) -> None:
    for workload in ("schema", *(f"{role}" for role in ROLES)):
        name = "durable-execution-signs-in" if workload == "schema" else f"durable-execution-{workload}-signs-in"
        grant = only(temporal, "aws:iam/rolePolicy:RolePolicy", name).inputs
        held: Any = embedded_json(grant["policy"])
        (statement,) = held["Statement"]
        assert statement["Action"] == "rds-db:connect"
        assert grant["role"] == f"durable_execution-{workload}".replace("_", "-")
    assert TemporalSpec().needs().secrets == frozenset()
    assert "aws:secretsmanager/secret:Secret" not in types(temporal)


def test_the_schema_comes_before_the_server_and_the_namespace_after_it(temporal: ResourceGraph) -> None:
    jobs = {each.name: each for each in temporal.of("kubernetes:batch/v1:Job")}
    assert set(jobs) == {"durable-execution-databases-job", "durable-execution-namespaces", "durable-execution-schema"}
    assert jobs["durable-execution-databases-job"].urn in jobs["durable-execution-schema"].dependencies
    for role in ROLES:
        deployment = only(temporal, DEPLOYMENT, f"durable-execution-{role}-pods")
        assert jobs["durable-execution-schema"].urn in deployment.dependencies
        assert deployment.urn in jobs["durable-execution-namespaces"].dependencies


def test_the_namespace_keeps_histories_thirty_days_unless_the_document_says(temporal: ResourceGraph) -> None:
    def told(graph: ResourceGraph) -> dict[str, str]:
        job = only(graph, "kubernetes:batch/v1:Job", "durable-execution-namespaces").inputs
        return {each["name"]: each["value"] for each in job["spec"]["template"]["spec"]["containers"][0]["env"]}

    assert told(temporal)["RETENTION_DAYS"] == "30"
    assert told(temporal)["ADDRESS"] == "durable-execution-internal-frontend.durable-execution.svc:7236"
    assert told(synthesised(TemporalSpec(retention_days=7)))["RETENTION_DAYS"] == "7"


def test_programs_reach_each_other_and_the_frontend_is_reached_by_edges_alone(temporal: ResourceGraph) -> None:
    (way,) = policy(temporal, "durable-execution-frontend-siblings")["ingress"]
    assert 7233 not in [each["port"] for each in way["ports"]]
    assert way["from"] == [{"podSelector": {"matchLabels": {"app.kubernetes.io/component": "server"}}}]
    opened = [
        each.name
        for each in temporal.of(POLICY)
        for rule in each.inputs["spec"].get("ingress", ())  # type: ignore[union-attr]
        if 7233 in [port["port"] for port in rule["ports"]]  # type: ignore[index,call-overload,union-attr]
    ]
    assert opened == []


def test_an_edge_opens_the_way_and_its_deletion_closes_that_alone(temporal: ResourceGraph) -> None:
    with_caller = synthesised(TemporalSpec(), agents=CALLER)
    added = {each.name for each in with_caller.resources} - {each.name for each in temporal.resources}
    assert added == {f"durable-execution-admits-agents-worker-temporal{part}" for part in ("", "-egress", "-ingress")}
    (way,) = policy(with_caller, "durable-execution-admits-agents-worker-temporal-ingress")["ingress"]
    assert [each["port"] for each in way["ports"]] == [7233]
    same = {each.urn: each.inputs for each in temporal.resources}
    assert same == {each.urn: each.inputs for each in with_caller.resources if each.urn in same}


def test_the_port_tells_callers_all_that_they_need() -> None:
    ports: list[object] = []
    synthesised(TemporalSpec(namespace="claims"), ports)
    assert ports == [
        TemporalPort(
            provider="durable_execution", address="durable-execution.durable-execution.svc:7233", namespace="claims",
            authorities="kube-root-ca.crt", audience="durable-execution:claims:write",
        )
    ]  # fmt: skip


def test_another_setting_makes_another_config_map_and_so_new_pods(temporal: ResourceGraph) -> None:
    other = synthesised(TemporalSpec.model_validate({"limits": {"requests_per_second": 50}}))
    called = {
        only(each, "kubernetes:core/v1:ConfigMap", "durable-execution-settings").inputs["metadata"]["name"]
        for each in (temporal, other)
    }
    assert len(called) == 2


def test_neither_pages_nor_a_load_balancer_are_made(temporal: ResourceGraph) -> None:
    services = [each.inputs for each in temporal.of("kubernetes:core/v1:Service")]
    assert sorted((each["metadata"]["name"], each["spec"]["type"]) for each in services) == [  # type: ignore[index,call-overload]
        ("durable-execution", "ClusterIP"), ("durable-execution-internal-frontend", "ClusterIP"),
    ]  # fmt: skip
    assert not any(kind.startswith(("aws:lb", "kubernetes:helm")) for kind in types(temporal))
