"""How a replica of a model server is started, as the planner counts it; the same answer for validation and for the pod."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from blueprint.errors import DocumentError, NotFound, Problem
from blueprint.planner.flags import RANGES, impossible
from blueprint.planner.instances import instance
from blueprint.planner.plan import ALONE_MEMORY_GIB, SHARED_MEMORY_GIB, Plan, plan
from blueprint.planner.request import Request
from blueprint.spec import Conflict
from components.serving.vllm_effects import COUNTED, uncounted

if TYPE_CHECKING:
    from components.compute.gpu_pool_spec import GpuPoolSpec
    from components.serving.vllm_arguments import Scalar
    from components.serving.vllm_spec import VllmSpec

FIELDS: Mapping[str, str] = {
    "--gpu": "pool", "--gpu-memory-utilization": "gpu_memory_utilization", "--kv-cache-dtype": "kv_cache_dtype", "--max-model-len": "context",
    "--max-num-seqs": "concurrency", "--tensor-parallel": "tensor_parallel",
}  # fmt: skip
"""Where a document says what the planner knows by an option."""
WIDER = ("data-parallel-size", "pipeline-parallel-size", "prefill-context-parallel-size")
"""Extra arguments that take so many times the GPUs (vllm/config/parallel.py of 0.33.0)."""
ARGUMENTS: Mapping[str, str] = {f"--{field.replace('_', '-')}": name for name, field in COUNTED.items()}
"""The same of its extra arguments."""
READ_WIDER = frozenset({"quantization"})
"""Extra arguments that may mean more than the planner knows."""
LONGER = "lower it, or give the rope scaling that makes it longer as the extra argument hf-overrides"
MEASURE = "measure it, and say replicas and startup_minutes"
ASK = "ask blueprint plan-capacity with the path of its config.json, and say replicas and startup_minutes"
FEWEST = 2
"""Replicas without a demand, so that one can be drained; fewer where the document lets there be no more."""
UNPLANNED_MINUTES = 30
"""Start-up budget of a model that the planner cannot read."""


class Served(NamedTuple):
    """What the pod and its scaling are made from."""

    arguments: Mapping[str, Scalar]
    """Of `vllm serve`, without dashes, as far as they decide memory."""
    gpus: int
    shared_memory_gib: int
    replicas: int
    startup_minutes: int


def planned(spec: VllmSpec, source: str, machine: str) -> Plan | Conflict:
    """The planner's answer, or why it has none: UNKNOWN, not a guess. From the document alone, whatever files lie about.

    Raises DocumentError for what contradicts itself.
    """
    more = {COUNTED[name]: value for name, value in spec.extra_arguments.items() if name in COUNTED}
    if wrong := tuple(impossible((name, value) for name, value in more.items() if name in RANGES)):
        raise DocumentError(wrong)
    if unread := uncounted(spec.extra_arguments):
        return _unknown("extra_arguments", ", ".join(unread), "what it does to memory is not counted", MEASURE)
    try:
        asked = Request.model_validate({
            "tensor_parallel": spec.tensor_parallel or instance(machine).accelerators, "max_model_len": spec.context,
            "max_num_seqs": spec.concurrency, "kv_cache_dtype": spec.kv_cache_dtype,
            "gpu_memory_utilization": spec.gpu_memory_utilization, **more,
        })  # fmt: skip
        return plan(source, machine, asked, demand=spec.demand or 1)
    except ValidationError as error:
        unreadable = {each["loc"][0] for each in error.errors()}
        names = ", ".join(sorted(name for name, field in COUNTED.items() if field in unreadable))
        return _unknown(
            "extra_arguments", names, "the planner cannot read its value", "write it as vLLM's own documentation does"
        )
    except NotFound as error:
        field, fix = ("model", ASK) if error.name == source else ("extra_arguments", MEASURE)
        return _unknown(field, error.name, f"the planner knows no {error.kind} of that name", fix)


def served(spec: VllmSpec, source: str, machine: str) -> Served:
    """What the document says, and the planner's answer wherever it says nothing."""
    try:
        return _served(spec, machine, planned(spec, source, machine))
    except DocumentError as error:
        return _served(spec, machine, error)


