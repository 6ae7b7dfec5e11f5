"""Langfuse and the ClickHouse behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, TypeAlias

from pydantic import JsonValue

from blueprint.graph import as_ref, is_unknown, parts
from blueprint.tags import Tag
from compliance.facts.base import Known, Leaf, Ref, Unknown
from compliance.facts.leaf import every, inverted, some
from compliance.facts.tracing import ClickHouseServer, TraceStore
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.mounts import File, files, inside_only
from compliance.sources.planned.objects import DEFAULT, namespace_of, objects
from compliance.sources.planned.pods import Pod
from compliance.sources.planned.reading import Reading
from compliance.sources.planned.serving import speaks_tls

DEPLOYMENT, STATEFUL_SET, CRON_JOB = (
    "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet", "kubernetes:batch/v1:CronJob",
)  # fmt: skip
STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
WEB, WORKER, CLICKHOUSE = "langfuse", "langfuse-worker", "clickhouse-server"
PLAIN = ("http_port", "tcp_port", "mysql_port", "postgresql_port", "grpc_port", "interserver_http_port", "prometheus")
"""What ClickHouse listens on without TLS when it is told to."""
SESSION_MINUTES = 30 * 24 * 60
"""Langfuse's own: a month."""
Accounts: TypeAlias = Literal["nobody", "provider", "anybody"]
Version: TypeAlias = Literal["1.0", "1.1", "1.2", "1.3"]

_LOOPBACK = ("127.0.0.1", "localhost")
_SECURE_MODES = ("sslmode=require", "sslmode=verify-ca", "sslmode=verify-full", "sslaccept=strict")
_PROVIDER = re.compile(r"^AUTH_[A-Z0-9]+_(ISSUER|CLIENT_ID)$")
_HASHES = ("password_sha256_hex", "password_double_sha1_hex", "ssl_certificates", "ssh_keys", "ldap", "kerberos")
_LOG = re.compile(r"_log$")


class Told:
    """What the first container of a pod that runs an image is told."""

    def __init__(self, reading: Reading, container: str) -> None:
        self.reading, self.pod, self.container = reading, Pod(reading), container
        self.environment = self.pod.environment(container)

    def text(self, name: str, otherwise: str) -> Leaf[str]:
        """A variable; `otherwise` where it is left out."""
        if name not in self.environment:
            return self.reading.known(f"{self.container}.env", otherwise)
        path, value = self.environment[name]
        pieces = parts(value)
        if value is None or is_unknown(value) or pieces is None:
            return Unknown("cloud_decides", self.reading.origin(path))
        return self.reading.known(path, "".join(piece if isinstance(piece, str) else "{}" for piece in pieces))

    def says(self, name: str, value: str, otherwise: str) -> Leaf[bool]:
        """Whether a variable is set to a value."""
        found = self.text(name, otherwise)
        return Known(found.value.lower() == value, found.origin) if isinstance(found, Known) else found


def trace_store(reading: Reading) -> TraceStore | None:
    """Fold a Deployment that runs Langfuse's web program, with the worker of its namespace."""
    web = _running(reading, WEB)
    if web is None:
        return None
    others = objects(reading).of(DEPLOYMENT, namespace_of(reading))
    workers = [found for each in others if (found := _running(each, WORKER))]
    both = [web, *workers]
    return TraceStore(
        id=reading.id("TraceStore"),
        urns=(reading.urn, *(each.reading.urn for each in workers)),
        data_classes=reading.classes(),
        encrypted=speaks_tls(reading, web.container),
        encrypted_out=every(leaf for each in both for leaf in _reaches(each)),
        private=inside_only(web.pod),
        reports_home=some(inverted(each.says("TELEMETRY_ENABLED", "false", "true")) for each in both),
        accounts=_accounts(web),
        passwords=inverted(web.says("AUTH_DISABLE_USERNAME_PASSWORD", "true", "false")),
        session_minutes=_minutes(web),
        bucket=_bucket(web),
    )


def clickhouse(reading: Reading) -> ClickHouseServer | None:
    """Fold a StatefulSet that runs ClickHouse."""
    told = _running(reading, CLICKHOUSE)
    if told is None:
        return None
    server, users = _file(told.pod, "https_port", "http_port", "tcp_port_secure", "tcp_port"), _file(told.pod, "users")
    unread = Unknown("not_read", reading.origin(f"{told.pod.spec}.volumes"))
    return ClickHouseServer(
        id=reading.id("ClickHouseServer"),
        urns=(reading.urn, *(each.config_map.urn for each in (server, users) if each)),
        data_classes=reading.classes(),
        encrypted=every(_speaks(server)) if server else unread,
        tls_min_version=_version(server) if server else unread,
        peers_verified=_verified(server) if server else unread,
        authenticated=every(_signed_in(users)) if users else unread,
        private=inside_only(told.pod),
        reports_home=_crashes(server) if server else unread,
        rows_kept=_rows_kept(reading),
        logs_end=every(_logs(server)) if server else unread,
        keepers=_keepers(server) if server else unread,
        volumes_encrypted=every(_volumes(reading, _encrypted)),
        volumes_backed_up=every(_volumes(reading, _backed_up)),
    )


