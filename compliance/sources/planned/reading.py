"""One resource of a graph, read leaf by leaf: each with its origin, each known, unknown with its reason, or defaulted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import JsonValue

from blueprint.graph import Ref, Resource, as_ref, embedded_json, is_secret, is_unknown, parts
from blueprint.tags import Tag
from blueprint.types import DataClass
from compliance.facts.base import Known, Leaf, Origin, Unknown
from compliance.facts.leaf import mapped
from compliance.sources.planned.defaults import defaults
from compliance.sources.planned.links import Links, readable, tagged_text

T = TypeVar("T")

MISSING = object()
"""The property is not there; None is a value that was written."""


@dataclass(frozen=True)
class Reading:
    """A resource and the graph that it stands in. Paths are written rules.0.status; counts start at zero."""

    resource: Resource
    links: Links

    # -- what the subject is ------------------------------------------------------------------------------------------

    @property
    def urn(self) -> str:
        """The resource's URN."""
        return self.resource.urn

    def id(self, kind: str) -> str:
        """Id of a subject of that kind, the same from every source."""
        return f"{kind}/{self.resource.name}"

    def classes(self) -> Leaf[frozenset[DataClass]]:
        """Data classes from the tag; untagged is unknown."""
        return _classes(self.resource)

    def account_classes(self) -> Leaf[frozenset[DataClass]]:
        """Data classes of a thing that carries no tags and serves the whole account: all that occur."""
        return self.links.all_classes(self.urn)

    def tag(self, key: Tag) -> Leaf[str]:
        """The text of a tag; a resource without it is untagged."""
        origin = Origin(urn=self.urn, path=f"tags.{key.value}", how="tag")
        text = tagged_text(self.resource, key.value)
        return Unknown("untagged", origin) if text is None else Known(text, origin)

    def account(self) -> Leaf[str | None]:
        """The account that the resource lives in, as far as its provider tells."""
        origin = self.origin("account")
        return Known(self.resource.account, origin) if self.resource.account else Unknown("not_read", origin)

    def separate_account(self) -> Leaf[bool]:
        """Whether that is another account than the stack's own."""
        home, mine = self.links.home[0], self.resource.account
        return (
            Known(mine != home, self.origin("account"))
            if home and mine
            else Unknown("not_read", self.origin("account"))
        )

    def alternate_region(self) -> Leaf[bool]:
        """Whether the resource lives in another region than the stack."""
        home, mine = self.links.home[1], self.resource.region
        return (
            Known(mine != home, self.origin("region")) if home and mine else Unknown("not_read", self.origin("region"))
        )

    # -- its satellites -----------------------------------------------------------------------------------------------

    def of(self, resource: Resource) -> Reading:
        """Read another resource of the same graph."""
        return Reading(resource, self.links)

    def satellites(self, token: str, by: str) -> tuple[Reading, ...]:
        """Resources of a type whose property `by` leads here."""
        return tuple(self.of(each) for each in self.links.satellites(self.resource, token, by))

    def satellite(self, token: str, by: str) -> Reading | None:
        """The only, or the first, satellite of a type."""
        return next(iter(self.satellites(token, by)), None)

    def target(self, path: str, *types: str) -> Reading | None:
        """The resource that a property refers to, when the graph has it.

        What only the cloud knows refers to the one resource, or the one of these types, that the property depends on.
        """
        ref = _single_ref(self.raw(path))
        found = self.links.graph.by_urn.get(ref.urn) if ref else self._source(path, *types)
        return self.of(found) if found else None

    # -- its leaves ---------------------------------------------------------------------------------------------------

    def flag(self, path: str) -> Leaf[bool]:
        """A yes or no."""
        return self.read(path, _flag)

    def number(self, path: str) -> Leaf[int]:
        """A whole number."""
        return self.read(path, _number)

    def text(self, path: str) -> Leaf[str]:
        """A text; one that the cloud completes is unknown."""
        return self.read(path, _text)

    def words(self, path: str) -> Leaf[frozenset[str]]:
        """A list of texts as a set."""
        return self.read(path, _words)

    def link(self, path: str) -> Leaf[Ref | None]:
        """A link to another resource; an address in clear text is a link out of the graph, null is none."""
        source = self._source(path)
        if source is not None and not self.resource.external:
            return self.known(path, Ref(urn=source.urn, property=""))
        return self.read(path, _link, resolve=False)

    def document(self, path: str) -> Leaf[JsonValue]:
        """A document written as JSON text or as an object, with the references inside it kept."""
        return self.read(path, _document, resolve=False)

    def present(self, path: str) -> Leaf[bool]:
        """Whether anything is written at a path."""
        if self.resource.external:
            return Unknown("existing", self.origin(path))
        value = self.raw(path)
        if is_unknown(value):  # type: ignore[arg-type]
            return Unknown("cloud_decides", self.origin(path))
        return Known(value is not MISSING and value not in (None, [], {}, ""), self.origin(path))

    def absent(self, satellite: str) -> Leaf[JsonValue]:
        """What holds where a satellite is not there: from the table; unknown while one may be there unseen."""
        path = f"({satellite})"
        return self.doubt(path) or self._default(path)

    def none(self, path: str) -> Leaf[bool]:
        """No, for there is nothing of the kind; unknown while there may be something unseen."""
        return self.doubt(path) or self.known(path, value=False)

    def doubtful(self) -> None:
        """Note that something belongs here and cannot be read, so that absence proves nothing from now on."""
        self.links.doubtful.add(self.urn)

    def doubt(self, path: str) -> Unknown | None:
        """Why nothing follows from what is not there: resources may be missing, or belong here unseen."""
        if self.links.graph.incomplete:
            return Unknown("not_read", self.origin(path))
        return Unknown("cloud_decides", self.origin(path)) if self.urn in self.links.doubtful else None

    def absent_flag(self, satellite: str) -> Leaf[bool]:
        """The same, as a yes or no."""
        return mapped(self.absent(satellite), lambda value: value is True)

    def read(self, path: str, convert: Callable[[JsonValue], T | object], *, resolve: bool = True) -> Leaf[T]:
        """A value of any shape. `convert` answers MISSING for a value that is not of its shape."""
        if self.resource.external:
            return Unknown("existing", self.origin(path))
        value = self._resolved(path) if resolve else self.raw(path)
        origin = self.origin(path)
        if value is MISSING:
            default = self._default(path)
            if isinstance(default, Unknown):
                return default
            value, origin = default.value, default.origin
        if is_secret(value):  # type: ignore[arg-type]
            return Unknown("secret", origin)
        if is_unknown(value):  # type: ignore[arg-type]
            return Unknown("cloud_decides", origin)
        converted = convert(value)  # type: ignore[arg-type]
        return Unknown("cloud_decides", origin) if converted is MISSING else Known(converted, origin)  # type: ignore[arg-type]

    def raw(self, path: str) -> JsonValue | object:
        """The value at a path as the graph has it; MISSING where there is none."""
        here: JsonValue | object = self.resource.inputs
        for part in path.split("."):
            if isinstance(here, dict):
                # each of the three has one key: a look at the length spares most of the comparisons
                if len(here) == 1 and (is_unknown(here) or is_secret(here) or as_ref(here)):
                    return here
                here = here.get(part, MISSING)
            elif isinstance(here, list) and part.isdigit():
                here = here[int(part)] if int(part) < len(here) else MISSING
            else:
                return MISSING
        return here

    def items(self, path: str) -> tuple[str, ...]:
        """Paths of the members of a list; an object counts as a list of one."""
        value = self.raw(path)
        if isinstance(value, list):
            return tuple(f"{path}.{index}" for index in range(len(value)))
        return (path,) if isinstance(value, dict) and value else ()

    def origin(self, path: str) -> Origin:
        """Where a leaf of this resource was read."""
        return Origin(urn=self.urn, path=path)

    def known(self, path: str, value: T) -> Known[T]:
        """A value that follows from what is written at a path."""
        return Known(value, self.origin(path))

    def _default(self, path: str) -> Leaf[JsonValue]:
        table = defaults().get(self.resource.type)
        if self.resource.external:
            return Unknown("existing", self.origin(path))
        general = ".".join("*" if part.isdigit() else part for part in path.split("."))
        if table is None or general not in table.values:
            return Unknown("no_default", self.origin(path))
        return Known(table.values[general], Origin(urn=self.urn, path=path, how="default"))

    def _source(self, path: str, *types: str) -> Resource | None:
        """What a value that only the cloud knows comes from, when the engine names one such resource and no other."""
        if not is_unknown(self.raw(path)):  # type: ignore[arg-type]
            return None
        depends = self.resource.property_dependencies.get(path.partition(".")[0], ())
        return self.links.sole(depends, *types)

    def _resolved(self, path: str) -> JsonValue | object:
        """A reference to a property that another resource writes in clear text is that text."""
        value = self.raw(path)
        ref = as_ref(value)  # type: ignore[arg-type]
        target = self.links.graph.by_urn.get(ref.urn) if ref else None
        return value if target is None or ref is None else target.inputs.get(ref.property, value)


