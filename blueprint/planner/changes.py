"""The least that would make a model fit: cheap changes first, another GPU last."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from blueprint.errors import DocumentError
from blueprint.planner.accelerators import Accelerator, accelerators
from blueprint.planner.architecture import Architecture
from blueprint.planner.capacity import count
from blueprint.planner.quantization import smaller_than
from blueprint.planner.request import Request, Settled, divides, settle

SHORTEST, FEWEST = 2048, 16
"""Tokens of a context, and sequences at once, below which less is no help to anybody."""


def smallest_change(model: Architecture, gpu: Accelerator, request: Request) -> str | None:
    """The first change that fits, in words and as flags; None when nothing tried does."""
    for text, changed, other in _ladder(model, gpu, request):
        if _fits(model, other, changed):
            return text
    return None


def _fits(model: Architecture, gpu: Accelerator, request: Request) -> bool:
    try:
        return count(model, gpu, request).limit is None
    except DocumentError:
        return False


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
    fits: Callable[..., bool] = lambda **changed: _fits(model, gpu, _with(request, **changed))  # noqa: E731
    if count(model, gpu, request).limit == "gpu_memory_utilization":
        for share in (each / 100 for each in range(math.ceil(settled.utilisation * 100) - 1, 0, -1)):
            yield f"a smaller share: --gpu-memory-utilization {share}", _with(request, gpu_memory_utilization=share)
    seqs = _most(FEWEST, settled.batch.seqs - 1, lambda each: fits(max_num_seqs=each))
    if seqs:
        yield f"fewer sequences: --max-num-seqs {seqs}", _with(request, max_num_seqs=seqs)
    length = _round(_most(SHORTEST, settled.context - 1, lambda each: fits(max_model_len=each)))
    if length >= SHORTEST:
        yield f"a shorter context: --max-model-len {length}", _with(request, max_model_len=length)
    if model.images and not request.language_model_only:
        yield "text alone: --language-model-only", _with(request, language_model_only=True)
    if settled.cache in {"auto", "bf16", "fp16"} and gpu.capability >= 8.0:
        yield "a smaller cache: --kv-cache-dtype fp8", _with(request, kv_cache_dtype="fp8")
    for form in smaller:
        yield f"a smaller format: weights in {form}", _with(request, quantization=form)
    yield from _wider(model, request, settled.layout.tensor)


def _most(least: int, most: int, fits: Callable[[int], bool]) -> int:
    """The greatest number that fits, if the least does; 0 when it does not."""
    if least > most or not fits(least):
        return 0
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if fits(middle) else (least, middle - 1)
    return least


def _round(number: int) -> int:
    """The greatest number up to this one that people write: two digits and zeros, or a power of two."""
    if not number:
        return 0
    zeros = int(10 ** max(0, len(str(number)) - 2))
    return max(number // zeros * zeros, int(2 ** (number.bit_length() - 1)))


def _wider(model: Architecture, request: Request, tensor: int) -> Iterator[tuple[str, Request]]:
    for wide in (each for each in (2, 4, 8) if each > tensor and divides(model, each)):
        yield f"more GPUs: --tensor-parallel {wide}", _with(request, tensor_parallel=wide)


def _with(request: Request, **changed: object) -> Request:
    return request.model_copy(update=changed)
