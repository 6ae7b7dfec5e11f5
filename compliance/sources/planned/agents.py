"""Agents, servers of tools and queues of approvals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from pydantic import JsonValue

from blueprint.graph import Ref, embedded_json, is_unknown, parts
from blueprint.tags import Tag
from compliance.facts.agents import Agent, ApprovalQueue, AskerRights, KernelClass, ToolServer
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, inverted, some
from compliance.facts.policy import Statement
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import Links
from compliance.sources.planned.mounts import SERVICE, inside_only, secret_names
from compliance.sources.planned.objects import labels, namespace_of, objects
from compliance.sources.planned.pods import CONFIG_MAP, Pod
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import MISSING, Reading
from compliance.sources.planned.serving import speaks_tls

COMPONENT = "blueprint/component"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
QUEUE, ALARM = "aws:sqs/queue:Queue", "aws:cloudwatch/metricAlarm:MetricAlarm"
SKIPPED = "eks.amazonaws.com/skip-containers"
"""Annotation that names containers without credentials."""
PLATFORMS_OWN = frozenset({"cache-door", "door"})
"""Containers of the platform, beside the organisation's."""
_ASKS, _READS = frozenset({"sqs:sendmessage"}), "secretsmanager:getsecretvalue"
_DECIDES = frozenset({"sqs:*", "sqs:receivemessage", "sqs:deletemessage"})
_LOST = "-dead-letters"
"""What names of queues end with that take what others could not deliver."""
_INSIDE = re.compile(r"^https://[^/:]+\.svc(\.cluster\.local)?(:\d+)?(/|$)")
_LOOPBACK = re.compile(r"^redis://127\.0\.0\.1[:/]")
_FORGETS = re.compile(r"DELETE FROM memories WHERE written < now\(\) - interval '\d+ days'")


