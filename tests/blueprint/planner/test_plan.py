from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from blueprint.errors import DocumentError, NotFound
from blueprint.planner.plan import plan
from blueprint.planner.request import Request

if TYPE_CHECKING:
    from pathlib import Path

ASKED = Request(tensor_parallel=2, max_model_len=16384, max_num_seqs=64, max_num_batched_tokens=8192)


def test_a_server_is_told_everything_that_decides_memory() -> None:
    found = plan("Qwen/Qwen3-32B", "g6e.12xlarge", ASKED)
    assert found.capacity.fits
    assert found.arguments == {
        "gpu-memory-utilization": 0.92, "kv-cache-dtype": "auto", "max-model-len": 16384, "max-num-batched-tokens": 8192,
        "max-num-seqs": 64, "tensor-parallel-size": 2,
    }  # fmt: skip


def test_a_way_of_sharing_is_told_when_there_is_one() -> None:
    asked = Request(tensor_parallel=2, data_parallel=2, pipeline_parallel=2, expert_parallel=True, enforce_eager=True)
    told = plan("Qwen/Qwen3-30B-A3B", "p5.48xlarge", asked).arguments
    assert told.items() >= {
        "data-parallel-size": 2, "enable-expert-parallel": True, "enforce-eager": True, "pipeline-parallel-size": 2,
    }.items()  # fmt: skip


def test_one_gpu_needs_little_shared_memory_and_several_need_more() -> None:
    assert plan("Qwen/Qwen3-32B", "g6e.12xlarge", ASKED).shared_memory_gib == 20
    assert plan("Qwen/Qwen3-8B", "g6e.xlarge", Request(max_model_len=8192)).shared_memory_gib == 1


def test_replicas_follow_the_demand_and_instances_the_replicas() -> None:
    one = plan("Qwen/Qwen3-32B", "g6e.12xlarge", ASKED)
    assert one.at_once == min(64, int(one.capacity.max_concurrency or 0))
    many = plan("Qwen/Qwen3-32B", "g6e.12xlarge", ASKED, demand=3 * one.at_once)
    assert (one.replicas, one.instances, one.replicas_per_instance) == (1, 1, 2)
    assert (many.replicas, many.instances) == (3, 2)


def test_a_sequence_that_fits_but_for_a_block_is_not_counted() -> None:
    found = plan("Qwen/Qwen3-32B", "g6.12xlarge", Request(tensor_parallel=4, max_model_len=11264, max_num_seqs=256))
    assert (found.at_once, found.capacity.max_concurrency) == (3, 4.0)


def test_a_replica_with_data_ranks_holds_what_all_of_them_hold() -> None:
    asked = Request(tensor_parallel=1, max_model_len=32768, max_num_seqs=16)
    two, four = (
        plan("Qwen/Qwen3-30B-A3B", "p5.48xlarge", asked.model_copy(update={"data_parallel": ranks}), demand=100)
        for ranks in (2, 4)
    )
    assert (two.at_once, two.replicas, two.instances) == (26, 4, 1)
    assert (four.at_once, four.replicas, four.instances) == (64, 2, 1)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["Qwen/Qwen3-30B-A3B", "Qwen/Qwen3-8B", "deepseek-ai/DeepSeek-V2-Lite-Chat", "BAAI/bge-m3"]),
    st.sampled_from([1, 2]), st.sampled_from([1, 2]), st.sampled_from([1, 2]), st.integers(256, 8192), st.integers(1, 64), st.integers(1, 5000),
)  # fmt: skip
def test_all_replicas_hold_the_demand_and_one_fewer_does_not(
    model: str, tensor: int, pipeline: int, data: int, length: int, seqs: int, demand: int
) -> None:
    ranks = {"tensor_parallel": tensor, "pipeline_parallel": pipeline, "data_parallel": data}
    found = plan(model, "p5.48xlarge", Request(max_model_len=length, max_num_seqs=seqs, **ranks), demand=demand)
    assume(found.capacity.fits)
    of_a_rank = min(seqs, found.capacity.max_concurrency or seqs)
    assert found.at_once <= data * of_a_rank < found.at_once + data
    assert found.replicas * found.at_once >= demand > (found.replicas - 1) * found.at_once
    assert found.instances * found.replicas_per_instance >= found.replicas


def test_an_encoder_keeps_nothing_and_works_on_as_many_as_it_may() -> None:
    found = plan("BAAI/bge-m3", "g6.xlarge", Request(max_num_seqs=128), demand=200)
    assert (found.capacity.max_concurrency, found.at_once, found.replicas) == (None, 128, 2)


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


def test_the_weights_are_fetched_once_however_many_ranks_hold_them() -> None:
    asked = Request(max_model_len=8192)
    once, eight = (
        plan("Qwen/Qwen3-30B-A3B", "p5.48xlarge", asked.model_copy(update={"data_parallel": ranks})).probe
        for ranks in (1, 8)
    )
    assert once == eight
    assert once.weights_gib == pytest.approx(56.9, abs=0.1)


def test_an_instance_without_enough_gpus_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"more GPUs than g6e\.12xlarge has"):
        plan("Qwen/Qwen3-32B", "g6e.12xlarge", Request(tensor_parallel=8))
    with pytest.raises(DocumentError, match="no whole NVIDIA GPU"):
        plan("Qwen/Qwen3-32B", "trn2.48xlarge", Request())
    with pytest.raises(NotFound):
        plan("Qwen/Qwen3-32B", "g6e.13xlarge", Request())


def test_files_that_lie_about_do_not_decide_what_is_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = plan("Qwen/Qwen3-32B", "g6e.12xlarge", ASKED)
    for model in ("Qwen/Qwen3-32B", "acme/model"):
        (tmp_path / model).mkdir(parents=True)
        (tmp_path / model / "config.json").write_text("no configuration", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert plan("Qwen/Qwen3-32B", "g6e.12xlarge", ASKED) == here
    for name in ("acme/model", "acme/model/config.json"):
        with pytest.raises(NotFound):
            plan(name, "g6e.12xlarge", ASKED)
