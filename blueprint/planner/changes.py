"""The least that would make a model fit: cheap changes first, another GPU last."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.errors import DocumentError
from blueprint.planner.accelerators import Accelerator, accelerators
from blueprint.planner.architecture import Architecture
from blueprint.planner.capacity import Capacity, capacity
from blueprint.planner.quantization import smaller_than
from blueprint.planner.request import Request, Settled, divides, settle

SHORTEST = 2048
"""Tokens below which a shorter context is no help to anybody."""


def smallest_change(name: str, model: Architecture, gpu: Accelerator, request: Request) -> str | None:
    """The first change that fits, in words and as flags; None when nothing tried does."""
    for text, changed, other in _ladder(model, gpu, request):
        found = _answer(name, model, other, changed)
        if found is not None and found.fits:
            return text
    return None


def _answer(name: str, model: Architecture, gpu: Accelerator, request: Request) -> Capacity | None:
    try:
        return capacity(name, model, gpu, request, change=False)
    except DocumentError:
        return None


def _ladder(model: Architecture, gpu: Accelerator, request: Request) -> Iterator[tuple[str, Request, Accelerator]]:
    settled = settle(model, gpu, request)
    smaller = [each.name for each in smaller_than(settled.format, gpu.capability)]
    larger = [each for each in accelerators().values() if each.ec2 and each.memory_gib > gpu.memory_gib]
    elsewhere = _with(request, total_gpu_memory_gib=None)
    for text, changed in _here(model, gpu, request, settled, smaller):
        yield text, changed, gpu
    for other in larger:
        yield f"a larger GPU: {other.name}", elsewhere, other
    for other in (gpu, *larger):
        for form in smaller:
            for text, changed in _wider(model, _with(elsewhere, quantization=form), settled.layout.tensor):
                yield f"weights in {form}, {text}, on {other.name}", changed, other
        for text, changed in _wider(model, elsewhere, settled.layout.tensor):
            yield f"{text}, on {other.name}", changed, other


def _here(
    model: Architecture, gpu: Accelerator, request: Request, settled: Settled, smaller: list[str]
) -> Iterator[tuple[str, Request]]:
    """What helps on GPUs of the same type: less at once, less of each, then another way to serve it."""
    for seqs in (each for each in (256, 64, 16) if each < settled.batch.seqs):
        yield f"fewer sequences: --max-num-seqs {seqs}", _with(request, max_num_seqs=seqs)
    for length in (131072, 65536, 32768, 16384, 8192, 4096, SHORTEST):
        if length < settled.context:
            yield f"a shorter context: --max-model-len {length}", _with(request, max_model_len=length)
    if model.images and not request.language_model_only:
        yield "text alone: --language-model-only", _with(request, language_model_only=True)
    if settled.cache in {"auto", "bf16", "fp16"} and gpu.capability >= 8.0:
        yield "a smaller cache: --kv-cache-dtype fp8", _with(request, kv_cache_dtype="fp8")
    for form in smaller:
        yield f"a smaller format: weights in {form}", _with(request, quantization=form)
    yield from _wider(model, request, settled.layout.tensor)


def _wider(model: Architecture, request: Request, tensor: int) -> Iterator[tuple[str, Request]]:
    for wide in (each for each in (2, 4, 8) if each > tensor and divides(model, each)):
        yield f"more GPUs: --tensor-parallel {wide}", _with(request, tensor_parallel=wide)


def _with(request: Request, **changed: object) -> Request:
    return request.model_copy(update=changed)