def _classes(resource: Resource) -> Leaf[frozenset[DataClass]]:
    origin = Origin(urn=resource.urn, path=f"tags.{Tag.DATA_CLASS.value}", how="tag")
    found = readable(tagged_text(resource, Tag.DATA_CLASS.value) or "?")
    return Unknown("untagged", origin) if found is None else Known(found, origin)


def _flag(value: JsonValue) -> bool | object:
    if value in ("true", "false"):
        return value == "true"
    return value if isinstance(value, bool) else MISSING


def _number(value: JsonValue) -> int | object:
    if isinstance(value, bool):
        return MISSING
    if isinstance(value, float):
        return int(value) if value.is_integer() else MISSING
    if isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    return value if isinstance(value, int) else MISSING


def _text(value: JsonValue) -> str | object:
    return value if isinstance(value, str) else MISSING


def _words(value: JsonValue) -> frozenset[str] | object:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return frozenset(str(each) for each in value)
    return MISSING


def _link(value: JsonValue) -> Ref | object | None:
    if value in (None, ""):
        return None
    ref = _single_ref(value)
    if ref is not None:
        return ref
    return Ref(urn=value, property="") if isinstance(value, str) else MISSING


def _document(value: JsonValue) -> JsonValue | object:
    document = embedded_json(value)
    return document if isinstance(document, dict | list) and parts(document) is None else MISSING


def _single_ref(value: JsonValue | object) -> Ref | None:
    refs = [piece for piece in parts(value) or () if isinstance(piece, Ref)]  # type: ignore[arg-type]
    return refs[0] if len(refs) == 1 else None
