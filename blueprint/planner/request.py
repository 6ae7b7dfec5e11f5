"""What is asked of the planner, and the same with everything filled in that was left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from pydantic import Field

from blueprint.errors import DocumentError, NotFound, Problem
from blueprint.planner.accelerators import Accelerator
from blueprint.planner.architecture import Architecture
from blueprint.planner.cache import CacheFormat
from blueprint.planner.flags import beyond, impossible, problem
from blueprint.planner.layout import Layout
from blueprint.planner.quantization import FORMATS, WeightFormat, weight_format
from blueprint.planner.units import Bytes, Tokens, of_gib
from blueprint.planner.versions import LATEST, Accounting, Batch, Runner, accounting, default_batch
from blueprint.types import Frozen

CACHES: dict[str, CacheFormat] = {
    "auto": "auto", "fp8": "fp8", "fp8_e4m3": "fp8", "fp8_e5m2": "fp8", "fp8_ds_mla": "fp8_ds_mla",
    "bfloat16": "bf16", "float16": "fp16", "float32": "fp32",
}  # fmt: skip
CACHED_SINCE: dict[CacheFormat, float] = {"fp8": 8.0, "bf16": 8.0}
"""Compute capability from which a backend keeps a cache in a format (flashinfer.py and triton_attn.py of vLLM 0.33.0)."""
CONTAINERS = frozenset({"compressed-tensors", "modelopt", "quark", "torchao", "auto-round", "inc"})
"""Names of `--quantization` that say how a checkpoint is packed, not in which format."""


class Request(Frozen):
    """The flags of `vllm serve` that decide memory; None: left to the planner, which names what it took."""

    total_gpu_memory_gib: float | None = Field(
        default=None, description="Memory as the driver reports it; left out: of the table of GPUs"
    )
    tensor_parallel: int | None = None
    pipeline_parallel: int | None = None
    data_parallel: int | None = None
    expert_parallel: bool | None = None
    decode_context_parallel: int | None = None
    dtype: str | None = None
    quantization: str | None = None
    kv_cache_dtype: str | None = None
    max_model_len: int | None = None
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    gpu_memory_utilization: float | None = None
    vllm_version: str | None = None
    enforce_eager: bool | None = None
    runner: Literal["auto", "generate", "pooling"] | None = Field(
        default=None, description="What it answers with; left out: as the model's makers mean it, or text"
    )
    language_model_only: bool | None = Field(default=None, description="Without the encoder of images")

    @property
    def given(self) -> dict[str, str | int | float | bool]:
        """Flags that were said."""
        return self.model_dump(exclude_none=True)


class Settled(NamedTuple):
    """A request with nothing left open."""

    total: Bytes
    layout: Layout
    format: WeightFormat
    dtype_bytes: int
    cache: CacheFormat
    context: Tokens
    batch: Batch
    utilisation: float
    version: Accounting
    runner: Runner
    eager: bool
    derived: Mapping[str, str | int | float | bool]
    unread: str
    """The version that was asked for, where it comes after all that were read."""
    longest: Tokens
    """The model's context in that version."""

    @property
    def in_flight(self) -> Tokens:
        """Tokens of one sequence that may be under way at once, one step or several."""
        steps = self.layout.pipeline + 1 if self.version.overlaps else 1
        return Tokens(steps * self.batch.tokens)


