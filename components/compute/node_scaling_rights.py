"""What the cluster autoscaler may read and change in Kubernetes, named one by one. Source: its AWS example, 2026-11-20."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi_kubernetes.rbac.v1 import PolicyRuleArgsDict

_WATCH = ["get", "list", "watch"]
_NAME = "cluster-autoscaler"

CLUSTER_RULES: list[PolicyRuleArgsDict] = [
    {"api_groups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    {"api_groups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
    {"api_groups": [""], "resources": ["pods/status"], "verbs": ["update"]},
    {"api_groups": [""], "resources": ["nodes"], "verbs": [*_WATCH, "update"]},
    {
        "api_groups": [""],
        "resources": [
            "namespaces", "persistentvolumeclaims", "persistentvolumes", "pods", "replicationcontrollers", "services",
        ],
        "verbs": _WATCH,
    },
    {"api_groups": ["apps"], "resources": ["daemonsets", "replicasets", "statefulsets"], "verbs": _WATCH},
    {"api_groups": ["batch"], "resources": ["jobs"], "verbs": _WATCH},
    {"api_groups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _WATCH},
    {
        "api_groups": ["resource.k8s.io"],
        "resources": ["deviceclasses", "resourceclaims", "resourceslices"],
        "verbs": _WATCH,
    },
    {
        "api_groups": ["storage.k8s.io"],
        "resources": ["csidrivers", "csinodes", "csistoragecapacities", "storageclasses", "volumeattachments"],
        "verbs": _WATCH,
    },
]  # fmt: skip

NAMESPACE_RULES: list[PolicyRuleArgsDict] = [
    {"api_groups": [""], "resources": ["configmaps"], "verbs": ["create", "list", "watch"]},
    {
        "api_groups": [""],
        "resources": ["configmaps"],
        "resource_names": [f"{_NAME}-status", f"{_NAME}-priority-expander"],
        "verbs": ["get", "update", "delete", "watch"],
    },
    {"api_groups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    {
        "api_groups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resource_names": [_NAME],
        "verbs": ["get", "update"],
    },
]
