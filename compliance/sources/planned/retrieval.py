"""Stores of documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from pydantic import JsonValue

from blueprint.graph import is_unknown
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, inverted, mapped, some
from compliance.facts.policy import open_to_anybody
from compliance.facts.retrieval import OpenSearchDomain, QdrantCluster, RetrievalServer
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import Links
from compliance.sources.planned.mounts import SERVICE, files, inside_only, secret_names
from compliance.sources.planned.objects import labels, namespace_of, objects
from compliance.sources.planned.pods import CONFIG_MAP, Pod
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import MISSING, Reading
from compliance.sources.planned.serving import runs, speaks_tls

Version: TypeAlias = Literal["1.0", "1.1", "1.2", "1.3"]
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
CRON_JOB = "kubernetes:batch/v1:CronJob"
OLDEST_LINE = 2
"""Lines of OpenSearch before this one, and all of Elasticsearch, get no more than the fixes AWS must make, 2026-11-20."""


def domain(reading: Reading) -> OpenSearchDomain:
    """Fold a domain with its policy, which may stand beside it."""
    beside = reading.satellite("aws:opensearch/domainPolicy:DomainPolicy", "domainName")
    nodes, security = "clusterConfig", "advancedSecurityOptions"
    several = mapped(reading.number(f"{nodes}.zoneAwarenessConfig.availabilityZoneCount"), lambda count: count > 1)
    return OpenSearchDomain(
        id=reading.id("OpenSearchDomain"),
        urns=(reading.urn, *((beside.urn,) if beside else ())),
        data_classes=reading.classes(),
        encrypted=reading.flag("encryptAtRest.enabled"),
        key=reading.link("encryptAtRest.kmsKeyId"),
        nodes_encrypted=reading.flag("nodeToNodeEncryption.enabled"),
        tls_only=reading.flag("domainEndpointOptions.enforceHttps"),
        tls_min_version=_version(reading.text("domainEndpointOptions.tlsSecurityPolicy")),
        private=reading.present("vpcOptions.subnetIds"),
        roles_only=every((
            reading.flag(f"{security}.enabled"), inverted(reading.flag(f"{security}.internalUserDatabaseEnabled")),
            inverted(reading.flag(f"{security}.anonymousAuthEnabled")),
        )),
        open_policy=some((
            asked(reading, "accessPolicies", open_to_anybody, reading.absent_flag("open policy")),
            asked(beside, "accessPolicies", open_to_anybody, reading.absent_flag("open policy")),
        )),
        logs=_logs(reading),
        multi_az=every((
            reading.flag(f"{nodes}.zoneAwarenessEnabled"), several,
            mapped(reading.number(f"{nodes}.instanceCount"), lambda count: count > 1),
        )),
        managers=_managers(reading),
        supported=mapped(reading.text("engineVersion"), _supported),
        updates=reading.flag("softwareUpdateOptions.autoSoftwareUpdateEnabled"),
    )  # fmt: skip


def _version(policy: Leaf[str]) -> Leaf[Version]:
    """Policies are named by the oldest version that they let in."""
    if isinstance(policy, Unknown):
        return policy
    for version in ("1.0", "1.1", "1.2", "1.3"):
        if policy.value.startswith(f"Policy-Min-TLS-{version.replace('.', '-')}"):
            return Known(version, policy.origin)
    return Unknown("not_read", policy.origin)


def _logs(reading: Reading) -> Leaf[frozenset[str]]:
    path = "logPublishingOptions"
    if is_unknown(reading.raw(path)):  # type: ignore[arg-type]
        return Unknown("cloud_decides", reading.origin(path))
    found: set[str] = set()
    for item in reading.items(path):
        kind, on = reading.text(f"{item}.logType"), reading.flag(f"{item}.enabled")
        if isinstance(kind, Unknown):
            return kind
        if isinstance(on, Unknown):
            return on
        found |= {kind.value} if on.value else set()
    return (
        Unknown("existing", reading.origin(path))
        if reading.resource.external
        else reading.known(path, frozenset(found))
    )


def _managers(reading: Reading) -> Leaf[int]:
    on = reading.flag("clusterConfig.dedicatedMasterEnabled")
    if isinstance(on, Known) and not on.value:
        return Known(0, on.origin)
    return on if isinstance(on, Unknown) else reading.number("clusterConfig.dedicatedMasterCount")


def _supported(version: str) -> bool:
    line, _, number = version.partition("_")
    major = number.partition(".")[0]
    return line == "OpenSearch" and major.isdigit() and int(major) >= OLDEST_LINE


def cluster(reading: Reading) -> QdrantCluster | None:
    """Fold a StatefulSet whose image is Qdrant's."""
    pod = Pod(reading)
    if not any(runs(reading, each, "qdrant") for each in pod.containers):
        return None
    told = _configuration(pod)
    return QdrantCluster(
        id=reading.id("QdrantCluster"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        authenticated=_mounted(pod, "api-key"),
        encrypted=_offered_over_tls(pod, told),
        peers_encrypted=_told(pod, told, "cluster", "p2p", "enable_tls"),
        audited=every((_told(pod, told, "audit", "enabled"), _passed_on(pod))),
        reports_home=inverted(_told(pod, told, "telemetry_disabled")),
        private=inside_only(pod),
        disks_encrypted=every(_disks(reading)),
        disks_kept=_kept(reading),
        copied=_copied(reading),
    )  # fmt: skip


def _configuration(pod: Pod) -> JsonValue:
    """What Qdrant is told by a mounted file; None where it was not read."""
    return next((file.document for file in files(pod) if file.key == "config.yaml"), None)


def _told(pod: Pod, document: JsonValue, *path: str) -> Leaf[bool]:
    """A switch of Qdrant's configuration; all of those that are read here are off where they are left out."""
    where = f"{pod.spec}.volumes"
    if document is None:
        return Unknown("not_read", pod.reading.origin(where))
    here: JsonValue = document
    for key in path:
        here = here.get(key) if isinstance(here, dict) else None
    return pod.reading.known(where, here is True)


def _mounted(pod: Pod, secret: str) -> Leaf[bool]:
    found = secret_names(pod).get(secret)
    return pod.reading.known(found, value=True) if found else pod.reading.none(f"{pod.spec}.volumes")


def _offered_over_tls(pod: Pod, document: JsonValue) -> Leaf[bool]:
    """Ports of the pod's services: those of containers that are ready over TLS only, or Qdrant's own with TLS."""
    own = _told(pod, document, "service", "enable_tls")
    if isinstance(own, Unknown) or own.value:
        return own
    reading = pod.reading
    tls = {
        reading.raw(f"{port}.containerPort")
        for container in pod.containers if speaks_tls(reading, container).value  # type: ignore[union-attr]
        for port in reading.items(f"{container}.ports")
    }  # fmt: skip
    peers = _told(pod, document, "cluster", "p2p", "enable_tls")
    if isinstance(peers, Known) and peers.value:
        tls.add(_port(document))
    return every((
        inverted(reading.none("(Service)")),
        *(service.known(path, service.raw(path) in tls) for service, path in _target_ports(pod)),
    ))  # fmt: skip


def _passed_on(pod: Pod) -> Leaf[bool]:
    """Whether a container beside Qdrant is told where its audit files are."""
    path = next((each for each in pod.containers if "AUDIT_FOLDER" in pod.environment(each)), None)
    return pod.reading.known(path or f"{pod.spec}.containers", path is not None)


def _port(document: JsonValue) -> JsonValue:
    """Where peers listen."""
    here = document
    for key in ("cluster", "p2p", "port"):
        here = here.get(key) if isinstance(here, dict) else None
    return here or 6335


def _target_ports(pod: Pod) -> Iterator[tuple[Reading, str]]:
    for service in objects(pod.reading).of(SERVICE, namespace_of(pod.reading)):
        wanted = labels(service, "spec.selector")
        if wanted and wanted.items() <= pod.labels.items():
            for port in service.items("spec.ports"):
                yield service, f"{port}.targetPort"


def _disks(reading: Reading) -> Iterator[Leaf[bool]]:
    """Whether the class of each claim encrypts; that it is not in the graph tells nothing."""
    for claim in reading.items("spec.volumeClaimTemplates"):
        path = f"{claim}.spec.storageClassName"
        name = reading.raw(path)
        classes = reading.links.derived(_storage_classes)
        found = classes.get(name) if isinstance(name, str) else None
        yield Unknown("not_read", reading.origin(path)) if found is None else found.flag("parameters.encrypted")
    yield reading.known("spec.volumeClaimTemplates", value=True)


def _kept(reading: Reading) -> Leaf[bool]:
    """Kubernetes keeps the claims of a StatefulSet unless it is told otherwise."""
    path = "spec.persistentVolumeClaimRetentionPolicy.whenDeleted"
    if reading.raw(path) is MISSING and not reading.resource.external:
        return reading.known(path, value=True)
    return mapped(reading.text(path), lambda word: word == "Retain")


def _storage_classes(links: Links) -> Mapping[str, Reading]:
    found = (Reading(each, links) for each in links.graph.of(STORAGE_CLASS))
    return {name: each for each in found if isinstance(name := each.raw("metadata.name"), str)}


def _copied(reading: Reading) -> Leaf[bool]:
    """Whether a schedule in the same namespace runs what copies snapshots to a bucket."""
    for job in objects(reading).of(CRON_JOB, namespace_of(reading)):
        pod = Pod(job)
        for container in pod.containers:
            told = pod.arguments(container)
            if isinstance(told, Known) and any("snapshots" in word for word in told.value):
                on = inverted(job.known("spec.suspend", value=job.raw("spec.suspend") is True))
                return every((on, job.known(f"{container}.env", "BUCKET" in pod.environment(container))))
    return reading.none("(CronJob)")


def server(reading: Reading) -> RetrievalServer | None:
    """Fold a Deployment that is told a kind of store."""
    pod = Pod(reading)
    container = next((each for each in pod.containers if "STORE_KIND" in pod.environment(each)), None)
    if container is None:
        return None
    return RetrievalServer(
        id=reading.id("RetrievalServer"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        authenticated=_mounted(pod, "mcp-key"),
        encrypted=speaks_tls(reading, container),
        private=inside_only(pod),
        permissions_enforced=_permissions(pod, container),
        freshness_alarmed=_freshness(pod, container),
    )


def _permissions(pod: Pod, container: str) -> Leaf[bool]:
    """The field is named, and where the store is PostgreSQL, its own policy for rows names the same field."""
    variables = pod.environment(container)
    path, name = variables.get("PERMISSION_FIELD", (f"{container}.env", None))
    if is_unknown(name):
        return Unknown("cloud_decides", pod.reading.origin(path))
    named = pod.reading.known(path, isinstance(name, str) and bool(name))
    if variables["STORE_KIND"][1] != "pgvector":
        return named
    return every((named, _guarded_rows(pod.reading, str(name))))


def _guarded_rows(reading: Reading, field: str) -> Leaf[bool]:
    """What the job that makes the database runs in it."""
    for config in objects(reading).of(CONFIG_MAP, namespace_of(reading)):
        data = config.raw("data")
        for key, text in sorted(data.items()) if isinstance(data, dict) else ():
            if key.endswith(".inside.sql") and isinstance(text, str) and "CREATE TABLE IF NOT EXISTS documents" in text:
                policy = text.partition("CREATE POLICY")[2].partition(";")[0]
                guarded = "ENABLE ROW LEVEL SECURITY" in text and field in policy and "blueprint.groups" in policy
                return config.known(f"data.{key}", guarded)
    return reading.none("(ConfigMap of the database)")


def _freshness(pod: Pod, container: str) -> Leaf[bool]:
    """An alarm on the age of this very store, which takes silence for age, and which somebody hears."""
    path, store = pod.environment(container).get("STORE", (f"{container}.env", None))
    if not isinstance(store, str):
        return Unknown("cloud_decides", pod.reading.origin(path))
    alarm = pod.reading.links.derived(_alarms).get(store)
    if alarm is None:
        return pod.reading.none("(MetricAlarm)")
    silence = mapped(alarm.text("treatMissingData"), lambda word: word == "breaching")
    on = alarm.known("actionsEnabled", alarm.raw("actionsEnabled") is not False)
    return every((silence, on, alarm.present("alarmActions")))


def _alarms(links: Links) -> Mapping[str, Reading]:
    """Alarms on the age of an index, by the store that they watch."""
    found = (Reading(each, links) for each in links.graph.of(ALARM))
    return {
        store: each
        for each in found
        if each.raw("metricName") == "IndexAge" and isinstance(store := each.raw("dimensions.Store"), str)
    }


ADAPTERS = (
    Adapter("aws:opensearch/domain:Domain", domain),
    Adapter("kubernetes:apps/v1:StatefulSet", cluster),
    Adapter("kubernetes:apps/v1:Deployment", server),
)