def tool_server(reading: Reading) -> ToolServer | None:
    """Fold a Deployment of a component of `tools`."""
    pod = Pod(reading)
    own = [each for each in pod.containers if _name(reading, each) not in PLATFORMS_OWN]
    if not _component(reading).startswith("tools-") or not own:
        return None
    door = next((each for each in pod.containers if _name(reading, each) == "door"), None)
    told = _Told(pod, door) if door else None
    return ToolServer(
        id=reading.id("ToolServer"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        encrypted=speaks_tls(reading, door) if door else reading.none(f"{pod.spec}.containers"),
        authenticated=told.names("KEY_FILE") if told else reading.none(f"{pod.spec}.containers"),
        tools_named=told.names("TOOLS") if told else reading.none(f"{pod.spec}.containers"),
        own_kernel=reading.present(f"{pod.spec}.runtimeClassName"),
        credentials=some(leaf for each in own for leaf in (_has_credentials(pod, each), _has_secrets(pod, each))),
        egress_closed=_closed(reading, pod),
        private=inside_only(pod),
    )


def kernel_class(reading: Reading) -> KernelClass:
    """Fold a RuntimeClass."""
    return KernelClass(
        id=reading.id("KernelClass"), urns=(reading.urn,), data_classes=reading.account_classes(),
        handler=reading.text("handler"),
    )  # fmt: skip


def agent(reading: Reading) -> Agent | None:
    """Fold a Deployment of a component of `agents`."""
    pod = Pod(reading)
    container = next((each for each in pod.containers if _name(reading, each) == "agent"), None)
    if not _component(reading).startswith("agents-") or container is None:
        return None
    told, files = _Told(pod, container), secret_names(pod)
    door = next((each for each in pod.containers if _name(reading, each) == "door"), None)
    called = any(_chooses(service, pod) for service in objects(reading).of(SERVICE, namespace_of(reading)))
    key = f"{pod.spec}.volumes"
    return Agent(
        id=reading.id("Agent"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        gateway_only=every((
            reading.known(container, value=True), *(told.fits(name, _INSIDE) for name in ("OPENAI_BASE_URL", "MCP_URL") if told.has(name))
        )),
        own_key=every((
            told.names("GATEWAY_KEY_FILE"), reading.known(files["gateway-key"], value=True) if "gateway-key" in files else reading.none(key),
        )),
        asks_first=every((told.apart("TOOLS", "AFTER_APPROVAL"), told.names("APPROVALS_QUEUE_URL"))),
        resumable=every((told.names("DATABASE_HOST"), told.names("CHECKPOINTS_DATABASE"))),
        memory_apart=every((
            told.names("MEMORY_DATABASE"), told.differ("CHECKPOINTS_DATABASE", "MEMORY_DATABASE"),
            told.differ("CHECKPOINTS_USER", "MEMORY_USER"), told.fits("REDIS_URI", _LOOPBACK),
        )),
        memory_ends=_forgets(reading),
        encrypted=speaks_tls(reading, door) if door else inverted(reading.known("(Service)", called)),
        private=inside_only(pod) if called else reading.known("(Service)", value=True),
        traced=told.fits("OTEL_EXPORTER_OTLP_ENDPOINT", _INSIDE),
    )  # fmt: skip


def approval_queue(reading: Reading) -> ApprovalQueue | None:
    """Fold a queue of a component of `agents`; one that takes what another could not deliver is folded with that."""
    component, lost = reading.tag(Tag.COMPONENT), reading.links.derived(_dead_letters).get(reading.urn)
    agents = isinstance(component, Known) and component.value.startswith("agents-")
    if (
        not agents
        or reading.resource.name.endswith(_LOST)
        or reading.urn in reading.links.derived(_dead_letters).values()
    ):
        return None
    redrives = _lost(reading, lost)
    return ApprovalQueue(
        id=reading.id("ApprovalQueue"),
        urns=(reading.urn, *((lost,) if lost else ())),
        data_classes=reading.classes(),
        ordered=reading.flag("fifoQueue"),
        dead_letters=redrives,
        waiting_alarm=_alarmed(reading, reading.urn, "ApproximateAgeOfOldestMessage"),
        undecided_alarm=redrives
        if isinstance(redrives, Unknown)
        else _alarmed(reading, lost or "", "ApproximateNumberOfMessagesVisible"),
    )


def asker_rights(reading: Reading) -> AskerRights | None:
    """Fold a policy of a role of an agent's component; whether it asks may be a thing that only the cloud knows."""
    none = reading.known("policy", value=False)
    if not reading.links.components.get(reading.urn, "").startswith("agents-"):
        return None
    return AskerRights(
        id=reading.id("AskerRights"),
        urns=(reading.urn,),
        data_classes=reading.account_classes(),
        asks=asked(reading, "policy", lambda found: any(_may(each, _ASKS) for each in found), none),
        decides=asked(reading, "policy", lambda found: any(_may(each, _DECIDES) for each in found), none),
        approver_key_denied=asked(
            reading, "policy", lambda found: any(not each.allow and _READS in each.actions for each in found), none
        ),
    )


def _may(statement: Statement, actions: frozenset[str]) -> bool:
    return statement.allow and bool(statement.actions & actions)


@dataclass(frozen=True)
class _Told:
    """What a container is told by its environment."""

    pod: Pod
    container: str

    @cached_property
    def _environment(self) -> Mapping[str, tuple[str, JsonValue]]:
        return self.pod.environment(self.container)

    def has(self, name: str) -> bool:
        return name in self._environment

    def names(self, name: str) -> Leaf[bool]:
        """Whether the variable says anything."""
        path, value = self._at(name)
        return self.pod.reading.known(path, value not in (None, ""))

    def fits(self, name: str, pattern: re.Pattern[str]) -> Leaf[bool]:
        """Whether its text is of a form."""
        path, value = self._at(name)
        if is_unknown(value):
            return Unknown("cloud_decides", self.pod.reading.origin(path))
        text = "".join(piece if isinstance(piece, str) else "name" for piece in parts(value) or ())
        return self.pod.reading.known(path, pattern.match(text) is not None)

    def differ(self, one: str, other: str) -> Leaf[bool]:
        """Whether two variables say different things."""
        (_, first), (path, second) = self._at(one), self._at(other)
        return self.pod.reading.known(path, first != second)

    def apart(self, one: str, other: str) -> Leaf[bool]:
        """Whether two lists of names have none in common."""
        (_, first), (path, second) = self._at(one), self._at(other)
        return self.pod.reading.known(path, not _listed(first) & _listed(second))

    def _at(self, name: str) -> tuple[str, JsonValue]:
        return self._environment.get(name, (f"{self.container}.env", None))


def _listed(value: JsonValue) -> set[str]:
    return {name for name in str(value or "").split(",") if name}


def _component(reading: Reading) -> str:
    """The component that it belongs to: by its label, or by what stands above it where only the cloud knows that."""
    return labels(reading).get(COMPONENT) or reading.links.components.get(reading.urn, "")


def _name(reading: Reading, container: str) -> str:
    return str(reading.raw(f"{container}.name"))


def _has_credentials(pod: Pod, container: str) -> Leaf[bool]:
    """EKS gives credentials to every container of a pod that its annotation does not name."""
    path = f"{pod.template}.metadata.annotations"
    skipped = labels(pod.reading, path).get(SKIPPED, "").split(",")
    return pod.reading.known(path, _name(pod.reading, container) not in skipped)


def _has_secrets(pod: Pod, container: str) -> Leaf[bool]:
    """Whether it mounts a volume of secrets, or a token of the Kubernetes API."""
    reading = pod.reading
    secret = {
        str(reading.raw(f"{volume}.name"))
        for volume in reading.items(f"{pod.spec}.volumes")
        if reading.raw(f"{volume}.csi") is not MISSING
        or reading.raw(f"{volume}.secret") is not MISSING
        or any(reading.raw(f"{source}.serviceAccountToken") is not MISSING for source in reading.items(f"{volume}.projected.sources"))
    }  # fmt: skip
    mounted = {str(reading.raw(f"{mount}.name")) for mount in reading.items(f"{container}.volumeMounts")}
    return reading.known(f"{container}.volumeMounts", bool(secret & mounted))


def _closed(reading: Reading, pod: Pod) -> Leaf[bool]:
    """Pods that no policy holds back reach everybody; those that one does, what all of them allow together."""
    policies = [
        policy
        for policy in objects(reading).of(POLICY, namespace_of(reading))
        if _holds(policy, pod) and "Egress" in (policy.raw("spec.policyTypes") or ())  # type: ignore[operator]
    ]
    if not policies:
        return reading.none("(NetworkPolicy)")
    return every(
        (reading.known("(NetworkPolicy)", value=True), *(leaf for policy in policies for leaf in _ways(policy)))
    )


def _holds(policy: Reading, pod: Pod) -> bool:
    chosen = policy.raw("spec.podSelector.matchLabels")
    return chosen in (MISSING, {}) or (isinstance(chosen, dict) and chosen.items() <= pod.labels.items())


def _ways(policy: Reading) -> Iterator[Leaf[bool]]:
    for rule in policy.items("spec.egress"):
        peers = policy.items(f"{rule}.to")
        if not peers:
            yield policy.known(rule, value=False)
        yield from (_narrow(policy, peer) for peer in peers)


def _narrow(policy: Reading, peer: str) -> Leaf[bool]:
    """One address, or the cluster's own resolver."""
    block = policy.raw(f"{peer}.ipBlock.cidr")
    if is_unknown(block):  # type: ignore[arg-type]
        return Unknown("cloud_decides", policy.origin(peer))
    resolver = labels(policy, f"{peer}.podSelector.matchLabels") == {"k8s-app": "kube-dns"}
    return policy.known(peer, resolver or (isinstance(block, str) and block.endswith("/32")))


def _chooses(service: Reading, pod: Pod) -> bool:
    wanted = labels(service, "spec.selector")
    return bool(wanted) and wanted.items() <= pod.labels.items()


def _forgets(reading: Reading) -> Leaf[bool]:
    """Whether what is run in the agent's databases deletes what is too old."""
    for scripts in objects(reading).of(CONFIG_MAP, namespace_of(reading)):
        data = scripts.raw("data")
        for key, text in data.items() if isinstance(data, dict) else ():
            if isinstance(text, str) and _FORGETS.search(text):
                return scripts.known(f"data.{key}", value=True)
    return reading.none("(ConfigMap)")


def _lost(reading: Reading, lost: str | None) -> Leaf[Ref | None]:
    if is_unknown(reading.raw("redrivePolicy")) and lost is None:  # type: ignore[arg-type]
        return Unknown("cloud_decides", reading.origin("redrivePolicy"))
    return reading.known("redrivePolicy", Ref(urn=lost, property="arn") if lost else None)


def _alarmed(reading: Reading, queue: str, metric: str) -> Leaf[bool]:
    """Whether an alarm on a queue's metric tells somebody; one whose queue only the cloud knows may be it."""
    found = reading.links.derived(_alarms)
    if metric in found.loose:
        reading.doubtful()
    told = (alarm.present("alarmActions") for alarm in found.of.get(queue, ()) if alarm.raw("metricName") == metric)
    return some((reading.none("(MetricAlarm)"), *told))


def _dead_letters(links: Links) -> Mapping[str, str]:
    """Queue -> the queue to which it gives up what could not be delivered."""
    found: dict[str, str] = {}
    for queue in links.graph.by_type.get(QUEUE, ()):
        policy = embedded_json(queue.inputs.get("redrivePolicy"))
        target = policy.get("deadLetterTargetArn") if isinstance(policy, dict) and not is_unknown(policy) else None
        named = [piece.urn for piece in parts(target) or () if isinstance(piece, Ref)]
        depends = [urn for urn in queue.property_dependencies.get("redrivePolicy", ()) if urn != queue.urn]
        for urn in [*named, *(depends if policy is not None else ())][:1]:
            found[queue.urn] = urn
    return found


class _Alarms(NamedTuple):
    of: Mapping[str, tuple[Reading, ...]]
    loose: frozenset[object]
    """Metrics with an alarm on a queue that is not told."""


def _alarms(links: Links) -> _Alarms:
    """Queue -> alarms on its metrics, which name it among their dimensions."""
    names = {queue.inputs.get("name"): queue.urn for queue in links.graph.by_type.get(QUEUE, ())
             if isinstance(queue.inputs.get("name"), str)}  # fmt: skip
    found: dict[str, tuple[Reading, ...]] = {}
    loose: set[object] = set()
    for alarm in links.graph.by_type.get(ALARM, ()):
        dimensions = alarm.inputs.get("dimensions")
        named = dimensions.get("QueueName") if isinstance(dimensions, dict) else None
        told = [piece.urn if isinstance(piece, Ref) else names.get(piece) for piece in parts(named) or ()]
        urns = [urn for urn in told or alarm.property_dependencies.get("dimensions", ()) if urn is not None]
        for urn in urns:
            found[urn] = (*found.get(urn, ()), Reading(alarm, links))
        if not urns and (is_unknown(named) or is_unknown(dimensions)):
            loose.add(alarm.inputs.get("metricName"))
    return _Alarms(found, frozenset(loose))


DEPLOYMENT = "kubernetes:apps/v1:Deployment"
ADAPTERS = (
    Adapter(DEPLOYMENT, tool_server),
    Adapter(DEPLOYMENT, agent),
    Adapter("kubernetes:node.k8s.io/v1:RuntimeClass", kernel_class),
    Adapter(QUEUE, approval_queue),
    Adapter("aws:iam/rolePolicy:RolePolicy", asker_rights),
)
