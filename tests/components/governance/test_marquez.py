"""Marquez, as it is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from blueprint.graph import embedded_json
from blueprint.ports import OpenLineagePort, Port
from blueprint.types import Dialect
from blueprint.wiring import Needs, Want
from components.governance.marquez_spec import MarquezSpec
from components.governance.programs import lineage_door
from tests.components import manifests
from tests.components.builders import CLASSES, arn, names, only, types
from tests.components.governance.marquez_stack import plain, synthesised
from tests.components.strictest import strictest

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

DEPLOYMENT, CONFIG_MAP = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:ConfigMap"
KEY = arn("secretsmanager", "secret:claims-prod/lineage/key")
CALLER = Needs(
    wants=(Want(name="lineage", dialect=Dialect.OPENLINEAGE, access="write", workload="job"),),
    workloads=frozenset({"job"}),
)


@pytest.fixture(scope="module")
def marquez() -> ResourceGraph:
    return plain()


def pod(graph: ResourceGraph) -> Any:
    return only(graph, DEPLOYMENT).inputs["spec"]["template"]["spec"]


def configured(graph: ResourceGraph) -> Any:
    return yaml.safe_load(only(graph, CONFIG_MAP, "lineage-settings").inputs["data"]["marquez.yml"])


def test_every_object_is_what_kubernetes_takes(marquez: ResourceGraph) -> None:
    assert len(manifests.check(marquez)) == 14


def test_lineage_is_kept_as_the_posture_asks_or_as_the_document_says(marquez: ResourceGraph) -> None:
    days = strictest(CLASSES).training_lineage_retention_days(CLASSES)
    told = configured(marquez).get("dbRetention", {"retentionDays": "forever"})
    assert told["retentionDays"] == days
    assert configured(synthesised(MarquezSpec(retention_days=9999)))["dbRetention"]["retentionDays"] == 9999


def test_the_door_has_certificate_and_key_and_marquez_has_neither(marquez: ResourceGraph) -> None:
    containers = {each["name"]: each for each in pod(marquez)["containers"]}
    assert set(containers) == {"lineage-door", "marquez"}
    assert {each["name"]: each["value"] for each in containers["lineage-door"]["env"]} == {
        "ADMIN_PORT": "5001", "CERTIFICATE": "/run/certificate/server.pem", "KEY_FILE": "/etc/lineage-secrets/key",
        "PORT": "8443", "UPSTREAM_PORT": "5000",
    }  # fmt: skip
    assert {each["name"] for each in containers["marquez"]["volumeMounts"]} == {"settings", "tmp"}
    assert "env" not in containers["marquez"]
    assert [each["name"] for each in pod(marquez)["initContainers"]] == ["certificate", "database-door"]


def test_an_edge_brings_the_way_and_the_key_and_its_deletion_takes_them_alone(marquez: ResourceGraph) -> None:
    with_caller = synthesised(MarquezSpec(), evaluation=CALLER)
    added = {each.name for each in with_caller.resources} - {each.name for each in marquez.resources}
    assert added == {f"lineage-admits-evaluation-job-lineage{part}" for part in ("", "-egress", "-grant", "-ingress")}
    grant = only(with_caller, "aws:iam/rolePolicy:RolePolicy", "lineage-admits-evaluation-job-lineage-grant").inputs
    policy: Any = embedded_json(grant["policy"])
    reads, decrypts = policy["Statement"]
    assert (reads["Resource"], decrypts["Action"]) == ([KEY], "kms:Decrypt")
    same = {each.urn: each.inputs for each in marquez.resources}
    assert same == {each.urn: each.inputs for each in with_caller.resources if each.urn in same}


def test_the_port_tells_callers_all_that_they_need() -> None:
    ports: list[Port] = []
    synthesised(MarquezSpec(), ports)
    assert ports == [
        OpenLineagePort(
            provider="lineage", url=f"https://lineage.lineage.svc:8443{lineage_door.EVENTS}", secret_arn=KEY,
            authorities="kube-root-ca.crt",
        )
    ]  # fmt: skip


def test_nothing_else_is_made(marquez: ResourceGraph) -> None:
    assert names(marquez, "kubernetes:core/v1:Service") == ["lineage-service"]
    assert only(marquez, "kubernetes:core/v1:Service").inputs["spec"]["type"] == "ClusterIP"
    assert names(marquez, DEPLOYMENT) == ["lineage-pods"]
    assert not {"kubernetes:core/v1:Secret", "aws:secretsmanager/secret:Secret"} & types(marquez)
