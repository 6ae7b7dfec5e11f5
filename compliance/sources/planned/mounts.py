"""What a pod reads besides its arguments: files of ConfigMaps, mounted secrets, and who forwards requests to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import yaml
from pydantic import JsonValue

from blueprint.graph import embedded_json, is_unknown, parts
from compliance.facts.base import Leaf, Unknown
from compliance.facts.leaf import every, inverted
from compliance.sources.planned.objects import labels, namespace_of, objects
from compliance.sources.planned.pods import Pod
from compliance.sources.planned.reading import MISSING, Reading

SERVICE = "kubernetes:core/v1:Service"
SECRET_CLASS = "kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass"  # noqa: S105  a type, not a secret


@dataclass(frozen=True)
class File:
    """One file that a pod mounts."""

    config_map: Reading
    key: str
    content: JsonValue

    @property
    def path(self) -> str:
        """Where it stands in its ConfigMap."""
        return f"data.{self.key}"

    @cached_property
    def document(self) -> JsonValue:
        """What is written in it; None when it is no YAML or JSON, or only the cloud knows it."""
        if is_unknown(self.content):
            return None
        found = embedded_json(self.content)
        if isinstance(found, dict | list) and parts(found) is None:
            return found
        text = self.text
        if not self.key.endswith((".yaml", ".yml", ".json")):
            return None
        try:
            loaded: JsonValue = yaml.load(text, Loader=yaml.CSafeLoader)
        except yaml.YAMLError:
            return None
        return loaded

    @property
    def text(self) -> str:
        """Its text, with references written as the property that they name."""
        pieces = parts(self.content) or ()
        return "".join(piece if isinstance(piece, str) else f"${{{piece.property}}}" for piece in pieces)


def files(pod: Pod) -> tuple[File, ...]:
    """Files that the pod mounts from ConfigMaps of the graph."""
    return tuple(File(found, key, content) for found, key, content in pod.files())


def secret_names(pod: Pod) -> Mapping[str, str]:
    """File name of each mounted secret -> path of the volume that brings it."""
    found: dict[str, str] = {}
    for volume in pod.reading.items(f"{pod.spec}.volumes"):
        for item in pod.reading.items(f"{volume}.secret.items"):
            found.setdefault(str(pod.reading.raw(f"{item}.path")), volume)
        for name in _provided(pod.reading, f"{volume}.csi.volumeAttributes.secretProviderClass"):
            found.setdefault(name, volume)
    return found


def inside_only(pod: Pod) -> Leaf[bool]:
    """Whether every service of the pod has an address inside the cluster only."""
    reading = pod.reading
    found = [service for service in objects(reading).of(SERVICE, namespace_of(reading)) if _chooses(service, pod)]
    return every((inverted(reading.none("(Service)")), *(_inside(service) for service in found)))


def _inside(service: Reading) -> Leaf[bool]:
    kind = service.raw("spec.type")
    if is_unknown(kind):  # type: ignore[arg-type]
        return Unknown("cloud_decides", service.origin("spec.type"))
    outside = service.items("spec.externalIPs")
    return service.known("spec.type", value=kind not in ("LoadBalancer", "NodePort", "ExternalName") and not outside)


def _chooses(service: Reading, pod: Pod) -> bool:
    wanted = labels(service, "spec.selector")
    return bool(wanted) and wanted.items() <= pod.labels.items()


def _provided(reading: Reading, path: str) -> Iterator[str]:
    name = reading.raw(path)
    provider = reading.target(path, SECRET_CLASS)
    if provider is None and isinstance(name, str):
        provider = objects(reading).named(SECRET_CLASS, namespace_of(reading), name)
    listed = embedded_json(provider.raw("spec.parameters.objects")) if provider else None  # type: ignore[arg-type]
    if is_unknown(listed) or (provider is None and name is not MISSING):
        reading.doubtful()
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict):
            yield str(each.get("objectAlias") or each.get("objectName"))