def _served(spec: VllmSpec, machine: str, found: Plan | Conflict | DocumentError) -> Served:
    fewest = min(FEWEST, spec.max_replicas)
    if not isinstance(found, Plan):
        tensor = spec.tensor_parallel or instance(machine).accelerators
        gpus = tensor * math.prod(max(1, int(spec.extra_arguments.get(each, 1))) for each in WIDER)
        told: dict[str, Scalar] = {
            "gpu-memory-utilization": spec.gpu_memory_utilization, "kv-cache-dtype": spec.kv_cache_dtype,
            "max-model-len": spec.context, "max-num-seqs": spec.concurrency, "tensor-parallel-size": tensor,
        }  # fmt: skip
        memory = SHARED_MEMORY_GIB if gpus > 1 else ALONE_MEMORY_GIB
        return Served(told, gpus, memory, spec.replicas or fewest, spec.startup_minutes or UNPLANNED_MINUTES)
    return Served(
        found.arguments, found.capacity.gpus, found.shared_memory_gib,
        spec.replicas or max(fewest, found.replicas if spec.demand else 0), spec.startup_minutes or found.probe.startup_minutes,
    )  # fmt: skip


def conflicts(spec: VllmSpec, source: str, pool: GpuPoolSpec) -> Iterator[Conflict]:
    """What of a document does not go with the planner's answer, or with the pool."""
    try:
        found = planned(spec, source, pool.instance)
    except DocumentError as error:
        spanning = list(_spanning(spec, _served(spec, pool.instance, error), pool))
        yield from spanning or _contradicting(spec, error)
        return
    if isinstance(found, Plan) and not found.capacity.fits:
        yield _unfit(spec, source, pool.instance, found)
        return
    yield from _short(spec, found) if isinstance(found, Plan) else (found,)
    told = _served(spec, pool.instance, found)
    yield from _spanning(spec, told, pool)
    yield from _crowded(spec, told, pool)


def _contradicting(spec: VllmSpec, error: DocumentError) -> Iterator[Conflict]:
    """Each where the document says it, in the document's words; certain but for what may mean more than the planner knows."""
    for problem in error.problems:
        name = ARGUMENTS.get(problem.key, "")
        field = FIELDS.get(problem.key, "extra_arguments")
        told = replace(
            problem, path=(name,) if name else (), why=problem.why or "vLLM refuses it",
            fix=LONGER if field == "context" else _in_its_words(problem.fix) or "keep to what is allowed",
        )  # fmt: skip
        if field == "tensor_parallel" and spec.tensor_parallel is None:
            what = f"its nodes have {problem.value} GPUs, so that tensor_parallel, left out, is {problem.value}, which {problem.what}"
            told = replace(
                told,
                what=what,
                value=spec.pool,
                allowed=f"tensor_parallel {problem.allowed}",
                fix="say tensor_parallel, or choose a pool of other nodes",
            )
            field = "pool"
        yield Conflict(field, told, certain=not name or name in spec.extra_arguments.keys() - READ_WIDER)


def _in_its_words(advice: str) -> str:
    """Advice of the planner with the names that a document has for its options."""
    names = {**FIELDS, **{option: f"the extra argument {name}" for option, name in ARGUMENTS.items()}}
    spoken = names | {option.removeprefix("--").replace("-", "_"): name for option, name in names.items()}
    return re.sub(r"--[a-z-]+|[a-z]+(_[a-z]+)+", lambda found: spoken.get(found[0], found[0]), advice)


def _unknown(field: str, value: str, why: str, fix: str) -> Conflict:
    """That nobody counted: neither a fit nor a misfit."""
    what = "whether it fits the pool is UNKNOWN, and so is how many requests it holds"
    return Conflict(field, Problem(what, value=value, why=why, fix=fix), certain=False)


