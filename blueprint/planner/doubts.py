"""How well a case is known: everything that its prediction rests on without a log of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.planner.memory import DATA_GIB, PCIE_GIB, Origin
from blueprint.planner.versions import LATEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from blueprint.planner.accelerators import Accelerator
    from blueprint.planner.architecture import Architecture, Backing
    from blueprint.planner.images import Images
    from blueprint.planner.request import Settled

MEASURED_ON = frozenset({"h100-sxm-80gb", "h200-sxm-141gb", "b200-180gb"})
"""GPUs whose logs the constants were held against."""
SMALL_BATCH = 256
"""Sequences at which the sampler no longer outweighs an encoder of images."""
HOPPER = 9
"""Compute capability, before the point."""
ORDER: tuple[Origin, ...] = ("calibrated", "derived", "guessed")


FITTED = "accounting: worst difference over the logs that the constants were fitted to"
CONFIGURATIONS: Mapping[Backing, tuple[Origin, str]] = {
    "config": ("calibrated", "configuration: read in a stored config.json, held against no log"),
    "file": ("calibrated", "configuration: as the file states it, held against no log"),
    "alike": (
        "calibrated",
        "configuration: from memory the layers of another model; held against no log of its own",
    ),
    "name": (
        "calibrated",
        "configuration: by its name the layers of another checkpoint; held against no log of its own",
    ),
    "memory": ("derived", "configuration: from memory, held against no log; plan from the model's own config.json"),
}
"""What a band rests on beside the accounting, where no log of the model was read. Dimensions that are as stated are exact."""


def origin_of(model: Architecture, gpu: Accelerator, settled: Settled) -> tuple[Origin, tuple[str, ...]]:
    """The worst of what a case rests on, and what that is."""
    found = [*_of_the_server(settled), *_of_the_gpu(model, gpu, settled), *_of_the_model(model, gpu, settled)]
    found += [CONFIGURATIONS[model.backing]] if model.backing in CONFIGURATIONS else []
    origin = max((origin for origin, _ in found), key=ORDER.index, default=ORDER[0])
    return origin, (*([FITTED] if origin == "calibrated" else []), *(text for _, text in found))


def _of_the_server(settled: Settled) -> Iterator[tuple[Origin, str]]:
    version = settled.version
    if settled.unread:
        yield "guessed", f"vLLM {settled.unread} comes after {LATEST}, the last that was read: it is counted as that"
    if version.origin != "calibrated":
        yield version.origin, f"memory accounting of vLLM {version.since} and later was not fitted to logs of it"


def _of_the_gpu(model: Architecture, gpu: Accelerator, settled: Settled) -> Iterator[tuple[Origin, str]]:
    layout = settled.layout
    if layout.tensor > 1 and gpu.link == "PCIe":
        yield PCIE_GIB.origin, f"non-torch memory: {PCIE_GIB.source}"
    if layout.data > 1 and model.experts:
        yield DATA_GIB.origin, f"non-torch memory: {DATA_GIB.source}"
    if layout.expert:
        yield (
            "derived",
            "expert parallelism: what one step takes is counted from the source of vLLM's kernels in Triton",
        )
    if layout.expert and layout.tensor > 1 and layout.data > 1 and model.intermediate:
        yield (
            "guessed",
            "with tensor and data ranks vLLM may hold shared experts whole on each GPU; they are counted as shared out",
        )
    if gpu.name not in MEASURED_ON:
        yield "derived", f"activation was fitted on {', '.join(sorted(MEASURED_ON))}, not on {gpu.name}"
    if gpu.known == "derived" and "total_gpu_memory_gib" in settled.derived:
        yield "derived", f"memory of {gpu.name} is derived, not read from a log"


def _of_the_model(model: Architecture, gpu: Accelerator, settled: Settled) -> Iterator[tuple[Origin, str]]:
    if model.attention_kind in {"hybrid", "encoder"}:
        yield "derived", f"{model.attention_kind} attention: what one step takes was not fitted"
    if model.images:
        yield from _of_images(model.images, settled)
    if model.experts and settled.format.name == "fp8" and gpu.capability // 1 == HOPPER:
        yield "derived", "experts in 8 bits on Hopper: what their kernels hold was fitted to 3 logs"
    if model.others and settled.format.name == model.format:
        yield "derived", "weights in several formats: what belongs to which is read from the patterns of the checkpoint"
    if any(0 < share < 1 for _, share in model.spared) and settled.format.name == model.format:
        yield "derived", "what the checkpoint leaves in 16 bits is counted by modules, not by their width"
    if settled.format.name == "bnb-4bit":
        yield (
            "derived",
            "weights of bitsandbytes: in no log, and since vLLM 0.28 a plugin that has to be installed (vllm-bnb-plugin)",
        )
    if settled.format.name in {"nvfp4", "int4-g32"}:
        yield "derived", f"weights in {settled.format.name}: what a checkpoint leaves in 16 bits differs"


def _of_images(images: Images, settled: Settled) -> Iterator[tuple[Origin, str]]:
    if not images.known:
        yield "guessed", "the encoder of images was not read: the largest image that it works on is a guess"
    elif settled.batch.seqs <= SMALL_BATCH:
        yield (
            "derived",
            "with few sequences the encoder of images may decide the peak; what it takes is counted from its source",
        )
