"""Whether a model server fits the instance type of its pool, as the planner counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.errors import DocumentError, NotFound, Problem
from blueprint.planner.instances import instance
from blueprint.planner.plan import Demand, plan
from blueprint.planner.request import Request
from blueprint.spec import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.serving.vllm_spec import VllmSpec

ARGUMENTS = ("quantization", "dtype", "max_num_batched_tokens")
"""Extra arguments of a document that decide memory."""


def fit(spec: VllmSpec, model: str, machine: str) -> Iterator[Conflict]:
    """A conflict when one request of the longest context does not fit, certain when not even the better end of the error does.

    Yields nothing for a model that the planner does not know, or a request that it refuses: that is UNKNOWN, not a guess.
    """
    more = {name: spec.extra_arguments[name] for name in ARGUMENTS if name in spec.extra_arguments}
    try:
        asked = Request.model_validate({
            "tensor_parallel": spec.tensor_parallel or instance(machine).accelerators, "max_model_len": spec.context,
            "max_num_seqs": spec.concurrency, "kv_cache_dtype": spec.kv_cache_dtype,
            "gpu_memory_utilization": spec.gpu_memory_utilization, **more,
        })  # fmt: skip
        found = plan(model, machine, asked, Demand(spec.concurrency)).capacity
    except (NotFound, DocumentError, ValueError):
        return
    if found.fits:
        return
    best = found.error_band.kv_cache_tokens[1]
    yield Conflict(
        "context",
        Problem(
            what=f"{model} does not fit {machine} with one request of {spec.context:,} tokens", value=str(spec.context),
            allowed=f"up to {found.longest_context:,} tokens" if found.longest_context else "a smaller format or more GPUs",
            why=f"{found.limiting_term}: {found.weights_gib_per_gpu:.1f} GiB of weights on each GPU, "
            f"{found.available_kv_cache_gib_per_gpu:.1f} GiB left for the cache ({found.error_band.origin})",
            fix=found.smallest_change or "take a pool with larger GPUs",
        ),
        certain=best < spec.context,
    )  # fmt: skip
