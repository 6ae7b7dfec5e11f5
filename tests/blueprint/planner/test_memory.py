from __future__ import annotations

import pytest

from blueprint.planner import memory
from blueprint.planner.accelerators import accelerator
from blueprint.planner.memory import (
    Layout,
    captures,
    counts_of_tokens,
    graphs,
    non_torch,
    sampler_peak,
    stages,
    weights_per_rank,
)
from blueprint.planner.models import known
from blueprint.planner.quantization import weight_format, weights_of
from blueprint.planner.units import Tokens, gib
from blueprint.planner.versions import Batch, accounting

LLAMA = known("meta-llama/Llama-3.1-8B-Instruct")


def test_every_constant_says_where_it_is_from() -> None:
    found = [each for each in vars(memory).values() if isinstance(each, memory.Constant)]
    assert len(found) == 10
    assert all(each.source and each.origin in {"calibrated", "derived", "guessed"} for each in found)


def test_layers_are_dealt_to_stages_with_the_rest_before_the_last() -> None:
    assert [stage.layers for stage in stages(61, 4)] == [15, 15, 16, 15]
    assert [(stage.first, stage.last) for stage in stages(4, 2)] == [(True, False), (False, True)]


def test_all_ranks_together_hold_all_weights() -> None:
    weights = weights_of(LLAMA, weight_format("bf16"))
    for tensor, pipeline in ((1, 1), (2, 1), (4, 2), (1, 4)):
        layout = Layout(tensor=tensor, pipeline=pipeline)
        held = sum(weights_per_rank(weights, layout, stage, tied=False) for stage in stages(32, pipeline)) * tensor
        assert held - weights.rotary * (tensor * pipeline - 1) == pytest.approx(weights.total, rel=1e-6)


def test_experts_are_shared_out_over_data_ranks_and_the_rest_is_not() -> None:
    mixture = known("Qwen/Qwen3-30B-A3B")
    weights = weights_of(mixture, weight_format("bf16"))
    (stage,) = stages(48, 1)
    alone, four = (weights_per_rank(weights, Layout(data=data), stage, tied=False) for data in (1, 4))
    assert alone - four == pytest.approx(weights.experts * 3 / 4, rel=1e-6)


def test_a_tied_embedding_is_held_twice_in_a_pipeline() -> None:
    weights = weights_of(known("Qwen/Qwen3-4B"), weight_format("bf16"))
    last = stages(36, 2)[1]
    untied = weights_per_rank(weights, Layout(pipeline=2), last, tied=False)
    assert weights_per_rank(weights, Layout(pipeline=2), last, tied=True) - untied == weights.embedding


def test_the_sampler_takes_fourteen_and_a_half_bytes_for_each_logit() -> None:
    found = sampler_peak(LLAMA, Batch(1024, Tokens(8192)), accounting("0.19.0"), 2, workspace=False)
    assert gib(found) == pytest.approx(14.5 * 1024 * 128256 / 2**30 + 0.12, abs=1e-6)


@pytest.mark.parametrize(("seqs", "gpu", "model", "sizes"), [
    (1024, "h100", "Qwen/Qwen3-8B", 51), (256, "l4", "Qwen/Qwen3-8B", 51), (1024, "b200", "Qwen/Qwen3-8B", 83),
    (1024, "h100", "openai/gpt-oss-20b", 83), (1, "h100", "Qwen/Qwen3-8B", 2),
])  # fmt: skip
def test_as_many_sizes_are_captured_as_vllm_says(seqs: int, gpu: str, model: str, sizes: int) -> None:
    assert captures(seqs, accelerator(gpu), known(model)) == sizes


def test_nothing_is_captured_eagerly() -> None:
    assert graphs(LLAMA, stages(32, 1)[0], 256, accelerator("l4"), accounting("0.33.0"), eager=True) == 0


def test_the_second_model_runner_counts_each_token_for_each_sequence() -> None:
    batch, (stage,) = Batch(1024, Tokens(8192)), stages(32, 1)
    assert counts_of_tokens(LLAMA, batch, stage, accounting("0.19.0")) == 0
    assert counts_of_tokens(LLAMA, batch, stage, accounting("0.33.0")) == 1024 * (4 * 128256 + 4 * 4008)
    mixture = known("Qwen/Qwen3-30B-A3B")
    held = {
        version: counts_of_tokens(mixture, batch, stage, accounting(version)) > 0 for version in ("0.26.0", "0.30.0")
    }
    assert held == {"0.26.0": False, "0.30.0": True}


def test_what_the_driver_took_before_loading_counts_until_0_9() -> None:
    old, new = (non_torch(LLAMA, Layout(), accelerator("h100"), accounting(version)) for version in ("0.8.5", "0.9.2"))
    assert gib(old) - gib(new) == pytest.approx(memory.CONTEXT_GIB.value, abs=1e-6)


def test_data_ranks_that_share_experts_exchange_tokens() -> None:
    mixture, l4, version = known("Qwen/Qwen3-30B-A3B"), accelerator("l4"), accounting("0.29.0")
    alone, shared = (non_torch(mixture, Layout(data=data), l4, version) for data in (1, 2))
    assert gib(shared) - gib(alone) == pytest.approx(memory.DATA_GIB.value, abs=1e-6)
    assert non_torch(LLAMA, Layout(data=2), l4, version) == non_torch(LLAMA, Layout(), l4, version)


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
    assert weights_of(known("google/gemma-3-12b-it"), weight_format("bf16")).rotary == 2 * 2 * 256 * 131072
