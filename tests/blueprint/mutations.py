"""Schema-aware mutations of stack documents: each is wrong by construction, at a place that is known."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Json: TypeAlias = Any

REQUIRED_AT_TOP = ("name", "environment", "owner", "cost_centre", "account")
REFERENCES = {"pool", "model", "serving"}
"""Keys that name another entry of the document."""


@dataclass(frozen=True)
class Mutation:
    """What was done, where, and the document that came of it."""

    kind: str
    path: Path
    data: Json


def mutate(data: Json, draw: random.Random) -> Mutation:
    """One random mutation of a document."""
    places = list(_places(data, ()))
    while True:
        path, value = draw.choice(places)
        options = [kind for kind, fits in KINDS.items() if fits[0](path, value)]
        if options:
            kind = draw.choice(options)
            changed = copy.deepcopy(data)
            at = KINDS[kind][1](changed, path, draw)
            return Mutation(kind, at, changed)


def _places(value: Json, path: Path) -> Iterator[tuple[Path, Json]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, (*path, index))


def _set(data: Json, path: Path, value: Json) -> Path:
    here = data
    for part in path[:-1]:
        here = here[part]
    here[path[-1]] = value
    return path


def _get(data: Json, path: Path) -> Json:
    for part in path:
        data = data[part]
    return data


def _unknown_key(data: Json, path: Path, draw: random.Random) -> Path:
    key = draw.choice(["colour", "replica", "endpoints_", "Name", "x" * 40, "naïve"])
    _get(data, path)[key] = draw.choice([1, "text", None, [], {}])
    return (*path, key)


def _misspelt_key(data: Json, path: Path, draw: random.Random) -> Path:
    mapping = _get(data, path)
    key = draw.choice(sorted(mapping))
    wrong = key[:-1] + "zq"
    mapping[wrong] = mapping.pop(key)
    return (*path, wrong)


def _wrong_type(data: Json, path: Path, draw: random.Random) -> Path:
    value = _get(data, path)
    others: dict[type, list[Json]] = {
        str: [{"a": 1}, [1], True], bool: ["perhaps", {"a": 1}, [True]], int: ["many", {"a": 1}, [7]],
        float: ["much", {"a": 1}, [0.5]], list: ["one", 7, True], dict: ["one", 7, [1]],
    }  # fmt: skip
    return _set(data, path, draw.choice(others[type(value)]))


def _out_of_bounds(data: Json, path: Path, draw: random.Random) -> Path:
    return _set(data, path, draw.choice([-1, -(10**9), 10**15]))


def _broken_text(data: Json, path: Path, draw: random.Random) -> Path:
    return _set(data, path, draw.choice(["", " ", "\u0000x", "Ünlaut!", "a" * 300, "../..", "{{x}}", "$(id)"]))


def _dangling(data: Json, path: Path, draw: random.Random) -> Path:
    return _set(data, path, draw.choice(["nowhere", "gone-away", "other"]))


def _repeated_name(data: Json, path: Path, draw: random.Random) -> Path:
    del draw
    items = _get(data, path)
    items.append(copy.deepcopy(items[0]))
    return (*path, len(items) - 1, "name")


def _missing(data: Json, path: Path, draw: random.Random) -> Path:
    del draw
    del _get(data, path[:-1])[path[-1]]
    return path


def _null(data: Json, path: Path, draw: random.Random) -> Path:
    del draw
    return _set(data, path, None)


def _free_map(path: Path) -> bool:
    return any(part in {"extra_arguments", "rotators", "endpoints", "hardened_images"} for part in path)


def _is_word(path: Path) -> bool:
    """Texts that a pattern, a vocabulary or a table decides."""
    strict = {"name", "environment", "owner", "account", "kind", "pool", "serving", "cidr", "instance", "revision", "digest",
              "risk_class", "approved_by", "host", "certificate_arn", "vpc_id", "id", "zone", "tier", "mode", "trail_arn"}  # fmt: skip
    return bool(path) and path[-1] in strict


Fits: TypeAlias = Callable[[Path, Json], bool]
Apply: TypeAlias = Callable[[Json, Path, random.Random], Path]

KINDS: dict[str, tuple[Fits, Apply]] = {
    "unknown key": (lambda path, value: isinstance(value, dict) and not _free_map(path), _unknown_key),
    "misspelt key": (lambda path, value: isinstance(value, dict) and bool(value) and not _free_map(path), _misspelt_key),
    "wrong type": (lambda path, value: bool(path) and value is not None and not _free_map(path), _wrong_type),
    "out of bounds": (
        lambda path, value: isinstance(value, int) and not isinstance(value, bool) and not _free_map(path), _out_of_bounds,
    ),
    "broken text": (lambda path, value: isinstance(value, str) and _is_word(path) and not _free_map(path), _broken_text),
    "dangling reference": (
        lambda path, value: isinstance(value, str) and bool(path) and path[-1] in REFERENCES and value != "nowhere"
        and not (path[-1] == "model" and "." in value), _dangling,
    ),
    "repeated name": (
        lambda path, value: len(path) == 1 and isinstance(value, list) and bool(value) and isinstance(value[0], dict), _repeated_name,
    ),
    "missing": (lambda path, value: len(path) == 1 and path[0] in REQUIRED_AT_TOP, _missing),
    "null": (lambda path, value: bool(path) and not _free_map(path), _null),
}  # fmt: skip
