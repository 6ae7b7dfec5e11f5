"""How the engine marks values that are not literal, in its protocol and in its files."""

from __future__ import annotations

from pydantic import JsonValue

from blueprint.graph import SECRET, UNKNOWN, Ref

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key of a wrapped value; what stands there tells its kind."""
WITHHELD_KIND = "1b47061264138c4ac30d75fd1eb44270"
RESOURCE_KIND = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def unwrapped(kind: JsonValue, urn: JsonValue) -> JsonValue:
    """A wrapped value as a graph writes it. Files and archives are UNKNOWN: their content is not looked into."""
    match kind, urn:
        case str(), _ if kind == WITHHELD_KIND:
            return SECRET
        case str(), str() if kind == RESOURCE_KIND:
            return Ref(urn=urn, property="id").value()
    return UNKNOWN


def plain(value: JsonValue) -> JsonValue:
    """A value from a file of the engine as a graph writes it; keys that the engine keeps for itself are left out."""
    match value:
        case str():
            return UNKNOWN if value == UNKNOWN_TEXT else value
        case list():
            return [plain(item) for item in value]
        case dict():
            if SIGNATURE in value:
                return unwrapped(value[SIGNATURE], value.get("urn"))
            return {name: plain(item) for name, item in sorted(value.items()) if not name.startswith("__")}
    return value
