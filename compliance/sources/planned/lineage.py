"""The record of lineage: Marquez's configuration, and the doors by which alone it is reached."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from blueprint.graph import is_unknown
from compliance.facts.base import Leaf, Unknown
from compliance.facts.leaf import every, mapped
from compliance.facts.lineage import LineageStore
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.mounts import inside_only, secret_names
from compliance.sources.planned.pods import Pod
from compliance.sources.planned.reading import Reading
from compliance.sources.planned.serving import runs
from compliance.sources.planned.settings import DATABASE_DOOR, Settings, beside, dig, on_loopback

IMAGE = "marquez"
SETTINGS = "marquez.yml"
DOOR = "lineage_door.py"


def store(reading: Reading) -> LineageStore | None:
    """Fold a Deployment whose container runs Marquez."""
    pod = Pod(reading)
    if not any(runs(reading, each, IMAGE) for each in pod.containers):
        return None
    settings = Settings(pod, SETTINGS)
    hidden = settings.told("server", _on_loopback)
    return LineageStore(
        id=reading.id("LineageStore"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        authenticated=every((hidden, _asks_for_key(pod))),
        encrypted=every((hidden, _shows_certificate(pod))),
        database_encrypted=every(
            (
                settings.told("db.url", _own_pod),
                mapped(beside(pod, DATABASE_DOOR), lambda path: path is not None),
            )
        ),
        narrow=settings.told(
            "", lambda told: all(dig(told, f"{way}.enabled") is False for way in ("graphql", "search"))
        ),
        private=inside_only(pod),
        retention=settings.told("dbRetention", _kept),
    )


def _on_loopback(server: JsonValue) -> bool:
    """Whether every connector listens on the pod's own loopback; Marquez's default is every address."""
    connectors = [
        each
        for kind in ("applicationConnectors", "adminConnectors")
        for each in _listed(dig(server, kind)) or [None]
    ]  # fmt: skip
    return all(on_loopback(dig(each, "bindHost")) for each in connectors)


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _own_pod(url: JsonValue) -> bool:
    return isinstance(url, str) and on_loopback(url.partition("//")[2].partition("/")[0])


def _kept(told: JsonValue) -> int | Literal["forever"]:
    """Marquez deletes nothing unless it is told to, and then what is older than a week unless it is told how old."""
    if told is None:
        return "forever"
    days = dig(told, "retentionDays")
    return days if isinstance(days, int) and not isinstance(days, bool) else 7


def _asks_for_key(pod: Pod) -> Leaf[bool]:
    """The door is there, and the file that it compares with is a mounted secret; it lets nobody in without one."""
    file = _door_told(pod, "KEY_FILE")
    if isinstance(file, Unknown) or not file.value:
        return mapped(file, bool)
    volume = secret_names(pod).get(file.value.rpartition("/")[2])
    return pod.reading.known(volume, value=True) if volume else pod.reading.none(f"{pod.spec}.volumes")


def _shows_certificate(pod: Pod) -> Leaf[bool]:
    """The door is there and has a certificate, without which it does not start."""
    return mapped(_door_told(pod, "CERTIFICATE"), bool)


def _door_told(pod: Pod, variable: str) -> Leaf[str]:
    """What a variable tells the door; empty where there is no door, or no such variable."""
    door = beside(pod, DOOR)
    if isinstance(door, Unknown):
        return door
    if door.value is None:
        return pod.reading.known(door.origin.path, "")
    path, value = pod.environment(door.value).get(variable, (f"{door.value}.env", None))
    if is_unknown(value):
        return Unknown("cloud_decides", pod.reading.origin(path))
    return pod.reading.known(path, value if isinstance(value, str) else "")


ADAPTERS = (Adapter("kubernetes:apps/v1:Deployment", store),)
