from __future__ import annotations

import pytest

from blueprint.planner import memory
from blueprint.planner.accelerators import accelerator
from blueprint.planner.memory import Layout, captures, graphs, sampler_peak, stages, weights_per_rank
from blueprint.planner.models import known
from blueprint.planner.quantization import weight_format, weights_of
from blueprint.planner.units import Tokens, gib
from blueprint.planner.versions import Batch

LLAMA = known("meta-llama/Llama-3.1-8B-Instruct")


def test_every_constant_says_where_it_is_from() -> None:
    found = [each for each in vars(memory).values() if isinstance(each, memory.Constant)]
    assert len(found) == 17
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
    found = sampler_peak(LLAMA, Batch(1024, Tokens(8192)), 2, workspace=False)
    assert gib(found) == pytest.approx(14.5 * 1024 * 128256 / 2**30 + 0.12, abs=1e-6)


@pytest.mark.parametrize(("seqs", "gpu", "model", "sizes"), [
    (1024, "h100", "Qwen/Qwen3-8B", 51), (256, "l4", "Qwen/Qwen3-8B", 51), (1024, "b200", "Qwen/Qwen3-8B", 83),
    (1024, "h100", "openai/gpt-oss-20b", 83), (1, "h100", "Qwen/Qwen3-8B", 2),
])  # fmt: skip
def test_as_many_sizes_are_captured_as_vllm_says(seqs: int, gpu: str, model: str, sizes: int) -> None:
    assert captures(seqs, accelerator(gpu), known(model)) == sizes


def test_nothing_is_captured_eagerly() -> None:
    assert graphs(LLAMA, stages(32, 1)[0], 256, accelerator("l4"), eager=True) == 0


def test_every_gpu_holds_the_whole_table_of_rotary_positions() -> None:
    scout = known("meta-llama/Llama-4-Scout-17B-16E-Instruct")
    assert gib(weights_of(scout, weight_format("bf16")).rotary) == pytest.approx(2.5)
    assert weights_of(known("google/gemma-3-12b-it"), weight_format("bf16")).rotary == 2 * 2 * 256 * 131072
