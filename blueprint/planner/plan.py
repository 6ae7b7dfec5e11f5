"""What a server of a model has to be told, from the same arithmetic that says whether the model fits."""

from __future__ import annotations

import math
from collections.abc import Mapping

from blueprint.errors import DocumentError, Problem
from blueprint.planner.accelerators import gpu_of
from blueprint.planner.capacity import Capacity, Counted, count, told
from blueprint.planner.instances import Instance, instance
from blueprint.planner.models import named
from blueprint.planner.quantization import weights_of
from blueprint.planner.request import Request
from blueprint.planner.units import Bytes, gib
from blueprint.types import Frozen

SHARED_MEMORY_GIB, ALONE_MEMORY_GIB = 20, 1
"""In-memory volume at /dev/shm: with several GPUs what the production-stack chart of vLLM mounts, with one for its own queues."""
NVME_GIB_PER_SECOND, NETWORK_SHARE = 1.0, 0.5
"""Guessed, and slow on purpose: reading weights from local disks, or over half of the instance's network."""
START_MINUTES = 10
"""Compiling and capturing: 57 s and 81 s in a published log of vLLM 0.8 with 8 billion parameters, four times as long."""


class Probe(Frozen):
    """How long a server may take to become ready. A budget, not a promise."""

    weights_gib: float
    load_seconds: int
    startup_minutes: int
    because: tuple[str, ...]


class Plan(Frozen):
    """A deployment of one model on one instance type."""

    capacity: Capacity
    arguments: Mapping[str, str | int | float | bool]
    """Of `vllm serve`, named without dashes: everything that decides memory."""
    shared_memory_gib: int
    at_once: int
    """Full-length sequences that one replica holds, over all its data ranks."""
    replicas: int
    """That hold the demand; 0 when the model does not fit."""
    replicas_per_instance: int
    instances: int
    probe: Probe


def plan(model: str, name: str, request: Request, *, demand: int = 1) -> Plan:
    """Plan a model of the table on an instance type for so many full-length sequences at once; no file is looked at.

    Raises NotFound for unknown names, DocumentError when the instance has no whole NVIDIA GPU, has fewer than asked
    for, or when the request contradicts itself. A model that does not fit is an answer: see `capacity.fits`.
    """
    machine, found = instance(name), named(model)
    gpu = gpu_of(machine)
    if gpu is None:
        raise DocumentError([Problem("has no whole NVIDIA GPU", path=("instance",), value=name, why="the planner counts their memory only")])  # fmt: skip
    counted = count(found.architecture, gpu, request)
    gpus = counted.settled.layout.gpus
    if gpus > machine.accelerators:
        raise DocumentError([Problem(f"is more GPUs than {name} has", path=("--tensor-parallel",), value=str(gpus),
                                     allowed=f"1 to {machine.accelerators}", why="with pipeline and data ranks",
                                     fix=f"share the model over {machine.accelerators} GPUs, or take a larger instance")])  # fmt: skip
    replicas, beside = counted.replicas(demand), machine.accelerators // gpus
    return Plan(
        capacity=told(found.name, counted, source=found.source), arguments=_arguments(counted), at_once=counted.at_once, replicas=replicas,
        replicas_per_instance=beside, instances=math.ceil(replicas / beside), probe=_probe(weights_of(found.architecture, counted.settled.format).fetched, machine),
        shared_memory_gib=SHARED_MEMORY_GIB if gpus > 1 else ALONE_MEMORY_GIB,
    )  # fmt: skip


def _arguments(counted: Counted) -> Mapping[str, str | int | float | bool]:
    settled, layout = counted.settled, counted.settled.layout
    always: dict[str, str | int | float | bool] = {
        "gpu-memory-utilization": settled.utilisation, "kv-cache-dtype": counted.request.kv_cache_dtype or "auto",
        "max-model-len": int(settled.context), "max-num-batched-tokens": int(settled.batch.tokens), "max-num-seqs": settled.batch.seqs,
        "tensor-parallel-size": layout.tensor,
    }  # fmt: skip
    shares = {
        "data-parallel-size": layout.data, "decode-context-parallel-size": layout.context, "pipeline-parallel-size": layout.pipeline,
    }  # fmt: skip
    flags = {"enable-expert-parallel": layout.expert, "enforce-eager": settled.eager,
             "language-model-only": bool(counted.request.language_model_only)}  # fmt: skip
    return (
        always
        | {name: ranks for name, ranks in shares.items() if ranks > 1}
        | {name: on for name, on in flags.items() if on}
    )


def _probe(weights: Bytes, machine: Instance) -> Probe:
    """Fetch the whole model once over the network, however many ranks repeat it, then read from a disk that holds it, if any."""
    fetch = weights * 8 / (NETWORK_SHARE * machine.network_gbps * 1e9)
    read = gib(weights) / NVME_GIB_PER_SECOND if machine.nvme_gb * 1e9 > weights else 0.0
    seconds = math.ceil(fetch + read)
    return Probe(
        weights_gib=round(gib(weights), 1), load_seconds=seconds, startup_minutes=START_MINUTES + math.ceil(seconds / 60),
        because=(
            f"guessed: {NETWORK_SHARE:.0%} of {machine.network_gbps:g} Gbit/s, then {NVME_GIB_PER_SECOND:g} GiB/s from local disks",
            f"{START_MINUTES} minutes to compile and capture: four times what one published log says",
        ),
    )  # fmt: skip
