"""Resources as the engine writes them into its files: what state and preview have in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, NotRequired, TypeVar

from pydantic import BeforeValidator, Field, JsonValue, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from blueprint.errors import FileUnreadable
from blueprint.graph import Resource, Urn, explain, read_bytes
from blueprint.placement import PROVIDERS, is_default_provider
from blueprint.wire import SIGNATURE, plain

T = TypeVar("T")

_DEEPEST = 6
"""Levels of an output, lists included, in which texts are looked for."""


def _absent(value: object) -> object:
    return {} if value is None else value


Values = Annotated[dict[str, JsonValue], BeforeValidator(_absent)]


class Row(TypedDict):
    """One resource in a file of the engine; what rules never read is passed over."""

    urn: Annotated[Urn, Field(pattern=r"^urn:pulumi:[^:]*::[^:]*::.+::.+$")]
    type: str
    custom: NotRequired[bool]
    id: NotRequired[str]
    parent: NotRequired[str]
    provider: NotRequired[str]
    external: NotRequired[bool]
    delete: NotRequired[bool]
    pendingReplacement: NotRequired[bool]
    inputs: NotRequired[Values]
    outputs: NotRequired[Values]
    dependencies: NotRequired[list[Urn] | None]
    propertyDependencies: NotRequired[dict[str, list[Urn] | None] | None]
    protect: NotRequired[bool]
    retainOnDelete: NotRequired[bool]
    ignoreChanges: NotRequired[list[str] | None]
    aliases: NotRequired[list[Urn] | None]
    sourcePosition: NotRequired[str]


def read(path: Path, document: TypeAdapter[T], what: Callable[[Mapping[str, JsonValue]], str | None]) -> T:
    """Read a file as a document; raises FileUnreadable with every problem.

    `what` looks at the top level first and says what the file is when it is something else.
    """
    try:
        found = json.loads(read_bytes(path))
    except ValueError as error:
        raise FileUnreadable(f"{path}: is not JSON: {error}") from None
    except RecursionError:
        raise FileUnreadable(f"{path}: is nested too deeply to be a file of the engine") from None
    if not isinstance(found, dict):
        raise FileUnreadable(f"{path}: holds no object; a file of the engine is one")
    other = what(found)
    if other:
        raise FileUnreadable(f"{path}: {other}")
    try:
        return document.validate_python(found)
    except ValidationError as error:
        raise FileUnreadable(explain(error, str(path))) from None


def resource(row: Row) -> Resource:
    """One resource as a graph writes it."""
    urn, provider = row["urn"], row.get("provider", "").rsplit("::", 1)[0]
    inputs = plain(row.get("inputs", {}))
    needed = {
        name: tuple(sorted(urns)) for name, urns in sorted((row.get("propertyDependencies") or {}).items()) if urns
    }
    return Resource(
        urn=urn,
        type=row["type"],
        name=urn.rsplit("::", 1)[-1],
        id=row.get("id") or None,
        custom=row.get("custom", False),
        external=row.get("external", False),
        parent=row.get("parent") or None,
        provider=provider or None,
        inputs=inputs if isinstance(inputs, dict) and not row["type"].startswith(PROVIDERS) else _settings(inputs),
        dependencies=tuple(sorted(row.get("dependencies") or ())),
        property_dependencies=needed,
        protect=row.get("protect", False),
        retain_on_delete=row.get("retainOnDelete", False),
        ignore_changes=tuple(sorted(row.get("ignoreChanges") or ())),
        aliases=tuple(sorted(row.get("aliases") or ())),
        source=row.get("sourcePosition", "").removeprefix("project:///").replace("#", ":") or None,
    )


def _settings(inputs: JsonValue) -> Mapping[str, JsonValue]:
    """Inputs of a provider without the version that the engine adds."""
    return {name: value for name, value in inputs.items() if name != "version"} if isinstance(inputs, dict) else {}


def known_outputs(row: Row) -> dict[str, str]:
    """The text that the cloud gave a resource, by path, with its identifier."""
    given = dict(_given(row.get("outputs", {}), row.get("inputs", {}), "", _DEEPEST))
    return {**given, **({"id": row["id"]} if row.get("id") else {})}


def _given(output: JsonValue, told: JsonValue, path: str, levels: int) -> Iterator[tuple[str, str]]:
    """Texts of an output that the inputs do not tell already."""
    members: Iterable[tuple[str, JsonValue]] = ()
    match output:
        case str() if output != told:
            yield path, output
        case dict() if SIGNATURE not in output:
            members = output.items()
        case list():
            members = ((str(place), item) for place, item in enumerate(output))
    for name, item in members if levels else ():
        yield from _given(item, _member(told, name), f"{path}.{name}" if path else name, levels - 1)


def _member(value: JsonValue, name: str) -> JsonValue:
    match value:
        case dict():
            return value.get(name)
        case list() if int(name) < len(value):
            return value[int(name)]
    return None


def default_providers(resources: Iterable[Resource], region: str | None) -> list[Resource]:
    """The engine's own AWS providers that resources name, where a file does not list them."""
    named = {one.provider for one in resources if one.provider and is_default_provider(one.provider)}
    token = f"{PROVIDERS}aws"
    return [
        Resource(urn=urn, type=token, name=urn.rsplit("::", 1)[-1], inputs={"region": region})
        for urn in sorted(named)
        if f"::{token}::" in urn
    ]


def stack_of(resources: Iterable[Resource]) -> str:
    """The stack that the URNs name; empty when there is no resource."""
    return next((one.urn.removeprefix("urn:pulumi:").split("::", 1)[0] for one in resources), "")
