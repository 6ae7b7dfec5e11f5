"""How versions of vLLM count memory, so that a log of an old one can be replayed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

from blueprint.errors import NotFound
from blueprint.planner.accelerators import Accelerator
from blueprint.planner.tables import table
from blueprint.planner.units import Tokens
from blueprint.types import Frozen

LATEST = "0.33.0"


class Runner(Frozen):
    """What one of vLLM's two model runners does when it measures memory."""

    sampled_bytes: float
    """For each logit at the peak of sampling, beside the logit itself."""
    graphs_in_budget: bool
    """The estimate of CUDA graphs is taken from the cache; otherwise graphs live in what utilisation leaves free."""
    encodes_images: bool = True
    """The profile run encodes images."""
    counts_tokens: bool = False
    """It keeps counts of tokens for penalties."""


class Second(Runner):
    """The second model runner, and what it serves when nothing is said."""

    serves: frozenset[str]
    """Families by name, `dense` for all without experts or linear layers, or `all`."""
    quantised: bool
    """Whether it serves quantised weights."""
    counts_tokens: bool = True

    def takes(self, family: str, *, dense: bool, quantised: bool) -> bool:
        """Whether it serves a model."""
        names = {"all", family} | ({"dense"} if dense else set())
        return bool(names & self.serves) and self.quantised >= quantised


class Accounting(Frozen):
    """What one range of versions does."""

    since: str
    utilisation: float
    """Default of `--gpu-memory-utilization`."""
    context_in_budget: bool
    """What CUDA took before loading counts against the budget."""
    sampler_gib: float
    """Buffers of the sampler, whatever the number of sequences."""
    alone_gib: float
    """CUDA beside torch on one GPU."""
    joined_gib: float
    """The same with collectives over NVLink."""
    graph_gib: float
    """The estimate of CUDA graphs: fixed part."""
    graph_layer_gib: float
    """The same, for each layer."""
    graph_more_gib: Mapping[Literal["latent", "hybrid", "experts"], float]
    """The same, what models with latent attention, linear layers or experts add."""
    group_slack: float | None
    """Layers of a group are the most of a kind when those are fewer than so many times the fewest; None: windows keep everything."""
    states: int
    """Blocks that a sequence holds of a linear layer."""
    overlaps: bool
    """The next step is prepared while one runs, so that windows hold the tokens of both."""
    tokens_by_request: bool
    """The printed size of the cache is concurrency times context, and no longer blocks times their size."""
    sparse_packed: bool
    """Latent attention with a sparse index keeps its cache in fp8_ds_mla when nothing is said."""
    stated_caches: tuple[str, ...]
    """Ways of packing whose checkpoint may ask for a cache in 8 bits when nothing is said."""
    expands_images: bool
    """Room is kept for all tokens around an image, for those between the steps of a video too, and not for what is encoded."""
    stretches_by_yarn: bool
    """A context is made longer by YaRN's factor, and not taken for stretched as it is stated."""
    undivided_images: bool
    """The default of a step's tokens is raised to what an image or video needs that must not be divided."""
    first: Runner
    second: Second | None = None
    """None before there was one that serves by itself."""
    checkpoints: Mapping[Literal["delta", "mamba"], float]
    """Linear layers that keep one block more of a sequence, with the compute capability from which they do."""
    states_for_graphs: bool
    """With CUDA graphs it refuses more sequences than there are blocks for their states; before, it captured fewer sizes."""
    tries_kernels: bool
    """Kernels are tried on inputs of a whole step when it is compiled (benchmark_combo_kernel of vllm/config/compilation.py)."""
    largest_graph: int
    """Largest batch that is captured on a Blackwell of a data centre."""
    batches: str
    """Which table of defaults holds."""
    origin: Literal["calibrated", "derived", "guessed"]


class Batch(NamedTuple):
    """What the profile run of vLLM is sized by."""

    seqs: int
    tokens: Tokens


class _Table(Frozen):
    read: str
    sources: tuple[str, ...]
    changes: tuple[Mapping[str, object], ...]
    batches: Mapping[str, Mapping[str, tuple[int, int]]]


@cache
def _table() -> _Table:
    return _Table.model_validate(table("versions"))


@cache
def _rows() -> tuple[Accounting, ...]:
    known: dict[str, object] = {}
    rows = []
    for change in _table().changes:
        known |= change
        rows.append(Accounting.model_validate(known))
    return tuple(rows)


def _ordinal(version: str) -> tuple[int, ...]:
    return tuple(map(int, f"{version}.0".split(".")[:3]))


@cache
def accounting(version: str) -> Accounting:
    """How a version counts: 0.19.0, v0.19 or 0.19.1rc2. Raises NotFound for one before the table, or for no version."""
    matched = re.match(r"v?(\d+\.\d+(?:\.\d+)?)", version)
    known = [row for row in _rows() if matched and _ordinal(row.since) <= _ordinal(matched[1])]
    if not known:
        raise NotFound("vLLM version", version, [f"{_rows()[0].since} and later"])
    return known[-1]


def default_batch(gpu: Accelerator, version: Accounting) -> Batch:
    """`--max-num-seqs` and `--max-num-batched-tokens` of an API server that was told neither."""
    tokens, seqs = _table().batches[version.batches][gpu.memory_class]
    return Batch(seqs, Tokens(tokens))


def versions_read() -> tuple[str, tuple[str, ...]]:
    """Date of the table, and its sources."""
    return _table().read, _table().sources