def settle(model: Architecture, gpu: Accelerator, request: Request) -> Settled:
    """Fill in what was left out. Raises DocumentError with every contradiction, NotFound for an unknown name."""
    taken: Taken = {}
    _refuse(impossible(request))
    asked = _or(request.vllm_version, "vllm_version", LATEST, taken)
    version = accounting(asked)
    layout = Layout(
        tensor=_or(request.tensor_parallel, "tensor_parallel", 1, taken),
        pipeline=_or(request.pipeline_parallel, "pipeline_parallel", 1, taken),
        data=_or(request.data_parallel, "data_parallel", 1, taken),
        expert=_or(request.expert_parallel, "expert_parallel", False, taken),
        context=_or(request.decode_context_parallel, "decode_context_parallel", 1, taken),
    )
    longest = Tokens(model.context if version.stretches_by_yarn else model.stated_context)
    context = Tokens(_or(request.max_model_len, "max_model_len", int(longest), taken))
    batch = _batch(model, default_batch(gpu, version), version, context, request, taken)
    dtype_bytes, chosen = _format(model, gpu, request, taken)
    cache = _cache(model, gpu, version, request, taken)
    settled = Settled(
        total=of_gib(_or(request.total_gpu_memory_gib, "total_gpu_memory_gib", gpu.memory_gib, taken)),
        layout=layout, format=chosen, dtype_bytes=dtype_bytes, cache=cache, context=context,
        batch=batch,
        utilisation=_or(request.gpu_memory_utilization, "gpu_memory_utilization", version.utilisation, taken),
        version=version, runner=_runner(model, chosen, version), eager=_or(request.enforce_eager, "enforce_eager", False, taken), derived=taken,
        unread=asked if beyond(asked) else "", longest=longest,
    )  # fmt: skip
    _refuse(
        [*_contradictions(model, request, settled), *_beyond(gpu, request, settled), *_unreadable(model, gpu, settled)]
    )
    return settled


def _runner(model: Architecture, chosen: WeightFormat, version: Accounting) -> Runner:
    """Which of vLLM's two model runners serves the model (use_v2_model_runner of vllm/config/vllm.py)."""
    second = version.second
    dense = not model.pools and not model.experts and model.attention_kind != "hybrid"
    family = "" if model.images or model.pools else model.model_type
    served = second is not None and second.takes(family, dense=dense, quantised=chosen.reach != "everything")
    return second if second is not None and served else version.first


T = TypeVar("T", int, float, str, bool)
Taken: TypeAlias = dict[str, str | int | float | bool]


def _or(given: T | None, name: str, otherwise: T, taken: Taken) -> T:
    if given is not None:
        return given
    taken[name] = otherwise
    return otherwise


def _batch(
    model: Architecture, default: Batch, version: Accounting, context: Tokens, request: Request, taken: Taken
) -> Batch:
    """Sequences and tokens of a step (get_batch_defaults and after it in vllm/engine/arg_utils.py); what is given stands."""
    undivided = model.images.largest.undivided if model.images and version.undivided_images else 0
    most = (request.max_num_seqs or default.seqs) * context
    tokens = min(max(default.tokens, undivided), most)
    tokens = _or(request.max_num_batched_tokens, "max_num_batched_tokens", tokens, taken)
    return Batch(_or(request.max_num_seqs, "max_num_seqs", min(default.seqs, tokens), taken), Tokens(tokens))


def _format(model: Architecture, gpu: Accelerator, request: Request, taken: Taken) -> tuple[int, WeightFormat]:
    """Bytes of an unquantised number, and the format of the weights."""
    own = weight_format(model.format)
    plain = own.name if own.reach == "everything" else "bf16"
    if plain == "fp32" or (plain == "bf16" and gpu.capability < FORMATS["bf16"].capability):
        plain = "fp16" if model.family.float16 else "fp32"
    dtype = weight_format(plain if request.dtype in {None, "auto"} else request.dtype or plain)
    if request.dtype in {None, "auto"}:
        taken["dtype"] = dtype.name
    if dtype.reach != "everything":
        raise DocumentError([problem("dtype", dtype.name, "is no format to compute in", "auto, bfloat16, float16, float32",
                                      fix="name it as --quantization")])  # fmt: skip
    if dtype.name == "fp16" and not model.family.float16:
        raise DocumentError([problem("dtype", dtype.name, "is too narrow for this architecture", "auto, bfloat16, float32",
                                      why="vLLM refuses it, because it overflows")])  # fmt: skip
    asked = None if (request.quantization or "none").lower() == "none" else request.quantization
    packed = own.reach != "everything" and (asked in CONTAINERS or (asked, own.name) == ("bitsandbytes", "bnb-4bit"))
    if asked is None or packed:
        chosen = own if own.reach != "everything" else dtype
        taken["quantization"] = chosen.name
    elif asked in CONTAINERS:
        raise DocumentError([problem("quantization", asked, "says how a checkpoint is packed, not in which format", "fp8, int8, int4, nvfp4",
                                      fix="name the format, or plan from the checkpoint's own config.json")])  # fmt: skip
    else:
        chosen = weight_format(asked)
        if (
            model.backing in {"file", "name"}
            and own.reach != "everything"
            and own.name.partition("-")[0] != chosen.name.partition("-")[0]
        ):
            raise DocumentError([problem("quantization", asked, f"is not how this checkpoint is packed, which is {own.name}", own.name,
                                          why="vLLM refuses another", fix="leave it out, or plan from a checkpoint in that format")])  # fmt: skip
    return int(dtype.bytes_per_weight), chosen