def _unfit(spec: VllmSpec, source: str, machine: str, found: Plan) -> Conflict:
    """Certain when not even the better end of the error band holds one request."""
    counted = found.capacity
    change, most = counted.smallest_change or "take a pool with larger GPUs", instance(machine).accelerators
    wide = re.search(r"--tensor-parallel (\d+)", change)
    gpus = counted.gpus * int(wide[1]) // int(found.arguments["tensor-parallel-size"]) if wide else 1
    elsewhere = f"choose a pool whose nodes have {gpus} GPUs, since {machine} has {most}; " if gpus > most else ""
    return Conflict(
        "context",
        Problem(
            what=f"{source} does not fit {machine} with one request of {spec.context:,} tokens", value=str(spec.context),
            allowed=f"up to {counted.longest_context:,} tokens" if counted.longest_context else "a smaller format or more GPUs",
            why=f"{counted.limiting_term}: {counted.weights_gib_per_gpu:.1f} GiB of weights on each GPU, "
            f"{counted.available_kv_cache_gib_per_gpu:.1f} GiB left for the cache ({counted.error_band.origin})",
            fix=elsewhere + _in_its_words(change),
        ),
        certain=counted.error_band.kv_cache_tokens[1] < spec.context,
    )  # fmt: skip


def _short(spec: VllmSpec, found: Plan) -> Iterator[Conflict]:
    """Less than the planner counts: fewer replicas than the demand takes, less time than the weights take."""
    if spec.demand and spec.replicas and spec.replicas < found.replicas:
        yield Conflict("replicas", Problem(
            what=f"holds fewer full-length requests than the demand of {spec.demand}", value=str(spec.replicas), allowed=f"{found.replicas} or more",
            why=f"one replica holds {found.at_once} of {spec.context:,} tokens", fix="leave replicas out, and the planner counts them",
        ), certain=False)  # fmt: skip
    budget = found.probe.startup_minutes
    if spec.startup_minutes and spec.startup_minutes < budget:
        yield Conflict("startup_minutes", Problem(
            what="is less than a start may take", value=str(spec.startup_minutes), allowed=f"{budget} or more",
            why="; ".join(found.probe.because), fix="leave startup_minutes out, and the planner counts it",
        ), certain=False)  # fmt: skip


def _spanning(spec: VllmSpec, told: Served, pool: GpuPoolSpec) -> Iterator[Conflict]:
    """More GPUs for one replica than a node has, told of the field that the document has."""
    most = instance(pool.instance).accelerators
    if told.gpus > most:
        wider = tuple(each for each in WIDER if int(spec.extra_arguments.get(each, 1)) > 1)[:1]
        field, path = ("tensor_parallel", ()) if spec.tensor_parallel else ("extra_arguments", wider)
        yield Conflict(field, Problem(
            what=f"makes a replica span {told.gpus} GPUs, more than a node of pool {pool.name} has", path=path,
            value=str(spec.tensor_parallel or spec.extra_arguments[wider[0]]), allowed=f"1 to {most} GPUs in all",
            why="a replica is one pod on one node; tensor, pipeline and data ranks count, and tensor_parallel left out is all GPUs of a node",
            fix=f"share the model over {most} GPUs, or choose a pool of larger nodes",
        ), certain=True)  # fmt: skip


def _crowded(spec: VllmSpec, told: Served, pool: GpuPoolSpec) -> Iterator[Conflict]:
    """More replicas than the document lets there be; certain where the document itself asks for them."""
    if told.replicas > spec.max_replicas:
        yield Conflict("max_replicas", Problem(
            what=f"is fewer than the {told.replicas} replicas that there are at least", value=str(spec.max_replicas),
            allowed=f"{told.replicas} or more", why="the fewest replicas follow from replicas, or from demand",
            fix=f"raise max_replicas to {told.replicas}, or ask for less",
        ), certain=True)  # fmt: skip
    beside = instance(pool.instance).accelerators // told.gpus
    nodes, most = math.ceil(told.replicas / beside) if beside else 0, pool.max_nodes * len(pool.capacity)
    if nodes > most:
        yield Conflict("pool", Problem(
            what=f"{told.replicas} replicas, {beside} to a node, take {nodes} nodes", value=spec.pool, allowed=f"up to {most}",
            why="max_nodes counts for each kind of capacity of the pool", fix=f"raise max_nodes of pool {spec.pool} to {math.ceil(nodes / len(pool.capacity))}, or ask for no more than {most * beside}",
        ), certain=bool(spec.replicas or spec.demand))  # fmt: skip