# -- Langfuse --------------------------------------------------------------------------------------------------------


def _running(reading: Reading, image: str) -> Told | None:
    for container in Pod(reading).containers:
        pieces = parts(reading.raw(f"{container}.image")) or ()  # type: ignore[arg-type]
        text = "".join(piece for piece in pieces if isinstance(piece, str))
        if text.partition("@")[0].rpartition(":")[0].rpartition("/")[2] == image:
            return Told(reading, container)
    return None


def _reaches(told: Told) -> Iterator[Leaf[bool]]:
    queue = some((_begins(told, "REDIS_HOST", _LOOPBACK), told.says("REDIS_TLS_ENABLED", "true", "false")))
    yield queue
    yield _begins(told, "CLICKHOUSE_URL", ("https://",))
    address = told.text("DATABASE_URL", "")
    yield (Known(_database_secure(address.value), address.origin) if isinstance(address, Known) else address)


def _database_secure(address: str) -> bool:
    """An address that a start program completes is not here; none at all is one of those."""
    host = address.rpartition("@")[2] or address.partition("://")[2]
    return host.startswith(_LOOPBACK) or any(mode in address for mode in _SECURE_MODES)


def _begins(told: Told, name: str, beginnings: tuple[str, ...]) -> Leaf[bool]:
    found = told.text(name, "")
    return Known(found.value.startswith(beginnings), found.origin) if isinstance(found, Known) else found


def _accounts(told: Told) -> Leaf[Accounts]:
    """With passwords off, an account comes from a provider or not at all."""
    closed = told.says("AUTH_DISABLE_SIGNUP", "true", "false")
    without = told.says("AUTH_DISABLE_USERNAME_PASSWORD", "true", "false")
    if isinstance(closed, Known) and closed.value:
        return Known("nobody", closed.origin)
    if isinstance(closed, Unknown) or isinstance(without, Unknown):
        return closed if isinstance(closed, Unknown) else without  # type: ignore[return-value]
    provided = without.value and any(_PROVIDER.match(name) for name in told.environment)
    return Known("provider" if provided else "anybody", closed.origin)


def _minutes(told: Told) -> Leaf[int]:
    found = told.text("AUTH_SESSION_MAX_AGE", str(SESSION_MINUTES))
    if isinstance(found, Unknown):
        return found
    return Known(int(found.value), found.origin) if found.value.isdigit() else Unknown("not_read", found.origin)


def _bucket(told: Told) -> Leaf[Ref | None]:
    path, value = told.environment.get("LANGFUSE_S3_EVENT_UPLOAD_BUCKET", (f"{told.container}.env", None))
    found = as_ref(value)
    if found is not None:
        return told.reading.known(path, found)
    return Unknown("not_read", told.reading.origin(path)) if value is not None else told.reading.known(path, None)


# -- ClickHouse ------------------------------------------------------------------------------------------------------


def _file(pod: Pod, *keys: str) -> File | None:
    for file in files(pod):
        document = file.document
        if isinstance(document, dict) and set(keys) & document.keys():
            return file
    return None