def _cache(model: Architecture, gpu: Accelerator, version: Accounting, request: Request, taken: Taken) -> CacheFormat:
    asked = request.kv_cache_dtype or "auto"
    if asked not in CACHES:
        raise NotFound("format of the cache", asked, CACHES)
    stated = asked == "auto" and model.caches in version.stated_caches
    found = "fp8" if stated else CACHES[asked]
    if model.family.sparse and gpu.capability // 1 != 10:
        found = "fp8_ds_mla" if found == "fp8" or (found == "auto" and version.sparse_packed) else found
    if request.kv_cache_dtype is None:
        taken["kv_cache_dtype"] = found
    return found


def _contradictions(model: Architecture, request: Request, settled: Settled) -> Iterable[Problem]:
    layout = settled.layout
    if not divides(model, layout.tensor):
        yield problem("tensor_parallel", layout.tensor, f"does not divide {model.heads} attention heads and {model.kv_heads or 'latent'} heads of the cache",
                       ", ".join(str(each) for each in range(1, 17) if divides(model, each)), why="vLLM shares whole heads out")  # fmt: skip
    if settled.batch.tokens < settled.batch.seqs:
        yield problem("max_num_batched_tokens", settled.batch.tokens, "is less than the sequences of a step", f"{settled.batch.seqs} and more",
                       why="each sequence has one token at least in a step", fix=f"raise it, or set max_num_seqs to {settled.batch.tokens}")  # fmt: skip
    if model.pools and request.runner == "generate":
        yield problem(
            "runner", request.runner, "asks for text of a model that answers with vectors or scores", "auto, pooling"
        )
    if layout.pipeline > model.layers:
        yield problem(
            "pipeline_parallel", layout.pipeline, f"is more than the {model.layers} layers", f"1 to {model.layers}"
        )
    if refused := _unshared(model, layout.tensor, layout.context):
        ways = (each for each in range(1, layout.tensor + 1) if not _unshared(model, layout.tensor, each))
        yield problem("decode_context_parallel", layout.context, refused, ", ".join(str(each) for each in ways),
                       why="vLLM shares out the tokens of a sequence over ranks that hold the same heads")  # fmt: skip
    if layout.expert and not model.experts:
        yield problem("expert_parallel", "true", "asks for experts of a dense model", "false")
    if not cuts_evenly(model, layout):
        yield problem("data_parallel" if layout.data > 1 else "tensor_parallel", layout.data if layout.data > 1 else layout.tensor,
                       f"cuts experts {model.expert_intermediate} wide into {layout.slices} slices that are not equal",
                       f"tensor times data ranks that divide {model.expert_intermediate}", why="vLLM asserts that they are",
                       fix="ask for expert parallelism, which keeps experts whole")  # fmt: skip
    if settled.context > settled.longest:
        stretched = (
            f"state {model.context} as its max_position_embeddings, as vLLM wants it since 0.30"
            if model.context > model.stated_context
            else ""
        )
        yield problem("max_model_len", settled.context, "is longer than the model's context", f"1 to {settled.longest}",
                      why="vLLM refuses it", fix=stretched or "plan from a config.json with the rope scaling that makes it longer")  # fmt: skip


