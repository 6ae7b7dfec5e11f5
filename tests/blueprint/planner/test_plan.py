from __future__ import annotations

import pytest

from blueprint.errors import DocumentError, NotFound
from blueprint.planner.plan import Demand, plan
from blueprint.planner.request import Request

ASKED = Request(tensor_parallel=2, max_model_len=16384, max_num_seqs=64, max_num_batched_tokens=8192)


def test_a_server_is_told_everything_that_decides_memory() -> None:
    found = plan("Qwen/Qwen3-32B", "g6e.12xlarge", ASKED)
    assert found.capacity.fits
    assert found.arguments == (
        "--tensor-parallel-size", "2", "--pipeline-parallel-size", "1", "--max-model-len", "16384", "--max-num-seqs", "64",
        "--max-num-batched-tokens", "8192", "--gpu-memory-utilization", "0.92", "--kv-cache-dtype", "auto",
    )  # fmt: skip


def test_shared_memory_is_for_tensor_parallelism_only() -> None:
    assert plan("Qwen/Qwen3-32B", "g6e.12xlarge", ASKED).shared_memory_gib == 20
    assert plan("Qwen/Qwen3-8B", "g6e.xlarge", Request(max_model_len=8192)).shared_memory_gib == 0


def test_replicas_follow_the_demand_and_instances_the_replicas() -> None:
    one = plan("Qwen/Qwen3-32B", "g6e.12xlarge", ASKED)
    at_once = int(one.capacity.max_concurrency)
    many = plan("Qwen/Qwen3-32B", "g6e.12xlarge", ASKED, Demand(concurrency=3 * at_once))
    assert (one.replicas, one.instances, one.replicas_per_instance) == (1, 1, 2)
    assert (many.replicas, many.instances) == (3, 2)


def test_what_does_not_fit_has_no_replicas() -> None:
    found = plan("Qwen/Qwen3-32B", "g6.xlarge", Request())
    assert (found.capacity.fits, found.replicas, found.instances) == (False, 0, 0)


def test_larger_weights_get_a_longer_start() -> None:
    small, large = (
        plan(model, "p5.48xlarge", Request(tensor_parallel=8, max_model_len=8192)).probe
        for model in ("Qwen/Qwen3-8B", "Qwen/Qwen3-32B")
    )
    assert small.startup_minutes <= large.startup_minutes
    assert large.weights_gib == pytest.approx(61.0, abs=0.2)
    assert plan("Qwen/Qwen3-32B", "g6.xlarge", Request()).probe.load_seconds > large.load_seconds


def test_an_instance_without_enough_gpus_is_refused() -> None:
    with pytest.raises(DocumentError, match="has fewer GPUs"):
        plan("Qwen/Qwen3-32B", "g6e.12xlarge", Request(tensor_parallel=8))
    with pytest.raises(DocumentError, match="no whole NVIDIA GPU"):
        plan("Qwen/Qwen3-32B", "trn2.48xlarge", Request())
    with pytest.raises(NotFound):
        plan("Qwen/Qwen3-32B", "g6e.13xlarge", Request())
