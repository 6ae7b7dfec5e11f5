"""The only reader of stack documents: finds the file, unwraps it, lays it over its preset, and compares it with what the
engine parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from blueprint.document import ENVELOPE
from blueprint.errors import BlueprintError, DocumentError, NotFound, Problem, nearest
from blueprint.source import Path_, Source, read

PRESETS = Path(__file__).parent / "presets"
REGION = "aws:region"

_SECRET = re.compile(
    r"(AKIA|ASIA)[A-Z0-9]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(sk|pk|rk)-[A-Za-z0-9_-]{16,}|"
    r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ|"
    r"[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@]+@"
)
_SECRET_KEY = re.compile(r"password|passwd|secret_value|api_key|apikey|token|private_key|credential", re.IGNORECASE)

Origin = Literal["document", "preset"]


@dataclass(frozen=True)
class StackFile:
    """One environment's document, laid over its preset; positions lead to the file that said it."""

    stack: str
    file: Path
    region: str
    source: Source
    origins: Mapping[Path_, Origin]


def stacks(root: Path) -> Mapping[str, Path]:
    """Stack name -> file, of every stack of a project."""
    return {path.name[len("Pulumi.") : -len(".yaml")]: path for path in sorted((root / "stacks").glob("Pulumi.*.yaml"))}


def project_root(start: Path) -> Path:
    """The folder that holds Pulumi.yaml, at or above the start. Raises BlueprintError."""
    for folder in (start, *start.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise BlueprintError(f"no Pulumi.yaml in {start} or above it; run inside a project, or name it with --root")


def find(stack: str, root: Path) -> Path:
    """File of a stack; a path to a file is taken as it is. Raises NotFound with the nearest names."""
    if stack.endswith((".yaml", ".yml")):
        return Path(stack)
    known = stacks(root)
    if stack not in known:
        raise NotFound("stack", stack, known)
    return known[stack]


def load(file: Path, stack: str) -> StackFile:
    """Read a stack file and its preset. Raises DocumentError with every problem found so far."""
    whole = read(file)
    problems = [*whole.problems, *_envelope(whole)]
    inner = whole.at(ENVELOPE)
    if not isinstance(inner, dict):
        raise DocumentError(problems)
    own = _rooted(whole, ENVELOPE)
    problems += _plain_secrets(own)
    origins: dict[Path_, Origin] = dict.fromkeys(own.values, "document")
    if "preset" in inner:
        preset = _preset(inner["preset"], own, problems)
        if preset is not None:
            own = lay_over(preset, own, origins)
    region = whole.at((ENVELOPE[0], REGION))
    return StackFile(stack, file, region if isinstance(region, str) else "", replace(own, problems=tuple(problems)), origins)


def compare(source: Source, engine: JsonValue) -> tuple[Problem, ...]:
    """Differences between the file and the value that pulumi parsed; each is refused with its key."""
    return tuple(_differences(source, source.data, engine, ()))


def lay_over(preset: Source, document: Source, origins: dict[Path_, Origin]) -> Source:
    """The document over its preset: mappings merge, lists of named things merge by name, all else replaces."""
    keys: dict[Path_, object] = {}
    values: dict[Path_, object] = {}

    def take(source: Source, at: Path_, to: Path_, origin: Origin) -> None:
        for table, positions in ((values, source.values), (keys, source.keys)):
            for path, position in positions.items():
                if path[: len(at)] == at:
                    table[to + path[len(at) :]] = position
                    if table is values:
                        origins[to + path[len(at) :]] = origin

    def merge(under: JsonValue, u: Path_, over: JsonValue, o: Path_, to: Path_) -> JsonValue:
        if isinstance(under, dict) and isinstance(over, dict):
            if under.get("kind") != over.get("kind", under.get("kind")):
                take(document, o, to, "document")
                return over
            values[to] = document.values.get(o, preset.values.get(u))
            origins[to] = "document"
            result: dict[str, JsonValue] = {}
            for name in [*under, *(name for name in over if name not in under)]:
                if name in over and name in under:
                    keys[(*to, name)] = document.keys.get((*o, name))
                    result[name] = merge(under[name], (*u, name), over[name], (*o, name), (*to, name))
                elif name in over:
                    take(document, (*o, name), (*to, name), "document")
                    result[name] = over[name]
                else:
                    take(preset, (*u, name), (*to, name), "preset")
                    result[name] = under[name]
            return result
        if _named(under) and _named(over) and isinstance(under, list) and isinstance(over, list):
            values[to] = document.values.get(o)
            origins[to] = "document"
            merged: list[JsonValue] = []
            places = {item["name"]: index for index, item in enumerate(over) if isinstance(item, dict)}
            for index, item in enumerate(under):
                name = item["name"] if isinstance(item, dict) else None
                here = (*to, len(merged))
                if name in places:
                    merged.append(merge(item, (*u, index), over[places[name]], (*o, places.pop(name)), here))
                else:
                    take(preset, (*u, index), here, "preset")
                    merged.append(item)
            for name, index in places.items():
                take(document, (*o, index), (*to, len(merged)), "document")
                merged.append(over[index])
            return merged
        take(document, o, to, "document")
        return over

    data = merge(preset.data, (), document.data, (), ())
    return replace(document, data=data, keys=keys, values=values)  # type: ignore[arg-type]


def _named(value: JsonValue) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) and isinstance(item.get("name"), str) for item in value)


