"""The only reader of stack documents: finds the file, unwraps it, lays it over its preset, and compares it with what the
engine parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import JsonValue

from blueprint.document import ENVELOPE
from blueprint.errors import BlueprintError, DocumentError, NotFound, Problem, nearest
from blueprint.overlay import Origin, Overlay
from blueprint.source import Path_, Source, read

PRESETS = Path(__file__).parent / "presets"
REGION = "aws:region"

_SECRET = re.compile(
    r"(AKIA|ASIA)[A-Z0-9]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(sk|pk|rk)-[A-Za-z0-9_-]{16,}|"
    r"\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ|"
    r"[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@]+@"
)
_SECRET_KEY = re.compile(r"password|passwd|secret_value|api_key|apikey|token|private_key|credential", re.IGNORECASE)


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
            overlay = Overlay(preset, own)
            own, origins = overlay.source, overlay.origins
    region = whole.at((ENVELOPE[0], REGION))
    return StackFile(
        stack, file, region if isinstance(region, str) else "", replace(own, problems=tuple(problems)), origins
    )


def compare(source: Source, engine: JsonValue) -> tuple[Problem, ...]:
    """Differences between the file and the value that pulumi parsed; each is refused with its key."""
    return tuple(_differences(source, source.data, engine, ()))


def _preset(name: JsonValue, own: Source, problems: list[Problem]) -> Source | None:
    known = sorted(path.stem for path in PRESETS.glob("*.yaml"))
    if name in known:
        return read(PRESETS / f"{name}.yaml")
    problems.append(
        Problem(
            what="no such preset",
            path=("preset",),
            position=own.position(("preset",)),
            value=str(name),
            allowed=", ".join(known),
            why="a preset is where the document starts from",
            fix=nearest(str(name), known),
        )
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
