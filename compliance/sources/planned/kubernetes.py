"""Namespaces, network policies, roles and autoscalers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from pydantic import JsonValue

from blueprint.graph import is_unknown
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.kubernetes import Autoscaler, KubernetesRole, Namespace, NetworkPolicy, StorageClass
from compliance.facts.leaf import every, inverted, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.objects import label, name_of, objects
from compliance.sources.planned.reading import MISSING, Reading
from compliance.sources.planned.workloads import BINDINGS, SHARED_NAMESPACES

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
QUOTA = "kubernetes:core/v1:ResourceQuota"
Level: TypeAlias = Literal["privileged", "baseline", "restricted"]
LEVELS: Mapping[str, Level] = {"baseline": "baseline", "restricted": "restricted"}
EVERYBODY = frozenset({"0.0.0.0/0", "::/0"})
PRIVATE = frozenset({"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"})
FIREWALL = "aws:networkfirewall/firewallPolicy:FirewallPolicy"
_DROPS = frozenset({"aws:drop_established", "aws:drop_strict"})
_READS = frozenset({"get", "list", "watch", "*"})
_ESCALATES = frozenset({"bind", "escalate", "impersonate", "*"})
_GRANTS_ALL = frozenset({"cluster-admin", "admin", "edit"})
"""Roles that Kubernetes brings along and that may change everything, or read secrets, in their reach."""


def namespace(reading: Reading) -> Namespace:
    """Fold a namespace with its policies that choose every pod, and its quota."""
    name = name_of(reading)
    return Namespace(
        id=reading.id("Namespace"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        namespace=reading.known("metadata.name", name),
        system=reading.known("metadata.name", name in SHARED_NAMESPACES),
        pod_security=_level(reading),
        default_deny_ingress=_denied(reading, name, "Ingress", "ingress"),
        default_deny_egress=_denied(reading, name, "Egress", "egress"),
        quota=_quota(reading, name),
    )


def network_policy(reading: Reading) -> NetworkPolicy:
    """Fold a network policy."""
    return NetworkPolicy(
        id=reading.id("NetworkPolicy"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        open_ingress=_open(reading, "ingress", "from"),
        open_egress=_open(reading, "egress", "to"),
    )


def role(reading: Reading) -> KubernetesRole:
    """Fold a Role or ClusterRole."""
    rules = reading.items("rules")
    none = reading.known("rules", value=False)
    return KubernetesRole(
        id=reading.id("KubernetesRole"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        named_only=every((reading.known("rules", value=True), *(_named(reading, rule) for rule in rules))),
        reads_secrets=some((none, *(_reads_secrets(reading, rule) for rule in rules))),
        escalates=some((none, *(_has(reading, f"{rule}.verbs", _ESCALATES) for rule in rules))),
    )


def binding(reading: Reading) -> KubernetesRole | None:
    """A binding to a role that Kubernetes brings along speaks for that role; the others have a resource of their own."""
    name = reading.raw("roleRef.name")
    if reading.target("roleRef.name") is not None or not isinstance(name, str) or name not in _GRANTS_ALL:
        return None
    return KubernetesRole(
        id=reading.id("KubernetesRole"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        named_only=reading.known("roleRef.name", value=name != "cluster-admin"),
        reads_secrets=reading.known("roleRef.name", value=True),
        escalates=reading.known("roleRef.name", value=name != "edit"),
    )


def horizontal(reading: Reading) -> Autoscaler:
    """Fold a HorizontalPodAutoscaler."""
    return Autoscaler(
        id=reading.id("Autoscaler"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        minimum=reading.number("spec.minReplicas"),
        maximum=reading.number("spec.maxReplicas"),
        metrics=_metrics(reading, "spec.metrics", ("resource.name", "containerResource.name", "pods.metric.name", "external.metric.name", "object.metric.name")),
    )  # fmt: skip


def scaled_object(reading: Reading) -> Autoscaler:
    """Fold a ScaledObject of KEDA."""
    return Autoscaler(
        id=reading.id("Autoscaler"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        minimum=reading.number("spec.minReplicaCount"),
        maximum=reading.number("spec.maxReplicaCount"),
        metrics=_metrics(
            reading, "spec.triggers", ("metadata.query", "metadata.metricName", "metadata.valueLocation", "type")
        ),
    )


def storage_class(reading: Reading) -> StorageClass:
    """Fold a storage class of the EBS driver."""
    return StorageClass(
        id=reading.id("StorageClass"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        encrypted=reading.flag("parameters.encrypted"),
        key=reading.link("parameters.kmsKeyId"),
    )


def _level(reading: Reading) -> Leaf[Level]:
    """A namespace without the label enforces nothing, and neither does one with a word that is no level."""
    found = label(reading, "pod-security.kubernetes.io/enforce")
    return mapped(found, lambda value: LEVELS.get(value or "", "privileged"))


def _denied(reading: Reading, name: str, policy_type: str, rules: str) -> Leaf[bool]:
    for policy in objects(reading).of(POLICY, name):
        types = policy.raw("spec.policyTypes")
        named = isinstance(types, list) and policy_type in types
        if named and policy.raw("spec.podSelector") in ({}, MISSING) and not policy.items(f"spec.{rules}"):
            return policy.known("spec.podSelector", value=True)
    return reading.absent_flag("NetworkPolicy")


def _quota(reading: Reading, name: str) -> Leaf[bool]:
    for quota in objects(reading).of(QUOTA, name):
        return quota.present("spec.hard")
    return reading.absent_flag("ResourceQuota")


def _open(reading: Reading, rules: str, peers: str) -> Leaf[bool]:
    """A rule without peers, with every namespace or with every address admits everybody."""
    path = f"spec.{rules}"
    if is_unknown(reading.raw(path)):  # type: ignore[arg-type]
        return Unknown("cloud_decides", reading.origin(path))
    found = [leaf for rule in reading.items(path) for leaf in _peers(reading, f"{rule}.{peers}")]
    return some((reading.known(path, value=False), *found))


def _peers(reading: Reading, path: str) -> Iterator[Leaf[bool]]:
    if is_unknown(reading.raw(path)):  # type: ignore[arg-type]
        yield Unknown("cloud_decides", reading.origin(path))
    elif not reading.items(path):
        yield reading.known(path, value=True)
    for peer in reading.items(path):
        block = f"{peer}.ipBlock"
        if reading.raw(block) is not MISSING:
            screened = every((_outside_only(reading, block), _drops_by_default(reading)))
            yield every((inverted(screened), _everybody(reading, f"{block}.cidr")))
        yield _anywhere(reading, peer)


def _anywhere(reading: Reading, peer: str) -> Leaf[bool]:
    """Whether a peer is every pod of every namespace; a selector that only the cloud knows may choose them all."""
    spaces, pods = reading.raw(f"{peer}.namespaceSelector"), reading.raw(f"{peer}.podSelector")
    untold = is_unknown(spaces), is_unknown(pods)  # type: ignore[arg-type]
    all_spaces, all_pods = spaces == {}, pods in ({}, MISSING)
    if any(untold) and (all_spaces or untold[0]) and (all_pods or untold[1]):
        return Unknown("cloud_decides", reading.origin(peer))
    return reading.known(peer, all_spaces and all_pods)


def _outside_only(reading: Reading, block: str) -> Leaf[bool]:
    """Whether a block leaves out every private network, so that it leads nowhere but out of the platform."""
    path = f"{block}.except"
    left_out = [reading.raw(each) for each in reading.items(path)] or [reading.raw(path)]
    if {each for each in left_out if isinstance(each, str)} >= PRIVATE:
        return reading.known(path, value=True)
    if any(map(is_unknown, left_out)):  # type: ignore[arg-type]
        return Unknown("cloud_decides", reading.origin(path))
    return reading.known(path, value=False)


def _drops_by_default(reading: Reading) -> Leaf[bool]:
    """Whether what leaves the platform passes a firewall that drops what its lists do not name."""
    none = reading.none("(FirewallPolicy)")
    policies = [reading.of(each) for each in reading.links.graph.of(FIREWALL)]
    return every((inverted(none), *map(_drops, policies))) if policies else none


def _drops(policy: Reading) -> Leaf[bool]:
    path = "firewallPolicy.statefulDefaultActions"
    if policy.raw(path) is MISSING and not policy.resource.external:
        return policy.known(path, value=False)
    return mapped(policy.words(path), lambda actions: bool(_DROPS & actions))


def _everybody(reading: Reading, path: str) -> Leaf[bool]:
    """A reference is to the addresses of one network or endpoint, which are not everybody's."""
    value = reading.raw(path)
    if is_unknown(value):  # type: ignore[arg-type]
        return Unknown("cloud_decides", reading.origin(path))
    return reading.known(path, value=isinstance(value, str) and value in EVERYBODY)


