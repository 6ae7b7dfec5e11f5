"""Tokens a second and USD for a million of them: published numbers, or an estimate. Always a range, never a promise."""

from __future__ import annotations

from typing import Literal, NamedTuple

from blueprint.planner.accelerators import Accelerator
from blueprint.planner.architecture import Architecture
from blueprint.planner.capacity import Account
from blueprint.planner.models import known
from blueprint.planner.request import Settled
from blueprint.planner.units import Tokens
from blueprint.types import Frozen

OFF_BY = 0.4
"""Share of the range of an estimate, either way: derived. Published numbers lie within a factor of three of its middle."""
OF_BANDWIDTH, OF_FLOPS = 0.8, 0.45
"""Shares of the peak that decoding and prefill reach: aiconfigurator, and derived."""


class Mix(NamedTuple):
    """What requests look like, and how busy the GPUs are."""

    input: Tokens = Tokens(1000)
    output: Tokens = Tokens(1000)
    utilisation: float = 0.3


class Measured(NamedTuple):
    """A published number: output tokens a second of one GPU, offline and saturated."""

    model: str
    format: str
    gpu: str
    input: int
    output: int
    tokens_per_second: float


TENSORRT = "https://nvidia.github.io/TensorRT-LLM/developer-guide/perf-overview.html, read 2026-11-20: not vLLM, offline, no latency target"
PUBLISHED = (
    Measured("meta-llama/Llama-3.3-70B-Instruct", "fp8", "h100-sxm-80gb", 1000, 1000, 2209),
    Measured("meta-llama/Llama-3.3-70B-Instruct", "fp8", "h200-sxm-141gb", 1000, 1000, 2587),
    Measured("meta-llama/Llama-3.3-70B-Instruct", "fp8", "h100-sxm-80gb", 8192, 1024, 398),
    Measured("meta-llama/Llama-3.3-70B-Instruct", "fp8", "h200-sxm-141gb", 8192, 1024, 537),
    Measured("openai/gpt-oss-120b", "mxfp4", "h100-sxm-80gb", 1000, 1000, 4685),
    Measured("openai/gpt-oss-120b", "mxfp4", "h200-sxm-141gb", 1000, 1000, 6868),
    Measured("openai/gpt-oss-120b", "mxfp4", "b200-180gb", 1000, 1000, 25943),
    Measured("openai/gpt-oss-20b", "mxfp4", "h100-sxm-80gb", 1000, 1000, 11557),
    Measured("openai/gpt-oss-20b", "mxfp4", "h200-sxm-141gb", 1000, 1000, 13858),
    Measured("deepseek-ai/DeepSeek-R1", "fp8", "h200-sxm-141gb", 1000, 1000, 1627),
    Measured("Qwen/Qwen3-235B-A22B-Instruct-2507", "fp8", "h200-sxm-141gb", 1000, 1000, 3288),
)


RANGES = {
    "estimate": f"an estimate, {OFF_BY:.0%} either way; numbers that others published lie up to three times off its middle: measure before relying on it",
    "published": f"up to what others published for this mix, and down to {OFF_BY:.0%} below it or to an estimate that is lower",
}
"""What the ends of a range are, by its basis."""


class Throughput(Frozen):
    """Output tokens a second of one deployment, saturated."""

    low: float
    high: float
    basis: Literal["estimate", "published"]
    """Published: somebody measured this mix, offline; that is the upper end, and an estimate that is lower the other."""
    at_once: int
    """Sequences that decode at once, always as many."""
    published: tuple[str, ...]
    """Numbers of others for a model of the same layers, in the same format, on the same GPU, with their source: an upper bound to hold it against."""
    assumptions: tuple[str, ...]


def running(found: Account, settled: Settled, mix: Mix) -> int:
    """Sequences that decode at once: as many as the cache holds at half of their output, and no more than allowed."""
    length = Tokens(min(settled.context, mix.input + mix.output // 2))
    held = found.pool.concurrency(found.blocks, length, Tokens(min(settled.in_flight, length)))
    return max(1, int(min(settled.batch.seqs, held)))


def _published(model: Architecture, form: str, gpu: str) -> list[Measured]:
    """Numbers for the same layers, under whatever name and of whatever length their context is."""
    apart = ("format", "spared", "context", "stated_context", "rotary", "backing", "caches")
    return [
        each
        for each in PUBLISHED
        if (each.format, each.gpu) == (form, gpu)
        and known(each.model).model_copy(update={name: getattr(model, name) for name in apart}) == model
    ]


def throughput(model: Architecture, gpu: Accelerator, settled: Settled, found: Account, mix: Mix) -> Throughput:
    """Estimate from bandwidth and arithmetic: decoding reads weights and cache once a step, prefill computes."""
    at_once = running(found, settled, mix)
    length = Tokens(min(settled.context, mix.input + mix.output // 2))
    kept = found.pool.needs(length, Tokens(min(settled.in_flight, length))) * found.pool.block_bytes
    routed = 1 - (1 - model.experts_per_token / model.experts) ** at_once if model.experts else 1.0
    read = found.weights * (model.active / model.body.total * (1 - routed) + routed)
    step = (read + at_once * kept) / (OF_BANDWIDTH * gpu.bandwidth_gbs * 1e9)
    prefill = 2 * model.active * mix.input / (OF_FLOPS * gpu.dense_tflops * 1e12 * settled.layout.tensor)
    every = mix.output * step + at_once * prefill
    rate = at_once * mix.output / every * settled.layout.data
    measured = _published(model, settled.format.name, gpu.name)
    low, high = rate * (1 - OFF_BY), rate * (1 + OFF_BY)
    same = [
        each.tokens_per_second * settled.layout.gpus
        for each in measured
        if (each.input, each.output) == (mix.input, mix.output)
    ]
    if same:
        low, high = min(low, same[0] * (1 - OFF_BY)), same[0]
    return Throughput(
        low=round(low, 1), high=round(high, 1), basis="published" if same else "estimate", at_once=at_once,
        published=tuple(
            f"{each.tokens_per_second:,.0f} a second and GPU at {each.input}/{each.output} tokens, {each.model}: {TENSORRT}"
            for each in measured
        ),
        assumptions=(
            f"{mix.input} tokens in and {mix.output} out of each request", f"{at_once} sequences at once, always as many",
            f"{OF_BANDWIDTH:.0%} of the memory's bandwidth, {OF_FLOPS:.0%} of the arithmetic in 16 bits",
            RANGES["published" if same else "estimate"],
        ),
    )  # fmt: skip


def usd_per_million(usd_per_hour: tuple[float, float], rate: Throughput, utilisation: float) -> tuple[float, float]:
    """USD for a million output tokens, cheapest first, at a share of the time in which requests come."""
    low, high = usd_per_hour
    return (
        round(low / (3600 * rate.high * utilisation) * 1e6, 2),
        round(high / (3600 * rate.low * utilisation) * 1e6, 2),
    )