def _beyond(gpu: Accelerator, request: Request, settled: Settled) -> Iterable[Problem]:
    """Formats that the GPU cannot compute in, each under the name of what was asked for: a format, or the GPU alone."""
    weights, dtype = settled.format, weight_format(str(settled.derived.get("dtype", request.dtype)))
    asked = {"quantization": weights if weights != dtype else None, "dtype": dtype}
    able = ", ".join(each.name for each in FORMATS.values() if each.capability <= gpu.capability)
    for name, form in asked.items():
        if form is None or form.capability <= gpu.capability:
            continue
        needs = f"needs compute capability {form.capability}; {gpu.name} has {gpu.capability}"
        own = f"cannot compute in {form.name}, the model's own format: that {needs}"
        yield (
            problem("gpu", gpu.name, own, able)
            if name in settled.derived
            else problem(name, getattr(request, name), needs, able)
        )


def _unreadable(model: Architecture, gpu: Accelerator, settled: Settled) -> Iterable[Problem]:
    """Formats that the GPU or the model has nothing for."""
    chosen = settled.format
    if settled.layout.tensor > 1 and chosen.name == model.format == "bnb-4bit":
        yield problem("tensor_parallel", settled.layout.tensor, "shares out weights that bitsandbytes has packed", "1", why="vLLM refuses it",
                       fix="--pipeline-parallel, or another format")  # fmt: skip
    if settled.cache == "fp8_ds_mla" and not model.family.sparse:
        yield problem("kv_cache_dtype", settled.cache, f"is the format of sparse latent attention, which {model.model_type} has not",
                      "auto, fp8, bfloat16, float16", why="vLLM has no kernel for it")  # fmt: skip
    if gpu.capability < CACHED_SINCE.get(settled.cache, 0.0):
        yield problem("kv_cache_dtype", settled.cache, f"needs compute capability {CACHED_SINCE[settled.cache]}; {gpu.name} has {gpu.capability}",
                      "auto, float16", why="no attention backend of vLLM reads it there")  # fmt: skip


def divides(model: Architecture, tensor: int) -> bool:
    """Whether vLLM can share the heads of a model out over so many ranks."""
    kept = model.kv_heads
    return model.heads % tensor == 0 and (kept == 0 or kept % tensor == 0 or tensor % kept == 0)


def _unshared(model: Architecture, tensor: int, wanted: int) -> str:
    """Why vLLM refuses that so many of the tensor ranks share the tokens of a sequence; empty when it does not.

    vllm/config/parallel.py, vllm/config/model.py and SlidingWindowSpec of 0.26.0, 0.30.0 and 0.33.0.
    """
    kept = model.kv_heads
    queries = model.heads // kept if kept else 0
    windows = any(each.kind == "window" for each in model.attention)
    refusals = (
        (tensor % wanted > 0, f"does not divide the {tensor} tensor ranks"),
        (kept > 0 and wanted > max(1, tensor // kept), "is more than the ranks that hold the same heads"),
        (queries % wanted > 0, f"does not divide the {queries} query heads of each head of the cache"),
        (windows and wanted > 1, "is not supported for layers with a window"),
    )
    return next((text for refused, text in refusals if refused), "")


def cuts_evenly(model: Architecture, layout: Layout) -> bool:
    """Whether every rank gets as wide a slice of an expert; vLLM asserts it (FusedMoEConfig of 0.26.0 to 0.33.0)."""
    return model.expert_intermediate % layout.slices == 0


def _refuse(problems: Iterable[Problem]) -> None:
    found = tuple(problems)
    if found:
        raise DocumentError(found)
