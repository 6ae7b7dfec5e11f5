"""The keys of a stack document, as a text may name them: a slot, a key of the head, and dotted paths below either."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from pydantic import BaseModel

from blueprint.document import Head
from blueprint.slots import slots, spec_of


def exists(path: str) -> bool:
    """Whether some document can say this: "network.zones" as well as "gateway.teams.budget_usd_month"."""
    first, *rest = path.split(".")
    return first in {*slots(), *Head.model_fields} and bool(_found(_start(first), rest))


def _start(key: str) -> list[object]:
    if key in slots():
        return [spec_of(key, kind) for kind in slots()[key].kinds]
    return [Head.model_fields[key].annotation]


def _found(types: list[object], rest: Sequence[str]) -> list[object]:
    for name in rest:
        types = [
            model.model_fields[name].annotation
            for each in types for model in _models(each) if name in model.model_fields
        ]  # fmt: skip
    return types


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
