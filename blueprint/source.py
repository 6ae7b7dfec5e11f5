"""A YAML document with the position of every value in it.

Read as YAML 1.2 core, because that is nearer to what the pulumi CLI makes of a stack file than PyYAML's YAML 1.1:
`yes` and `on` are strings, and what the CLI would silently change (dates, octal, exponents, trailing zeros) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import yaml
from pydantic import JsonValue

from blueprint.errors import DocumentError, Position, Problem

if TYPE_CHECKING:
    from yaml import Node

Path_: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 1 << 20
"""A stack document is written by people; a megabyte is fifty times the largest we know."""
MAX_VALUES = 100_000
"""Aliases can make a small file large; this many values are read and no more."""
MAX_DEPTH = 64

_CORE = (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", list("-+0123456789")),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)",
        list("-+.0123456789"),
    ),
    ("tag:yaml.org,2002:merge", r"<<", ["<"]),
)
_NUMERIC = frozenset("+-.0123456789")
"""What every text that the CLI would change begins with."""
_CHANGED_BY_THE_CLI = (
    (re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?"), "an unquoted date", "the CLI rewrites it as a timestamp"),
    (re.compile(r"[-+]?0[0-7]+|0[oObB][0-9]+|0[xX][0-9a-fA-F]+"), "an unquoted octal or hexadecimal number",
     "YAML 1.1 and 1.2 read different numbers"),
    (re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+"), "an unquoted number with an exponent",
     "one reader takes it for text and the other for a number"),
    (re.compile(r"[-+]?[0-9]+\.[0-9]*0"), "an unquoted number that ends in zero after the point",
     "1.10 becomes 1.1"),
    (re.compile(r"[-+]?\d[\d_]*_[\d_]*"), "an unquoted number with underscores",
     "YAML 1.1 and 1.2 read different values"),
)  # fmt: skip


class _Loader(yaml.CSafeLoader):
    """CSafeLoader with the resolvers of the YAML 1.2 core schema."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), _first)


_READERS: Mapping[str, Callable[[str], JsonValue]] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": int,
    "float": float,
    "str": str,
}
"""Last word of a core schema tag -> how its text is read."""


@dataclass(frozen=True)
class Source:
    """Data read from one file, and where each piece of it stands."""

    file: Path
    data: JsonValue
    keys: Mapping[Path_, Position] = field(default_factory=dict)
    values: Mapping[Path_, Position] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def position(self, path: Path_, *, key: bool = False) -> Position:
        """Where a value (or its key) stands; for a path that is not there, the nearest that is."""
        for length in range(len(path), -1, -1):
            table = self.keys if key and length == len(path) else self.values
            if (found := table.get(path[:length])) is not None:
                return found
        return Position(self.file)

    def at(self, path: Path_) -> JsonValue:
        """The value at a path; None where there is none."""
        here = self.data
        for part in path:
            try:
                here = here[part]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                return None
        return here


def read(file: Path) -> Source:
    """Read one document; raises DocumentError with every problem that makes it unreadable.

    Problems that leave the rest readable (duplicate keys, dates without quotes) are in `Source.problems`.
    """
    position = Position(file)
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise _refusal(f"the document has {size:,} bytes", position, allowed=f"up to {MAX_BYTES:,} bytes",
                           why="a document of that size is not written by people", fix="move data out of the document")  # fmt: skip
        raw = file.read_bytes()
    except OSError as error:
        raise _refusal(
            f"cannot be read: {error.strerror}", position, fix="check the name and the permissions"
        ) from error
    return parse(raw, file)


