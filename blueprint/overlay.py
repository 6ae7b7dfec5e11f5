"""A document over its preset: mappings merge, lists of named things merge by name, everything else replaces.

An empty list is something else: it empties the preset's.

Another `kind` replaces a component as a whole, since its settings mean something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

from pydantic import JsonValue

from blueprint.errors import Position
from blueprint.source import Path_, Source

Origin: TypeAlias = Literal["document", "preset"]


class Overlay:
    """The merged source, with the position and the origin of every value."""

    def __init__(self, preset: Source, document: Source) -> None:
        self._sources: Mapping[Origin, Source] = {"preset": preset, "document": document}
        self._keys: dict[Path_, Position] = {}
        self._values: dict[Path_, Position] = {}
        self.origins: dict[Path_, Origin] = {}
        data = self._merge(preset.data, (), document.data, (), ())
        self.source = replace(document, data=data, keys=self._keys, values=self._values)

    def _merge(self, under: JsonValue, u: Path_, over: JsonValue, o: Path_, to: Path_) -> JsonValue:
        """Merge what stands at `u` of the preset and at `o` of the document; the result stands at `to`."""
        if (
            isinstance(under, dict)
            and isinstance(over, dict)
            and over.get("kind", under.get("kind")) == under.get("kind")
        ):
            return self._mappings(under, u, over, o, to)
        if isinstance(under, list) and isinstance(over, list) and over and _named(under) and _named(over):
            return self._lists(under, u, over, o, to)
        return self._take("document", over, o, to)

    def _mappings(
        self, under: dict[str, JsonValue], u: Path_, over: dict[str, JsonValue], o: Path_, to: Path_
    ) -> JsonValue:
        self._note("document", o, to)
        result: dict[str, JsonValue] = {}
        for name in dict.fromkeys((*under, *over)):
            if name in under and name in over:
                self._keys[*to, name] = self._sources["document"].position((*o, name), key=True)
                result[name] = self._merge(under[name], (*u, name), over[name], (*o, name), (*to, name))
            elif name in over:
                result[name] = self._take("document", over[name], (*o, name), (*to, name))
            else:
                result[name] = self._take("preset", under[name], (*u, name), (*to, name))
        return result

    def _lists(self, under: list[JsonValue], u: Path_, over: list[JsonValue], o: Path_, to: Path_) -> JsonValue:
        self._note("document", o, to)
        places = {_name(item): index for index, item in enumerate(over)}
        result: list[JsonValue] = []
        for index, item in enumerate(under):
            here = (*to, len(result))
            own = places.pop(_name(item), None)
            result.append(
                self._take("preset", item, (*u, index), here)
                if own is None
                else self._merge(item, (*u, index), over[own], (*o, own), here)
            )
        for index, item in enumerate(over):
            if _name(item) in places:
                result.append(self._take("document", item, (*o, index), (*to, len(result))))
        return result

    def _take(self, origin: Origin, value: JsonValue, at: Path_, to: Path_) -> JsonValue:
        """Take everything at and below a place as it is."""
        source = self._sources[origin]
        for table, positions in ((self._values, source.values), (self._keys, source.keys)):
            table |= {to + path[len(at) :]: position for path, position in positions.items() if path[: len(at)] == at}
        self.origins |= {to + path[len(at) :]: origin for path in source.values if path[: len(at)] == at}
        return value

    def _note(self, origin: Origin, at: Path_, to: Path_) -> None:
        self._values[to] = self._sources[origin].position(at)
        self.origins[to] = origin


def _name(item: JsonValue) -> JsonValue:
    return item.get("name") if isinstance(item, dict) else None


def _named(items: list[JsonValue]) -> bool:
    """Whether a list is one of named things. Repeated names are left to the diagnosis, which refuses them."""
    names = [_name(item) for item in items]
    return all(isinstance(name, str) for name in names) and len(set(map(str, names))) == len(names)
