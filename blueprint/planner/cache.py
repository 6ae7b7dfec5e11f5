"""The cache of keys and values: blocks, groups of layers, tokens and concurrency, as vLLM counts them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple

from blueprint.planner.architecture import Architecture, Attention
from blueprint.planner.layout import Stage
from blueprint.planner.units import Blocks, Bytes, Tokens
from blueprint.planner.versions import Accounting

if TYPE_CHECKING:
    from blueprint.planner.accelerators import Accelerator
    from blueprint.planner.request import Settled

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
    states: int
    """Blocks that a sequence holds of a linear layer."""

    def needs(self, length: Tokens, in_flight: Tokens, ranks: int) -> Blocks:
        """Blocks that one sequence of that length holds, with so many tokens of it in flight."""
        if self.kind == "linear":
            return Blocks(self.states)
        if self.kind == "window":
            kept = min(self.window - 1 + in_flight, length)
            return Blocks(-(-kept // self.block) + 1)
        return Blocks(-(-length // (self.block * ranks)))


class Pool(NamedTuple):
    """Blocks of one size that all groups of layers of a GPU share; no groups: the model keeps nothing of a sequence."""

    block_bytes: Bytes
    groups: tuple[Group, ...]
    ranks: int

    def blocks(self, available: Bytes) -> Blocks:
        """Whole blocks that fit."""
        return Blocks(max(0, available) // self.block_bytes)

    def needs(self, length: Tokens, in_flight: Tokens) -> Blocks:
        """Blocks of one sequence of that length over all groups."""
        return sum((group.needs(length, in_flight, self.ranks) for group in self.groups), Blocks(0))

    def concurrency(self, blocks: Blocks, length: Tokens, in_flight: Tokens) -> float:
        """Sequences of that length at once, a fraction included; infinite when nothing is kept of them."""
        return blocks / self.needs(length, in_flight) if self.groups else math.inf

    def tokens(self, blocks: Blocks, length: Tokens, in_flight: Tokens, version: Accounting) -> Tokens:
        """The number that a version prints as its "GPU KV cache size"."""
        if not self.groups:
            return Tokens(0)
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


def pool_of(model: Architecture, gpu: Accelerator, stage: Stage, settled: Settled) -> Pool:
    """How a stage's layers share blocks.

    Groups hold equally many layers, padded up; where kinds of layers need pages of different size, the block of
    the smaller holds more tokens, and the block of attention grows until the state of a linear layer fits it.
    """
    layout, version = settled.layout, settled.version
    layers = _kept(model.attention, stage, version)
    if not layers:
        return Pool(Bytes(1), (), 1)
    of_token: dict[str, Bytes] = {
        each.kind: bytes_per_token(each, layout.tensor, settled.cache, settled.dtype_bytes)
        for each in layers
        if each.kind != "linear"
    }
    largest = max(of_token.values(), default=Bytes(1))
    state = max(-(-each.state_bytes // layout.tensor) for each in layers)
    page = max(1, -(-state // (BLOCK * largest))) * BLOCK * largest
    size = _group_size([each.layers for each in layers], version.group_slack or 1.0)
    groups = [
        Group(each.kind, Tokens(page // of_token.get(each.kind, largest)), each.window, _states(each, gpu, version))
        for each in layers
        for _ in range(-(-each.layers // size))
    ]
    return Pool(Bytes(page * size), tuple(groups), layout.context)


def _states(layer: Attention, gpu: Accelerator, version: Accounting) -> int:
    """Blocks that a sequence holds of a linear layer: a further one where prefill leaves a state behind (MambaSpec)."""
    since = version.checkpoints.get(layer.state) if layer.state else None
    return version.states + (since is not None and gpu.capability >= since)


def _kept(attention: Iterable[Attention], stage: Stage, version: Accounting) -> list[Attention]:
    """A stage's layers by what vLLM keeps for them.

    It keeps all tokens of layers with chunks, since the manager of groups is off for them, and of layers with a window in
    versions without groups (vllm/config/vllm.py, vllm/v1/core/kv_cache_utils.py).
    """
    whole = {"chunked", "full"} if version.group_slack else {"chunked", "full", "window"}
    counts: dict[Attention, int] = defaultdict(int)
    for each in attention:
        merged = {"kind": "full", "window": 0} if each.kind in whole else {}
        counts[each.model_copy(update={**merged, "layers": 0})] += each.layers
    share = stage.layers / stage.of
    return [each.model_copy(update={"layers": max(1, round(count * share))}) for each, count in counts.items()]


def _group_size(counts: list[int], slack: float) -> int:
    """Layers of a group: the fewest of a kind, unless the most are hardly more (get_kv_cache_groups)."""
    return max(counts) if max(counts) < slack * min(counts) else min(counts)
