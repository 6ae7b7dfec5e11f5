"""Workloads: whatever makes pods, with its disruption budget, service account and autoscaler folded in."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Literal, NamedTuple, TypeAlias

from blueprint.graph import Resource, is_unknown
from blueprint.types import DataClass
from compliance.facts.base import Leaf, Subject, Unknown
from compliance.facts.kubernetes import Workload
from compliance.facts.leaf import every, inverted, mapped, some
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import Links
from compliance.sources.planned.objects import UNTOLD, hidden, labels, name_of, namespace_of, objects, selects
from compliance.sources.planned.pods import PODS, SERVICE_ACCOUNT, Pod, service_account
from compliance.sources.planned.reading import MISSING, Reading

RELEASE = "kubernetes:helm.sh/v3:Release"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
SCALERS = {
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": "spec.minReplicas",
    "kubernetes:keda.sh/v1alpha1:ScaledObject": "spec.minReplicaCount",
}
"""What changes the number of replicas -> path of the fewest."""
BINDINGS = (
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
)
SHARED_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
Isolation: TypeAlias = Literal["shared", "namespace", "node", "cluster", "account"]
_SCALED = frozenset({"Deployment", "StatefulSet"})
_TAINTED = frozenset({"NO_SCHEDULE", "NO_EXECUTE", "NoSchedule", "NoExecute"})


def workload(reading: Reading) -> Workload:
    """Fold a controller with everything that speaks of its pods."""
    pod = Pod(reading)
    containers = reading.origin(f"{pod.spec}.containers")
    if not pod.containers:
        return _unread(reading, Unknown("cloud_decides", containers))
    controller = reading.resource.type.rpartition(":")[2]
    serves = controller in {"Deployment", "StatefulSet", "DaemonSet"}
    return Workload(
        id=reading.id("Workload"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        controller=reading.known("kind", controller),
        namespace=_namespace(reading),
        non_root=every(pod.each("runAsNonRoot")),
        read_only_root=every(pod.each("readOnlyRootFilesystem")),
        escalation_denied=every(inverted(leaf) for leaf in pod.each("allowPrivilegeEscalation")),
        capabilities_dropped=every(pod.capabilities()),
        seccomp=every(pod.seccomp()),
        privileged=some(pod.each("privileged")),
        host_namespaces=some(reading.flag(f"{pod.spec}.{key}") for key in ("hostNetwork", "hostPID", "hostIPC")),
        host_paths=pod.host_paths(),
        host_ports=pod.host_ports(),
        images_pinned=pod.images_pinned(),
        own_registry=pod.own_registry(),
        limits=_resources(pod, "limits"),
        requests=_resources(pod, "requests"),
        liveness=every(pod.written("livenessProbe")),
        readiness=every(pod.written("readinessProbe")),
        replicas=_replicas(reading) if controller in _SCALED else reading.known("kind", None),
        disruption_budget=_budget(reading, pod) if serves else reading.known("kind", value=False),
        spread=some((_spread(pod, "topologySpreadConstraints"), _spread(pod, "affinity.podAntiAffinity"))),
        own_service_account=_own_account(reading, pod),
        token_mounted=_token(reading, pod),
        needs_token=_bound(reading, pod),
        secrets_in_env=pod.secrets_in_env(),
        secret_variables=pod.secret_variables(),
        isolation=_isolation(reading, pod),
    )


def release(reading: Reading) -> Workload:
    """A chart is opaque: that it runs something is seen, and what it runs was not read."""
    return _unread(reading, Unknown("not_read", reading.origin("chart")))


def _unread(reading: Reading, why: Unknown) -> Workload:
    own = {each.name for each in fields(Subject)}
    leaves: Mapping[str, Unknown] = {each.name: why for each in fields(Workload) if each.name not in own}
    return Workload(id=reading.id("Workload"), urns=(reading.urn,), data_classes=reading.classes(), **leaves)


def _resources(pod: Pod, kind: str) -> Leaf[bool]:
    return every(
        leaf for name in ("cpu", "memory") for leaf in pod.written(f"resources.{kind}.{name}", all_of_them=True)
    )


def _replicas(reading: Reading) -> Leaf[int | None]:
    """The fewest that run: an autoscaler has the last word."""
    scaler = _scalers(reading).get((namespace_of(reading), reading.resource.type.rpartition(":")[2], name_of(reading)))
    if scaler is None:
        if any(UNTOLD in (namespace, name) for namespace, _, name in _scalers(reading)):
            reading.doubtful()
        return reading.doubt("(autoscaler)") or mapped(reading.number("spec.replicas"), lambda count: count)
    return mapped(scaler.number(SCALERS[scaler.resource.type]), lambda count: count)


def _namespace(reading: Reading) -> Leaf[str]:
    name = namespace_of(reading)
    if name == UNTOLD:
        return Unknown("cloud_decides", reading.origin("metadata.namespace"))
    return reading.known("metadata.namespace", name)


def _budget(reading: Reading, pod: Pod) -> Leaf[bool]:
    for budget in objects(reading).of(BUDGET, namespace_of(reading)):
        if selects(budget.raw("spec.selector"), pod.labels):
            return some((budget.present("spec.minAvailable"), budget.present("spec.maxUnavailable")))
        if hidden(budget, "spec.selector.matchLabels") or hidden(reading, f"{pod.template}.metadata.labels"):
            reading.doubtful()
    return reading.absent_flag("PodDisruptionBudget")


def _spread(pod: Pod, key: str) -> Leaf[bool]:
    return pod.reading.present(f"{pod.spec}.{key}")


def _own_account(reading: Reading, pod: Pod) -> Leaf[bool]:
    path = f"{pod.spec}.serviceAccountName"
    if is_unknown(reading.raw(path)):  # type: ignore[arg-type]
        return Unknown("cloud_decides", reading.origin(path))
    name, _ = service_account(reading, pod)
    account, users = (namespace_of(reading), name), reading.links.derived(_account_users)
    if name == "default" or (UNTOLD not in account and users[account].surely > 1):
        return reading.known(path, value=False)
    if users[account].perhaps > 1 or (UNTOLD, name) in users or any(used == UNTOLD for _, used in users):
        reading.doubtful()
    return inverted(reading.none(path))


def _token(reading: Reading, pod: Pod) -> Leaf[bool]:
    """The pod decides, else its service account, else Kubernetes: it mounts one."""
    path = f"{pod.spec}.automountServiceAccountToken"
    _, account = service_account(reading, pod)
    doubt = reading.doubt(path) if account is None and reading.raw(path) is MISSING else None
    if doubt:
        return doubt
    if reading.raw(path) is MISSING and account and account.raw("automountServiceAccountToken") is not MISSING:
        return account.flag("automountServiceAccountToken")
    return reading.flag(path)


def _bound(reading: Reading, pod: Pod) -> Leaf[bool]:
    name, _ = service_account(reading, pod)
    bound = reading.links.derived(_bound_accounts)
    path = f"{pod.spec}.serviceAccountName"
    unsure = UNTOLD in {part for place in bound for part in place}
    if (namespace_of(reading), name) in bound:
        own = _own_token(reading, pod) if bound[namespace_of(reading), name] == 1 else None
        if own is not None and unsure:
            return Unknown("cloud_decides", reading.origin(path))  # the binding that is not told may be another use
        return reading.known(path, value=True) if own is None else reading.doubt(path) or own
    if unsure:
        reading.doubtful()
    return reading.none(path)


def _own_token(reading: Reading, pod: Pod) -> Leaf[bool] | None:
    """False where a volume brings a token to the containers that mount it; the others then need none."""
    path = f"{pod.spec}.volumes"
    if is_unknown(reading.raw(path)):  # type: ignore[arg-type]
        return Unknown("cloud_decides", reading.origin(path))
    for volume in reading.items(path):
        for source in reading.items(f"{volume}.projected.sources"):
            if reading.raw(f"{source}.serviceAccountToken") is not MISSING:
                return reading.known(f"{source}.serviceAccountToken", value=False)
    return None


def _isolation(reading: Reading, pod: Pod) -> Leaf[Isolation]:
    """How far the pods are kept from pods with other classes of data, as the graph places both.

    cluster: there are no others; node: the others run on other nodes; namespace: they share nodes.
    A chart is opaque and counts as holding no data; that it was not read shows at its own subject.
    """
    classes = reading.classes()
    if isinstance(classes, Unknown):
        return classes
    if reading.links.graph.incomplete:
        return Unknown("not_read", reading.origin(f"{pod.spec}.nodeSelector"))
    groups = reading.links.derived(_placements)
    nodes = _nodes(reading, pod)
    path = f"{pod.spec}.nodeSelector"
    if all(held == classes.value for held, _ in groups):
        return reading.known("(other workloads)", "cluster")
    chosen = reading.present(path)
    if isinstance(chosen, Unknown) and not reading.resource.external:
        return chosen
    if all(held == classes.value for held, where in groups if where == nodes):
        return reading.known(path, "node")
    return mapped(_namespace(reading), lambda name: "shared" if name in SHARED_NAMESPACES else "namespace")


def _nodes(reading: Reading, pod: Pod) -> frozenset[str]:
    """Tainted groups of nodes that the pods ask for; empty: those that are open to everybody."""
    wanted = labels(reading, f"{pod.spec}.nodeSelector")
    pools = [pool for pool in reading.links.derived(_pools) if wanted.items() <= pool.labels.items()] if wanted else []
    return frozenset(pool.urn for pool in pools) if pools and all(pool.tainted for pool in pools) else frozenset()


def _placements(links: Links) -> frozenset[tuple[frozenset[DataClass], frozenset[str]]]:
    """Which classes of data are held on which nodes."""
    found = set()
    for reading in _controllers(links):
        classes = reading.classes()
        if not isinstance(classes, Unknown):
            found.add((classes.value, _nodes(reading, Pod(reading))))
    return frozenset(found)


@dataclass(frozen=True)
class _Pool:
    urn: str
    labels: Mapping[str, str]
    tainted: bool


def _pools(links: Links) -> tuple[_Pool, ...]:
    """Node groups of the graph, and pools of Karpenter."""
    return tuple(
        _Pool(
            group.urn,
            labels(group, where),
            any(group.raw(f"{taint}.effect") in _TAINTED for taint in group.items(taints)),
        )
        for token, where, taints in (
            ("aws:eks/nodeGroup:NodeGroup", "labels", "taints"),
            ("kubernetes:karpenter.sh/v1:NodePool", "spec.template.metadata.labels", "spec.template.spec.taints"),
        )
        for group in (Reading(each, links) for each in links.graph.of(token))
    )


class _Users(NamedTuple):
    """Workloads under one service account. A job and its schedule, whose pods have the same labels, are one."""

    lasting: frozenset[str]
    """URNs of those that do not end."""
    ending: frozenset[str]
    """Labels of the others, as text."""
    untold: int
    """How many of these have labels that only the cloud knows."""

    @property
    def surely(self) -> int:
        return len(self.lasting) + max(len(self.ending), min(self.untold, 1))

    @property
    def perhaps(self) -> int:
        return len(self.lasting) + len(self.ending) + self.untold


def _account_users(links: Links) -> Mapping[tuple[str, str], _Users]:
    """Who runs under each service account."""
    users: dict[tuple[str, str], _Users] = defaultdict(lambda: _Users(frozenset(), frozenset(), 0))
    for reading in _controllers(links):
        pod = Pod(reading)
        account = namespace_of(reading), service_account(reading, pod)[0]
        lasting, ending, untold = users[account]
        path = f"{pod.template}.metadata.labels"
        worn = reading.raw(path)
        if worn is MISSING or not reading.resource.type.endswith("Job"):
            users[account] = _Users(lasting | {reading.urn}, ending, untold)
        elif is_unknown(worn) or hidden(reading, path):  # type: ignore[arg-type]
            users[account] = _Users(lasting, ending, untold + 1)
        else:
            users[account] = _Users(lasting, ending | {json.dumps(worn, sort_keys=True)}, untold)
    return users


def _bound_accounts(links: Links) -> Mapping[tuple[str, str], int]:
    """Service accounts that bindings name, and how many do."""
    found: Counter[tuple[str, str]] = Counter()
    for binding in (Reading(each, links) for each in links.graph.of(*BINDINGS)):
        for subject in binding.items("subjects"):
            account = binding.target(f"{subject}.name", SERVICE_ACCOUNT)
            name, namespace = binding.raw(f"{subject}.name"), binding.raw(f"{subject}.namespace")
            if account is not None:
                found[namespace_of(account), name_of(account)] += 1
            elif namespace is MISSING:
                found[namespace_of(binding), _told(name)] += 1
            else:
                found[_told(namespace), _told(name)] += 1
    return found


def _scalers(reading: Reading) -> Mapping[tuple[str, str, str], Reading]:
    return reading.links.derived(_scalers_by_target)


def _scalers_by_target(links: Links) -> Mapping[tuple[str, str, str], Reading]:
    found: dict[tuple[str, str, str], Reading] = {}
    for scaler in (Reading(each, links) for each in links.graph.of(*SCALERS)):
        target = scaler.target("spec.scaleTargetRef.name", *PODS)
        name = name_of(target) if target else scaler.raw("spec.scaleTargetRef.name")
        kind = scaler.raw("spec.scaleTargetRef.kind")
        kind = kind if isinstance(kind, str) else "Deployment"
        found[namespace_of(scaler), kind, _told(name)] = scaler
    return found


def _told(name: object) -> str:
    return name if isinstance(name, str) else UNTOLD


def _controllers(links: Links) -> Iterable[Reading]:
    resources: Iterable[Resource] = links.graph.of(*PODS)
    return (Reading(each, links) for each in resources)


ADAPTERS = (*(Adapter(token, workload) for token in PODS), Adapter(RELEASE, release))
