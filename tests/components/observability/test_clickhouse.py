"""ClickHouse, as it is registered with the store of traces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from blueprint.posture_accessors import Strictest
from components.observability.langfuse_spec import ClickHouseSize, LangfuseSpec
from tests.components.builders import names, only
from tests.components.observability.test_langfuse import synthesised

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


@pytest.fixture(scope="module")
def made() -> ResourceGraph:
    return synthesised(LangfuseSpec(clickhouse=ClickHouseSize(disk_gib=250)))


def servers(graph: ResourceGraph) -> Any:
    return only(graph, "kubernetes:apps/v1:StatefulSet").inputs["spec"]


def ports(graph: ResourceGraph, name: str, direction: str) -> list[int]:
    (way,) = only(graph, POLICY, name).inputs["spec"][direction]
    return [each["port"] for each in way["ports"]]


def test_three_servers_start_together_on_disks_of_their_own(made: ResourceGraph) -> None:
    spec = servers(made)
    assert (spec["replicas"], spec["podManagementPolicy"]) == (3, "Parallel")
    (claim,) = spec["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "tracing-clickhouse"
    assert claim["spec"]["resources"]["requests"] == {"storage": "250Gi"}


def test_its_volumes_are_encrypted_under_our_key_and_found_by_the_backup_plan(made: ResourceGraph) -> None:
    parameters = only(made, "kubernetes:storage.k8s.io/v1:StorageClass").inputs["parameters"]
    assert (parameters["encrypted"], parameters["kmsKeyId"]) == (
        "true", "arn:aws:kms:us-east-1:111122223333:key/disks",
    )  # fmt: skip
    tags = {value for key, value in parameters.items() if key.startswith("tagSpecification_")}
    assert {"backup=claims-prod", "data-class=cardholder.phi", "component=tracing-clickhouse"} <= tags


def test_replicas_find_each_other_before_they_are_ready_and_others_only_those_that_are(made: ResourceGraph) -> None:
    peers = only(made, "kubernetes:core/v1:Service", "tracing-clickhouse-peers").inputs["spec"]
    assert (peers["clusterIP"], peers["publishNotReadyAddresses"]) == ("None", True)
    asked = only(made, "kubernetes:core/v1:Service", "tracing-clickhouse-service").inputs["spec"]
    assert "clusterIP" not in asked
    assert [each["port"] for each in asked["ports"]] == [8443, 9440]


def test_only_replicas_reach_what_is_between_replicas(made: ResourceGraph) -> None:
    assert ports(made, "tracing-clickhouse-replicas-in", "ingress") == [8443, 9440, 9010, 9281, 9234]
    assert ports(made, "tracing-clickhouse-retention-in", "ingress") == [9440]
    assert ports(made, "tracing-web-asks", "ingress") == [8443, 9440]
    assert ports(made, "tracing-worker-asks", "ingress") == [8443]


def test_the_files_name_the_pods_that_there_are(made: ResourceGraph) -> None:
    data = only(made, CONFIG_MAP, "tracing-clickhouse-config").inputs["data"]
    config = yaml.safe_load(data["config.yaml"])
    hosts = [each["hostname"] for each in config["keeper_server"]["raft_configuration"]["server"]]
    assert hosts == [f"tracing-clickhouse-{number}.tracing-clickhouse-peers.tracing.svc" for number in range(3)]
    assert "@REPLICAS@" in data["config.yaml"]
    assert "@CLICKHOUSE@" in data["users.yaml"]


def test_its_logs_end_no_later_than_the_traces() -> None:
    short = only(synthesised(LangfuseSpec(retention_days=7)), CONFIG_MAP, "tracing-clickhouse-config")
    assert "event_date + INTERVAL 7 DAY DELETE" in short.inputs["data"]["config.yaml"]


def test_its_certificate_is_asked_for_in_the_namespace_of_whoever_it_belongs_to(made: ResourceGraph) -> None:
    asks = only(
        made, "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding", "tracing-clickhouse-asks-for-certificates"
    )
    assert asks.inputs["subjects"] == [{"kind": "ServiceAccount", "name": "clickhouse", "namespace": "tracing"}]
    (keeper,) = servers(made)["template"]["spec"]["initContainers"]
    assert {"name": "SERVICE", "value": "tracing-clickhouse"} in keeper["env"]


def test_where_the_posture_keeps_traces_forever_nothing_is_told_to_forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Strictest, "prompt_log_retention_days", lambda *_: "forever")
    graph = synthesised(LangfuseSpec())
    assert "tracing-clickhouse-forgets" not in names(graph, "kubernetes:batch/v1:CronJob")
    (rule,) = only(graph, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs["rules"]
    assert "expiration" not in rule
    config = only(graph, CONFIG_MAP, "tracing-clickhouse-config").inputs["data"]["config.yaml"]
    assert "event_date + INTERVAL 30 DAY DELETE" in config
