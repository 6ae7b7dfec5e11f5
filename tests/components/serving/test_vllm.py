from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from blueprint.errors import ProgramError
from components.serving.vllm_arguments import arguments
from components.serving.vllm_plan import served
from components.serving.vllm_server import on_one_node, share
from tests.components.builders import names, types
from tests.components.manifests import check, only
from tests.components.serving.conftest import DIGEST, vllm_graph, vllm_spec

if TYPE_CHECKING:
    from blueprint.graph import ResourceGraph
    from components.serving.vllm_spec import VllmSpec

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SCALED = "kubernetes:keda.sh/v1alpha1:ScaledObject"


def pod(graph: ResourceGraph) -> Any:
    return only(graph, DEPLOYMENT).inputs["spec"]["template"]["spec"]


def server(graph: ResourceGraph) -> Any:
    (container,) = pod(graph)["containers"]
    return container


def test_every_word_that_vllm_is_told_is_on_its_own_list(vllm: ResourceGraph) -> None:
    program, model, *words = server(vllm)["args"]
    assert (program, model) == ("/etc/vllm/programs/start.py", "/weights")
    known = arguments().arguments
    assert all(word.startswith("--") for word in words)
    assert [word for word in words if word.removeprefix("--").removeprefix("no-").partition("=")[0] not in known] == []


def test_length_concurrency_and_parallelism_are_set_and_never_left_to_guesses(vllm: ResourceGraph) -> None:
    words = server(vllm)["args"]
    for word in (
        "--max-model-len=32768", "--max-num-seqs=64", "--tensor-parallel-size=4", "--served-model-name=chat",
        "--gpu-memory-utilization=0.92", "--max-num-batched-tokens=8192", "--enable-auto-tool-choice",
        "--no-trust-remote-code", "--otlp-traces-endpoint=https://collector:4317", "--shutdown-timeout=120",
    ):  # fmt: skip
        assert word in words


def test_the_server_speaks_tls_and_its_key_stands_neither_in_arguments_nor_in_the_environment(
    vllm: ResourceGraph,
) -> None:
    container = server(vllm)
    assert {"--ssl-certfile=/run/certificate/server.pem", "--ssl-keyfile=/run/certificate/server.pem"} <= set(
        container["args"]
    )
    assert "api-key" not in json.dumps([container["args"], container["env"]])
    assert container["readinessProbe"]["httpGet"] == {"path": "/health", "port": 8000, "scheme": "HTTPS"}
    provider = only(vllm, "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass").inputs["spec"]
    assert "serving/chat/api-key" in json.dumps(provider["parameters"]["objects"])


def test_traces_go_to_a_collector_whose_authority_is_known_and_the_server_has_no_token(vllm: ResourceGraph) -> None:
    container = server(vllm)
    assert {"name": "OTEL_EXPORTER_OTLP_CERTIFICATE", "value": "/etc/authority/ca.crt"} in container["env"]
    mounted = {each["name"] for each in container["volumeMounts"]}
    assert {"authority", "certificate"} <= mounted
    assert "certificate-account" not in mounted


def test_hubs_and_usage_reports_are_switched_off(vllm: ResourceGraph) -> None:
    told = {each["name"]: each["value"] for each in server(vllm)["env"]}
    assert {name: told[name] for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "VLLM_NO_USAGE_STATS", "DO_NOT_TRACK")} == {
        "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1",
    }  # fmt: skip
    assert "VLLM_SERVER_DEV_MODE" not in told


def test_weights_come_from_our_bucket_and_are_checked_before_they_are_served(vllm: ResourceGraph) -> None:
    first, second = pod(vllm)["initContainers"]
    assert (second["name"], second["restartPolicy"]) == ("certificate", "Always")
    told = {each["name"]: each["value"] for each in first["env"]}
    assert told["WEIGHTS_DIGEST"] == DIGEST
    assert told["WEIGHTS_URI"] == f"s3://weights/{'a' * 40}"
    assert first["command"] == ["python3", "/etc/vllm/programs/fetch.py"]


def test_the_pod_holds_nothing_that_the_restricted_level_refuses(vllm: ResourceGraph) -> None:
    spec = pod(vllm)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    for container in (*spec["containers"], *spec["initContainers"]):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not [volume for volume in spec["volumes"] if "hostPath" in volume]


def test_a_replica_takes_its_part_of_a_node_and_runs_in_its_pool_only(vllm: ResourceGraph) -> None:
    resources = server(vllm)["resources"]
    assert resources["limits"]["nvidia.com/gpu"] == resources["requests"]["nvidia.com/gpu"] == "4"
    assert (resources["limits"]["cpu"], resources["limits"]["memory"]) == ("43", "324141Mi")
    assert pod(vllm)["nodeSelector"] == {"blueprint/pool": "l40s"}
    assert pod(vllm)["tolerations"] == [{"effect": "NoSchedule", "key": "nvidia.com/gpu", "operator": "Exists"}]