def _part(file: File, *path: str) -> Mapping[str, JsonValue]:
    here = file.document
    for key in path:
        here = here.get(key) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def _listed(value: JsonValue) -> list[Mapping[str, JsonValue]]:
    """Members of a list, or the one that stands in its place."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def _on(value: JsonValue) -> bool:
    return value in (True, 1, "1", "true")


def _speaks(file: File) -> Iterator[Leaf[bool]]:
    whole, keeper = _part(file), _part(file, "keeper_server")
    yield _known(file, "https_port", "https_port" in whole or "tcp_port_secure" in whole)
    yield from (_known(file, name, value=False) for name in PLAIN if name in whole)
    if keeper:
        yield _known(file, "keeper_server.tcp_port_secure", "tcp_port" not in keeper)
        yield _known(
            file,
            "keeper_server.raft_configuration.secure",
            _on(_part(file, "keeper_server", "raft_configuration").get("secure")),
        )
    yield from (
        _known(file, "zookeeper.node", _on(each.get("secure")))
        for each in _listed(_part(file, "zookeeper").get("node"))
    )
    for name, cluster in _part(file, "remote_servers").items():
        for shard in _listed(cluster.get("shard") if isinstance(cluster, dict) else None):
            for each in _listed(shard.get("replica")):
                yield _known(file, f"remote_servers.{name}", _on(each.get("secure")))


def _version(file: File) -> Leaf[Version]:
    refused = str(_part(file, "openSSL", "server").get("disableProtocols", "")).replace(" ", "").split(",")
    oldest: Version = next((version for word, version in _AFTER if word in refused), "1.0")
    return file.config_map.known(f"{file.path}.openSSL.server.disableProtocols", oldest)


_AFTER: tuple[tuple[str, Version], ...] = (("tlsv1_2", "1.3"), ("tlsv1_1", "1.2"), ("tlsv1", "1.1"))
"""What is spoken at least when a version is refused, newest first."""


def _verified(file: File) -> Leaf[bool]:
    client = _part(file, "openSSL", "client")
    handler = client.get("invalidCertificateHandler")
    accepts = isinstance(handler, dict) and handler.get("name") == "AcceptCertificateHandler"
    return _known(
        file, "openSSL.client", client.get("verificationMode", "relaxed") in ("relaxed", "strict") and not accepts
    )


def _signed_in(file: File) -> Iterator[Leaf[bool]]:
    for name, user in _part(file, "users").items():
        told = user if isinstance(user, dict) else {}
        yield _known(file, f"users.{name}", any(told.get(key) for key in _HASHES))
    yield _known(file, "users", bool(_part(file, "users")))


def _crashes(file: File) -> Leaf[bool]:
    return _known(file, "send_crash_reports.enabled", _on(_part(file, "send_crash_reports").get("enabled")))


def _logs(file: File) -> Iterator[Leaf[bool]]:
    for name, log in _part(file).items():
        if _LOG.search(name) and isinstance(log, dict):
            yield _known(file, f"{name}.ttl", "INTERVAL" in str(log.get("ttl", "")))
    yield _known(file, "logger", value=True)


def _keepers(file: File) -> Leaf[int]:
    members = _listed(_part(file, "keeper_server", "raft_configuration").get("server"))
    return file.config_map.known(f"{file.path}.keeper_server.raft_configuration.server", len(members))


def _known(file: File, path: str, value: bool) -> Leaf[bool]:
    return file.config_map.known(f"{file.path}.{path}", value)


def _rows_kept(reading: Reading) -> Leaf[int | Literal["forever"]]:
    """The job of the namespace that tells tables when to forget; without one nothing is ever removed."""
    for job in objects(reading).of(CRON_JOB, namespace_of(reading)):
        pod = Pod(job)
        for container in pod.containers:
            path, value = pod.environment(container).get("RETENTION_DAYS", ("", None))
            if path and not _on(job.raw("spec.suspend")):  # type: ignore[arg-type]
                days = isinstance(value, str) and value.isdigit()
                return job.known(path, int(str(value))) if days else Unknown("cloud_decides", job.origin(path))
    doubt = reading.doubt("(CronJob)")
    return doubt or reading.known("(CronJob)", "forever")


def _volumes(reading: Reading, judged: Callable[[Reading], Leaf[bool]]) -> Iterator[Leaf[bool]]:
    for claim in reading.items("spec.volumeClaimTemplates"):
        path = f"{claim}.spec.storageClassName"
        name = reading.raw(path)
        found = reading.target(path, STORAGE_CLASS) or (
            objects(reading).named(STORAGE_CLASS, DEFAULT, name) if isinstance(name, str) else None
        )
        yield judged(found) if found else Unknown("not_read", reading.origin(path))
    if not reading.items("spec.volumeClaimTemplates"):
        yield Unknown("not_read", reading.origin("spec.volumeClaimTemplates"))


def _encrypted(storage: Reading) -> Leaf[bool]:
    return storage.known("parameters.encrypted", value=storage.raw("parameters.encrypted") == "true")


def _backed_up(storage: Reading) -> Leaf[bool]:
    told = storage.raw("parameters")
    for key, value in sorted(told.items()) if isinstance(told, dict) else ():
        if key.startswith("tagSpecification_") and str(value).partition("=")[0] == Tag.BACKUP.value:
            return storage.known(f"parameters.{key}", value=bool(str(value).partition("=")[2]))
    return storage.known("parameters", value=False)


ADAPTERS = (
    Adapter(DEPLOYMENT, trace_store),
    Adapter(STATEFUL_SET, clickhouse),
)
