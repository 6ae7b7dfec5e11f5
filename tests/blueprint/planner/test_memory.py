from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.planner import memory
from blueprint.planner.accelerators import accelerator
from blueprint.planner.architecture import Architecture
from blueprint.planner.layout import Layout, stages
from blueprint.planner.memory import (
    activation_peak,
    captures,
    counts_of_tokens,
    forward_peak,
    graphs,
    non_torch,
    sampler_peak,
    weights_per_rank,
)
from blueprint.planner.models import known
from blueprint.planner.quantization import weight_format, weights_of
from blueprint.planner.request import Request, Settled, settle
from blueprint.planner.units import Bytes, gib

LLAMA = known("meta-llama/Llama-3.1-8B-Instruct")
MIXTURE = known("Qwen/Qwen3-30B-A3B")


def settled(model: Architecture, gpu: str, version: str, **more: object) -> Settled:
    """Everything that vLLM would settle for itself."""
    return settle(model, accelerator(gpu), Request.model_validate({"vllm_version": version, **more}))


def test_every_constant_says_where_it_is_from() -> None:
    found = [each for each in vars(memory).values() if isinstance(each, memory.Constant)]
    assert len(found) == 11
    assert all(each.source and each.origin in {"calibrated", "derived", "guessed"} for each in found)


def test_all_ranks_together_hold_all_weights() -> None:
    weights = weights_of(LLAMA, weight_format("bf16"))
    for tensor, pipeline in ((1, 1), (2, 1), (4, 2), (1, 4)):
        layout = Layout(tensor=tensor, pipeline=pipeline)
        held = sum(int(weights_per_rank(weights, layout, stage, tied=False)) for stage in stages(32, pipeline)) * tensor
        assert held - weights.rotary * (tensor * pipeline - 1) == pytest.approx(weights.total, rel=1e-6)


def test_experts_are_shared_out_over_data_ranks_and_the_rest_is_not() -> None:
    mixture = known("Qwen/Qwen3-30B-A3B")
    weights = weights_of(mixture, weight_format("bf16"))
    (stage,) = stages(48, 1)
    alone, four = (weights_per_rank(weights, Layout(data=data), stage, tied=False) for data in (1, 4))
    assert alone - four == pytest.approx(weights.experts * 3 / 4, rel=1e-6)


def test_expert_parallelism_leaves_whole_experts_on_the_rank_that_decides() -> None:
    eight = known("mistralai/Mixtral-8x7B-Instruct-v0.1")
    weights, (stage,) = weights_of(eight, weight_format("bf16")), stages(32, 1)
    of_experts = {
        data: weights_per_rank(weights, Layout(tensor=2, data=data, expert=True), stage, tied=False, experts=8)
        - weights_per_rank(weights._replace(experts=Bytes(0)), Layout(tensor=2), stage, tied=False)
        for data in (1, 3, 4, 8)
    }
    held = {data: round(each / weights.experts * 8, 3) for data, each in of_experts.items()}
    assert held == {1: 4.0, 3: 2.0, 4: 1.0, 8: 1.0}


@given(st.integers(1, 512), st.integers(1, 16), st.integers(1, 16), st.booleans())
def test_all_ranks_hold_at_least_all_experts_and_more_ranks_never_need_more_on_one(
    experts: int, tensor: int, data: int, expert: bool
) -> None:
    layout = Layout(tensor=tensor, data=data, expert=expert)
    assert layout.share_of(experts) * tensor * data >= 1 - 1e-9
    assert layout._replace(data=data + 1).share_of(experts) <= layout.share_of(experts) <= 1
    assert layout._replace(tensor=tensor + 1).share_of(experts) <= layout.share_of(experts)
    assert layout._replace(expert=True).share_of(experts) >= layout._replace(expert=False).share_of(experts) - 1e-9


def test_a_step_passes_whole_experts_where_they_are_not_cut() -> None:
    model = known("mistralai/Mixtral-8x7B-Instruct-v0.1")
    batch = {"max_model_len": 8192, "max_num_batched_tokens": 8192, "tensor_parallel": 2}
    cut, whole, of_two = (
        forward_peak(model, accelerator("h200"), settled(model, "h200", "0.33.0", **batch, **ranks))
        for ranks in ({}, {"expert_parallel": True}, {"expert_parallel": True, "data_parallel": 2})
    )
    assert whole - cut == 8192 * 2 * 6 * 14336 // 2
    assert of_two - whole == 8192 * 2 * 6 * 14336


def test_a_tied_embedding_is_held_twice_in_a_pipeline() -> None:
    weights = weights_of(known("Qwen/Qwen3-4B"), weight_format("bf16"))
    last = stages(36, 2)[1]
    untied = weights_per_rank(weights, Layout(pipeline=2), last, tied=False)
    assert weights_per_rank(weights, Layout(pipeline=2), last, tied=True) - untied == weights.embedding


def test_the_sampler_takes_fourteen_and_a_half_bytes_for_each_logit() -> None:
    found = sampler_peak(LLAMA, settled(LLAMA, "h100", "0.19.0"))
    assert gib(found) == pytest.approx(14.5 * 1024 * 128256 / 2**30 + 0.12, abs=1e-6)


@pytest.mark.parametrize(
    ("version", "more"), [("0.21.0", 12.5), ("0.24.0", 4), ("0.27.0", 0), ("0.32.0", 0), ("0.33.0", 12.5)]
)
def test_the_second_runner_samples_without_parameters_until_0_33(version: str, more: float) -> None:
    asked = settled(LLAMA, "h100", version)
    assert asked.runner.sampled_bytes == more
    assert sampler_peak(LLAMA, asked) >= (2 + more) * 1024 * 128256


