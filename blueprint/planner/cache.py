"""The cache of keys and values: blocks, groups of layers, tokens and concurrency, as vLLM counts them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from blueprint.planner.architecture import Architecture, Attention
from blueprint.planner.memory import Layout, Stage
from blueprint.planner.units import Blocks, Bytes, Tokens
from blueprint.planner.versions import Accounting

CacheFormat = Literal["auto", "fp8", "fp8_ds_mla", "bf16", "fp16", "fp32"]

BLOCK = Tokens(16)
"""Tokens of a block that no backend has raised."""
SPARSE_LATENT_BYTES = 656
"""Of a token in a layer in the format fp8_ds_mla (vllm/v1/kv_cache_interface.py of 0.33.0)."""


class Group(NamedTuple):
    """Layers that take their blocks together."""

    kind: str
    block: Tokens
    window: int

    def needs(self, length: Tokens, in_flight: Tokens, ranks: int) -> Blocks:
        """Blocks that one sequence of that length holds, with so many tokens of it in flight."""
        if self.kind == "linear":
            return Blocks(1)
        if self.kind == "window":
            kept = min(self.window - 1 + in_flight, length)
            return Blocks(-(-kept // self.block) + 1)
        return Blocks(-(-length // (self.block * ranks)))


class Pool(NamedTuple):
    """Blocks of one size that all groups of layers of a GPU share."""

    block_bytes: Bytes
    groups: tuple[Group, ...]
    ranks: int

    def blocks(self, available: Bytes) -> Blocks:
        """Whole blocks that fit."""
        return Blocks(max(0, available) // self.block_bytes)

    def needs(self, length: Tokens, in_flight: Tokens) -> Blocks:
        """Blocks of one sequence of that length over all groups."""
        return Blocks(sum(group.needs(length, in_flight, self.ranks) for group in self.groups))

    def concurrency(self, blocks: Blocks, length: Tokens, in_flight: Tokens) -> float:
        """Sequences of that length at once, a fraction included."""
        return blocks / self.needs(length, in_flight)

    def tokens(self, blocks: Blocks, length: Tokens, in_flight: Tokens, version: Accounting) -> Tokens:
        """The number that a version prints as its "GPU KV cache size"."""
        if version.tokens_by_request:
            return Tokens(int(self.concurrency(blocks, length, in_flight) * length))
        return Tokens(blocks // len(self.groups) * min(group.block for group in self.groups) * self.ranks)

    def longest(self, blocks: Blocks, in_flight: Tokens, most: Tokens) -> Tokens:
        """The longest sequence that fits, in whole blocks; 0 when none does."""
        low, high = 0, most // BLOCK
        while low < high:
            middle = (low + high + 1) // 2
            if self.needs(Tokens(middle * BLOCK), in_flight) <= blocks:
                low = middle
            else:
                high = middle - 1
        return Tokens(low * BLOCK)


def value_bytes(cache: CacheFormat, dtype_bytes: int) -> int:
    """Bytes of one number in the cache."""
    return {"auto": dtype_bytes, "fp8": 1, "fp8_ds_mla": 1, "bf16": 2, "fp16": 2, "fp32": 4}[cache]


def bytes_per_token(layer: Attention, tensor: int, cache: CacheFormat, dtype_bytes: int) -> Bytes:
    """Of one layer on one GPU; heads below the tensor ranks are replicated, latent attention always is."""
    if layer.kind == "latent":
        own = SPARSE_LATENT_BYTES if cache == "fp8_ds_mla" else layer.head_dim * value_bytes(cache, dtype_bytes)
        return Bytes(own + layer.index_bytes)
    heads = max(1, -(-layer.kv_heads // tensor))
    return Bytes(heads * 2 * layer.head_dim * value_bytes(cache, dtype_bytes))


def pool_of(model: Architecture, layout: Layout, stage: Stage, cache: CacheFormat, dtype_bytes: int) -> Pool:
    """How a stage's layers share blocks.

    Groups hold equally many layers, padded up; where kinds of layers need pages of different size, the block of
    the smaller holds more tokens, and the block of attention grows until the state of a linear layer fits it.
    """
    share = stage.layers / stage.of
    layers = [each.model_copy(update={"layers": max(1, round(each.layers * share))}) for each in model.attention]
    keeping = [each for each in layers if each.kind != "linear"]
    of_token = {each.kind: bytes_per_token(each, layout.tensor, cache, dtype_bytes) for each in keeping}
    page = max(BLOCK * size for size in of_token.values())
    state = max((-(-each.state_bytes // layout.tensor) for each in layers), default=0)
    largest = max(of_token.values())
    if state > page:
        page = -(-state // (BLOCK * largest)) * BLOCK * largest
    size = _group_size([each.layers for each in layers])
    groups = [
        Group(each.kind, Tokens(page // of_token[each.kind] if each.kind in of_token else BLOCK), each.window)
        for each in layers
        for _ in range(-(-each.layers // size))
    ]
    return Pool(Bytes(page * size), tuple(groups), layout.context)


def _group_size(counts: list[int]) -> int:
    """Layers of a group: the fewest of a kind, unless the most are hardly more (get_kv_cache_groups of 0.19 and later)."""
    return max(counts) if max(counts) < 1.25 * min(counts) else min(counts)
