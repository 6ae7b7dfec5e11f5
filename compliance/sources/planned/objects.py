"""Kubernetes objects by namespace: what belongs together is told by names and labels, not by references."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import JsonValue

from blueprint.graph import Resource, as_ref, is_unknown
from compliance.facts.base import Known, Leaf, Unknown
from compliance.sources.planned.links import Links
from compliance.sources.planned.reading import Reading

DEFAULT = "default"
"""The namespace of an object that names none."""
UNTOLD = ""
"""The namespace, or name, of an object that only the cloud knows; nothing is called so."""
NAMESPACE = "kubernetes:core/v1:Namespace"


class _Index(NamedTuple):
    table: Mapping[tuple[str, str], tuple[Resource, ...]]
    names: Mapping[tuple[str, str, str], Resource]


@dataclass(frozen=True)
class Objects:
    """All Kubernetes objects of one graph by type and namespace, as one resource asks for them.

    Where an object that it asks for may be among those whose namespace only the cloud knows, it becomes doubtful.
    """

    asking: Reading
    index: _Index

    def of(self, token: str, namespace: str) -> tuple[Reading, ...]:
        """Objects of a type in a namespace."""
        self._doubt(token, namespace)
        return tuple(map(self.asking.of, self.index.table.get((token, namespace), ())))

    def named(self, token: str, namespace: str, name: str) -> Reading | None:
        """One object by its name."""
        found = self.index.names.get((token, namespace, name))
        if found is None:
            self._doubt(token, namespace)
        return self.asking.of(found) if found else None

    def _doubt(self, token: str, namespace: str) -> None:
        if namespace == UNTOLD or (token, UNTOLD) in self.index.table:
            self.asking.doubtful()


def objects(reading: Reading) -> Objects:
    """The objects of the graph that a resource stands in."""
    return Objects(reading, reading.links.derived(_indexed))


def name_of(reading: Reading) -> str:
    """Name of an object; that of its resource where the cloud makes one up."""
    return _plain(reading.links, reading.resource, "name") or reading.resource.name


def namespace_of(reading: Reading) -> str:
    """Namespace of an object, UNTOLD where only the cloud knows it; a namespace itself has none."""
    return _namespace(reading.links, reading.resource)


def labels(reading: Reading, path: str = "metadata.labels") -> Mapping[str, str]:
    """Labels at a path, as far as they are text."""
    found = reading.raw(path)
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def label(reading: Reading, key: str, path: str = "metadata.labels") -> Leaf[str | None]:
    """One label; None where the object does not carry it. Its key may hold points, so it is no path."""
    origin = reading.origin(f"{path}[{key}]")
    if reading.resource.external:
        return Unknown("existing", origin)
    found = reading.raw(path)
    if found is not None and not isinstance(found, dict):
        return Known(None, origin)
    value = (found or {}).get(key)
    return Known(value, origin) if value is None or isinstance(value, str) else Unknown("cloud_decides", origin)


def hidden(reading: Reading, path: str) -> bool:
    """Whether some label at a path only the cloud knows."""
    found = reading.raw(path)
    return any(map(is_unknown, found.values())) if isinstance(found, dict) else False


def selects(selector: JsonValue | object, wanted: Mapping[str, str]) -> bool:
    """Whether matchLabels of a selector fit these labels; an expression is taken as fitting nothing."""
    if not isinstance(selector, dict) or selector.get("matchExpressions"):
        return False
    asked = selector.get("matchLabels") or {}
    return isinstance(asked, dict) and bool(asked) and all(wanted.get(key) == value for key, value in asked.items())


def _indexed(links: Links) -> _Index:
    table: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    names: dict[tuple[str, str, str], Resource] = {}
    for resource in links.graph.resources:
        if resource.type.startswith("kubernetes:"):
            place = resource.type, _namespace(links, resource)
            table[place].append(resource)
            names.setdefault((*place, _plain(links, resource, "name") or resource.name), resource)
    return _Index({key: tuple(group) for key, group in table.items()}, names)


def _namespace(links: Links, resource: Resource) -> str:
    metadata = resource.inputs.get("metadata")
    if is_unknown(metadata) or (isinstance(metadata, dict) and is_unknown(metadata.get("namespace"))):
        home = links.sole(resource.property_dependencies.get("metadata", ()), NAMESPACE)
        return (_plain(links, home, "name") or home.name) if home else UNTOLD
    return _plain(links, resource, "namespace") or DEFAULT


def _plain(links: Links, resource: Resource, key: str) -> str | None:
    metadata = resource.inputs.get("metadata")
    value = metadata.get(key) if isinstance(metadata, dict) else None
    ref = as_ref(value)
    if ref is not None and (target := links.graph.by_urn.get(ref.urn)) is not None:
        named = target.inputs.get("metadata")
        value = named.get("name") if isinstance(named, dict) else None
    return value if isinstance(value, str) else None