@pytest.mark.parametrize(("seqs", "gpu", "model", "version", "sizes"), [
    (1024, "h100", "Qwen/Qwen3-8B", "0.33.0", 51), (256, "l4", "Qwen/Qwen3-8B", "0.33.0", 51), (1024, "b200", "Qwen/Qwen3-8B", "0.33.0", 83),
    (1024, "b200", "Qwen/Qwen3-8B", "0.27.0", 51), (1024, "h100", "openai/gpt-oss-20b", "0.33.0", 83), (1, "h100", "Qwen/Qwen3-8B", "0.33.0", 2),
])  # fmt: skip
def test_as_many_sizes_are_captured_as_vllm_says(seqs: int, gpu: str, model: str, version: str, sizes: int) -> None:
    found = known(model)
    assert captures(found, accelerator(gpu), settled(found, gpu, version, max_num_seqs=seqs)) == sizes


def test_no_batch_is_captured_that_is_longer_than_a_step() -> None:
    asked = settled(LLAMA, "l4", "0.33.0", max_num_batched_tokens=64, max_num_seqs=64)
    assert captures(LLAMA, accelerator("l4"), asked) == len([1, 2, 4, *range(8, 65, 8)])


def test_nothing_is_captured_or_tried_eagerly() -> None:
    (stage,), l4 = stages(32, 1), accelerator("l4")
    eager, compiled = (
        settled(LLAMA, "l4", "0.33.0", enforce_eager=each, max_num_seqs=1, max_num_batched_tokens=256)
        for each in (True, False)
    )
    assert graphs(LLAMA, l4, stage, eager) == 0
    assert gib(activation_peak(LLAMA, l4, stage, compiled)) == pytest.approx(memory.COMPILED_GIB.value)
    assert activation_peak(LLAMA, l4, stage, eager) < activation_peak(LLAMA, l4, stage, compiled)


@pytest.mark.parametrize(
    ("model", "version", "counts"),
    [
        (LLAMA, "0.19.0", False), (LLAMA, "0.23.0", True), (MIXTURE, "0.26.0", False), (MIXTURE, "0.28.0", False),
        (MIXTURE, "0.29.0", True), (known("Qwen/Qwen3.5-27B"), "0.28.0", False), (known("Qwen/Qwen3-VL-8B-Instruct"), "0.24.0", False),
        (known("Qwen/Qwen3-VL-8B-Instruct"), "0.25.0", True),
    ],
)  # fmt: skip
def test_the_second_runner_serves_what_vllm_lets_it_serve(model: Architecture, version: str, counts: bool) -> None:
    held = counts_of_tokens(model, stages(model.layers, 1)[0], settled(model, "h100", version))
    assert held == (1024 * (4 * model.vocabulary + 4 * -(-model.vocabulary // 32)) if counts else 0)


def test_quantised_weights_are_not_served_by_the_second_runner_before_0_24() -> None:
    runners = {
        version: settled(LLAMA, "h100", version, quantization="fp8").runner.counts_tokens
        for version in ("0.23.0", "0.24.0")
    }
    assert runners == {"0.23.0": False, "0.24.0": True}


def test_graphs_of_the_second_runner_are_outside_the_budget_until_0_29() -> None:
    inside = {
        version: settled(LLAMA, "h100", version).runner.graphs_in_budget
        for version in ("0.19.0", "0.21.0", "0.28.0", "0.29.0")
    }
    assert inside == {"0.19.0": False, "0.21.0": True, "0.28.0": False, "0.29.0": True}


def test_what_the_driver_took_before_loading_counts_until_0_9() -> None:
    old, new = (
        non_torch(LLAMA, accelerator("h100"), settled(LLAMA, "h100", version)) for version in ("0.8.5", "0.9.2")
    )
    assert gib(old) - gib(new) == pytest.approx(memory.CONTEXT_GIB.value, abs=1e-6)


def test_data_ranks_that_share_experts_exchange_tokens() -> None:
    l4 = accelerator("l4")
    alone, shared = (non_torch(MIXTURE, l4, settled(MIXTURE, "l4", "0.29.0", data_parallel=data)) for data in (1, 2))
    assert gib(shared) - gib(alone) == pytest.approx(memory.DATA_GIB.value, abs=1e-6)
    plain = {non_torch(LLAMA, l4, settled(LLAMA, "l4", "0.29.0", data_parallel=data)) for data in (1, 2)}
    assert len(plain) == 1


def test_routers_and_down_projections_are_whole_on_every_rank() -> None:
    weights = weights_of(known("deepseek-ai/DeepSeek-V3"), weight_format("fp8"))
    (stage,) = stages(61, 1)
    eight = weights_per_rank(weights, Layout(tensor=8), stage, tied=False)
    assert eight - weights.whole - weights.rotary == pytest.approx(
        (weights.total - weights.whole - weights.rotary) / 8, rel=1e-6
    )
    assert gib(weights.whole) == pytest.approx(1.06, abs=0.01)


def test_every_gpu_holds_the_whole_table_of_rotary_positions() -> None:
    scout = known("meta-llama/Llama-4-Scout-17B-16E-Instruct")
    assert gib(weights_of(scout, weight_format("bf16")).rotary) == pytest.approx(2.5)
    assert weights_of(known("google/gemma-3-12b-it"), weight_format("bf16")).rotary == 2 * 9 * 256 * 131072
