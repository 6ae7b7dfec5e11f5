"""What takes memory of one GPU beside the cache, term by term, as vLLM measures it when it starts.

Every constant says where it is from. Calibrated: fitted to published logs of vLLM 0.19 on H100, none to a single row.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from blueprint.planner.accelerators import Accelerator
from blueprint.planner.architecture import Architecture
from blueprint.planner.quantization import Weights
from blueprint.planner.units import Bytes, of_gib
from blueprint.planner.versions import Accounting, Batch

Origin = Literal["calibrated", "derived", "guessed"]


class Constant(NamedTuple):
    """A number that the arithmetic rests on, and how it is known."""

    value: float
    origin: Origin
    source: str


SAMPLED_BYTES = Constant(
    12.5, "calibrated", "copies of the logits beside the logits themselves; 45 logs, vocabularies of 32k to 262k"
)
SAMPLER_GIB = Constant(0.12, "calibrated", "what is left of the sampler at a small vocabulary; the same logs")
EXPERTS_GIB = Constant(0.4, "calibrated", "workspace of fused experts; 4 logs of three models, none of MXFP4 experts")
ROUTING_GIB = Constant(0.3, "calibrated", "buffers of routed experts in a step; 3 logs")
IMAGES_GIB = Constant(0.15, "calibrated", "cache of encoded images; 8 logs of multimodal models")
STAGE_GIB = Constant(0.15, "calibrated", "what a stage passes on; 2 logs")
ALONE_GIB = Constant(0.25, "calibrated", "CUDA beside torch on one GPU; 30 logs, two of them 0.46")
NVSWITCH_GIB = Constant(2.08, "calibrated", "collectives over NVSwitch; 8 logs with 2 GPUs, 2.06 to 2.11")
NVSWITCH_WIDE_GIB = Constant(2.17, "calibrated", "collectives over NVSwitch; 4 logs with 4 GPUs, 2.13 to 2.21")
PCIE_GIB = Constant(
    0.5, "guessed", "collectives over PCIe: 0.20 in one log of vLLM 0.8, 0.39 in aiconfigurator; measure it"
)
STAGES_GIB = Constant(0.07, "calibrated", "pipeline without tensor parallelism; 2 logs")
GRAPH_GIB = Constant(0.2, "calibrated", "estimate of CUDA graphs, fixed part; 30 logs of 0.5 to 1.9 GiB")
GRAPH_LAYER_GIB = Constant(0.02, "calibrated", "the same, each layer; the logs scatter by 0.5 GiB")
GRAPH_LATENT_GIB = Constant(0.5, "calibrated", "the same, with latent attention; 3 logs of two models")
GRAPH_CAPTURES = Constant(51, "calibrated", "sizes captured in those logs")
CONTEXT_GIB = Constant(0.51, "calibrated", "gone before loading starts, one GPU; 30 logs")
CONTEXT_WIDE_GIB = Constant(1.53, "calibrated", "the same with several GPUs on NVSwitch; 14 logs of 1.43 to 2.01")


class Layout(NamedTuple):
    """How a model is spread over GPUs."""

    tensor: int = 1
    pipeline: int = 1
    data: int = 1
    expert: bool = False
    context: int = 1
    """Decode context parallel: so many ranks share the tokens of a sequence."""

    @property
    def gpus(self) -> int:
        """All GPUs of one deployment."""
        return self.tensor * self.pipeline * self.data


class Stage(NamedTuple):
    """One stage of a pipeline: its layers out of all, and what else it holds."""

    layers: int
    of: int
    first: bool
    last: bool


def stages(layers: int, pipeline: int) -> tuple[Stage, ...]:
    """Layers by stage as vLLM deals them: what is left over goes to the stages before the last."""
    counts = [layers // pipeline] * pipeline
    for over in range(layers % pipeline):
        counts[-(over + 2) % pipeline] += 1
    return tuple(Stage(count, layers, index == 0, index == pipeline - 1) for index, count in enumerate(counts))


def weights_per_rank(weights: Weights, layout: Layout, stage: Stage, *, tied: bool) -> Bytes:
    """Bytes of weights on one GPU of a stage.

    Experts are shared out over tensor and data ranks alike, with expert parallelism or without. The first stage
    holds the embedding and the encoder of images, the last the output layer, which is a copy where both are one.
    """
    share = stage.layers / stage.of
    own = weights.layers * share / layout.tensor + weights.experts * share / (layout.tensor * layout.data)
    own += weights.rotary
    if stage.first:
        own += (weights.embedding + weights.vision) / layout.tensor
    if stage.last:
        own += (weights.embedding if tied and not stage.first else weights.head) / layout.tensor
    return Bytes(round(own))


def sampler_peak(model: Architecture, batch: Batch, logit_bytes: int, *, workspace: bool) -> Bytes:
    """Bytes of the dummy sampler run: every rank gathers the logits of all sequences over the whole vocabulary."""
    rows = (SAMPLED_BYTES.value + logit_bytes) * batch.seqs * model.vocabulary
    return Bytes(round(rows) + of_gib(SAMPLER_GIB.value + (EXPERTS_GIB.value if workspace else 0.0)))


def forward_peak(model: Architecture, batch: Batch, layout: Layout) -> Bytes:
    """Bytes of one step over `max_num_batched_tokens` tokens, in the widest layer."""
    of_token = 6 * model.intermediate / layout.tensor + 8 * model.hidden
    if not model.experts:
        return Bytes(round(batch.tokens * of_token))
    routed = model.experts_per_token * (6 * model.expert_intermediate / layout.tensor + 2 * model.hidden)
    return Bytes(round(batch.tokens * (routed + of_token)) + of_gib(ROUTING_GIB.value))


def activation_peak(
    model: Architecture,
    batch: Batch,
    layout: Layout,
    stage: Stage,
    version: Accounting,
    *,
    logit_bytes: int,
    workspace: bool,
) -> Bytes:
    """Bytes that the profile run reaches above what stays: the larger of the sampler and one step."""
    forward = forward_peak(model, batch, layout)
    peak = forward + of_gib(STAGE_GIB.value)
    if stage.last:
        peak = max(sampler_peak(model, batch, logit_bytes, workspace=workspace), forward)
    images = of_gib(IMAGES_GIB.value) if model.multimodal else 0
    return Bytes(round((peak + images) * version.activation_factor))


def non_torch(layout: Layout, gpu: Accelerator) -> tuple[Bytes, Constant]:
    """Bytes that CUDA and its collectives hold outside torch, and the constant that says so."""
    if layout.tensor > 1:
        wide = NVSWITCH_WIDE_GIB if layout.tensor > 2 else NVSWITCH_GIB
        known = PCIE_GIB if gpu.link == "PCIe" else wide
    else:
        known = STAGES_GIB if layout.pipeline > 1 else ALONE_GIB
    return of_gib(known.value), known


def captures(seqs: int, gpu: Accelerator, model: Architecture) -> int:
    """Batch sizes that vLLM captures: 1, 2, 4, every 8th to 255, every 16th beyond, up to its bound."""
    most = 1024 if gpu.capability // 1 == 10 or model.model_type == "gpt_oss" else 512
    bound = min(2 * seqs, most)
    return len([size for size in (1, 2, 4, *range(8, 256, 8), *range(256, most + 1, 16)) if size <= bound])


def graphs(model: Architecture, stage: Stage, seqs: int, gpu: Accelerator, *, eager: bool) -> Bytes:
    """Bytes that vLLM estimates for CUDA graphs; none when it runs eagerly."""
    if eager:
        return Bytes(0)
    latent = GRAPH_LATENT_GIB.value if model.attention_kind == "latent" else 0.0
    whole = GRAPH_GIB.value + GRAPH_LAYER_GIB.value * stage.layers + latent
    return of_gib(whole * captures(seqs, gpu, model) / GRAPH_CAPTURES.value)


def gone_before(layout: Layout, gpu: Accelerator) -> Bytes:
    """Bytes of a GPU that are not free when vLLM compares free memory with what it was granted."""
    wide = layout.gpus > 1 and gpu.link == "NVSwitch"
    return of_gib((CONTEXT_WIDE_GIB if wide else CONTEXT_GIB).value)
