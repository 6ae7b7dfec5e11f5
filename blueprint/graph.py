"""Every resource with everything the engine is told about it, the same from every source.

A value that is not literal is one of four forms, and nothing else in a graph looks like them:

    {"$ref": {"urn": …, "property": …}}   what another resource will have there
    {"$text": ["arn:…", {"$ref": …}, …]}  text with such values inside
    {"$unknown": true}                    only the cloud decides
    {"$secret": true}                     known to the engine and withheld here
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, NotRequired, TypeAlias

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from blueprint.errors import FileUnreadable
from blueprint.types import DataClass, Frozen, Noun
from blueprint.wiring import Edge, Wiring, slug

Urn: TypeAlias = str

SCHEMA: Literal["blueprint.graph/1"] = "blueprint.graph/1"
UNKNOWN: JsonValue = {"$unknown": True}
SECRET: JsonValue = {"$secret": True}


class Ref(Frozen):
    """The value that a resource has, or will have, at one of its properties; its identifier is "id"."""

    urn: Urn
    property: str

    def value(self) -> JsonValue:
        """The reference as a graph writes it."""
        return {"$ref": {"urn": self.urn, "property": self.property}}

    def as_key(self) -> str:
        """The reference inside a key of a mapping, where only plain text can stand."""
        return f"${{{self.urn}.{self.property}}}"


class Processor(Frozen):
    """An outside party that sees data, and the component that brings it in."""

    party: str
    component: Noun
    data_classes: frozenset[DataClass]


@dataclass(frozen=True, slots=True)
class Resource:
    """One registration. Collections are in sorted order; `source` is "file:line" and is never written."""

    urn: Urn
    type: str
    name: str
    id: str | None = None
    custom: bool = True
    external: bool = False
    parent: Urn | None = None
    provider: Urn | None = None
    """None: the default provider of its package."""
    region: str | None = None
    account: str | None = None
    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    dependencies: tuple[Urn, ...] = ()
    property_dependencies: Mapping[str, tuple[Urn, ...]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    aliases: tuple[Urn, ...] = ()
    source: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class ResourceGraph:
    """All resources of a stack by URN, with the edges and outside parties of its wiring."""

    stack: str
    resources: tuple[Resource, ...]
    edges: tuple[Edge, ...] = ()
    processors: tuple[Processor, ...] = ()
    incomplete: str | None = None
    """Why resources may be missing; None: all are here. While it is set, absence proves nothing."""

    def __post_init__(self) -> None:
        """Sort by URN, and refuse two resources of one URN."""
        ordered = tuple(sorted(self.resources, key=lambda resource: resource.urn))
        object.__setattr__(self, "resources", ordered)
        twice = sorted({one.urn for one, other in pairwise(ordered) if one.urn == other.urn})
        if twice:
            raise FileUnreadable(f"resources registered twice under one URN: {', '.join(twice)}")

    @cached_property
    def by_urn(self) -> Mapping[Urn, Resource]:
        """The resource of each URN."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def by_type(self) -> Mapping[str, tuple[Resource, ...]]:
        """The resources of each type token."""
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.type, []).append(resource)
        return {token: tuple(group) for token, group in found.items()}

    @cached_property
    def children(self) -> Mapping[Urn | None, tuple[Resource, ...]]:
        """The resources under each parent; None: those without one."""
        found: dict[Urn | None, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.parent, []).append(resource)
        return {urn: tuple(group) for urn, group in found.items()}

    def of(self, *types: str) -> tuple[Resource, ...]:
        """The resources of these types, by URN within each type."""
        return tuple(resource for token in types for resource in self.by_type.get(token, ()))

    def component(self, noun: Noun) -> Mapping[Urn, Resource]:
        """The component of a noun, which stands directly under the stack, and everything below it; empty when it is not there."""
        name = slug(noun)
        stacks = (stack.urn for stack in self.of("pulumi:pulumi:Stack"))
        ahead = [
            each for urn in stacks for each in self.children.get(urn, ())
            if each.type.startswith("blueprint:") and each.name == name
        ]  # fmt: skip
        found: dict[Urn, Resource] = {}
        while ahead:
            each = ahead.pop()
            found[each.urn] = each
            ahead += self.children.get(each.urn, ())
        return found

    def target(self, value: JsonValue) -> Resource | None:
        """The resource that a value refers to, when the graph has it."""
        ref = as_ref(value)
        return self.by_urn.get(ref.urn) if ref else None

    def with_wiring(self, wiring: Wiring) -> ResourceGraph:
        """The same resources with the edges and outside parties of a wiring."""
        parties = (Processor(party=p, component=c, data_classes=classes) for p, c, classes in wiring.processors)
        return replace(self, edges=wiring.edges, processors=tuple(parties))

    def to_json(self) -> str:
        """The graph as `blueprint.graph/1`: keys sorted, one resource on each line, the same bytes every time."""
        lines = [f'"schema": "{SCHEMA}"', f'"stack": {_dump(self.stack)}']
        lines += [f'"incomplete": {_dump(self.incomplete)}'] if self.incomplete else []
        for name, rows in (
            ("edges", (edge.model_dump(mode="json") for edge in self.edges)),
            ("processors", (party.model_dump(mode="json") for party in self.processors)),
            ("resources", (_row(resource) for resource in self.resources)),
        ):
            lines.append(f'"{name}": [' + ",".join(f"\n  {_dump(row)}" for row in rows) + "\n]")
        return "{\n" + ",\n".join(lines) + "\n}\n"

    @classmethod
    def from_json(cls, text: str | bytes, *, origin: str = "graph") -> ResourceGraph:
        """Read what `to_json` wrote.

        Raises FileUnreadable with everything that is wrong; `origin` names the file in it.
        """
        try:
            document = _DOCUMENT.validate_json(text)
        except ValidationError as error:
            raise FileUnreadable(explain(error, origin)) from None
        with about(origin):
            return cls(
                stack=document["stack"],
                resources=tuple(_resource(row) for row in document["resources"]),
                edges=tuple(document["edges"]),
                processors=tuple(document["processors"]),
                incomplete=document.get("incomplete"),
            )

    @classmethod
    def read(cls, path: Path) -> ResourceGraph:
        """Read a file that `to_json` wrote; raises FileUnreadable."""
        return cls.from_json(read_bytes(path), origin=str(path))


