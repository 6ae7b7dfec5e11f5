"""What is told of namespaces, network policies, roles, autoscalers and storage classes."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from blueprint.graph import Resource
from compliance.facts.kubernetes import Autoscaler, KubernetesRole, Namespace, NetworkPolicy, StorageClass
from tests.compliance.sources.planned.estate import estate, only, ref, resource, value

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
NAMESPACE = "kubernetes:core/v1:Namespace"
FIREWALL = "aws:networkfirewall/firewallPolicy:FirewallPolicy"


def namespace(labels: dict[str, JsonValue] | None = None) -> Resource:
    return resource(NAMESPACE, "space", {"metadata": {"name": "gateway", "labels": labels or {}}})


def policy(spec: JsonValue, name: str = "policy", space: JsonValue = "gateway") -> Resource:
    return resource(POLICY, name, {"metadata": {"name": name, "namespace": space}, "spec": spec})


def way_out(left_out: list[JsonValue]) -> Resource:
    block: JsonValue = {"cidr": "0.0.0.0/0", "except": left_out}
    return policy({"podSelector": {}, "egress": [{"to": [{"ipBlock": block}]}]})


@pytest.mark.parametrize("level", ["restricted", "baseline", "privileged"])
def test_the_level_is_the_one_that_is_enforced(level: str) -> None:
    labels: dict[str, JsonValue] = {
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/warn": "restricted",
    }
    assert value(only(Namespace, namespace(labels)).pod_security) == level


def test_a_namespace_without_label_enforces_nothing() -> None:
    assert (
        value(only(Namespace, namespace({"pod-security.kubernetes.io/warn": "restricted"})).pod_security)
        == "privileged"
    )


def test_only_a_policy_for_every_pod_and_without_rules_denies_by_default() -> None:
    def denied(*policies: Resource) -> list[object]:
        found = only(Namespace, namespace(), *policies)
        return [value(found.default_deny_ingress), value(found.default_deny_egress)]

    both: JsonValue = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert denied() == [False, False]
    assert denied(policy(both)) == [True, True]
    assert denied(policy(both, space=ref(NAMESPACE, "space", "metadata.name"))) == [True, True]
    assert denied(policy(both, space="elsewhere")) == [False, False]
    assert denied(policy({"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Ingress", "Egress"]})) == [
        False,
        False,
    ]
    assert denied(policy({"podSelector": {}, "policyTypes": ["Ingress"]})) == [True, False]
    assert denied(policy({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]})) == [False, False]


def test_a_quota_counts_in_its_own_namespace() -> None:
    quota = resource(
        "kubernetes:core/v1:ResourceQuota",
        "quota",
        {"metadata": {"namespace": "gateway"}, "spec": {"hard": {"pods": "9"}}},
    )
    assert value(only(Namespace, namespace(), quota).quota) is True
    assert value(only(Namespace, namespace()).quota) is False


@pytest.mark.parametrize(
    ("spec", "opened"),
    [
        ({"policyTypes": ["Ingress"]}, [False, False]),
        ({"ingress": [{"from": [{"podSelector": {"matchLabels": {"a": "b"}}}]}]}, [False, False]),
        ({"ingress": [{"ports": [{"port": 443}]}]}, [True, False]),
        ({"ingress": [{"from": [{"namespaceSelector": {}}]}]}, [True, False]),
        (
            {"ingress": [{"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"a": "b"}}}]}]},
            [False, False],
        ),
        ({"egress": [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}, [False, True]),
        ({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}, {"to": []}]}, [False, True]),
        ({"egress": [{"to": [{"ipBlock": {"cidr": {"$unknown": True}}}]}]}, [False, "?cloud_decides"]),
        ({"ingress": {"$unknown": True}}, ["?cloud_decides", False]),
        ({"egress": [{"to": {"$unknown": True}}]}, [False, "?cloud_decides"]),
        ({"egress": [{"to": [{"namespaceSelector": {"$unknown": True}}]}]}, [False, "?cloud_decides"]),
        (
            {"egress": [{"to": [{"namespaceSelector": {}, "podSelector": {"$unknown": True}}]}]},
            [False, "?cloud_decides"],
        ),
        (
            {
                "egress": [
                    {"to": [{"namespaceSelector": {"$unknown": True}, "podSelector": {"matchLabels": {"a": "b"}}}]}
                ]
            },
            [False, False],
        ),
        ({"egress": [{"to": [{"ipBlock": {"cidr": ref("aws:ec2/vpc:Vpc", "vpc", "cidrBlock")}}]}]}, [False, False]),
    ],
)
def test_a_rule_without_named_peers_is_open(spec: dict[str, JsonValue], opened: list[object]) -> None:
    found = only(NetworkPolicy, policy({"podSelector": {}, **spec}))
    assert [value(found.open_ingress), value(found.open_egress)] == opened


@pytest.mark.parametrize(
    ("left_out", "actions", "opened"),
    [
        (["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], ["aws:drop_established", "aws:alert_established"], False),
        (["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], ["aws:alert_established"], True),
        (["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], None, True),
        (["10.0.0.0/8"], ["aws:drop_strict"], True),
        (["10.0.0.0/8", {"$unknown": True}], ["aws:drop_strict"], "?cloud_decides"),
        (["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], {"$unknown": True}, "?cloud_decides"),
    ],
)
def test_the_way_out_of_the_platform_is_not_open_where_a_firewall_drops_what_nobody_named(
    left_out: list[JsonValue], actions: JsonValue, opened: object
) -> None:
    rules: dict[str, JsonValue] = {"firewallPolicy": {"statefulDefaultActions": actions or []}}
    walls = [] if actions is None else [resource(FIREWALL, "wall", rules)]
    assert value(only(NetworkPolicy, way_out(left_out), *walls).open_egress) == opened


def test_a_firewall_that_may_be_missing_leaves_the_way_out_untold() -> None:
    private: list[JsonValue] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
    wall = resource(FIREWALL, "wall", {"firewallPolicy": {"statefulDefaultActions": ["aws:drop_strict"]}})
    lax = resource(FIREWALL, "lax", {"firewallPolicy": {"statefulDefaultActions": []}})
    told = [
        value(only(NetworkPolicy, way_out(private), *walls, incomplete="half a preview").open_egress)
        for walls in ((), (wall,), (wall, lax))
    ]
    assert told == ["?not_read", "?not_read", True]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}, [True, False, False]),
        ({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}, [True, True, False]),
        (
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["one"]},
            [True, False, False],
        ),
        ({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, [False, True, True]),
        ({"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles"], "verbs": ["bind"]}, [True, False, True]),
        (
            {"apiGroups": [""], "resources": ["pods"], "verbs": {"$unknown": True}},
            ["?cloud_decides", False, "?cloud_decides"],
        ),
    ],
)
def test_what_a_role_may_do(rule: JsonValue, told: list[object]) -> None:
    found = only(
        KubernetesRole, resource("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "role", {"rules": [rule]})
    )
    assert [value(found.named_only), value(found.reads_secrets), value(found.escalates)] == told


def test_a_binding_to_cluster_admin_speaks_for_that_role_and_other_bindings_for_none() -> None:
    def binding(role: str) -> Resource:
        token = "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding"
        return resource(token, "binding", {"roleRef": {"kind": "ClusterRole", "name": role}, "subjects": []})

    found = only(KubernetesRole, binding("cluster-admin"))
    assert [value(found.named_only), value(found.reads_secrets), value(found.escalates)] == [False, True, True]
    assert estate([binding("view")]).all(KubernetesRole) == ()


def test_an_autoscaler_tells_its_bounds_and_its_signal() -> None:
    horizontal = resource("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "h", {
        "spec": {"maxReplicas": 9, "metrics": [{"type": "Resource", "resource": {"name": "cpu"}}]},
    })  # fmt: skip
    found = only(Autoscaler, horizontal)
    assert [value(found.minimum), value(found.maximum), value(found.metrics)] == [1, 9, frozenset({"cpu"})]
    queue = resource("kubernetes:keda.sh/v1alpha1:ScaledObject", "q", {
        "spec": {"minReplicaCount": 2, "triggers": [{"type": "prometheus", "metadata": {"query": "vllm:num_requests_waiting"}}]},
    })  # fmt: skip
    scaled = only(Autoscaler, queue)
    assert [value(scaled.minimum), value(scaled.maximum), value(scaled.metrics)] == [
        2, 100, frozenset({"vllm:num_requests_waiting"}),
    ]  # fmt: skip


def test_a_storage_class_encrypts_only_when_it_says_so() -> None:
    def found(**parameters: JsonValue) -> list[object]:
        made = only(
            StorageClass, resource("kubernetes:storage.k8s.io/v1:StorageClass", "s", {"parameters": parameters})
        )
        return [value(made.encrypted), value(made.key)]

    assert found() == [False, None]
    assert found(encrypted="true") == [True, None]