def parse(raw: bytes, file: Path) -> Source:
    """Read a document from its bytes; the same as `read`."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise _refusal(f"byte 0x{raw[error.start]:02x} is not UTF-8", Position(file, line, column),
                       why="YAML is read as UTF-8", fix="save the file as UTF-8") from error  # fmt: skip
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Position(file, mark.line + 1, mark.column + 1) if mark else Position(file)
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise _refusal(f"not YAML: {what}", where, fix="correct the syntax at this place") from error
    except yaml.YAMLError as error:
        raise _refusal(f"not YAML: {error}", Position(file), fix="remove the character") from error
    finally:
        if loader is not None:
            loader.dispose()
    if node is None:
        raise _refusal("the document is empty", Position(file), fix="start from `blueprint new stack NAME --preset P`")
    walk = _Walk(file)
    data = walk.read(node, (), frozenset())
    return Source(file, data, walk.keys, walk.values, tuple(walk.problems))


class _Walk:
    """Turns a node graph into data, and remembers positions and what is wrong."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.keys: dict[Path_, Position] = {}
        self.values: dict[Path_, Position] = {}
        self.problems: list[Problem] = []

    def read(self, node: Node, path: Path_, above: frozenset[int]) -> JsonValue:
        here = self._mark(node)
        self.values.setdefault(path, here)
        if len(self.values) > MAX_VALUES:
            raise _refusal(
                f"more than {MAX_VALUES:,} values",
                here,
                why="aliases that multiply are refused",
                fix="write the values out",
            )
        if id(node) in above or len(path) > MAX_DEPTH:
            raise _refusal(
                "an alias that contains itself, or more than 64 levels", here, path=path, fix="write the value out"
            )
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, above | {id(node)})
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index), above | {id(node)}) for index, item in enumerate(node.value)]
        return self._scalar(node, path, here)

    def _mapping(self, node: yaml.MappingNode, path: Path_, above: frozenset[int]) -> JsonValue:
        data: dict[str, JsonValue] = {}
        for key_node, value_node in self._pairs(node, path, above):
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem("a key that is not text", path, self._mark(key_node), fix="use a plain word as key")
                continue
            key = str(key_node.value)
            if key in data:
                first = self.keys[*path, key]
                self._problem(f"key {key!r} stands twice", (*path, key), self._mark(key_node), value=key,
                              why=f"the first is in line {first.line}, and only one can be meant", fix="remove one of them")  # fmt: skip
                continue
            self.keys[*path, key] = self._mark(key_node)
            data[key] = self.read(value_node, (*path, key), above)
        return data

    def _pairs(self, node: yaml.MappingNode, path: Path_, above: frozenset[int]) -> Iterator[tuple[Node, Node]]:
        """Own pairs first, then those of merge keys that are not overridden."""
        own: set[str] = set()
        merged: list[Node] = []
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged.extend(value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node])
                continue
            own.add(str(key_node.value))
            yield key_node, value_node
        for base in merged:
            if not isinstance(base, yaml.MappingNode) or id(base) in above:
                self._problem("a merge key needs a mapping", path, self._mark(base), fix="merge an anchored mapping")
                continue
            for key_node, value_node in self._pairs(base, path, above | {id(base)}):
                if str(key_node.value) not in own:
                    own.add(str(key_node.value))
                    yield key_node, value_node

    def _scalar(self, node: Node, path: Path_, here: Position) -> JsonValue:
        text = str(node.value)
        plain = not getattr(node, "style", None)  # None from the Python parser, empty from the C one
        if plain and text[:1] in _NUMERIC:
            for pattern, what, why in _CHANGED_BY_THE_CLI:
                if pattern.fullmatch(text):
                    self._problem(
                        what,
                        path,
                        here,
                        value=text,
                        why=why,
                        fix=f'quote it if it is text: "{text}"; write a number plainly, such as 1.5',
                    )
                    return text
        kind = node.tag.rpartition(":")[2]
        if kind not in _READERS:
            self._problem(
                f"tag {node.tag} is not known", path, here, value=text, allowed="plain YAML", fix="remove the tag"
            )
            return text
        try:
            return _READERS[kind](text)
        except ValueError:
            self._problem("not a number that can be read", path, here, value=text[:40], fix="quote it if it is text")
            return text

    def _mark(self, node: Node) -> Position:
        return Position(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _problem(self, what: str, path: Path_, position: Position, *, value: str = "", allowed: str = "", why: str = "", fix: str = "") -> None:  # fmt: skip
        self.problems.append(
            Problem(what=what, path=path, position=position, value=value, allowed=allowed, why=why, fix=fix)
        )


def _refusal(what: str, position: Position, *, path: Sequence[str | int] = (), allowed: str = "", why: str = "", fix: str = "") -> DocumentError:  # fmt: skip
    return DocumentError([Problem(what=what, path=tuple(path), position=position, allowed=allowed, why=why, fix=fix)])
