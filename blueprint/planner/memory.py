"""What takes memory of one GPU beside the cache, term by term, as vLLM measures it when it starts.

Every constant says where it is from. Calibrated: fitted to published logs of vLLM 0.19 on H100, none to a single row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from blueprint.planner.accelerators import Accelerator
from blueprint.planner.architecture import Architecture
from blueprint.planner.images import encoder_peak, kept_bytes, work_of
from blueprint.planner.layout import Layout, Stage
from blueprint.planner.quantization import Weights
from blueprint.planner.units import Bytes, gib, of_gib

if TYPE_CHECKING:
    from blueprint.planner.request import Settled

Origin = Literal["calibrated", "derived", "guessed"]


class Constant(NamedTuple):
    """A number that the arithmetic rests on, and how it is known."""

    value: float
    origin: Origin
    source: str


EXPERTS_GIB = Constant(0.4, "calibrated", "workspace of fused experts; 4 logs of three models, none of MXFP4 experts")
ROUTING_GIB = Constant(0.3, "calibrated", "buffers of routed experts in a step; 3 logs")
COMPILED_GIB = Constant(
    0.9,
    "derived",
    "kernels that are tried while a step is compiled, where nothing else takes as much; 9 logs of 7 GPUs that start without a store of compiled ones",
)
STAGE_GIB = Constant(0.15, "calibrated", "what a stage passes on; 2 logs")
WIDE_GIB = Constant(0.09, "calibrated", "more of the collectives with more than two GPUs; 4 logs")
PCIE_GIB = Constant(
    0.15,
    "derived",
    "collectives over PCIe: 0.16 in a log of vLLM 0.10 with 8 GPUs, 0.20 in one of 0.8, 0.39 with CUDA in aiconfigurator",
)
DATA_GIB = Constant(
    1.8, "derived", "exchange of tokens between data ranks that share experts; 2 logs of one model on L4"
)
STAGES_GIB = Constant(0.07, "calibrated", "pipeline without tensor parallelism; 2 logs")
GRAPH_CAPTURES = Constant(51, "calibrated", "sizes captured in those logs")
CONTEXT_GIB = Constant(0.51, "calibrated", "gone before loading starts, one GPU; 30 logs")
CONTEXT_WIDE_GIB = Constant(
    1.53, "calibrated", "the same with several GPUs; 14 logs of 1.43 to 2.01 on NVSwitch, about 2.3 on four L4"
)


def weights_per_rank(weights: Weights, layout: Layout, stage: Stage, *, tied: bool, experts: int = 0) -> Bytes:
    """Bytes of weights on the GPU of a stage that holds the most; `experts` is how many a layer routes to.

    Experts are shared out over tensor and data ranks alike. The first stage holds the embedding and the encoder of
    images, the last the output layer, which is a copy where both are one.
    """
    share = stage.layers / stage.of
    own = weights.layers * share / layout.tensor + weights.experts * share * layout.share_of(experts)
    own += weights.whole * share + weights.rotary
    if stage.first:
        own += (weights.embedding + weights.vision) / layout.tensor
    if stage.last:
        own += (weights.embedding if tied and not stage.first else weights.head) / layout.tensor
    return Bytes(round(own))


def sampler_peak(model: Architecture, settled: Settled) -> Bytes:
    """Bytes of the dummy sampler run: every rank gathers the logits of all sequences over the whole vocabulary."""
    rows = (settled.runner.sampled_bytes + settled.dtype_bytes) * settled.batch.seqs * model.vocabulary
    workspace = EXPERTS_GIB.value if model.experts and settled.format.name != "mxfp4" else 0.0
    return Bytes(round(rows) + of_gib(settled.version.sampler_gib + workspace))


def counts_of_tokens(model: Architecture, stage: Stage, settled: Settled) -> Bytes:
    """Bytes kept for penalties: of each sequence a count and a mark for each token of the vocabulary.

    vllm/v1/worker/gpu/sample/penalties.py of 0.33.0.
    """
    if not settled.runner.counts_tokens or not stage.last or model.pools:
        return Bytes(0)
    return Bytes(settled.batch.seqs * (4 * model.vocabulary + 4 * -(-model.vocabulary // 32)))


def forward_peak(model: Architecture, gpu: Accelerator, settled: Settled) -> Bytes:
    """Bytes of one step over `max_num_batched_tokens` tokens, in the widest layer.

    Kernels that multiply experts in 8 bits on Hopper hold the inputs of all of them three times (DeepGEMM; 3 logs of two models).
    A rank works on the tokens of all data ranks, with its slice of each expert or with whole ones: room is made for every
    expert of every token, wherever it is (fused_moe/experts/triton_moe.py of 0.33.0).
    """
    tokens, tensor = settled.batch.tokens, settled.layout.tensor
    of_token = 6 * model.intermediate / tensor + 8 * model.hidden
    if not model.experts:
        return Bytes(round(tokens * of_token))
    held = 6 if settled.format.name == "fp8" and gpu.capability // 1 == 9 else 2
    width = model.expert_intermediate * settled.layout.data / settled.layout.slices
    routed = model.experts_per_token * (6 * width + held * model.expert_hidden)
    return Bytes(round(tokens * (routed + of_token)) + of_gib(ROUTING_GIB.value))


def activation_peak(model: Architecture, gpu: Accelerator, stage: Stage, settled: Settled) -> Bytes:
    """Bytes that the profile run reaches above what stays: the larger of the sampler, one step and the encoding of images.

    What was encoded lies beside the other two.
    """
    forward = forward_peak(model, gpu, settled)
    peak = forward + of_gib(STAGE_GIB.value)
    if stage.last and not model.pools:
        peak = max(sampler_peak(model, settled), forward)
    if settled.version.tries_kernels and not settled.eager:
        peak = max(peak, of_gib(COMPILED_GIB.value))
    if not model.images or not settled.runner.encodes_images:
        return Bytes(peak)
    work = work_of(model.images, settled.batch, settled.context, settled.version)
    return Bytes(max(peak + kept_bytes(model.images, work), encoder_peak(model.images, work, settled.layout.tensor)))


def non_torch(model: Architecture, gpu: Accelerator, settled: Settled) -> Bytes:
    """Bytes that CUDA and its collectives hold outside torch."""
    layout, version = settled.layout, settled.version
    held = gib(gone_before(layout)) if version.context_in_budget else 0.0
    held += DATA_GIB.value if layout.data > 1 and model.experts else 0.0
    if layout.tensor == 1:
        return of_gib(held + (STAGES_GIB.value if layout.pipeline > 1 else version.alone_gib))
    if gpu.link == "PCIe":
        return of_gib(held + version.alone_gib + PCIE_GIB.value)
    return of_gib(held + version.joined_gib + (WIDE_GIB.value if layout.tensor > 2 else 0.0))


def captures(model: Architecture, gpu: Accelerator, settled: Settled) -> int:
    """Batch sizes that vLLM captures: 1, 2, 4, every 8th to 255, every 16th beyond, up to its bound.

    `_set_cudagraph_sizes` of vllm/config/vllm.py.
    """
    blackwell = gpu.capability // 1 == 10
    most = max(model.family.largest_graph, settled.version.largest_graph if blackwell else 0)
    bound = min(2 * settled.batch.seqs, settled.batch.tokens, most)
    return len([size for size in (1, 2, 4, *range(8, 256, 8), *range(256, most + 1, 16)) if size <= bound])


def graphs(model: Architecture, gpu: Accelerator, stage: Stage, settled: Settled) -> Bytes:
    """Bytes that vLLM estimates for CUDA graphs; none when it runs eagerly."""
    if settled.eager:
        return Bytes(0)
    version, more = settled.version, settled.version.graph_more_gib
    whole = (
        version.graph_gib
        + version.graph_layer_gib * stage.layers
        + (more.get("experts", 0.0) if model.experts else 0.0)
    )
    whole += {"latent": more.get("latent", 0.0), "hybrid": more.get("hybrid", 0.0)}.get(model.attention_kind, 0.0)
    return of_gib(whole * captures(model, gpu, settled) / GRAPH_CAPTURES.value)


def gone_before(layout: Layout) -> Bytes:
    """Bytes of a GPU that are not free when vLLM compares free memory with what it was granted."""
    return of_gib((CONTEXT_WIDE_GIB if layout.gpus > 1 else CONTEXT_GIB).value)
