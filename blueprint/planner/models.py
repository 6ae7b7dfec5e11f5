"""Open-weight models: the numbers that decide memory, from one dated table. Nothing here says that a model fits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

import yaml

from blueprint.errors import NotFound
from blueprint.types import Frozen


class OpenModel(Frozen):
    """One model as its own configuration describes it. None: not in the source, or not one number."""

    id: str
    """owner/model on the hub."""
    parameters_billion: float
    active_billion: float | None
    """Parameters that work on one token; None for a dense model."""
    layers: int
    hidden: int
    heads: int
    kv_heads: int | None
    """None for latent attention, which keeps no heads apart."""
    head_dim: int | None
    vocabulary: int
    native: str
    """Number formats of the published weights."""
    context: int
    kv_bytes_per_token: int | None
    """Of the whole model at 16 bits, for the part that grows with every token."""
    licence: str
    checked: Literal["config", "config and logs", "logs", "memory"]
    """How the numbers were read; licences of all rows are from memory."""


class _Table(Frozen):
    read: str
    sources: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | float | None, ...], ...]


@cache
def _table() -> _Table:
    text = files(__package__).joinpath("models.yaml").read_text(encoding="utf-8")
    return _Table.model_validate(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506  safe


@cache
def models() -> Mapping[str, OpenModel]:
    """Every known model by its id."""
    table = _table()
    known = (OpenModel.model_validate(dict(zip(table.columns, row, strict=True))) for row in table.rows)
    return MappingProxyType({each.id: each for each in known})


def open_model(name: str) -> OpenModel:
    """The model of that id. Raises NotFound with the nearest ones."""
    if name not in models():
        raise NotFound("open-weight model", name, models())
    return models()[name]


def divides_heads(name: str, tensor_parallel: int) -> bool | None:
    """Whether attention heads can be shared out over so many GPUs; None for a model that the table does not have."""
    known = models().get(name)
    return None if known is None else known.heads % tensor_parallel == 0


def models_read() -> str:
    """Date of the table."""
    return _table().read