def _named(reading: Reading, rule: str) -> Leaf[bool]:
    wild = (
        _has(reading, f"{rule}.{key}", frozenset({"*"}))
        for key in ("verbs", "resources", "apiGroups", "nonResourceURLs")
    )
    return mapped(some(wild), lambda found: not found)


def _reads_secrets(reading: Reading, rule: str) -> Leaf[bool]:
    named = reading.raw(f"{rule}.resourceNames")
    if isinstance(named, list) and named:
        return reading.known(f"{rule}.resourceNames", value=False)
    return every(
        (
            _has(reading, f"{rule}.resources", frozenset({"secrets", "*"})),
            _has(reading, f"{rule}.apiGroups", frozenset({"", "*"})),
            _has(reading, f"{rule}.verbs", _READS),
        )
    )


def _has(reading: Reading, path: str, any_of: frozenset[str]) -> Leaf[bool]:
    if reading.raw(path) is MISSING:
        return reading.known(path, value=False)
    return mapped(reading.words(path), lambda words: bool(words & any_of))


def _metrics(reading: Reading, path: str, names: tuple[str, ...]) -> Leaf[frozenset[str]]:
    found: set[str] = set()
    for item in reading.items(path):
        told: JsonValue | object = next((v for n in names if (v := reading.raw(f"{item}.{n}")) is not MISSING), None)
        if not isinstance(told, str):
            return Unknown("cloud_decides", reading.origin(item))
        found.add(told)
    return Known(frozenset(found), reading.origin(path))


ADAPTERS = (
    Adapter("kubernetes:core/v1:Namespace", namespace),
    Adapter(POLICY, network_policy),
    Adapter("kubernetes:rbac.authorization.k8s.io/v1:Role", role),
    Adapter("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", role),
    *(Adapter(token, binding) for token in BINDINGS),
    Adapter("kubernetes:storage.k8s.io/v1:StorageClass", storage_class),
    Adapter("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", horizontal),
    Adapter("kubernetes:keda.sh/v1alpha1:ScaledObject", scaled_object),
)
