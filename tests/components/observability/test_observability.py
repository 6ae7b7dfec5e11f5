"""Observability, as it is registered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pydantic import ValidationError

from blueprint.ports import OtlpPort, TracesPort
from blueprint.types import Dialect
from blueprint.wiring import Needs, Want
from components.observability.observability_spec import ObservabilitySpec
from tests.components import manifests
from tests.components.builders import names, only, types
from tests.components.observability.conftest import NEIGHBOURS, synthesised

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph

POLICY, DAEMON_SET = "kubernetes:networking.k8s.io/v1:NetworkPolicy", "kubernetes:apps/v1:DaemonSet"


def config(graph: ResourceGraph) -> Any:
    return yaml.safe_load(
        only(graph, "kubernetes:core/v1:ConfigMap", "observability-config").inputs["data"]["config.yaml"]
    )


def pod(graph: ResourceGraph, token: str) -> Any:
    return only(graph, token).inputs["spec"]["template"]["spec"]


def test_every_kubernetes_object_fits_the_api(observability: ResourceGraph) -> None:
    assert len(manifests.check(observability)) == 25


def test_pods_are_found_in_the_namespaces_of_those_who_send_traces_and_nowhere_else(
    observability: ResourceGraph,
) -> None:
    scrape = config(observability)["receivers"]["prometheus"]["config"]["scrape_configs"][0]
    assert scrape["kubernetes_sd_configs"][0]["namespaces"]["names"] == ["gateway", "observability", "serving-chat"]
    roles = observability.of("kubernetes:rbac.authorization.k8s.io/v1:Role")
    assert {each.inputs["metadata"]["namespace"] for each in roles} == {"gateway", "observability", "serving-chat"}  # type: ignore[index,call-overload]
    assert all(
        each.inputs["rules"] == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]
        for each in roles
    )
    assert "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole" not in types(observability)


def test_one_edge_less_takes_its_admission_and_its_scraping_away(observability: ResourceGraph) -> None:
    fewer = synthesised(
        ObservabilitySpec(), {name: needs for name, needs in NEIGHBOURS.items() if name != "serving/chat"}
    )
    gone = {each.name for each in observability.resources} - {each.name for each in fewer.resources}
    edge = "serving-chat-vllm-otlp"
    assert gone == {
        f"observability-admits-{edge}", f"observability-admits-{edge}-egress", f"observability-admits-{edge}-ingress",
        f"observability-scrapes-{edge}", f"observability-scrapes-{edge}-in", f"observability-scrapes-{edge}-out",
        f"observability-scrapes-{edge}-pods",
    }  # fmt: skip


def asking(*, allows: frozenset[str] = frozenset(), dialect: Dialect = Dialect.OTLP) -> ResourceGraph:
    want = Want(name="signals", dialect=dialect, workload="reader", allows=allows)
    return synthesised(ObservabilitySpec(), {"dashboards": Needs(wants=(want,), workloads=frozenset({"reader"}))})


def test_who_asks_for_metrics_may_query_this_workspace_and_is_not_scraped() -> None:
    graph = asking(dialect=Dialect.PROMETHEUS)
    policy = only(graph, "aws:iam/rolePolicy:RolePolicy", "observability-admits-dashboards-reader-signals-grant")
    text = json.dumps(policy.inputs["policy"])
    assert all(action in text for action in ("aps:GetLabels", "aps:GetSeries", "aps:QueryMetrics"))
    assert "RemoteWrite" not in text
    assert "kubernetes:rbac.authorization.k8s.io/v1:Role" not in types(graph)
    assert "NothingHeard" not in str(only(graph, "aws:amp/ruleGroupNamespace:RuleGroupNamespace").inputs["data"])


def test_who_only_sends_is_admitted_where_it_sends_and_is_not_expected_to_be_heard_from() -> None:
    graph = asking(allows=frozenset({"http"}))
    (way,) = only(graph, POLICY, "observability-admits-dashboards-reader-signals-ingress").inputs["spec"]["ingress"]
    assert way["ports"] == [{"port": 4318, "protocol": "TCP"}]
    assert "kubernetes:rbac.authorization.k8s.io/v1:Role" not in types(graph)
    assert "NothingHeard" not in str(only(graph, "aws:amp/ruleGroupNamespace:RuleGroupNamespace").inputs["data"])


def test_a_workload_that_answers_elsewhere_is_asked_there() -> None:
    graph = asking(allows=frozenset({"scrape-9090"}))
    assert not [each for each in graph.resources if "admits" in each.name]
    (way,) = only(graph, POLICY, "observability-scrapes-dashboards-reader-signals-in").inputs["spec"]["ingress"]
    assert way["ports"] == [{"port": 9090, "protocol": "TCP"}]
    assert config(graph)["receivers"]["prometheus"]["config"]["scrape_configs"][0]["kubernetes_sd_configs"][0] == {
        "role": "pod", "namespaces": {"names": ["dashboards"]},
    }  # fmt: skip


def test_the_collector_may_write_signals_and_nothing_else(observability: ResourceGraph) -> None:
    text = only(observability, "aws:iam/rolePolicy:RolePolicy", "observability-writes").inputs["policy"]
    joined = "".join(each if isinstance(each, str) else each["$ref"]["property"] for each in text["$text"])
    statements = json.loads(joined)["Statement"]
    assert [each["Action"] for each in statements] == [
        "aps:RemoteWrite", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
        ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], ["kms:Decrypt", "kms:GenerateDataKey"],
    ]  # fmt: skip
    assert [each["Resource"] for each in statements][:2] == ["arn", "*"]


def test_gpu_metrics_need_no_root_no_capability_and_nothing_of_the_node(observability: ResourceGraph) -> None:
    spec = pod(observability, DAEMON_SET)
    (container,) = spec["containers"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not [each for each in spec["volumes"] if "hostPath" in each]
    assert "nvidia.com/gpu" not in container["resources"]["limits"]
    assert spec["automountServiceAccountToken"] is False
    counters = only(observability, "kubernetes:core/v1:ConfigMap", "observability-gpu-metrics-counters").inputs["data"]
    assert "DCGM_FI_PROF" not in counters["counters.csv"]


def test_without_gpu_pools_there_is_nothing_for_gpus() -> None:
    plain = synthesised(ObservabilitySpec(), {"gateway": NEIGHBOURS["gateway"]})
    assert DAEMON_SET not in types(plain)
    rules = yaml.safe_load(str(only(plain, "aws:amp/ruleGroupNamespace:RuleGroupNamespace").inputs["data"]))
    assert [group["name"] for group in rules["groups"]] == [
        "silence", "slo-availability", "slo-answer_latency", "gateway",
    ]  # fmt: skip
    expected = 'absent_over_time(up{namespace="gateway"}[15m])'
    assert expected in [rule["expr"] for rule in rules["groups"][0]["rules"]]


def test_only_the_collector_has_a_token_of_the_kubernetes_api(observability: ResourceGraph) -> None:
    assert pod(observability, "kubernetes:apps/v1:Deployment")["automountServiceAccountToken"] is True


def test_the_collector_answers_under_its_services_name_with_a_certificate_that_it_asks_for(
    observability: ResourceGraph,
) -> None:
    spec = pod(observability, "kubernetes:apps/v1:Deployment")
    (keeper,) = spec["initContainers"]
    assert keeper["restartPolicy"] == "Always"
    told = {each["name"]: each["value"] for each in keeper["env"]}
    assert (told["SERVICE"], told["NAMESPACE"]) == ("observability", "observability")
    (collector,) = spec["containers"]
    mounts = {each["name"]: each.get("readOnly") for each in collector["volumeMounts"]}
    assert mounts == {"config": True, "certificate": True}
    (memory,) = (each["emptyDir"] for each in spec["volumes"] if each["name"] == "certificate")
    assert memory == {"medium": "Memory", "sizeLimit": "1Mi"}
    bound = only(observability, "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding").inputs
    assert bound["roleRef"]["name"] == "asks-for-certificates"
    assert bound["subjects"] == [{"kind": "ServiceAccount", "name": "collector", "namespace": "observability"}]


def test_everything_that_is_kept_is_under_a_key_and_kept_as_long_as_the_posture_asks(
    observability: ResourceGraph,
) -> None:
    groups = observability.of("aws:cloudwatch/logGroup:LogGroup")
    assert {(each.inputs["kmsKeyId"], each.inputs["retentionInDays"]) for each in groups} == {
        ("arn:aws:kms:us-east-1:111122223333:key/logs", 2192)
    }
    assert len(groups) == 6
    workspace = only(observability, "aws:amp/workspace:Workspace").inputs
    assert workspace["kmsKeyArn"] == "arn:aws:kms:us-east-1:111122223333:key/logs"


def test_alerts_reach_the_topic_and_alarms_watch_the_alerts(observability: ResourceGraph) -> None:
    definition = json.loads(
        str(only(observability, "aws:amp/alertManagerDefinition:AlertManagerDefinition").inputs["definition"])
    )
    told = json.loads(definition["alertmanager_config"])["receivers"][0]["sns_configs"][0]
    assert (told["topic_arn"], told["sigv4"]) == (
        "arn:aws:sns:us-east-1:111122223333:claims-alerts",
        {"region": "us-east-1"},
    )
    alarms = observability.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert {each.inputs["metricName"]: each.inputs["treatMissingData"] for each in alarms} == {
        "AlertManagerNotificationsFailed": "notBreaching", "RuleEvaluationFailures": "notBreaching",
        "RuleEvaluations": "breaching",
    }  # fmt: skip


def test_the_encryption_of_traces_belongs_to_the_stack_that_owns_the_account(observability: ResourceGraph) -> None:
    assert only(observability, "aws:xray/encryptionConfig:EncryptionConfig").inputs["type"] == "KMS"
    assert "aws:xray/encryptionConfig:EncryptionConfig" not in types(
        synthesised(ObservabilitySpec(), account_owner=False)
    )


def test_an_on_call_service_is_told_by_the_topic_and_needs_no_way_out_of_the_network() -> None:
    spec = ObservabilitySpec.model_validate({"on_call_url": "https://events.example.org/hooks/platform"})
    assert spec.needs().egress == frozenset()
    told = only(synthesised(spec), "aws:sns/topicSubscription:TopicSubscription").inputs
    assert (told["protocol"], told["endpoint"]) == ("https", "https://events.example.org/hooks/platform")


@pytest.mark.parametrize(
    "document",
    [
        {"on_call_url": "http://events.example.org"},
        {"objectives": {"availability_percent": 100}},
        {"replicas": 1},
        {"prompt_logging": "everything"},
        {"dashboards": []},
    ],
)
def test_values_out_of_bounds_are_refused(document: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ObservabilitySpec.model_validate(document)


def test_nothing_else_is_made(observability: ResourceGraph) -> None:
    assert names(observability, "kubernetes:core/v1:Service") == ["observability-service"]
    assert not {each for each in types(observability) if "helm" in each or "dashboard" in each.lower()}
    assert "aws:sns/topicSubscription:TopicSubscription" not in types(observability)


STORE = TracesPort(
    provider="tracing", http="https://tracing.tracing.svc:3000/api/public/otel", user="pk-lf-platform",
    secret_arn="arn:aws:secretsmanager:us-east-1:111122223333:secret:claims-prod/tracing/project-key",
    authorities="kube-root-ca.crt", headers={"x-langfuse-ingestion-version": "4"},
)  # fmt: skip


def test_a_store_of_traces_is_optional_and_written_to() -> None:
    (want,) = ObservabilitySpec().needs().wants
    assert (want.name, want.dialect, want.workload, want.access) == ("traces", Dialect.TRACES, "collector", "write")
    assert want.optional


def test_traces_go_to_the_store_with_its_key_as_a_file(observability: ResourceGraph) -> None:
    graph = synthesised(ObservabilitySpec(), ports={"traces": STORE})
    assert "otlphttp/store" in config(graph)["exporters"]
    told = pod(graph, "kubernetes:apps/v1:Deployment")
    (collector,) = told["containers"]
    variables = {each["name"]: each.get("value") for each in collector["env"]}
    assert variables["TRACES_ENDPOINT"] == "https://tracing.tracing.svc:3000/api/public/otel"
    assert "/etc/otel-store" in [each["mountPath"] for each in collector["volumeMounts"]]
    provided = only(graph, "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass").inputs["spec"]["parameters"]
    assert json.loads(provided["objects"]) == [
        {"objectName": STORE.secret_arn, "objectType": "secretsmanager", "objectAlias": "password"}
    ]
    assert {each.name for each in graph.resources} - {each.name for each in observability.resources} == {
        "observability-trace-store"
    }
    assert len(manifests.check(graph)) == len(manifests.check(observability)) + 1


def test_at_level_off_the_collector_does_not_even_hold_the_key(observability: ResourceGraph) -> None:
    off = ObservabilitySpec(prompt_logging="off")
    one, other = synthesised(off), synthesised(off, ports={"traces": STORE})
    assert [(each.urn, each.inputs) for each in other.resources] == [(each.urn, each.inputs) for each in one.resources]
    assert "observability-trace-store" not in {each.name for each in observability.resources}


def test_a_port_of_another_dialect_is_refused() -> None:
    other = OtlpPort(provider="x", grpc="", http="", authorities="")
    with pytest.raises(TypeError, match="the port traces of observability speaks otlp"):
        synthesised(ObservabilitySpec(), ports={"traces": other})
