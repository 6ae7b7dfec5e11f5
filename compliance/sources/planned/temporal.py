"""Temporal: each program of its server from the configuration that its pod mounts, and the namespace of the workflows."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from blueprint.graph import is_unknown, parts
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, mapped, some
from compliance.facts.temporal import TemporalServer, WorkflowNamespace
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.mounts import inside_only
from compliance.sources.planned.pods import Pod
from compliance.sources.planned.reading import Reading
from compliance.sources.planned.settings import DATABASE_DOOR, LOOPBACK, Settings, beside, dig, on_loopback

IMAGE = "temporalio/server"
REGISTERS = "temporal_namespace.sh"
LIMITS = ("frontend.globalNamespaceRPS", "limit.blobSize.error", "limit.historySize.error", "limit.historyCount.error")
"""Settings that keep one namespace from taking the server for itself."""
_SERVICE, _ENVIRONMENT = "--service", "--env"


def server(reading: Reading) -> TemporalServer | None:
    """Fold a Deployment whose container runs Temporal's server."""
    pod = Pod(reading)
    container = next((each for each in pod.containers if _runs_server(reading, each)), None)
    if container is None:
        return None
    told = pod.arguments(container)
    if isinstance(told, Unknown):
        return _unread(reading, pod, told)
    settings = Settings(pod, f"{_option(told.value, _ENVIRONMENT) or 'development'}.yaml")
    role = _option(told.value, _SERVICE)
    tls = "global.tls"
    return TemporalServer(
        id=reading.id("TemporalServer"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        answers_callers=reading.known(f"{container}.command", value=role in {None, "frontend"}),
        authenticated=settings.told("global.authorization", _asks_for_tokens),
        encrypted=settings.told(f"{tls}.frontend.server", _has_certificate),
        siblings_encrypted=every(
            (
                settings.told(f"{tls}.internode.server", _has_certificate),
                settings.told(f"{tls}.internode.client", _verifies),
            )
        ),
        database_encrypted=_database_encrypted(pod, settings),
        database_password=settings.told("persistence.datastores", _any_password),
        limited=_limited(pod),
        private=inside_only(pod),
    )


def namespace(reading: Reading) -> WorkflowNamespace | None:
    """Fold a Job that registers a namespace."""
    pod = Pod(reading)
    found = beside(pod, REGISTERS)
    if isinstance(found, Unknown) or found.value is None:
        return None
    return WorkflowNamespace(
        id=reading.id("WorkflowNamespace"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        retention=_days(pod, found.value),
    )


def _unread(reading: Reading, pod: Pod, why: Unknown) -> TemporalServer:
    return TemporalServer(
        id=reading.id("TemporalServer"), urns=(reading.urn,), data_classes=reading.classes(), answers_callers=why,
        authenticated=why, encrypted=why, siblings_encrypted=why, database_encrypted=why, database_password=why,
        limited=_limited(pod), private=inside_only(pod),
    )  # fmt: skip


def _runs_server(reading: Reading, container: str) -> bool:
    pieces = parts(reading.raw(f"{container}.image")) or ()  # type: ignore[arg-type]
    return IMAGE in "".join(piece for piece in pieces if isinstance(piece, str))


def _option(words: Sequence[str], name: str) -> str | None:
    """Value of an option, written after it or after an equals sign."""
    for number, word in enumerate(words):
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
        if word == name and number + 1 < len(words):
            return words[number + 1]
    return None


def _asks_for_tokens(told: JsonValue) -> bool:
    """Both parts of the check are on, keys come over a way that nobody can take, and one audience alone gives a right."""
    sources = dig(told, "jwtKeyProvider.keySourceURIs")
    keys = [str(each) for each in sources] if isinstance(sources, list) else []
    on = all(dig(told, name) == "default" for name in ("authorizer", "claimMapper"))
    named = all(isinstance(dig(told, name), str) and dig(told, name) for name in ("audience", "permissionsRegex"))
    return on and named and bool(keys) and all(_own_way(uri) for uri in keys)


def _own_way(uri: str) -> bool:
    scheme, _, rest = uri.partition("://")
    return scheme == "https" or rest.partition("/")[0].partition(":")[0] in LOOPBACK


def _has_certificate(told: JsonValue) -> bool:
    return all(bool(dig(told, name)) for name in ("certFile", "keyFile"))


def _verifies(told: JsonValue) -> bool:
    return bool(dig(told, "rootCaFiles")) and dig(told, "disableHostVerification") is not True


def _stores(told: JsonValue) -> list[JsonValue]:
    return list(told.values()) if isinstance(told, dict) else []


def _any_password(told: JsonValue) -> bool:
    return any(bool(dig(store, "sql.password")) for store in _stores(told))


def _database_encrypted(pod: Pod, settings: Settings) -> Leaf[bool]:
    """Over TLS by itself, or through the door on the pod's own loopback."""
    own = settings.told(
        "persistence.datastores",
        lambda told: bool(_stores(told)) and all(dig(store, "sql.tls.enabled") is True for store in _stores(told)),
    )
    near = settings.told(
        "persistence.datastores",
        lambda told: bool(_stores(told)) and all(on_loopback(dig(store, "sql.connectAddr")) for store in _stores(told)),
    )
    return some((own, every((near, mapped(beside(pod, DATABASE_DOOR), lambda path: path is not None)))))


def _limited(pod: Pod) -> Leaf[bool]:
    return Settings(pod, "dynamic.yaml").told("", lambda told: all(_positive(told, name) for name in LIMITS))


def _positive(told: JsonValue, name: str) -> bool:
    listed = told.get(name) if isinstance(told, dict) else None
    values = [dig(each, "value") for each in listed] if isinstance(listed, list) else []
    return bool(values) and all(isinstance(value, int) and value > 0 for value in values)


def _days(pod: Pod, container: str) -> Leaf[int]:
    path, value = pod.environment(container).get("RETENTION_DAYS", (f"{container}.env", None))
    if is_unknown(value):
        return Unknown("cloud_decides", pod.reading.origin(path))
    if isinstance(value, str) and value.isdigit():
        return Known(int(value), pod.reading.origin(f"{path}.value"))
    return Unknown("not_read", pod.reading.origin(path))


ADAPTERS = (Adapter("kubernetes:apps/v1:Deployment", server), Adapter("kubernetes:batch/v1:Job", namespace))
