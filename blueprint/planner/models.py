"""Open-weight models by name, and any model by its configuration. Nothing here says that a model fits."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from blueprint.errors import FileUnreadable, NotFound
from blueprint.planner.architecture import Architecture, Backing, architecture
from blueprint.planner.checkpoints import CONVERTING, checkpoint
from blueprint.planner.spared import Spared
from blueprint.planner.tables import table
from blueprint.types import Frozen


class Source(Frozen):
    """Where rows of the table were read."""

    read: str
    what: str

    def __str__(self) -> str:
        return f"{self.read}: {self.what}"


class OpenModel(Frozen):
    """One model of the table."""

    id: str
    """owner/model on the hub."""
    parameters_billion: float
    """As its makers state it; the planner counts layers itself."""
    active_billion: float | None
    """Parameters that work on one token; None for a dense model."""
    native: str
    """Number formats of the published weights."""
    licence: str
    """From memory, for every row; `unknown` where nothing is."""
    checked: Literal["config", "config and logs", "logs", "memory"]
    """How the numbers were read."""
    source: tuple[str, ...]
    """Where they were read: keys of the table's sources."""
    pools: bool = False
    """It answers with vectors or scores."""
    config: Mapping[str, Any]
    """The keys of its config.json that decide memory."""

    @property
    def short(self) -> str:
        """The name without its owner, in small letters."""
        return self.id.partition("/")[2].lower()


class Alike(Frozen):
    """A model that has the layers of another one."""

    id: str
    like: str
    format: str | None = None
    """Of its weights, where it differs."""
    context: int | None = None
    """In tokens, where it differs."""
    source: tuple[str, ...] = ("memory",)
    """Where it was read that the layers are the same."""


class _Table(Frozen):
    read: str
    sources: Mapping[str, Source]
    models: tuple[OpenModel, ...]
    alike: tuple[Alike, ...]


class Named(NamedTuple):
    """A model that was found, and where."""

    name: str
    architecture: Architecture
    source: str


@cache
def _table() -> _Table:
    return _Table.model_validate(table("models"))


@cache
def models() -> Mapping[str, OpenModel]:
    """Every model of the table by its id."""
    return MappingProxyType({each.id: each for each in _table().models})


@cache
def alike() -> Mapping[str, Alike]:
    """Further models by id, each with the one whose layers it has."""
    return MappingProxyType({each.id: each for each in _table().alike})


@cache
def _spoken() -> Mapping[str, str]:
    """Ids by all names that are known without looking into them: the id itself, and the name without its owner."""
    ids = [*alike(), *models()]
    return {each.rpartition("/")[2].lower(): each for each in ids} | {each.lower(): each for each in ids}


@cache
def _by_checkpoint() -> Mapping[str, str]:
    return {checkpoint(each).model: each for each in (*alike(), *models())}


def spoken(name: str) -> str:
    """The id in the table of a name, however it is spelled; empty where the table has none."""
    return _spoken().get(name.lower(), "")


def open_model(name: str) -> OpenModel:
    """The model of that id or short name. Raises NotFound with the nearest ones."""
    found = _spoken().get(name.lower(), "")
    if found not in models():
        raise NotFound("open-weight model", name, {*models(), *alike(), *_spoken()})
    return models()[found]


@cache
def known(name: str) -> Architecture:
    """The architecture of a model of the table: by id, by short name, or by the name of another checkpoint of it. Raises NotFound."""
    return named(name).architecture


def named(name: str) -> Named:
    """A model of the table by what `known` takes, and nothing of the file system. Raises NotFound."""
    if _LOCAL.search(name):
        raise NotFound("open-weight model", name, {*models(), *alike()})
    chosen, spelled = _spoken().get(name.lower(), ""), checkpoint(name)
    if not chosen and spelled.model in _by_checkpoint():
        base = named(_by_checkpoint()[spelled.model])
        form = spelled.format or base.architecture.format
        converting = CONVERTING["experts" if base.architecture.experts else "dense"]
        spared = Spared(
            attention=form == "nvfp4" and base.architecture.attention_kind == "latent",  # as NVIDIA publishes them
            states=spelled.owner not in converting,
        )
        changed: dict[str, object] = {"format": form, "backing": _weaker(base, "name"), "spared": spared}
        return Named(
            name, base.architecture.model_copy(update=changed), f"{base.source}; by its name the layers of {base.name} in {form}"
        )  # fmt: skip
    if chosen in alike():
        other = alike()[chosen]
        base = named(other.like)
        own = other.model_dump(include={"format", "context"}, exclude_none=True)
        own |= {"stated_context": other.context} if other.context else {}
        own |= {"backing": _weaker(base, "alike")} if other.source == ("memory",) else {}
        said = f"the layers of {other.like}, as read {_told(other.source)}"
        return Named(name, base.architecture.model_copy(update=own), f"{base.source}; {said}")
    row = open_model(name)
    read = architecture(row.config)
    found = read.pooled if row.pools else read
    backed = found.model_copy(update={"backing": "logs" if "logs" in row.checked else row.checked})
    return Named(name, backed, f"models.yaml, checked: {row.checked}, read {_told(row.source)}")


def _weaker(base: Named, than: Backing) -> Backing:
    """What layers rest on that are those of another model: no more than that model itself."""
    own = base.architecture.backing
    return own if own == "memory" else than


def _told(keys: tuple[str, ...]) -> str:
    return " and ".join(str(each) for each in sources_of(keys))


def sources_of(keys: tuple[str, ...]) -> tuple[Source, ...]:
    """The sources of a row, by their keys."""
    return tuple(_table().sources[key] for key in keys)


def find(name: str) -> Named:
    """A model by id, by short name, or by the path of a config.json.

    Raises NotFound for an unknown name, FileUnreadable for a file that holds no configuration, DocumentError for an
    architecture that is not known.
    """
    file = _file_of(name)
    if file is not None:
        return Named(name, architecture(_read(file)), f"configuration: {name}")
    if _LOCAL.search(name) or (name.lower() not in _spoken() and Path(name).parent.name and Path(name).parent.is_dir()):
        raise FileUnreadable(
            f"{name}: no such file, and no folder with a config.json; a model of the table is called by its id, owner/model"
        )
    return named(name)


_LOCAL = re.compile(r"^[./~]|^$|://|\\|/.*/|/$")
"""What only paths and addresses have; an id of the hub has one slash at most."""


def _file_of(name: str) -> Path | None:
    path = Path(name)
    try:
        inside = path.joinpath("config.json").is_file()
        told = path.suffix == ".json" or path.is_file()
    except OSError:
        return None
    return path / "config.json" if inside or (told and path.is_dir()) else path if told else None


def _read(path: Path) -> Mapping[str, object]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileUnreadable(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise FileUnreadable(f"{path}: not JSON: {error}") from error
    except RecursionError as error:
        raise FileUnreadable(f"{path}: nested too deeply for a configuration") from error
    if not isinstance(found, dict):
        raise FileUnreadable(f"{path}: holds a {type(found).__name__}, not a configuration")
    return found


def models_sources() -> Mapping[str, Source]:
    """All sources of the table, by their keys."""
    return _table().sources
