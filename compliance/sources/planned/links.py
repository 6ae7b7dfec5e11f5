"""The graph as adapters see it: satellites by what they belong to, components by resource. Each index is made once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeVar, cast

from pydantic import JsonValue

from blueprint.graph import Ref, Resource, ResourceGraph, is_unknown, parts
from blueprint.tags import Tag, data_classes
from blueprint.types import DataClass
from compliance.facts.base import Known, Leaf, Origin, Unknown
from compliance.facts.policy import Statement

T = TypeVar("T")

NAMES = ("name", "bucket", "functionName", "identifier", "clusterIdentifier", "replicationGroupId", "arn")
"""Inputs by which a satellite may name its resource in clear text instead of by reference."""


@dataclass(frozen=True)
class Links:
    """Indexes over one graph."""

    graph: ResourceGraph
    policies: dict[tuple[str, str], Leaf[tuple[Statement, ...]]] = field(default_factory=dict)
    """Policy documents that were read already, by resource and path; several questions are asked of each."""
    doubtful: set[str] = field(default_factory=set)
    """URNs of which a satellite was asked that may be theirs or another's: of these, absence proves nothing."""
    _satellites: dict[tuple[str, str], _Satellites] = field(default_factory=dict)
    _derived: dict[Callable[[Links], object], object] = field(default_factory=dict)

    def derived(self, make: Callable[[Links], T]) -> T:
        """An index that another module makes of the graph, made once."""
        if make not in self._derived:
            self._derived[make] = make(self)
        return cast("T", self._derived[make])

    def satellites(self, of: Resource, token: str, by: str) -> tuple[Resource, ...]:
        """Resources of a type whose property `by` leads to a resource: by reference, or by its name in clear text.

        A link that only the cloud knows leads to the one resource of this type that the property depends on. Where it
        depends on several, or on nothing that is told, it may lead here: then the resource becomes doubtful.
        """
        index = self._satellites.get((token, by))
        if index is None:
            index = self._satellites[token, by] = self._index(token, by)
        found = {satellite.urn: satellite for key in _keys(of) for satellite in index.told.get(key, ())}
        for satellite, sources in index.loose:
            alike = [urn for urn in sources if self._type(urn) == of.type]
            if alike == [of.urn]:
                found[satellite.urn] = satellite
            elif of.urn in alike or not sources:
                self.doubtful.add(of.urn)
        return tuple(found[urn] for urn in sorted(found))

    def sole(self, urns: Iterable[str], *types: str) -> Resource | None:
        """The only resource among some, or the only one of these types."""
        known = (self.graph.by_urn.get(urn) for urn in urns)
        found = [each for each in known if each is not None and (not types or each.type in types)]
        return found[0] if len(found) == 1 else None

    @cached_property
    def components(self) -> Mapping[str, str]:
        """Resource URN -> name of the nearest component above it."""
        found: dict[str, str] = {}
        for resource in self.graph.resources:
            above = resource.parent
            while above is not None and (parent := self.graph.by_urn.get(above)) is not None:
                if parent.type.startswith("blueprint:"):
                    found[resource.urn] = parent.name
                    break
                above = parent.parent
        return found

    @cached_property
    def home(self) -> tuple[str | None, str | None]:
        """Account and region of the stack itself: where most of it lives; None while resources may be missing."""
        own = [each for each in self.graph.resources if each.custom and not self.graph.incomplete]
        accounts = Counter(each.account for each in own if each.account)
        regions = Counter(each.region for each in own if each.region)
        return _most(accounts), _most(regions)

    @cached_property
    def groups_by_name(self) -> Mapping[str, str]:
        """Name of a log group -> its URN."""
        groups = self.graph.by_type.get("aws:cloudwatch/logGroup:LogGroup", ())
        return {name: group.urn for group in groups if isinstance(name := group.inputs.get("name"), str)}

    @cached_property
    def data_classes(self) -> frozenset[DataClass]:
        """Every data class that some resource is tagged with: those of things that serve the whole account."""
        texts = {tagged_text(resource, Tag.DATA_CLASS) for resource in self.graph.resources}
        return frozenset().union(*(readable(text) or frozenset() for text in texts if text))

    def all_classes(self, urn: str) -> Leaf[frozenset[DataClass]]:
        """The same as a leaf of such a thing."""
        origin = Origin(urn=urn, path="tags.data-class", how="tag")
        return Unknown("not_read", origin) if self.graph.incomplete else Known(self.data_classes, origin)

    def _index(self, token: str, by: str) -> _Satellites:
        told: dict[str, list[Resource]] = defaultdict(list)
        loose: list[tuple[Resource, tuple[str, ...]]] = []
        for satellite in self.graph.by_type.get(token, ()):
            value, depends = satellite.inputs.get(by), satellite.property_dependencies.get(by, ())
            values = value if isinstance(value, list) else [value]
            hidden = sum(map(is_unknown, values))
            for each in values:
                if not is_unknown(each):
                    for key in self._targets(each, depends):
                        told[key].append(satellite)
            if hidden and hidden == len(depends):
                for urn in depends:
                    told[urn].append(satellite)
            elif hidden:
                loose.append((satellite, depends))
        return _Satellites({key: tuple(group) for key, group in told.items()}, tuple(loose))

    def _targets(self, value: JsonValue, depends: tuple[str, ...]) -> Iterator[str]:
        """Keys of what a link names. Others may share a name in clear text: the engine knows whose it is."""
        if isinstance(value, str) and depends:
            bearers = [urn for urn in depends if (known := self.graph.by_urn.get(urn)) and value in _keys(known)]
            yield from bearers or depends
            return
        for piece in parts(value) or ():
            yield piece.urn if isinstance(piece, Ref) else piece

    def _type(self, urn: str) -> str | None:
        found = self.graph.by_urn.get(urn)
        return found.type if found else None


class _Satellites(NamedTuple):
    """Satellites of one type by what one of their properties leads to."""

    told: Mapping[str, tuple[Resource, ...]]
    loose: tuple[tuple[Resource, tuple[str, ...]], ...]
    """Those whose link only the cloud knows, with what it may lead to; nothing: to anything."""


def _most(counts: Counter[str]) -> str | None:
    return min(counts, key=lambda name: (-counts[name], name)) if counts else None


def tagged_text(resource: Resource, key: str) -> str | None:
    """The value of an AWS tag, or of the Kubernetes label that says the same; None where there is none."""
    for table, name in _tables(resource, key):
        if isinstance(table, dict) and isinstance(value := table.get(name), str):
            return value
    return None


def readable(text: str) -> frozenset[DataClass] | None:
    """Data classes of a tag's text; None for a text that names something else."""
    try:
        return data_classes(text)
    except ValueError:
        return None


def _tables(resource: Resource, key: str) -> Iterator[tuple[JsonValue, str]]:
    yield resource.inputs.get("tags"), key
    metadata = resource.inputs.get("metadata")
    if isinstance(metadata, dict):
        yield metadata.get("labels"), f"blueprint/{key}"
        yield metadata.get("annotations"), f"blueprint/{key}"


def _keys(resource: Resource) -> Iterator[str]:
    yield resource.urn
    if resource.id:
        yield resource.id
    for name in NAMES:
        if isinstance(text := resource.inputs.get(name), str):
            yield text
