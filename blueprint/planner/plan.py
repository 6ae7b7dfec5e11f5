"""What a server of a model has to be told, from the same arithmetic that says whether the model fits."""

from __future__ import annotations

import math
from typing import NamedTuple

from blueprint.errors import DocumentError, Problem
from blueprint.planner.accelerators import gpu_of
from blueprint.planner.capacity import Capacity, account, capacity
from blueprint.planner.instances import instance
from blueprint.planner.models import find
from blueprint.planner.request import Request, settle
from blueprint.types import Frozen

SHARED_MEMORY_GIB = 20
"""In-memory volume at /dev/shm for tensor parallelism: what the production-stack chart of vLLM mounts."""
NVME_GIB_PER_SECOND, NETWORK_SHARE = 1.0, 0.5
"""Guessed, and slow on purpose: reading weights from local disks, or over half of the instance's network."""
START_MINUTES = 5
"""Compiling and capturing: 57 s and 81 s in a published log of vLLM 0.8 with 8 billion parameters, doubled."""


class Probe(Frozen):
    """How long a server may take to become ready. A budget, not a promise."""

    weights_gib: float
    load_seconds: int
    startup_minutes: int
    because: tuple[str, ...]


class Plan(Frozen):
    """A deployment of one model on one instance type."""

    capacity: Capacity
    arguments: tuple[str, ...]
    """Of `vllm serve`, with everything said that decides memory."""
    shared_memory_gib: int
    """0 without tensor parallelism."""
    replicas: int
    replicas_per_instance: int
    instances: int
    probe: Probe


class Demand(NamedTuple):
    """How many full-length sequences are to be served at once."""

    concurrency: int = 1


def plan(model: str, name: str, request: Request, demand: Demand | None = None) -> Plan:
    """Plan a model on an instance type.

    Raises NotFound for unknown names, DocumentError when the instance has no whole NVIDIA GPU, has fewer than asked
    for, or when the request contradicts itself. A model that does not fit is an answer: see `capacity.fits`.
    """
    machine, found = instance(name), find(model)
    gpu = gpu_of(machine)
    if gpu is None:
        raise DocumentError(
            [
                Problem(
                    "has no whole NVIDIA GPU",
                    path=("instance",),
                    value=name,
                    why="the planner counts their memory only",
                )
            ]
        )
    wide = (request.tensor_parallel or 1) * (request.pipeline_parallel or 1)
    if wide > machine.accelerators:
        raise DocumentError([Problem("has fewer GPUs than asked for", path=("instance",), value=name, allowed=f"1 to {machine.accelerators}",
                                     fix=f"share the model over {machine.accelerators} GPUs, or take a larger instance")])  # fmt: skip
    answer = capacity(found.name, found.architecture, gpu, request, source=found.source)
    settled = settle(found.architecture, gpu, request)
    counted = account(found.architecture, gpu, settled)
    at_once = min(settled.batch.seqs, int(answer.max_concurrency))
    wanted = (demand or Demand()).concurrency
    replicas = math.ceil(wanted / at_once) if answer.fits else 0
    beside = machine.accelerators // wide
    arguments = {
        "--tensor-parallel-size": settled.layout.tensor, "--pipeline-parallel-size": settled.layout.pipeline,
        "--max-model-len": settled.context, "--max-num-seqs": settled.batch.seqs, "--max-num-batched-tokens": settled.batch.tokens,
        "--gpu-memory-utilization": settled.utilisation, "--kv-cache-dtype": request.kv_cache_dtype or "auto",
    }  # fmt: skip
    weights = counted.weights / 2**30 * wide
    return Plan(
        capacity=answer,
        arguments=tuple(text for flag, value in arguments.items() for text in (flag, str(value))) + (("--enforce-eager",) if settled.eager else ()),
        shared_memory_gib=SHARED_MEMORY_GIB if settled.layout.tensor > 1 else 0,
        replicas=replicas, replicas_per_instance=beside, instances=math.ceil(replicas / beside),
        probe=_probe(weights, machine.network_gbps, machine.nvme_gb),
    )  # fmt: skip


def _probe(weights_gib: float, network_gbps: float, nvme_gb: int) -> Probe:
    """Fetch once over the network, then read from a disk if there is one that holds them."""
    fetch = weights_gib * 2**30 * 8 / (NETWORK_SHARE * network_gbps * 1e9)
    read = weights_gib / NVME_GIB_PER_SECOND if nvme_gb * 1e9 > weights_gib * 2**30 else 0.0
    seconds = math.ceil(fetch + read)
    return Probe(
        weights_gib=round(weights_gib, 1), load_seconds=seconds, startup_minutes=START_MINUTES + math.ceil(seconds / 60),
        because=(
            f"guessed: {NETWORK_SHARE:.0%} of {network_gbps:g} Gbit/s, then {NVME_GIB_PER_SECOND:g} GiB/s from local disks",
            f"{START_MINUTES} minutes to compile and capture, from one published log, doubled",
        ),
    )  # fmt: skip
