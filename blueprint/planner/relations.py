"""Numbers of a configuration that bound one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from blueprint.planner.body import DENSE_FIRST, PER_TOKEN
from blueprint.planner.families import Family
from blueprint.planner.settings import Settings


class Broken(NamedTuple):
    """A number that another one does not allow."""

    key: str
    what: str
    value: int
    allowed: str


def check(family: Family, settings: Settings) -> None:
    """Refuse every number that contradicts another one."""
    for key, what, value, allowed in (
        *_of_layers(settings),
        *_of_experts(family, settings),
        *_of_heads(family, settings),
    ):
        settings.refuse(key, what, allowed, value=str(value), why="vLLM cannot build such a model")


def _of_layers(settings: Settings) -> Iterator[Broken]:
    layers = settings.optional("num_hidden_layers")
    for key in (*DENSE_FIRST, "num_kv_shared_layers"):
        value = settings.optional(key)
        if layers and value > layers:
            yield Broken(key, f"is more than the {layers} layers", value, f"0 to {layers}")


def _of_experts(family: Family, settings: Settings) -> Iterator[Broken]:
    experts = settings.optional(family.experts) if family.experts else 0
    for key in ("num_experts_per_tok", *PER_TOKEN):
        value = settings.optional(key)
        if experts and value > experts:
            yield Broken(key, f"is more than the {experts} experts", value, f"1 to {experts}")


def _of_heads(family: Family, settings: Settings) -> Iterator[Broken]:
    heads, hidden = settings.optional("num_attention_heads"), settings.optional("hidden_size")
    if not heads or family.pattern == "latent":
        return
    for key in ("num_key_value_heads", "num_global_key_value_heads"):
        kept = settings.optional(key)
        if kept and heads % kept:
            fitting = ", ".join(str(each) for each in range(1, heads + 1) if heads % each == 0)
            yield Broken(key, f"does not divide the {heads} attention heads", kept, fitting)
    if hidden % heads and settings.find("head_dim") is None:
        yield Broken("hidden_size", f"is no multiple of the {heads} attention heads, and no head_dim is stated", hidden, f"a multiple of {heads}")  # fmt: skip
