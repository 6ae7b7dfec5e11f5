"""Whether a model fits a GPU, how much it serves at once, and what limits it: blueprint.capacity/1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from pydantic import Field

from blueprint.planner.accelerators import Accelerator, accelerators_read
from blueprint.planner.architecture import Architecture
from blueprint.planner.cache import Pool, pool_of
from blueprint.planner.doubts import origin_of
from blueprint.planner.layout import Stage, stages
from blueprint.planner.memory import (
    Origin,
    activation_peak,
    counts_of_tokens,
    gone_before,
    graphs,
    non_torch,
    weights_per_rank,
)
from blueprint.planner.quantization import weights_of
from blueprint.planner.request import Request, Settled, settle
from blueprint.planner.units import Blocks, Bytes, Tokens, gib, of_gib
from blueprint.planner.versions import versions_read
from blueprint.types import Frozen

SCHEMA: Literal["blueprint.capacity/1"] = "blueprint.capacity/1"
Limit = Literal[
    "weights", "activation", "non_torch", "cuda_graph", "gpu_memory_utilization", "kv_cache", "states", "max_num_seqs"
]

BANDS: Mapping[Origin, float] = {"calibrated": 0.8, "derived": 1.75, "guessed": 3.5}
"""GiB of a GPU that the prediction may be off by; all but five of 298 logs are inside (tests/blueprint/planner/test_replayed.py)."""
RESERVE_GIB = 0.5
"""GiB that must be left over before it is said to fit; what would not hold at the lower end of its band is tight."""


class Account(NamedTuple):
    """Bytes of the GPU that decides, of one stage of a pipeline."""

    budget: Bytes
    weights: Bytes
    activation: Bytes
    buffers: Bytes
    non_torch: Bytes
    graphs: Bytes
    graphs_in_budget: bool
    pool: Pool
    blocks: Blocks

    @property
    def available(self) -> Bytes:
        """Left for the cache; below zero when the rest does not fit."""
        return Bytes(
            self.budget
            - self.weights
            - self.activation
            - self.buffers
            - self.non_torch
            - (self.graphs if self.graphs_in_budget else 0)
        )


class ErrorBand(Frozen):
    """How far off the prediction may be, and why."""

    available_kv_cache_gib_per_gpu: tuple[float, float]
    kv_cache_tokens: tuple[int, int]
    origin: Origin
    because: tuple[str, ...]


class Capacity(Frozen):
    """What one deployment of a model holds. GiB are of the GPU that decides, tokens of one data parallel replica."""

    schema_: Literal["blueprint.capacity/1"] = Field(SCHEMA, alias="schema")
    model: str
    gpu: str
    gpus: int
    fits: bool
    verdict: Literal["fits", "tight", "does not fit"]
    budget_gib_per_gpu: float
    """What `--gpu-memory-utilization` grants."""
    weights_gib_per_gpu: float
    activation_gib_per_gpu: float
    buffers_gib_per_gpu: float
    """What the model runner keeps beside weights and cache."""
    non_torch_gib_per_gpu: float
    cuda_graph_gib_per_gpu: float
    cuda_graph_in_budget: bool
    """False: they take memory that the budget leaves free."""
    available_kv_cache_gib_per_gpu: float
    """Below zero: what is missing before there is any cache."""
    reserve_gib_per_gpu: float
    """Of what is left for the cache: so much must be spare before it is said to fit."""
    kv_cache_tokens: int
    max_concurrency: float | None
    """Sequences of `max_model_len` tokens that the cache of one data rank holds at once; 0 when it does not fit, None where nothing is kept of them."""
    at_once: int
    """Whole ones that the deployment works on at once over all its data ranks, each no more than `max_num_seqs`; 0 when it does not fit."""
    concurrency: int | None
    """That were asked for; None where nobody asked."""
    replicas: int | None
    """Of this deployment that hold them; 0 when it does not fit."""
    longest_context: int
    """Tokens of the longest single sequence that the cache holds with its reserve; 0 where there is room for none."""
    limiting_term: Limit
    smallest_change: str | None
    """The least that would make it fit; None when it fits, or when nothing tried would."""
    error_band: ErrorBand
    given: Mapping[str, str | int | float | bool]
    """Every flag that was given."""
    derived: Mapping[str, str | int | float | bool]
    """Every flag that was left out, with the value that was taken."""
    sources: tuple[str, ...]


def account(model: Architecture, gpu: Accelerator, settled: Settled) -> Account:
    """Bytes term by term, of the stage that holds the fewest blocks."""
    weights = weights_of(model, settled.format)
    outside = non_torch(model, gpu, settled)
    tied = model.body.head == 0
    found = []
    for stage in _unlike(model.layers, settled.layout.pipeline):
        pool = pool_of(model, gpu, stage, settled)
        each = Account(
            budget=of_gib(gib(settled.total) * settled.utilisation),
            weights=weights_per_rank(weights, settled.layout, stage, tied=tied, experts=model.experts),
            activation=activation_peak(model, gpu, stage, settled),
            buffers=counts_of_tokens(model, stage, settled),
            non_torch=outside,
            graphs=graphs(model, gpu, stage, settled),
            graphs_in_budget=settled.runner.graphs_in_budget, pool=pool, blocks=Blocks(0),
        )  # fmt: skip
        found.append(each._replace(blocks=pool.blocks(each.available)))
    return min(found, key=lambda each: (each.blocks, each.available))


def _unlike(layers: int, pipeline: int) -> Iterable[Stage]:
    return {(stage.layers, stage.first, stage.last): stage for stage in stages(layers, pipeline)}.values()


def limit_of(found: Account, settled: Settled, reserve: Bytes) -> Limit | None:
    """The first term that the GPU has no room for, with so many bytes to spare; None when everything has.

    With CUDA graphs, vLLM wants a block for the state of each of `max_num_seqs` sequences since 0.20 (vllm/config/compilation.py).
    Graphs outside the budget have what it leaves free, and what the profile run took and gave back.
    """
    beside = settled.total - gone_before(settled.layout) - found.budget + found.activation
    spare = found.pool.blocks(Bytes(found.available - reserve))
    short: tuple[tuple[Limit, bool], ...] = (
        ("weights", found.weights >= found.budget),
        ("gpu_memory_utilization", found.budget > settled.total - gone_before(settled.layout)),
        ("cuda_graph", not found.graphs_in_budget and found.graphs > beside),
        (_largest(found), found.available <= 0),
        ("kv_cache", found.pool.needs(settled.context, settled.in_flight) > spare - 1),
        ("states", settled.batch.seqs > spare and keeps_states(found, settled)),
    )
    return next((limit for limit, is_short in short if is_short), None)


def keeps_states(found: Account, settled: Settled) -> bool:
    """Whether vLLM wants a block for the state of each of `max_num_seqs` sequences."""
    linear = any(group.kind == "linear" for group in found.pool.groups)
    return settled.version.states_for_graphs and not settled.eager and linear


def _largest(found: Account) -> Limit:
    """Of what is counted beside weights and cache."""
    terms: dict[Limit, int] = {"activation": found.activation + found.buffers, "non_torch": found.non_torch}
    terms |= {"cuda_graph": found.graphs} if found.graphs_in_budget else {}
    return max(terms, key=lambda limit: terms[limit])


class Counted(NamedTuple):
    """One deployment, counted once for whoever asks."""

    model: Architecture
    gpu: Accelerator
    request: Request
    settled: Settled
    account: Account
    limit: Limit | None
    """What there is no room for; None when it fits."""
    tight: bool
    origin: Origin
    doubts: tuple[str, ...]

    @property
    def concurrency(self) -> float:
        """Sequences of full length that the cache of one data rank holds; infinite when nothing is kept of them."""
        return self.account.pool.concurrency(self.account.blocks, self.settled.context, self.settled.in_flight)

    @property
    def reserve(self) -> Bytes:
        """That must be left over before it is said to fit."""
        return of_gib(RESERVE_GIB)

    @property
    def longest(self) -> Tokens:
        """Tokens of the longest sequence that fits, reserve and the block that vLLM keeps back included; 0 where there is room for none."""
        pool = self.account.pool
        spare = pool.blocks(Bytes(self.account.available - self.reserve))
        short = self.settled.batch.seqs > spare and keeps_states(self.account, self.settled)
        if short or self.limit not in {None, "kv_cache"}:
            return Tokens(0)
        return pool.longest(Blocks(max(0, spare - 1)), self.settled.in_flight, self.settled.longest)

    @property
    def derived(self) -> dict[str, str | int | float | bool]:
        """Flags that were left out, with what was taken for them."""
        kinds = {"runner": "pooling" if self.model.pools else "generate", "language_model_only": False}
        given = self.request.given
        left_out = {name: value for name, value in kinds.items() if given.get(name, "auto") == "auto"}
        return {**self.settled.derived, **left_out}

    @property
    def at_once(self) -> int:
        """Whole sequences of full length that it works on at once, over all its data ranks; 0 when it does not fit.

        Each data rank is an engine with a cache and `max_num_seqs` of its own (vllm/v1/engine/core.py of 0.33.0).
        """
        return 0 if self.limit else self.settled.layout.data * int(min(self.settled.batch.seqs, self.concurrency))

    def replicas(self, wanted: int) -> int:
        """Of this deployment that work on so many sequences; 0 when it does not fit."""
        return -(-wanted // self.at_once) if self.at_once else 0


def count(model: Architecture, gpu: Accelerator, request: Request) -> Counted:
    """Count one deployment. Raises DocumentError or NotFound when the request contradicts itself."""
    model = model.without_images if request.language_model_only else model
    model = model.pooled if request.runner == "pooling" else model
    settled = settle(model, gpu, request)
    found, (origin, doubts) = account(model, gpu, settled), origin_of(model, gpu, settled)
    return Counted(
        model, gpu, request, settled, found, limit=limit_of(found, settled, of_gib(RESERVE_GIB)),
        tight=limit_of(found, settled, of_gib(BANDS[origin])) is not None, origin=origin, doubts=doubts,
    )  # fmt: skip


def capacity(
    name: str, model: Architecture, gpu: Accelerator, request: Request, *,
    source: str = "", change: bool = True, concurrency: int | None = None,
) -> Capacity:  # fmt: skip
    """Answer for one GPU type. Raises DocumentError or NotFound when the request contradicts itself."""
    return told(name, count(model, gpu, request), source=source, change=change, concurrency=concurrency)


def told(
    name: str, counted: Counted, *, source: str = "", change: bool = True, concurrency: int | None = None
) -> Capacity:
    """What was counted, as the document that people and programs read."""
    gpu, settled, found, limit, origin = counted.gpu, counted.settled, counted.account, counted.limit, counted.origin
    held = 0.0 if limit else counted.concurrency
    limiting = limit or ("kv_cache" if held < settled.batch.seqs else "max_num_seqs")
    low, high = (Bytes(found.available + sign * of_gib(BANDS[origin])) for sign in (-1, 1))
    smallest = _change(counted) if limit and change else None
    return Capacity(
        schema=SCHEMA, model=name, gpu=gpu.name, gpus=settled.layout.gpus, fits=limit is None,
        verdict="does not fit" if limit else "tight" if counted.tight else "fits",
        budget_gib_per_gpu=_rounded(found.budget), weights_gib_per_gpu=_rounded(found.weights),
        activation_gib_per_gpu=_rounded(found.activation), buffers_gib_per_gpu=_rounded(found.buffers), non_torch_gib_per_gpu=_rounded(found.non_torch),
        cuda_graph_gib_per_gpu=_rounded(found.graphs), cuda_graph_in_budget=found.graphs_in_budget, reserve_gib_per_gpu=_rounded(counted.reserve), available_kv_cache_gib_per_gpu=_rounded(found.available),
        kv_cache_tokens=_tokens(found, settled, found.available), max_concurrency=round(held, 2) if found.pool.groups else None,
        at_once=counted.at_once, concurrency=concurrency, replicas=None if concurrency is None else counted.replicas(concurrency),
        longest_context=counted.longest, limiting_term=limiting, smallest_change=smallest,
        error_band=ErrorBand(
            available_kv_cache_gib_per_gpu=(_rounded(low), _rounded(high)),
            kv_cache_tokens=(_tokens(found, settled, low), _tokens(found, settled, high)), origin=origin, because=counted.doubts,
        ),
        given=counted.request.given, derived=counted.derived, sources=tuple(each for each in (source, *_sources(gpu, settled)) if each),
    )  # fmt: skip


def _change(counted: Counted) -> str | None:
    from blueprint.planner.changes import smallest_change  # noqa: PLC0415  only what does not fit pays for it

    return smallest_change(counted.model, counted.gpu, counted.request)


def _tokens(found: Account, settled: Settled, available: Bytes) -> int:
    return found.pool.tokens(found.pool.blocks(available), settled.context, settled.in_flight, settled.version)


def _rounded(amount: Bytes) -> float:
    return round(gib(amount), 2)


def _sources(gpu: Accelerator, settled: Settled) -> tuple[str, ...]:
    (gpus_read, gpu_sources), (rules_read, version_sources) = accelerators_read(), versions_read()
    return (
        f"memory of {gpu.name}: {gpu.known}, read {gpus_read}", gpu_sources[0], f"weights in {settled.format.name}: {settled.format.source}",
        *(f"{source}; read {rules_read}" for source in version_sources),
    )  # fmt: skip