@contextmanager
def about(file: Path | str) -> Iterator[None]:
    """Put the file's name before what is wrong with it."""
    try:
        yield
    except FileUnreadable as error:
        raise FileUnreadable(f"{file}: {error}") from None


def read_bytes(path: Path) -> bytes:
    """The content of a file that the user named; raises FileUnreadable with what the system says."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileUnreadable(f"{path}: cannot be read: {error.strerror or error}") from None


def as_ref(value: JsonValue) -> Ref | None:
    """The reference that a value is, or None."""
    match value:
        case {"$ref": {"urn": str(urn), "property": str(name)}, **rest} if not rest:
            return Ref(urn=urn, property=name)
    return None


def is_unknown(value: JsonValue) -> bool:
    """Whether only the cloud decides the value."""
    return value == UNKNOWN


def is_secret(value: JsonValue) -> bool:
    """Whether the value is withheld."""
    return value == SECRET


def parts(value: JsonValue) -> tuple[str | Ref, ...] | None:
    """A text as literal pieces and references; None when the value is no text."""
    match value:
        case str():
            return (value,)
        case {"$text": [*pieces], **rest} if not rest:
            return tuple(piece if isinstance(piece, str) else Ref.model_validate(_inner(piece)) for piece in pieces)
    ref = as_ref(value)
    return (ref,) if ref else None


def text(pieces: Iterable[str | Ref]) -> JsonValue:
    """Literal pieces and references as the shortest form that says the same."""
    found: list[str | Ref] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif piece != "":
            found.append(piece)
    match found:
        case []:
            return ""
        case [str(only)]:
            return only
        case [Ref() as only]:
            return only.value()
    return {"$text": [piece if isinstance(piece, str) else piece.value() for piece in found]}


def embedded_json(value: JsonValue) -> JsonValue:
    """The document in a text of JSON, with references inside its strings kept: policies, templates.

    A value that is no JSON text comes back as it is.
    """
    pieces = parts(value)
    if pieces is None or is_unknown(value):
        return value
    refs = [piece for piece in pieces if isinstance(piece, Ref)]
    places = iter(range(len(refs)))
    joined = "".join(piece if isinstance(piece, str) else f"\x7f{next(places)}\x7f" for piece in pieces)
    try:
        document = _restored(json.loads(joined, strict=False), refs)
    except ValueError:
        return value
    return document if isinstance(document, dict | list) else value


def _restored(node: JsonValue, refs: Sequence[Ref]) -> JsonValue:
    match node:
        case str() if "\x7f" in node:
            return text(refs[int(piece)] if place % 2 else piece for place, piece in enumerate(node.split("\x7f")))
        case dict():
            return {_restored_key(key, refs): _restored(item, refs) for key, item in node.items()}
        case list():
            return [_restored(item, refs) for item in node]
    return node


def _restored_key(key: str, refs: Sequence[Ref]) -> str:
    pieces = key.split("\x7f")
    return "".join(refs[int(piece)].as_key() if place % 2 else piece for place, piece in enumerate(pieces))


def _inner(piece: JsonValue) -> JsonValue:
    return piece.get("$ref") if isinstance(piece, dict) else piece


@with_config(ConfigDict(extra="forbid"))
class ResourceRow(TypedDict):
    """A resource as `blueprint.graph/1` writes it."""

    urn: Annotated[Urn, Field(pattern=r"^urn:pulumi:[^:]*::[^:]*::.+::.+$")]
    type: str
    name: str
    id: str | None
    custom: bool
    external: bool
    parent: Urn | None
    provider: Urn | None
    region: str | None
    account: str | None
    inputs: dict[str, JsonValue]
    dependencies: list[Urn]
    propertyDependencies: dict[str, list[Urn]]
    protect: bool
    retainOnDelete: bool
    ignoreChanges: list[str]
    aliases: list[Urn]


@with_config(ConfigDict(extra="forbid"))
class GraphDocument(TypedDict):
    """The contract `blueprint.graph/1`; its JSON Schema is that of `TypeAdapter(GraphDocument)`."""

    schema: Literal["blueprint.graph/1"]
    stack: str
    incomplete: NotRequired[str]
    resources: list[ResourceRow]
    edges: list[Edge]
    processors: list[Processor]


_DOCUMENT = TypeAdapter(GraphDocument)


def _row(resource: Resource) -> ResourceRow:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "id": resource.id,
        "custom": resource.custom,
        "external": resource.external,
        "parent": resource.parent,
        "provider": resource.provider,
        "region": resource.region,
        "account": resource.account,
        "inputs": dict(resource.inputs),
        "dependencies": list(resource.dependencies),
        "propertyDependencies": {name: list(urns) for name, urns in resource.property_dependencies.items()},
        "protect": resource.protect,
        "retainOnDelete": resource.retain_on_delete,
        "ignoreChanges": list(resource.ignore_changes),
        "aliases": list(resource.aliases),
    }


def _resource(row: ResourceRow) -> Resource:
    return Resource(
        urn=row["urn"],
        type=row["type"],
        name=row["name"],
        id=row["id"],
        custom=row["custom"],
        external=row["external"],
        parent=row["parent"],
        provider=row["provider"],
        region=row["region"],
        account=row["account"],
        inputs=row["inputs"],
        dependencies=tuple(row["dependencies"]),
        property_dependencies={name: tuple(urns) for name, urns in row["propertyDependencies"].items()},
        protect=row["protect"],
        retain_on_delete=row["retainOnDelete"],
        ignore_changes=tuple(row["ignoreChanges"]),
        aliases=tuple(row["aliases"]),
    )


def _dump(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def explain(error: ValidationError, origin: str) -> str:
    """Everything that is wrong with a file, one line each, with its path inside the file."""
    return "\n".join(f"{origin}: {line}" for line in _problems(error))


def _problems(error: ValidationError) -> Iterator[str]:
    shown = 50
    found = error.errors(include_url=False)
    for problem in found[:shown]:
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).lstrip(".")
        yield f"{where}: {problem['msg']}" if where else problem["msg"]
    if len(found) > shown:
        yield f"and {len(found) - shown} more of the same kind"
