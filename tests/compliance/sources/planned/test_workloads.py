"""What is told of workloads, from the objects that a cluster is given."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import pytest
from pydantic import JsonValue

from blueprint.graph import UNKNOWN, Resource
from compliance.facts.kubernetes import Workload
from compliance.facts.serving import ModelServer
from tests.compliance.sources.planned.estate import estate, only, ref, resource, value

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CRON_JOB = "kubernetes:batch/v1:CronJob"
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/claims-prod/app:1.2.3"
LABELS: dict[str, JsonValue] = {"app.kubernetes.io/name": "app"}
CONFINED: dict[str, JsonValue] = {
    "name": "app",
    "image": f"{IMAGE}@sha256:{'0' * 64}",
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    "livenessProbe": {"httpGet": {"path": "/", "port": 1}},
    "readinessProbe": {"httpGet": {"path": "/", "port": 1}},
}


def pod(container: Mapping[str, JsonValue] = CONFINED, **spec: JsonValue) -> dict[str, JsonValue]:
    return {
        "metadata": {"labels": dict(LABELS)},
        "spec": {"containers": [dict(container)], "serviceAccountName": "app", **spec},
    }


def deployment(template: dict[str, JsonValue] | None = None, name: str = "app", **spec: JsonValue) -> Resource:
    metadata: JsonValue = {"name": name, "namespace": "gateway", "labels": {"blueprint/data-class": "phi"}}
    return resource(
        DEPLOYMENT, name, {"metadata": metadata, "spec": {"template": template or pod(), **spec}, "tags": {}}
    )


def changed(**settings: JsonValue) -> dict[str, JsonValue]:
    """The container with other settings of its security context."""
    container = copy.deepcopy(CONFINED)
    container["securityContext"] = {**container["securityContext"], **settings}  # type: ignore[dict-item]
    return container


def leaves(*resources: Resource, **wanted: object) -> dict[str, object]:
    found = only(Workload, *resources)
    return {name: value(getattr(found, name)) for name in wanted}


def test_a_confined_workload_is_read_so() -> None:
    wanted = {
        "controller": "Deployment", "namespace": "gateway", "non_root": True, "read_only_root": True,
        "escalation_denied": True, "capabilities_dropped": True, "seccomp": True, "privileged": False,
        "host_namespaces": False, "host_paths": False, "host_ports": False, "images_pinned": True, "own_registry": True,
        "limits": True, "requests": True, "liveness": True, "readiness": True, "secrets_in_env": False,
        "data_classes": frozenset({"phi"}),
    }  # fmt: skip
    assert leaves(deployment(), **wanted) == wanted


@pytest.mark.parametrize(
    ("settings", "leaf", "found"),
    [
        ({"runAsNonRoot": False}, "non_root", False),
        ({"readOnlyRootFilesystem": False}, "read_only_root", False),
        ({"allowPrivilegeEscalation": True}, "escalation_denied", False),
        ({"capabilities": {"drop": ["NET_RAW"]}}, "capabilities_dropped", False),
        ({"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}}, "capabilities_dropped", False),
        ({"seccompProfile": {"type": "Unconfined"}}, "seccomp", False),
        ({"privileged": True}, "privileged", True),
        ({"runAsNonRoot": {"$unknown": True}}, "non_root", "?cloud_decides"),
    ],
)
def test_each_setting_of_a_container_is_seen(settings: dict[str, JsonValue], leaf: str, found: object) -> None:
    assert leaves(deployment(pod(changed(**settings))), **{leaf: found}) == {leaf: found}


def test_what_a_container_leaves_open_the_pod_decides_and_then_kubernetes() -> None:
    bare: dict[str, JsonValue] = {"name": "app", "image": IMAGE}
    by_pod = deployment(pod(bare, securityContext={"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}))
    assert leaves(by_pod, non_root=1, seccomp=1) == {"non_root": True, "seccomp": True}
    by_default = only(Workload, deployment(pod(bare)))
    assert [value(by_default.non_root), value(by_default.seccomp), value(by_default.escalation_denied)] == [False] * 3
    assert by_default.non_root.origin.how == "default"


def test_one_bad_init_container_speaks_for_the_pod() -> None:
    root: JsonValue = {"name": "init", "image": IMAGE, "securityContext": {"runAsNonRoot": False}}
    assert leaves(deployment(pod(initContainers=[root])), non_root=1) == {"non_root": False}


@pytest.mark.parametrize(
    ("image", "pinned", "own"),
    [
        (IMAGE, "?not_pinned", True),
        (f"{IMAGE}@sha256:{'1' * 64}", True, True),
        ("docker.io/library/app:1", "?not_pinned", False),
        ({"$text": [ref("aws:ecr/repository:Repository", "app", "repositoryUrl"), f"@sha256:{'1' * 64}"]}, True, True),
        ({"$unknown": True}, "?cloud_decides", "?cloud_decides"),
    ],
)
def test_an_image_is_pinned_by_digest_and_comes_from_an_own_registry(
    image: JsonValue, pinned: object, own: object
) -> None:
    found = leaves(deployment(pod({**CONFINED, "image": image})), images_pinned=1, own_registry=1)
    assert found == {"images_pinned": pinned, "own_registry": own}


@pytest.mark.parametrize(
    ("spec", "leaf"),
    [
        ({"hostNetwork": True}, "host_namespaces"),
        ({"hostPID": True}, "host_namespaces"),
        ({"volumes": [{"name": "node", "hostPath": {"path": "/"}}]}, "host_paths"),
    ],
)
def test_what_is_shared_with_the_node_is_seen(spec: dict[str, JsonValue], leaf: str) -> None:
    assert leaves(deployment(pod(CONFINED, **spec)), **{leaf: 1}) == {leaf: True}


def test_an_autoscaler_has_the_last_word_on_replicas() -> None:
    scaler = resource("kubernetes:keda.sh/v1alpha1:ScaledObject", "scaling", {
        "metadata": {"namespace": "gateway"},
        "spec": {"scaleTargetRef": {"name": "app"}, "minReplicaCount": 1, "maxReplicaCount": 4, "triggers": []},
    })  # fmt: skip
    assert leaves(deployment(replicas=3), replicas=1) == {"replicas": 3}
    assert leaves(deployment(replicas=3), scaler, replicas=1) == {"replicas": 1}
    assert leaves(deployment(), replicas=1) == {"replicas": 1}


def test_a_disruption_budget_counts_when_it_chooses_the_pods() -> None:
    def budget(labels: JsonValue, namespace: str = "gateway") -> Resource:
        spec: JsonValue = {"maxUnavailable": 1, "selector": {"matchLabels": labels}}
        return resource(
            "kubernetes:policy/v1:PodDisruptionBudget", "budget", {"metadata": {"namespace": namespace}, "spec": spec}
        )

    assert leaves(deployment(), budget(LABELS), disruption_budget=1) == {"disruption_budget": True}
    assert leaves(deployment(), budget({"app.kubernetes.io/name": "other"}), disruption_budget=1) == {
        "disruption_budget": False
    }
    assert leaves(deployment(), budget(LABELS, "elsewhere"), disruption_budget=1) == {"disruption_budget": False}


def test_absence_proves_nothing_while_resources_may_be_missing() -> None:
    assert (
        value(only(Workload, deployment(), incomplete="unchanged resources are not listed").disruption_budget)
        == "?not_read"
    )


def test_a_service_account_is_ones_own_when_nobody_else_runs_under_it() -> None:
    alone = deployment()
    assert leaves(alone, own_service_account=1) == {"own_service_account": True}
    both = estate([alone, deployment(name="other")]).all(Workload)
    assert [value(each.own_service_account) for each in both] == [False, False]
    assert leaves(deployment(pod(serviceAccountName="default")), own_service_account=1) == {
        "own_service_account": False
    }


def test_a_job_and_the_schedule_that_runs_it_again_are_one_workload() -> None:
    metadata: JsonValue = {"name": "app", "namespace": "gateway"}
    once = resource("kubernetes:batch/v1:Job", "once", {"metadata": metadata, "spec": {"template": pod()}})
    again = resource(CRON_JOB, "again", {"metadata": metadata, "spec": {"jobTemplate": {"spec": {"template": pod()}}}})
    assert [value(each.own_service_account) for each in estate([once, again]).all(Workload)] == [True, True]
    found = estate([once, again, deployment()]).all(Workload)
    assert [value(each.own_service_account) for each in found] == [False, False, False]


def test_jobs_whose_labels_only_the_cloud_knows_may_be_one_workload_or_two() -> None:
    metadata: JsonValue = {"name": "app", "namespace": "gateway"}
    hidden = pod()
    assert isinstance(hidden, dict)
    hidden["metadata"] = {"labels": {"app.kubernetes.io/name": {"$unknown": True}}}
    once = resource("kubernetes:batch/v1:Job", "once", {"metadata": metadata, "spec": {"template": hidden}})
    again = resource(CRON_JOB, "again", {"metadata": metadata, "spec": {"jobTemplate": {"spec": {"template": pod()}}}})
    found = estate([once, again]).all(Workload)
    assert [value(each.own_service_account) for each in found] == ["?cloud_decides", "?cloud_decides"]
    found = estate([once, deployment()]).all(Workload)
    assert [value(each.own_service_account) for each in found] == [False, False]


def test_workloads_of_namespaces_that_only_the_cloud_knows_may_share_an_account_or_not() -> None:
    metadata: JsonValue = {"name": "app", "namespace": {"$unknown": True}}
    some = [
        resource("kubernetes:apps/v1:Deployment", name, {"metadata": metadata, "spec": {"template": pod()}})
        for name in ("one", "other")
    ]
    found = estate(some).all(Workload)
    assert [value(each.own_service_account) for each in found] == ["?cloud_decides", "?cloud_decides"]


def test_a_role_asks_for_a_token_in_every_container_unless_a_volume_brings_one() -> None:
    binding, other = (resource("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", name, {
        "metadata": {"name": name, "namespace": "gateway"},
        "subjects": [{"kind": "ServiceAccount", "name": "app", "namespace": "gateway"}],
    }) for name in ("calls", "reads"))  # fmt: skip
    token: JsonValue = [{"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]
    files: JsonValue = [{"name": "files", "projected": {"sources": [{"configMap": {"name": "files"}}]}}]
    assert leaves(deployment(), needs_token=1) == {"needs_token": False}
    assert leaves(deployment(pod(volumes=files)), binding, needs_token=1) == {"needs_token": True}
    assert leaves(deployment(pod(volumes=token)), binding, needs_token=1) == {"needs_token": False}
    assert leaves(deployment(pod(volumes=token)), binding, other, needs_token=1) == {"needs_token": True}
    assert leaves(deployment(pod(volumes=UNKNOWN)), binding, needs_token=1) == {"needs_token": "?cloud_decides"}


def test_a_token_is_mounted_unless_pod_or_account_says_no() -> None:
    account = resource("kubernetes:core/v1:ServiceAccount", "app", {
        "metadata": {"name": "app", "namespace": "gateway"}, "automountServiceAccountToken": False,
    })  # fmt: skip
    assert leaves(deployment(), token_mounted=1) == {"token_mounted": True}
    assert leaves(deployment(), account, token_mounted=1) == {"token_mounted": False}
    assert leaves(deployment(pod(automountServiceAccountToken=True)), account, token_mounted=1) == {
        "token_mounted": True
    }


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("DATABASE_PASSWORD", "not-a-password-but-looks-like-one", True),
        ("DATABASE_URL", "postgres://user:word@db.example.org/app", True),
        ("LITELLM_MASTER_KEY", {"$secret": True}, True),
        ("LITELLM_MASTER_KEY", "os.environ/ELSEWHERE", False),
        ("TOKEN_PASSWORD", "/etc/secrets/password", False),
        ("DATABASE_HOST", "db.example.org", False),
    ],
)
def test_a_secret_in_the_definition_is_seen(name: str, text: JsonValue, secret: bool) -> None:
    found = deployment(pod({**CONFINED, "env": [{"name": name, "value": text}]}))
    assert leaves(found, secrets_in_env=1) == {"secrets_in_env": secret}


def test_a_job_is_read_through_its_template_and_has_no_replicas() -> None:
    spec: JsonValue = {"jobTemplate": {"spec": {"template": pod({"name": "app", "image": IMAGE})}}}
    job = resource(CRON_JOB, "job", {"metadata": {"name": "job", "namespace": "gateway"}, "spec": spec})
    assert leaves(job, controller=1, non_root=1, replicas=1) == {
        "controller": "CronJob",
        "non_root": False,
        "replicas": None,
    }


def test_a_chart_is_seen_and_nothing_of_it_is_told() -> None:
    release = only(Workload, resource("kubernetes:helm.sh/v3:Release", "keda", {"chart": "keda"}))
    told = {
        value(getattr(release, name)) for name in ("non_root", "host_paths", "images_pinned", "replicas", "isolation")
    }
    assert (release.id, told) == ("Workload/keda", {"?not_read"})


def test_other_data_on_the_same_nodes_is_told_from_other_data_on_tainted_nodes() -> None:
    def holding(name: str, classes: str, **spec: JsonValue) -> Resource:
        metadata: JsonValue = {"name": name, "namespace": name, "labels": {"blueprint/data-class": classes}}
        return resource(
            DEPLOYMENT, name, {"metadata": metadata, "spec": {"template": pod(CONFINED, **spec)}, "tags": {}}
        )

    pool = resource("aws:eks/nodeGroup:NodeGroup", "gpu", {
        "labels": {"blueprint/pool": "gpu"}, "taints": [{"key": "nvidia.com/gpu", "effect": "NO_SCHEDULE"}],
    })  # fmt: skip
    one, other = holding("one", "phi"), holding("other", "public")
    apart = holding("other", "public", nodeSelector={"blueprint/pool": "gpu"})
    assert [value(each.isolation) for each in estate([one]).all(Workload)] == ["cluster"]
    assert [value(each.isolation) for each in estate([one, other]).all(Workload)] == ["namespace", "namespace"]
    assert [value(each.isolation) for each in estate([one, apart, pool]).all(Workload)] == ["node", "node"]


def test_a_workload_that_runs_vllm_is_a_model_server_too() -> None:
    bucket = resource("aws:s3/bucket:Bucket", "weights", {"bucket": "claims-weights"})
    fetch: JsonValue = {
        "name": "fetch", "image": IMAGE,
        "env": [
            {"name": "WEIGHTS_BUCKET", "value": "claims-weights"},
            {"name": "WEIGHTS_DIGEST", "value": f"sha256:{'2' * 64}"},
        ],
    }  # fmt: skip
    serve: dict[str, JsonValue] = {
        **CONFINED, "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/claims-prod/vllm-openai:v1",
        "args": ["/weights", "--ssl-certfile=/run/tls.crt", "--otlp-traces-endpoint=http://collector:4317"],
        "env": [{"name": "HF_HUB_OFFLINE", "value": "1"}, {"name": "VLLM_NO_USAGE_STATS", "value": "1"}],
    }  # fmt: skip
    server = only(ModelServer, deployment(pod(serve, initContainers=[fetch])), bucket)
    told = {name: value(getattr(server, name)) for name in (
        "own_bucket", "verified", "authenticated", "encrypted", "offline", "remote_code", "logs_prompts", "traces", "private",
    )}  # fmt: skip
    assert told == {
        "own_bucket": True, "verified": True, "authenticated": False, "encrypted": True, "offline": True,
        "remote_code": False, "logs_prompts": False, "traces": True, "private": True,
    }  # fmt: skip


def test_a_model_server_with_everything_wrong_is_read_so() -> None:
    serve: dict[str, JsonValue] = {
        "name": "vllm", "image": "docker.io/vllm/vllm-openai:latest",
        "args": ["--model=org/model", "--trust-remote-code", "--enable-log-requests"],
    }  # fmt: skip
    service = resource("kubernetes:core/v1:Service", "open", {
        "metadata": {"namespace": "gateway"}, "spec": {"type": "LoadBalancer", "selector": dict(LABELS)},
    })  # fmt: skip
    server = only(ModelServer, deployment(pod(serve)), service)
    told = [value(getattr(server, name)) for name in (
        "own_bucket", "verified", "authenticated", "encrypted", "offline", "traces", "private",
    )]  # fmt: skip
    assert told == [False] * 7
    assert [value(server.remote_code), value(server.logs_prompts)] == [True, True]