def _preset(name: JsonValue, own: Source, problems: list[Problem]) -> Source | None:
    known = sorted(path.stem for path in PRESETS.glob("*.yaml"))
    if name in known:
        return read(PRESETS / f"{name}.yaml")
    problems.append(
        Problem(
            what="no such preset", path=("preset",), position=own.position(("preset",)), value=str(name),
            allowed=", ".join(known), why="a preset is where the document starts from", fix=nearest(str(name), known),
        )  # fmt: skip
    )
    return None


def _rooted(source: Source, root: Path_) -> Source:
    def below(table: Mapping[Path_, object]) -> dict[Path_, object]:
        return {path[len(root) :]: position for path, position in table.items() if path[: len(root)] == root}

    return replace(source, data=source.at(root), keys=below(source.keys), values=below(source.values), problems=())  # type: ignore[arg-type]


def _envelope(source: Source) -> Iterator[Problem]:
    """What is wrong around the document."""
    config, platform = ENVELOPE
    inside = source.at((config,))
    if not isinstance(inside, dict):
        yield Problem(what="has no `config`", position=source.position((config,)), path=(config,),
                      why="a stack file holds the platform document under config", fix=f"write `config:` and below it `{platform}:`")  # fmt: skip
        return
    if platform not in inside:
        yield Problem(what=f"has no `{platform}`", position=source.position((config,)), path=ENVELOPE,
                      allowed=nearest(platform, inside), why="that is where the platform is described", fix=f"add `{platform}:` below config")  # fmt: skip
    elif not isinstance(inside[platform], dict):
        yield Problem(what="is not a mapping", position=source.position(ENVELOPE), path=ENVELOPE, value=str(inside[platform])[:60],
                      why="the platform is described by keys", fix="write keys below it, or start from `blueprint new stack`")  # fmt: skip
    if not isinstance(inside.get(REGION), str):
        yield Problem(what="has no region", position=source.position((config,)), path=(config, REGION),
                      value=str(inside.get(REGION, "")), why="every resource lives in one", fix=f"add `{REGION}: us-east-1` below config")  # fmt: skip


def _plain_secrets(source: Source) -> Iterator[Problem]:
    """Values that look like secrets in clear, and encrypted ones, which would make the whole document a secret."""
    for path, position in source.values.items():
        value = source.at(path)
        if isinstance(value, dict) and "secure" in value:
            yield Problem(what="an encrypted value inside the document", path=path, position=position, value="secure: …",
                          why="one encrypted value makes the whole document a secret that nobody can review",
                          fix="keep it in Secrets Manager, or under a config key of its own")  # fmt: skip
        elif isinstance(value, str) and (_SECRET.search(value) or (_secret_key(path) and value)):
            yield Problem(what="looks like a secret in clear text", path=path, position=position, value="(not shown)",
                          why="a stack document is committed and read by many",
                          fix="put it into Secrets Manager and name the secret here; replace it, since it has been written down")  # fmt: skip


def _secret_key(path: Path_) -> bool:
    return bool(path) and isinstance(path[-1], str) and bool(_SECRET_KEY.fullmatch(path[-1]))


def _differences(source: Source, ours: JsonValue, theirs: JsonValue, path: Path_) -> Iterator[Problem]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            yield from _differences(source, ours.get(name), theirs.get(name), (*path, name))
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(source, mine, other, (*path, index))
    elif ours != theirs or isinstance(ours, bool) != isinstance(theirs, bool):
        yield Problem(what="the engine reads another value than the file says", path=path, position=source.position(path),
                      value=f"{theirs!r} (engine), {ours!r} (file)", why="what was checked must be what is deployed",
                      fix="quote the value, or deploy the file that was changed")  # fmt: skip
