"""Symbols: text that stands for what the cloud will decide while a program runs offline, and the way back to a Ref."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping

from google.protobuf import struct_pb2
from pydantic import JsonValue

from blueprint.declared import Declared, Shape
from blueprint.graph import UNKNOWN, Ref, Urn, text
from blueprint.wire import SIGNATURE, UNKNOWN_TEXT, WITHHELD_KIND, unwrapped

_MARK = "~~ref."
_TOKEN = re.compile(r"~~ref\.[0-9a-f]{16}\.[\w.]+~~")
"""Plain ASCII without quotes: JSON, YAML, URLs and templates carry it unchanged."""
_ENCODED = tuple(b64encode(b"." * skip + _MARK.encode()).decode()[(0, 2, 3)[skip] : 8 + skip] for skip in range(3))
"""What base64 makes of the mark at each of its three alignments."""


class Symbols:
    """The symbols of one synth. Each depends on its URN and property alone, so unrelated changes never move it."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._refs: dict[str, Ref] = {}

    def token(self, urn: Urn, name: str) -> str:
        """The symbol of one property; empty, which means unknown, when symbols are off."""
        if not self._enabled:
            return ""
        token = f"{_MARK}{hashlib.sha256(urn.encode()).hexdigest()[:16]}.{name}~~"
        self._refs[token] = Ref(urn=urn, property=name)
        return token

    def answer(
        self, urn: Urn, inputs: struct_pb2.Struct, outputs: Declared, *, secret: Iterable[str]
    ) -> struct_pb2.Struct:
        """The inputs, with a symbol for each text that they leave to the cloud."""
        found = struct_pb2.Struct()
        found.CopyFrom(inputs)
        if not self._enabled:
            return found
        hidden = frozenset(secret)
        for name in outputs.texts:
            if name in inputs.fields:
                continue
            if name in hidden:
                wrapped = found.fields[name].struct_value.fields
                wrapped[SIGNATURE].string_value = WITHHELD_KIND
                wrapped["value"].string_value = self.token(urn, name)
            else:
                found.fields[name].string_value = self.token(urn, name)
        for name, shape in outputs.computed.items():
            self._fill(found.fields[name], shape, urn, name)
        for name, members in outputs.partly.items():
            begun = found.fields[name].struct_value.fields if name in inputs.fields else {}
            for member in members if begun and SIGNATURE not in begun else ():
                if member not in begun:
                    shape = members[member]
                    self._fill(begun[member], shape if isinstance(shape, str) else None, urn, f"{name}.{member}")
        return found

    def _fill(self, value: struct_pb2.Value, shape: Shape, urn: Urn, path: str) -> None:
        """Write an output in outline: symbols for texts, unknown for the rest, one member for a list."""
        match shape:
            case str():
                value.string_value = self.token(urn, path)
            case dict():
                for name, inner in shape.items():
                    self._fill(value.struct_value.fields[name], inner, urn, f"{path}.{name}")
            case [only]:
                self._fill(value.list_value.values.add(), only, urn, f"{path}.0")
            case _:
                value.string_value = UNKNOWN_TEXT

    def read(self, struct: struct_pb2.Struct) -> Mapping[str, JsonValue]:
        """A message as a graph writes it: symbols as references, secrets and unknowns as their marks."""
        return {name: self._value(struct.fields[name]) for name in sorted(struct.fields)}

    def _value(self, value: struct_pb2.Value) -> JsonValue:
        match value.WhichOneof("kind"):
            case "string_value":
                return self._text(value.string_value)
            case "bool_value":
                return bool(value.bool_value)
            case "number_value":
                number = value.number_value
                return int(number) if number.is_integer() else number
            case "list_value":
                return [self._value(item) for item in value.list_value.values]
            case "struct_value":
                return self._struct(value.struct_value)
        return None

    def _struct(self, struct: struct_pb2.Struct) -> JsonValue:
        fields = struct.fields
        if SIGNATURE not in fields:
            return {self._key(name): self._value(fields[name]) for name in sorted(fields)}
        urn = fields["urn"].string_value if "urn" in fields else None
        return unwrapped(fields[SIGNATURE].string_value, urn)

    def _text(self, value: str) -> JsonValue:
        if value == UNKNOWN_TEXT:
            return UNKNOWN
        if _MARK not in value:
            return UNKNOWN if any(trace in value for trace in _ENCODED) else value
        pieces = self._pieces(value)
        return UNKNOWN if pieces is None else text(pieces)

    def _key(self, name: str) -> str:
        pieces = self._pieces(name) if _MARK in name else None
        return "".join(p if isinstance(p, str) else p.as_key() for p in pieces) if pieces else name

    def _pieces(self, value: str) -> list[str | Ref] | None:
        """Literals and references in turn; None when the program cut or changed a symbol: nothing is known then."""
        pieces: list[str | Ref] = []
        end = 0
        for match in _TOKEN.finditer(value):
            ref = self._refs.get(match.group())
            if ref is None:
                return None
            pieces += [value[end : match.start()], ref]
            end = match.end()
        pieces.append(value[end:])
        return None if any(isinstance(piece, str) and _MARK in piece for piece in pieces) else pieces