@pytest.mark.parametrize(
    ("gpus", "cpu", "memory"), [(1, "10", "81035Mi"), (2, "21", "162070Mi"), (4, "43", "324141Mi")]
)
def test_replicas_of_a_node_never_ask_for_more_than_it_has(gpus: int, cpu: str, memory: str) -> None:
    assert share("g6e.12xlarge", gpus) == {"cpu": cpu, "memory": memory}


def test_a_long_start_is_waited_for_and_a_stop_leaves_time_to_finish(vllm: ResourceGraph) -> None:
    probe = server(vllm)["startupProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 12 * 60
    assert pod(vllm)["terminationGracePeriodSeconds"] == 150
    assert server(vllm)["lifecycle"]["preStop"] == {"sleep": {"seconds": 15}}


def test_replicas_follow_the_queue_that_the_servers_themselves_report(vllm: ResourceGraph) -> None:
    scaled = only(vllm, SCALED).inputs["spec"]
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (2, 4)
    (trigger,) = scaled["triggers"]
    assert trigger["type"] == "metrics-api"
    assert trigger["metadata"]["valueLocation"] == "vllm:num_requests_waiting"
    assert trigger["metadata"]["targetValue"] == "5"
    assert only(vllm, DEPLOYMENT).ignore_changes == ("spec.replicas",)


def test_a_fixed_number_of_replicas_is_not_scaled_and_lets_no_operator_in() -> None:
    found = vllm_graph(vllm_spec(replicas=2, max_replicas=2))
    assert SCALED not in types(found)
    assert "serving-chat-scaling-in" not in names(found, "kubernetes:networking.k8s.io/v1:NetworkPolicy")


def test_the_route_names_the_key_and_never_holds_it(vllm: ResourceGraph) -> None:
    route = only(vllm, "kubernetes:core/v1:ConfigMap", "serving-chat-route-gateway-gateway-route-chat").inputs
    assert (route["metadata"]["name"], route["metadata"]["namespace"]) == ("model-chat", "gateway")
    (entry,) = json.loads(route["data"]["route.yaml"])["model_list"]
    assert entry["model_name"] == "chat"
    assert entry["litellm_params"] == {
        "api_base": "https://vllm.serving-chat.svc.cluster.local:8000/v1",
        "api_key": "secretsmanager:arn:aws:secretsmanager:us-east-1:111122223333:secret:claims-prod/serving/chat/api-key",
        "model": "hosted_vllm/chat", "ssl_verify": "/etc/authority/ca.crt",
    }  # fmt: skip


def test_without_a_consumer_there_is_no_route_no_grant_and_no_way_in() -> None:
    found = vllm_graph(vllm_spec(max_replicas=2), routed=False)
    assert names(found, "aws:iam/rolePolicy:RolePolicy") == ["serving-chat-own-key"]
    assert names(found, "kubernetes:core/v1:ConfigMap") == [
        "serving-chat-certificate-program", "serving-chat-programs",
    ]  # fmt: skip
    assert names(found, "kubernetes:networking.k8s.io/v1:NetworkPolicy") == ["serving-chat-certificate-way"]


def test_the_service_is_reached_inside_the_cluster_only(vllm: ResourceGraph) -> None:
    assert only(vllm, "kubernetes:core/v1:Service").inputs["spec"]["type"] == "ClusterIP"
    assert "kubernetes:networking.k8s.io/v1:Ingress" not in types(vllm)


def test_kubernetes_takes_every_object(vllm: ResourceGraph) -> None:
    assert {"serving-chat-server", "serving-chat-service", "serving-chat-budget"} <= set(check(vllm))


def told(gpus: int) -> VllmSpec:
    return vllm_spec(tensor_parallel=gpus)


def test_a_replica_that_spans_more_gpus_than_a_node_has_is_refused_with_the_way_out() -> None:
    with pytest.raises(ProgramError, match="spans 8 GPUs, and a node of pool l40s has 4; lower tensor_parallel to 4"):
        on_one_node(told(8), served(told(8), "Qwen/Qwen3-32B", "g6e.12xlarge"), 4)
    assert on_one_node(told(2), served(told(2), "Qwen/Qwen3-32B", "g6e.12xlarge"), 4).gpus == 2


def test_every_wrong_argument_is_told_at_once_with_the_nearest_name() -> None:
    with pytest.raises(ValidationError) as caught:
        vllm_spec(
            replicas=5,
            extra_arguments={
                "max-model-lenn": 1, "trust-remote-code": True, "dtype": "fp3", "enable-prefix-caching": "yes",
                "speculative-config": "{", "--seed": 1,
            },
        )  # fmt: skip
    text = str(caught.value)
    for part in (
        "max-model-lenn is no argument of vLLM 0.33.0; did you mean max-model-len",
        "trust-remote-code cannot be set here: it would run code that comes with the weights",
        "dtype cannot be 'fp3'", "enable-prefix-caching takes flag, not 'yes'", "speculative-config takes JSON",
        "--seed: write the name without dashes", "replicas is 5, more than max_replicas 4",
    ):  # fmt: skip
        assert part in text
